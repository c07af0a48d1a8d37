"""Scenario files: YAML in, a checked `Scenario` out, or one sentence with file and line.

A scenario file has the fields of `sim_worlds.contracts.Scenario`. The shipped catalogue of classes,
the installed processes and the shipped body kinds come with it; the file adds to them or replaces by
name.

A world of one's own needs no package: give the path of its file. A package can also install one by
an entry point in the group `retinue.worlds`, whose object is the path of the YAML file (a `str` or
`pathlib.Path`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from devices.catalogue import body_kinds
from devices.contracts import BodyCard
from devices.errors import Refused
from devices.facts import ClassCard
from devices.installed import entry_points
from devices.noun import Noun
from devices.process import Process, processes
from devices.robots import CARDS
from sim_worlds.contracts import Scenario
from sim_worlds.errors import ScenarioError, UnknownWorld
from sim_worlds.loading.content_checks import check_content
from sim_worlds.loading.marked_yaml import MarkedYaml, Path, read_marked
from sim_worlds.loading.ontology import Ontology
from sim_worlds.loading.plan_checks import check_plan
from sim_worlds.loading.population import all_things
from sim_worlds.loading.problem import Problem

GROUP = "retinue.worlds"

_NounT = TypeVar("_NounT", bound=Noun)


def load(path: FilePath | str, cards: Sequence[BodyCard] = ()) -> Scenario:
    """Read and check a scenario file.

    Args:
        path: The YAML file.
        cards: Body kinds besides the shipped ones (of installed packages); the file's own win.

    Returns:
        The scenario, with the catalogue merged in and counted things listed one by one.

    Raises:
        ScenarioError: The file cannot be read, or something in it is wrong.
    """
    source = FilePath(path)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ScenarioError(
            (f"{source}:1: the file cannot be read: {why}; give the path of a scenario file",)
        ) from error
    return read(text, source.name if len(str(source)) > 80 else str(source), cards)


def read(text: str, name: str, cards: Sequence[BodyCard] = ()) -> Scenario:
    """Check the text of a scenario file that is called `name` in errors. See `load`.

    Raises:
        ScenarioError: Something in the text is wrong.
    """
    marked = read_marked(text, name)
    if not isinstance(marked.data, dict):
        raise ScenarioError((f"{name}:1: this is not a scenario; begin with `name:`",))
    try:
        scenario = Scenario.model_validate(marked.data)
    except ValidationError as error:
        raise _sentences(_mistakes(error, marked), marked) from error
    whole = _merged(scenario, cards)
    ontology = Ontology(whole.classes)
    kinds = {card.kind: card for card in whole.cards}
    found = [*check_plan(scenario.plan, ontology)]
    if not found:
        # Where bodies may start can be told only on a sound floor plan.
        found += check_content(scenario, ontology, kinds)
    if found:
        raise _sentences(found, marked)
    return whole.model_copy(update={"things": tuple(all_things(whole.things))})


def builtin(name: str, cards: Sequence[BodyCard] = ()) -> Scenario:
    """Load a world by its name: one that ships with Retinue or that a package installs.

    Raises:
        UnknownWorld: There is none of this name.
        ScenarioError: Its file is wrong.
    """
    known = installed()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean `{near[0]}`? " if near else ""
        raise UnknownWorld(
            f"there is no world `{name}`; {meant}name one of {', '.join(known)}, "
            "or give the path of a scenario file (.yaml)"
        )
    return load(known[name], cards)


def read_world(name: str) -> Scenario:
    """A scenario by what somebody calls it: an installed world's name, or the path of a YAML file.

    Raises:
        WorldError: the file is missing or wrong, or no such world is installed.
        Refused: an installed kind of body can not be used.
    """
    cards = tuple(kind.card for kind in body_kinds().values() if not kind.brings_card)
    if name not in installed() and (name.endswith((".yaml", ".yml")) or FilePath(name).is_file()):
        return load(name, cards)
    if not name.strip():
        raise UnknownWorld("the name of the world is empty; `retinue worlds list` names them")
    if FilePath(name).is_dir():
        raise UnknownWorld(f"{name} is a folder; give the path of a scenario file (.yaml) in it")
    return builtin(name, cards)


def installed() -> dict[str, FilePath]:
    """The scenario file of every installed world, by name: ours and strangers', by the same door.

    Raises:
        UnknownWorld: An entry point of the group cannot be loaded or is no path.
    """
    worlds: dict[str, FilePath] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            path = entry.load()
        except (ImportError, AttributeError) as error:
            raise UnknownWorld(
                f"the world `{entry.name}` does not load ({error}); mend or remove its package"
            ) from error
        if not isinstance(path, str | FilePath):
            raise UnknownWorld(
                f"the world `{entry.name}` is {type(path).__name__} `{entry.value}`; "
                "make its entry point the path of a YAML file"
            )
        worlds[entry.name] = FilePath(path)
    return worlds


def catalogue() -> tuple[tuple[ClassCard, ...], tuple[Process, ...]]:
    """The classes that ship with Retinue, and the processes that are installed.

    Raises:
        ScenarioError: The file of classes, or one of processes, is wrong.
    """
    try:
        return _classes(), processes()
    except Refused as error:
        raise ScenarioError((str(error),)) from error


@lru_cache(maxsize=1)
def _classes() -> tuple[ClassCard, ...]:
    text = (files("sim_worlds") / "catalog" / "classes.yaml").read_text(encoding="utf-8")
    marked = read_marked(text, "classes.yaml")
    try:
        return tuple(TypeAdapter(list[ClassCard]).validate_python(marked.data))
    except ValidationError as error:
        raise _sentences(_mistakes(error, marked), marked) from error


def _merged(scenario: Scenario, cards: Iterable[BodyCard]) -> Scenario:
    classes, known = catalogue()
    return scenario.model_copy(
        update={
            "classes": _by_name("cls", classes, scenario.classes),
            "processes": _by_name("name", known, scenario.processes),
            "cards": _by_name("kind", CARDS, cards, scenario.cards),
        }
    )


def _by_name(field: str, *layers: Iterable[_NounT]) -> tuple[_NounT, ...]:
    """All items of the layers; a later one replaces an earlier one of the same name."""
    found = {getattr(item, field): item for layer in layers for item in layer}
    return tuple(found.values())


def _mistakes(error: ValidationError, marked: MarkedYaml) -> list[Problem]:
    """One problem per mistake: a misspelt field is not also a missing one."""
    details = error.errors()
    missing = {d["loc"] for d in details if d["type"] == "missing"}
    meant: dict[Path, str] = {}
    for d in details:
        if d["type"] == "extra_forbidden":
            owner, name = d["loc"][:-1], str(d["loc"][-1])
            fields = [str(loc[-1]) for loc in sorted(missing, key=str) if loc[:-1] == owner]
            near = difflib.get_close_matches(name, fields, n=1)
            if near:
                meant[d["loc"]] = near[0]
                missing.discard((*owner, near[0]))
    return [
        _from_pydantic(d, marked, meant.get(d["loc"]))
        for d in details
        if d["type"] != "missing" or d["loc"] in missing
    ]


def _from_pydantic(details: ErrorDetails, marked: MarkedYaml, meant: str | None) -> Problem:
    path = tuple(details["loc"])
    field = next((str(part) for part in reversed(path) if isinstance(part, str)), "file")
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        advice = f"did you mean `{meant}`?" if meant else "remove it or correct its name"
        text = f"unknown field `{field}`; {advice}"
    elif kind == "missing":
        owner = value.get("id") or value.get("name") if isinstance(value, dict) else None
        where = f" of `{owner}`" if owner else ""
        text = f"the field `{field}`{where} is missing; add it"
    elif kind in ("union_tag_not_found", "union_tag_invalid"):
        tags = str(details.get("ctx", {}).get("expected_tags", "")).replace("'", "`")
        given = value.get("kind") if isinstance(value, dict) else value
        words = f"has the unknown kind `{given}`" if given else "has no `kind`"
        text = f"an entry of `{field}` {words}" + (f"; use one of {tags}" if tags else "; add one")
    else:
        message = details["msg"]
        text = f"`{field}` is {_shown(value)}: {message[0].lower()}{message[1:]}; correct it"
    return Problem(_trimmed(path, marked), text)


def _trimmed(path: tuple[Any, ...], marked: MarkedYaml) -> Path:
    """The path without what only the validator knows, such as the tag of a union."""
    known: Path = ()
    for part in path:
        if (*known, part) in marked.lines:
            known = (*known, part)
    return known


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'}"
    return f"`{str(value)[:40]}`"


def _sentences(problems: Iterable[Problem], marked: MarkedYaml) -> ScenarioError:
    placed = [(marked.line(problem.path), problem.text) for problem in problems]
    # One mistake may be found twice, as when an unknown field also makes a union fail.
    unique = dict.fromkeys(sorted(placed, key=lambda item: item[0]))
    return ScenarioError(tuple(f"{marked.name}:{line}: {text}" for line, text in unique))
