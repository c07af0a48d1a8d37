"""`retinue memory tell|retract|same|apart|align`: what people say, as evidence like any other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.commands.memory.asking import run_argument, time_of, writing
from services.commands.output import json_option, print_json

if TYPE_CHECKING:
    from devices.facts import Relation, Value
    from stem_memory.belief.state import MemoryState
    from stem_memory.contracts import Payload
    from stem_memory.log.store import EventStore

ORIGIN = "told"
_RELATIONS = ("on", "in", "at", "held")

by_option = click.option(
    "--by", default="operator", show_default=True, metavar="WHO", help="Who says so."
)
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
from_option = click.option(
    "--from", "since", default="end", show_default=True, metavar="TIME", help="Since when."
)
to_option = click.option(
    "--to",
    "until",
    metavar="TIME",
    help="Until then, whatever was believed of that time: this corrects the past. "
    "[default: until there is evidence of something else]",
)


@click.command()
@click.argument("thing")
@click.argument("attr", metavar="ATTRIBUTE")
@click.argument("value")
@run_argument
@click.option(
    "--relation",
    type=click.Choice(_RELATIONS),
    help="How it is at its place. [default: as the place has it]",
)
@from_option
@to_option
@by_option
@reason_option
@json_option
def tell(
    thing: str,
    attr: str,
    value: str,
    run: Path,
    relation: str | None,
    since: str,
    until: str | None,
    by: str,
    reason: str,
    as_json: bool,
) -> None:
    """Say what is or was so of a THING: its location, or a state such as clean or open.

    With location as the ATTRIBUTE the VALUE is what holds it, such as "kitchen table" or Sam.
    What was believed before stays in the history.
    """
    from stem_memory.contracts import Asserted

    with writing(run) as store:
        memory = store.state
        subject = _one(memory, thing)
        start, end = _span(store, since, until)
        held: Relation | None = None
        if attr == "location":
            holder = _one(memory, value)
            if holder == subject:
                raise click.UsageError(f"{thing} can not be on or in itself")
            said: Value = holder
            held = _relation(memory, holder, relation)
        else:
            said = _value(memory, subject, attr, value)
        _record(
            store,
            Asserted(
                thing=subject, attr=attr, value=said, relation=held, from_s=start, to_s=end,
                by=_who(memory, by), reason=reason,
            ),
            as_json,
        )  # fmt: skip


@click.command()
@click.argument("thing")
@click.argument("attr", metavar="ATTRIBUTE")
@run_argument
@from_option
@to_option
@by_option
@reason_option
@json_option
def retract(
    thing: str,
    attr: str,
    run: Path,
    since: str,
    until: str | None,
    by: str,
    reason: str,
    as_json: bool,
) -> None:
    """Take back what is believed of a THING: then nothing is known of it. Of its location: it is gone."""
    from stem_memory.statements import retract as taken_back

    with writing(run) as store:
        subject = _one(store.state, thing)
        start, end = _span(store, since, until)
        _record(
            store, taken_back(subject, attr, _who(store.state, by), start, end, reason), as_json
        )


@click.command()
@click.argument("thing")
@click.argument("other")
@run_argument
@by_option
@reason_option
@json_option
def same(thing: str, other: str, run: Path, by: str, reason: str, as_json: bool) -> None:
    """Say that a THING and an OTHER one are the same; it is called as the OTHER from then on."""
    from stem_memory.statements import merge

    with writing(run) as store:
        subject, into = _one(store.state, thing), _one(store.state, other)
        if subject == into:
            raise click.UsageError(f"{thing} and {other} are one thing already")
        _record(store, merge(subject, into, _who(store.state, by), reason), as_json)


@click.command()
@click.argument("thing")
@run_argument
@by_option
@reason_option
@json_option
def apart(thing: str, run: Path, by: str, reason: str, as_json: bool) -> None:
    """Say that a THING (its id) is one of its own after all, with all that was reported of it."""
    from stem_memory.statements import unmerge

    with writing(run) as store:
        members = store.state.members(thing)
        if members[0] == thing:
            raise click.UsageError(f"{thing} was never said to be the same as something else")
        _record(store, unmerge(thing, _who(store.state, by), reason), as_json)


@click.command()
@run_argument
@click.option("--frame", default="map", show_default=True, help="What is placed.")
@click.option("--parent", default="map", show_default=True, help="In what it is placed.")
@click.option("--x", type=float, default=0.0, show_default=True, help="Metres.")
@click.option("--y", type=float, default=0.0, show_default=True, help="Metres.")
@click.option("--yaw", type=float, default=0.0, show_default=True, help="Degrees, to the left.")
@by_option
@reason_option
@json_option
def align(
    run: Path,
    frame: str,
    parent: str,
    x: float,
    y: float,
    yaw: float,
    by: str,
    reason: str,
    as_json: bool,
) -> None:
    """Say where a frame of reference lies, or where the old map lies in a new one.

    With map as both, the map was made anew: everything remembered moves along, and nothing is
    rewritten.
    """
    from math import radians

    from stem_memory.contracts import FrameAligned

    if frame == parent != "map":
        raise click.UsageError(f"{frame} can not lie in itself; only the map is made anew")
    with writing(run) as store:
        who = _who(store.state, by)
        said = FrameAligned(
            frame=frame, parent=parent, x=x, y=y, yaw=radians(yaw), by=who, reason=reason
        )
        _record(store, said, as_json)


def _record(store: EventStore, said: Payload, as_json: bool) -> None:
    """Put it into the log, and tell how it is believed now."""
    from stem_memory.contracts import Asserted, Event

    last = store.last_seq(ORIGIN)
    seq = 0 if last is None else last + 1
    (entry,) = store.append([Event(origin=ORIGIN, seq=seq, t=store.last_time(), body=said)])
    if as_json:
        print_json(entry.model_dump(mode="json"))
        return
    click.echo(f"noted as event {entry.id}")
    if isinstance(said, Asserted):
        belief = store.state.belief(said.thing, said.attr)
        if belief is None:
            click.echo(f"nothing is known of the {said.attr} of {said.thing} now")
        else:
            click.echo(
                f"{said.attr} of {said.thing} is now {_shown(belief.value)}, "
                f"sure {belief.confidence:.0%}, from {belief.source}"
            )


def _one(memory: MemoryState, words: str) -> str:
    """The one thing that the words mean."""
    from stem_memory.answers.queries import resolve
    from stem_memory.errors import MemoryFault

    found = resolve(memory, words)
    if len(found) > 1:
        raise MemoryFault(f"{words!r} may be {', '.join(found)}; name one of them")
    return found[0]


def _who(memory: MemoryState, said: str) -> str:
    """The id of the person who says so, if memory knows them."""
    wanted = said.lower()
    for person in memory.ids("person"):
        if wanted in (person, *(name.lower() for name in memory.own_names(person))):
            return person
    return said


def _span(store: EventStore, since: str, until: str | None) -> tuple[float, float | None]:
    start = time_of(store, since)
    end = None if until is None else time_of(store, until)
    if end is not None and end <= start:
        raise click.UsageError(f"--to {until} is not after --from {since}")
    return start, end


def _relation(memory: MemoryState, holder: str, said: str | None) -> Relation:
    """How things are at a holder, unless it was said."""
    from typing import cast

    from devices.facts import Relation

    if said is not None:
        return cast(Relation, said)
    category = memory.category(holder)
    if category in ("person", "body"):
        return "held"
    if category == "fixture":
        return "in" if memory.plan().fixture(holder).inside else "on"
    return "in" if category == "room" else "on"


def _value(memory: MemoryState, thing: str, attr: str, text: str) -> Value:
    """The value as the class of the thing has it, else as it is written."""
    from stem_memory.errors import MemoryFault

    written: dict[str, Value] = {"true": True, "yes": True, "false": False, "no": False}
    value: Value = written.get(text.lower(), text)
    if isinstance(value, str):
        for number in (int, float):
            try:
                value = number(text)
                break
            except ValueError:
                continue
    classes = memory.classes()
    line = [memory.cls(thing)]
    card = classes.get(line[0])
    line += list(card.parents) if card is not None else []
    specs = [classes[cls].states for cls in line if cls in classes]
    spec = next((states[attr] for states in specs if attr in states), None)
    if spec is not None and value not in spec.values:
        known = ", ".join(_shown(v) for v in spec.values)
        raise MemoryFault(f"{attr} of {thing} is one of {known}, and {text!r} is none of them")
    return value


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)
