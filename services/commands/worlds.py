"""`retinue worlds`: which there are, what one looks like, and whether a file is one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.commands.menu import Menu
from services.commands.output import json_option, print_json, print_table, warn

if TYPE_CHECKING:
    from sim_worlds.contracts import Scenario


@click.group(cls=Menu)
def worlds() -> None:
    """List worlds, show one, validate a scenario file."""


@worlds.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the worlds that are installed."""
    from services.scenarios import read_world
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
    from services.scenarios import read_world

    scenario = read_world(world)
    if svg is not None:
        _draw(scenario, svg)
    if as_json:
        print_json(scenario.model_dump(mode="json", exclude={"classes", "processes"}))
        return
    from services.terminal_map import drawn

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
            f"{n} {what}" for what, n in _figures(scenario).items() if what != "title"
        )
        click.echo(f"OK  {scenario.name}: {figures}")


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
    from services.errors import UserError
    from services.report.floor_plan import standalone

    try:
        path.write_text(
            standalone(scenario.plan, scenario.bodies, scenario.cards), encoding="utf-8"
        )
    except OSError as error:
        raise UserError(f"{path} can not be written: {error.strerror}") from error


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
    click.echo("things  " + ", ".join(f"{n} {cls}" for cls, n in sorted(things.items())))
    click.echo("people  " + ", ".join(f"{p.id} ({p.cls})" for p in scenario.people))
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
