"""`retinue worlds`: which there are, what one looks like, and whether a file is one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from brain.language.words.plural import counted
from services.commands.menu import Menu, Shelf
from services.commands.output import (
    Output,
    Rows,
    listed,
    print_json,
    print_listed,
    print_table,
    warn,
)
from services.commands.signature import AsJson

if TYPE_CHECKING:
    from devices.facts import ClassCard, StateSpec
    from sim_worlds.contracts import Scenario
    from sim_worlds.loading.ontology import Ontology


@click.group(
    cls=Menu,
    commands=Shelf("services.commands", (("worlds", "list show validate classes schema"),)),
)
def worlds() -> None:
    """List worlds, show one, validate a scenario file, and tell what may stand in it."""


def list_() -> Output:
    """List the worlds that are installed."""
    from sim_worlds.loader import installed, read_world

    found = {name: read_world(name) for name in installed()}
    columns = ("rooms", "fixtures", "things", "people", "bodies")
    return listed(
        "worlds",
        [{"name": name, **_figures(world)} for name, world in found.items()],
        ("world", *columns, "what it is"),
        lambda world: (world["name"], *(world[c] for c in columns), world["title"]),
    )


def show(
    world: Annotated[str, "WORLD_OR_YAML"],
    svg: Annotated[Path | None, click.Path(dir_okay=False, path_type=Path)] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the floor plan of a world and list what is in it.

    Options:
        --svg FILE: Draw the floor plan into this file as well.
    """
    from sim_worlds.loader import read_world

    scenario = read_world(world)
    if svg is not None:
        _draw(scenario, svg)
    if as_json:
        print_json(scenario.model_dump(mode="json", exclude={"classes", "processes"}))
        return
    from services.report.terminal_map import drawn

    click.echo(f"{scenario.name}: {scenario.title}\n")
    click.echo(drawn(scenario.plan, scenario.bodies))
    click.echo()
    _list_content(scenario)


def validate(file: Path) -> Output:
    """Say OK if the file is a sound scenario, else what is wrong and on which line (exit 2)."""
    from services.commands.fleet import body_cards
    from sim_worlds.errors import ScenarioError
    from sim_worlds.loader import load

    try:
        scenario = load(file, body_cards())
    except ScenarioError as error:
        for problem in error.problems:
            warn(problem)
        return Output({"ok": False, "problems": error.problems}, code=2)
    found = _figures(scenario)
    figures = ", ".join(counted(found[f"{noun}s"], noun) for noun in ("room", "fixture", "thing"))
    people, bodies = counted(found["people"], "person"), counted(found["bodies"], "body")
    return Output(
        {"ok": True, "name": scenario.name, **found},
        f"OK  {scenario.name}: {figures}, {people}, {bodies}",
    )


def classes(
    world: Annotated[str | None, "[WORLD_OR_YAML]"] = None,
    category: Literal["object", "fixture", "room", "door", "person"] | None = None,
) -> Output:
    """List the classes of things a scenario file may name: words for them, parents, states.

    With a world, its own classes are listed as well; without one, those that come with Retinue.

    Options:
        --category: Only classes of this kind of thing.
    """
    from sim_worlds.loader import catalogue
    from sim_worlds.loading.ontology import Ontology

    if world is None:
        cards = catalogue()[0]
    else:
        from sim_worlds.loader import read_world

        cards = read_world(world).classes
    ontology = Ontology(cards)
    found = [card for card in cards if category in (None, card.category)]
    rows = [
        (
            card.cls,
            ", ".join((card.category, *ontology.ancestors(card.cls))),
            ", ".join(card.names),
            "; ".join(f"{s}: {_values(spec)}" for s, spec in ontology.states(card.cls).items()),
        )
        for card in found
    ]
    return Output(
        {"classes": [_class_told(card, ontology) for card in found]},
        Rows(("class", "is a", "words for it", "states"), rows, wide=2),
    )


def schema(
    out: Annotated[Path | None, click.Path(dir_okay=False, path_type=Path)] = None,
) -> None:
    """Print the JSON schema of scenario files, by which editors complete and check them.

    The first line of a scenario names it: "# yaml-language-server: $schema=FILE".

    Options:
        --out FILE: Write it into this file instead.
    """
    from services.commands.fleet import body_cards
    from sim_worlds.loader import catalogue
    from sim_worlds.loading.schema import scenario_schema

    known, processes = catalogue()
    text = json.dumps(scenario_schema(known, body_cards(), processes), indent=2)
    if out is None:
        click.echo(text)
    else:
        _write(out, text + "\n")
        click.echo(out)


def _class_told(card: ClassCard, ontology: Ontology) -> dict[str, Any]:
    return {
        "cls": card.cls,
        "category": card.category,
        "parents": list(ontology.ancestors(card.cls)),
        "names": list(card.names),
        "states": {
            name: {"values": list(spec.values), "default": spec.default}
            for name, spec in ontology.states(card.cls).items()
        },
        "home": list(card.home),
    }


def _values(spec: StateSpec) -> str:
    """The values of a state as a file has them, the one it starts with first."""
    rest = [value for value in spec.values if value != spec.default]
    return " or ".join(json.dumps(v).strip('"') for v in (spec.default, *rest))


def _figures(scenario: Scenario) -> dict[str, Any]:
    return {
        "rooms": len(scenario.plan.rooms),
        "fixtures": len(scenario.plan.fixtures),
        "things": len(scenario.things),
        "people": len(scenario.people),
        "bodies": len(scenario.bodies),
        "title": scenario.title,
    }


def _draw(scenario: Scenario, path: Path) -> None:
    from services.report.replay import plan_picture

    _write(path, plan_picture(scenario.plan, scenario.bodies, scenario.cards))


def _write(path: Path, text: str) -> None:
    from services.errors import UserError
    from stem_memory.log.disk import sentence

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(sentence(path, error)) from error


def _list_content(scenario: Scenario) -> None:
    by_room: dict[str, list[str]] = {room.id: [] for room in scenario.plan.rooms}
    for fixture in scenario.plan.fixtures:
        by_room[fixture.room].append(fixture.id)
    print_table(
        ("room", "what stands there"),
        [(room, ", ".join(fixtures) or "-") for room, fixtures in by_room.items()],
    )
    click.echo()
    things = Counter(thing.cls for thing in scenario.things)
    words = {card.cls: card.names[0] for card in scenario.classes if card.names}
    print_listed("things", (counted(n, words.get(cls, cls)) for cls, n in sorted(things.items())))
    print_listed("people", (f"{p.id} ({p.cls})" for p in scenario.people))
    click.echo()
    titles = {card.kind: card.title for card in scenario.cards}
    print_table(
        ("body", "kind", "what it is", "also called"),
        [(b.id, b.kind, titles.get(b.kind, ""), ", ".join(b.names)) for b in scenario.bodies],
    )
    wishes = [h for h in scenario.happenings if h.kind == "says"]
    if wishes:
        click.echo()
        click.echo("said in this world when no wish is typed:")
        for wish in wishes:
            click.echo(f"  {wish.t:6.0f} s  {wish.who}: {wish.text}")
