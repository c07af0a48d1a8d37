"""What is left to do when a goal ends before it is reached: nobody keeps its things in hand.

A goal that is called off, or that failed, may leave things in the hands of bodies and fixtures
open. What puts that right is a goal of its own with the ended one as its cause, so that it is
planned, verified and evidenced like any other. With roll-back it also brings back what the ended
goal moved and switched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from brain.contracts import Impossible
from brain.planning.decompose import opened_by
from brain.planning.plan import plan
from brain.planning.whatif import WhatIf
from devices.facts import At, Be, Selector, Value
from devices.roadmap import Roadmap
from devices.skill import Atom
from stem_memory.tasks import GoalRecord, TaskStep
from stem_memory.view import MemoryView


@dataclass(frozen=True)
class Leftover:
    """What an ended goal may have left to be done.

    `roll_back`: with what it moved and switched. `things`: only what is theirs, because the rest has
    been seen to; None: everything.
    """

    roll_back: bool
    things: frozenset[str] | None = None


def kept_back(record: GoalRecord, view: MemoryView) -> frozenset[str]:
    """What the goal needed and bodies hold that are lost or stopped: it stays there for now."""
    out = {name for name, body in view.bodies().items() if body.is_out}
    return _held_by(out, record, view)


def aftermath(
    record: GoalRecord, roll_back: bool, view: MemoryView, roadmap: Roadmap
) -> tuple[At | Be, ...]:
    """What is to be true after the goal, as far as it is not; nothing, if it left nothing behind.

    Args:
        record: The goal that ended. Nobody works for it any more.
        roll_back: Whether what it did is to be undone, where that can be done.
        view: What memory believes.
        roadmap: The ways of the site.
    """
    undone = list(_undone(record, view)) if roll_back else []
    told = {c.what.ids for c in undone}
    return (*undone, *(c for c in _tidied(record, view, roadmap) if c.what.ids not in told))


def _tidied(record: GoalRecord, view: MemoryView, roadmap: Roadmap) -> Iterator[At | Be]:
    """Where the planner would leave what is in hand, and shut what stands open, for this goal."""
    if record.graph is None or not _has_left(record, view):
        return
    found = plan(record, (), view, roadmap, revision=record.graph.revision + 1)
    if isinstance(found, Impossible):
        return
    last: dict[tuple[str, ...], At | Be] = {}
    for step in found.steps:
        for atom in step.post:
            wanted = _condition(atom, view)
            if wanted is not None:
                last[(atom.pred, *atom.args[:1])] = wanted
    yield from last.values()


def _has_left(record: GoalRecord, view: MemoryView) -> bool:
    """Whether there is anything to tidy: it is asked of every goal that ever failed, planned for few."""
    is_open = any(view.attr(name, "open") is True for name in opened_by(record))
    return is_open or bool(_held_by(view.bodies().keys(), record, view))


def _held_by(bodies: Collection[str], record: GoalRecord, view: MemoryView) -> frozenset[str]:
    """What the goal needed that these bodies hold."""
    needed = {str(value) for step in _steps(record) for value in step.args.values()}
    places = {thing: view.location(thing) for thing in needed}
    return frozenset(t for t, at in places.items() if at is not None and at.holder in bodies)


def _condition(atom: Atom, view: MemoryView) -> At | Be | None:
    if atom.negated:
        return None
    if atom.pred == "at" and view.category(atom.args[1]) == "fixture":
        return _at(atom.args[0], atom.args[1], view)
    if atom.pred == "be" and atom.value is not None:
        return _be(atom.args[0], atom.args[1], atom.value)
    return None


def _undone(record: GoalRecord, view: MemoryView) -> Iterator[At | Be]:
    """Where things were before the goal's steps moved them, and the states they had."""
    done = [s for s in _steps(record) if record.steps.get(s.id) in ("done", "cancelled", "failed")]
    yield from _states_undone(done, view)
    places: dict[str, str] = {}
    for atom in _needed(done, "at"):
        if view.category(atom.args[0]) == "object":
            places.setdefault(atom.args[0], atom.args[1])
    for thing, holder in places.items():
        where = view.location(thing)
        is_elsewhere = where is None or where.holder != holder
        if view.category(holder) in ("fixture", "room") and is_elsewhere:
            yield _at(thing, holder, view)


def _needed(steps: Sequence[TaskStep], pred: str) -> Iterator[Atom]:
    """What the steps needed to be so before them, of one kind, in their order."""
    return (a for s in steps for a in s.pre if a.pred == pred and not a.negated)


def _states_undone(done: Sequence[TaskStep], view: MemoryView) -> Iterator[Be]:
    """The states that things had before the steps, where they can be given back."""
    states: dict[tuple[str, str], Value] = {}
    for atom in _needed(done, "be"):
        if atom.value is not None:
            states.setdefault((atom.args[0], atom.args[1]), atom.value)
    changed = {(a.args[0], a.args[1]) for s in done for a in s.post if a.pred == "be"}
    for (thing, attr), value in states.items():
        # What was washed or poured can not be taken back.
        can_be = (thing, attr) in changed and attr in ("open", "power")
        if can_be and view.attr(thing, attr) != value:
            yield _be(thing, attr, value)
    for thing, attr in sorted(changed - states.keys()):
        # A switch needs no precondition: what was switched had the other value.
        now = view.attr(thing, attr)
        if attr == "power" and isinstance(now, bool):
            yield _be(thing, attr, not now)


def _steps(record: GoalRecord) -> tuple[TaskStep, ...]:
    return record.graph.steps if record.graph is not None else ()


def _at(thing: str, holder: str, view: MemoryView) -> At:
    where = WhatIf(view).at(holder)
    return At(what=Selector(ids=(thing,)), where=holder, relation=where.relation, count=1)


def _be(thing: str, attr: str, value: Value) -> Be:
    return Be(what=Selector(ids=(thing,)), attr=attr, value=value, count=1)
