"""`retinue memory tell|retract|same|apart|align`: what people say, as evidence like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import click

from services.commands.memory.asking import By, Memory, Reason, Writing
from services.commands.output import Output

if TYPE_CHECKING:
    from devices.facts import Relation, Value
    from stem_memory.belief.state import MemoryState
    from stem_memory.contracts import Payload

ORIGIN = "told"

Attribute = Annotated[str, "ATTRIBUTE"]
Since = Annotated[str, "--from TIME: Since when."]
Until = Annotated[
    str | None,
    "--to TIME: Until then, whatever was believed of that time: this corrects the past. "
    "[default: until there is evidence of something else]",
]


def tell(
    thing: str,
    attr: Attribute,
    value: str,
    run: Writing,
    relation: Literal["on", "in", "at", "held"] | None = None,
    from_: Since = "end",
    to: Until = None,
    by: By = "operator",
    reason: Reason = "",
) -> Output:
    """Say what is or was so of a THING: its location, or a state such as clean or open.

    With location as the ATTRIBUTE the VALUE is what holds it, such as "kitchen table" or Sam.
    What was believed before stays in the history.

    Options:
        --relation: How it is at its place. [default: as the place has it]
    """
    from stem_memory.contracts import Asserted

    memory = run.store.state
    subject = _one(memory, thing)
    start, end = _span(run, from_, to)
    held: Relation | None = None
    if attr == "location":
        holder = _one(memory, value)
        if holder == subject:
            raise click.UsageError(f"{thing} can not be on or in itself")
        said: Value = holder
        held = relation or _relation(memory, holder)
    else:
        said = _value(memory, subject, attr, value)
    who = _who(memory, by)
    return _noted(
        run,
        Asserted(
            thing=subject, attr=attr, value=said, relation=held, from_s=start, to_s=end, by=who,
            reason=reason,
        ),
    )  # fmt: skip


def retract(
    thing: str,
    attr: Attribute,
    run: Writing,
    from_: Since = "end",
    to: Until = None,
    by: By = "operator",
    reason: Reason = "",
) -> Output:
    """Take back what is believed of a THING: then nothing is known of it. Of its location: it is gone."""
    from stem_memory.statements import retract as taken_back

    memory = run.store.state
    subject = _one(memory, thing)
    start, end = _span(run, from_, to)
    return _noted(run, taken_back(subject, attr, _who(memory, by), start, end, reason))


def same(thing: str, other: str, run: Writing, by: By = "operator", reason: Reason = "") -> Output:
    """Say that a THING and an OTHER one are the same; it is called as the OTHER from then on."""
    from stem_memory.statements import merge

    memory = run.store.state
    subject, into = _one(memory, thing), _one(memory, other)
    if subject == into:
        raise click.UsageError(f"{thing} and {other} are one thing already")
    return _noted(run, merge(subject, into, _who(memory, by), reason))


def apart(thing: str, run: Writing, by: By = "operator", reason: Reason = "") -> Output:
    """Say that a THING (its id) is one of its own after all, with all that was reported of it."""
    from stem_memory.statements import unmerge

    if run.store.state.members(thing)[0] == thing:
        raise click.UsageError(f"{thing} was never said to be the same as something else")
    return _noted(run, unmerge(thing, _who(run.store.state, by), reason))


def align(
    run: Writing,
    frame: str = "map",
    parent: str = "map",
    x: float = 0.0,
    y: float = 0.0,
    yaw: float = 0.0,
    by: By = "operator",
    reason: Reason = "",
) -> Output:
    """Say where a frame of reference lies, or where the old map lies in a new one.

    With map as both, the map was made anew: everything remembered moves along, and nothing is
    rewritten.

    Options:
        --frame: What is placed.
        --parent: In what it is placed.
        --x: Metres.
        --y: Metres.
        --yaw: Degrees, to the left.
    """
    from math import radians

    from stem_memory.contracts import FrameAligned

    if frame == parent != "map":
        raise click.UsageError(f"{frame} can not lie in itself; only the map is made anew")
    who = _who(run.store.state, by)
    said = FrameAligned(
        frame=frame, parent=parent, x=x, y=y, yaw=radians(yaw), by=who, reason=reason
    )
    return _noted(run, said)


def _noted(run: Memory, said: Payload) -> Output:
    """Put it into the log, and tell how it is believed now."""
    from stem_memory.contracts import Asserted, Event

    store = run.store
    last = store.last_seq(ORIGIN)
    seq = 0 if last is None else last + 1
    (entry,) = store.append([Event(origin=ORIGIN, seq=seq, t=store.last_time(), body=said)])
    lines = [f"noted as event {entry.id}"]
    if isinstance(said, Asserted):
        belief = store.state.belief(said.thing, said.attr)
        if belief is None:
            lines.append(f"nothing is known of the {said.attr} of {said.thing} now")
        else:
            lines.append(
                f"{said.attr} of {said.thing} is now {_shown(belief.value)}, "
                f"sure {belief.confidence:.0%}, from {belief.source}"
            )
    return Output(entry, *lines)


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


def _span(run: Memory, since: str, until: str | None) -> tuple[float, float | None]:
    start, end = run.time(since), run.time(until)
    if end is not None and end <= start:
        raise click.UsageError(f"--to {until} is not after --from {since}")
    return start, end


def _relation(memory: MemoryState, holder: str) -> Relation:
    """How things are at a holder."""
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
