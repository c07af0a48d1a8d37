"""Physical processes as data: what a body does to a thing, read once for whoever acts and pretends.

One record is a whole skill that changes a state: from it follow the skill's card (what the brain
plans with and which words ask for it), its performance, and the process of a simulated world.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from devices.errors import Refused
from devices.facts import Value
from devices.installed import in_order, taken
from devices.noun import Noun
from devices.skill import Atom, Param, SkillCard

GROUP = "retinue.processes"
# Stands for the value of the command.
ASKED = "$value"


class Process(Noun):
    """A physical process that bodies trigger with `operate`: what it needs, changes and takes.

    The target must be of one of `target_cls` (empty: any) and, if `at_offers` is set, lie on or in
    a fixture that offers it ("$value": what the command's value names) and is of one of `at_cls`;
    for a fixture target with `offers`, it must offer it itself. `needs` and `sets` are states of
    the target ("$value": the command's value). `seconds` is the nominal duration on a body of rate
    1, `spread` the standard deviation of its natural logarithm.

    The rest is for the brain: `title` says it to people, `kind` what a target that lies nowhere in
    particular can be, `before` what must hold besides, and `verbs` are what people say who want it
    ("iron", "press"). A state that is true or false is also an adjective by its name ("ironed").
    """

    name: str
    title: str = ""
    target_cls: tuple[str, ...] = ()
    kind: Literal["place", "fixture", "door"] = "place"
    at_offers: str | None = None
    at_cls: tuple[str, ...] = ()
    offers: str | None = None
    needs: dict[str, Value] = {}
    before: tuple[Literal["hand_free", "clear"], ...] = ()
    sets: dict[str, Value] = {}
    hands: int = 0
    seconds: float = 5.0
    spread: float = 0.1
    verbs: tuple[str, ...] = ()

    def card(self) -> SkillCard | None:
        """The skill of bringing about what the process sets; None if it sets nothing."""
        if not self.sets:
            return None
        target, at = ("obj", "source") if self.at_offers else ("target", "target")
        params = [Param(name=target, kind=self.kind, cls=self.target_cls)]
        pre: list[Atom] = []
        if self.at_offers:
            service = None if self.at_offers == ASKED else self.at_offers
            params = [
                Param(name=target, kind="object", cls=self.target_cls),
                Param(name=at, kind="fixture", cls=self.at_cls, offers=service),
            ]
            pre.append(Atom(pred="at", args=(f"${target}", f"${at}")))
        if ASKED in self.sets.values():
            params.append(Param(name="value", kind="value"))
        pre += [_be(target, attr, value) for attr, value in self.needs.items()]
        pre += [
            Atom(pred=pred, args=(f"${target}",) if pred == "clear" else ()) for pred in self.before
        ]
        return SkillCard(
            name=self.name,
            title=self.title or self.name,
            params=tuple(params),
            at=at,
            pre=tuple(pre),
            post=tuple(_be(target, attr, value) for attr, value in self.sets.items()),
            base_s=self.seconds,
            hands=self.hands,
            process=self.name,
            verbs=self.verbs,
        )


def _be(target: str, attr: str, value: Value) -> Atom:
    return Atom(pred="be", args=(f"${target}", attr), value=None if value == ASKED else value)


def processes() -> tuple[Process, ...]:
    """Every installed process, ours and strangers', in the order of the files.

    An entry point of the group names a package and a YAML file in it: `iron = "my_package"` is
    the file `iron.yaml` beside the modules of `my_package`. The file lists processes.

    Raises:
        Refused: A file cannot be read, something in it is wrong, or a name is taken twice.
    """
    return _processes(in_order(GROUP))


@lru_cache(maxsize=8)
def _processes(entries: tuple[EntryPoint, ...]) -> tuple[Process, ...]:
    found: dict[str, Process] = {}
    for entry in entries:
        for process in read_processes(entry):
            if process.name in found:
                raise Refused(taken(f"the process {process.name!r}", entry.value))
            found[process.name] = process
    return tuple(found.values())


def read_processes(entry: EntryPoint) -> list[Process]:
    """The processes of one file.

    Raises:
        Refused: The file cannot be read, or something in it is wrong.
    """
    file = f"{entry.name}.yaml of {entry.value}"
    try:
        text = (files(entry.value) / f"{entry.name}.yaml").read_text(encoding="utf-8")
        return TypeAdapter(list[Process]).validate_python(yaml.safe_load(text))
    except (ImportError, TypeError, OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Refused(f"the processes in {file} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Refused(f"the processes in {file} are wrong at {where}: {first['msg']}") from error
