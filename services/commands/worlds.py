"""`retinue worlds`: which there are, what one looks like, and whether a file is one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from brain.language.words.plural import counted
from services.commands.menu import Menu
from services.commands.output import json_option, print_json, print_listed, print_table, warn

if TYPE_CHECKING:
    from devices.facts import ClassCard, StateSpec
    from sim_worlds.contracts import Scenario
    from sim_worlds.loading.ontology import Ontology


@click.group(cls=Menu)
def worlds() -> None:
    """List worlds, show one, validate a scenario file, and tell what may stand in it."""


@worlds.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the worlds that are installed."""
    from services.session.scenarios import read_world
    from sim_worlds.loader import installed

    found = {name: read_world(name) for name in installed()}
    if as_json:
        print_json({"worlds": [{"name": n, **_figures(w)} for n, w in found.items()]})
        return
    columns = ("rooms", "fixtures", "things", "people", "bodies")
    print_table(
        ("world", *columns, "what it is"),
        [(n, *(_figures(w)[c] for c in columns), w.title) for n, w in found.items()],
    )


@worlds.command()
@click.argument("world", metavar="WORLD_OR_YAML")
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the floor plan into this file as well.",
)
@json_option
def show(world: str, svg: Path | None, as_json: bool) -> None:
    """Draw the floor plan of a world and list what is in it."""
    from services.session.scenarios import read_world

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


@worlds.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def validate(file: Path, as_json: bool) -> None:
    """Say OK if the file is a sound scenario, else what is wrong and on which line (exit 2)."""
    from services.commands.fleet import body_cards
    from sim_worlds.errors import ScenarioError
    from sim_worlds.loader import load

    try:
        scenario = load(file, body_cards())
    except ScenarioError as error:
        for problem in error.problems:
            warn(problem)
        if as_json:
            print_json({"ok": False, "problems": list(error.problems)})
        click.get_current_context().exit(2)
    if as_json:
        print_json({"ok": True, "name": scenario.name, **_figures(scenario)})
    else:
        figures = ", ".join(
            counted(_figures(scenario)[f"{noun}s"], noun) for noun in ("room", "fixture", "thing")
        )
        people, bodies = len(scenario.people), len(scenario.bodies)
        click.echo(
            f"OK  {scenario.name}: {figures}, {counted(people, 'person')}, {counted(bodies, 'body')}"
        )


@worlds.command()
@click.argument("world", required=False, metavar="[WORLD_OR_YAML]")
@click.option(
    "--category",
    type=click.Choice(["object", "fixture", "room", "door", "person"]),
    help="Only classes of this kind of thing.",
)
@json_option
def classes(world: str | None, category: str | None, as_json: bool) -> None:
    """List the classes of things a scenario file may name: words for them, parents, states.

    With a world, its own classes are listed as well; without one, those that come with Retinue.
    """
    from sim_worlds.loader import catalogue
    from sim_worlds.loading.ontology import Ontology

    if world is None:
        cards = catalogue()[0]
    else:
        from services.session.scenarios import read_world

        cards = read_world(world).classes
    ontology = Ontology(cards)
    found = [card for card in cards if category in (None, card.category)]
    if as_json:
        print_json({"classes": [_class_told(card, ontology) for card in found]})
        return
    print_table(
        ("class", "is a", "words for it", "states"),
        [
            (
                card.cls,
                ", ".join((card.category, *ontology.ancestors(card.cls))),
                ", ".join(card.names),
                "; ".join(f"{s}: {_values(spec)}" for s, spec in ontology.states(card.cls).items()),
            )
            for card in found
        ],
        wide=2,
    )


@worlds.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it into this file instead.",
)
def schema(out: Path | None) -> None:
    """Print the JSON schema of scenario files, by which editors complete and check them.

    The first line of a scenario names it: "# yaml-language-server: $schema=FILE".
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
