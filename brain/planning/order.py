"""From a sequence of steps that works to the loosest order in which it still works.

Two steps keep their order if they touch the same fact and one of them changes it; everything else
may happen in any order or at once. Every order the result allows has the same outcome as the
sequence (C. Baeckstroem, "Computational aspects of reordering plans", JAIR 9, 1998). Sets of steps
are bit masks over positions in the sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from brain.planning.whatif import WhatIf
from devices.skill import Atom
from stem_memory.tasks import TaskStep

# What a step reads or changes: ("at", cup-3), ("be", fridge, open), ("on", table-2) for whether
# something clearable is there.
Fact = tuple[str, ...]


@dataclass
class Touch:
    """The facts a step reads, changes, and the holders it fills (+1) and empties (-1)."""

    reads: set[Fact] = field(default_factory=set)
    writes: set[Fact] = field(default_factory=set)
    fills: tuple[str, ...] = ()
    empties: tuple[str, ...] = ()


def touch(step: TaskStep, source: dict[str, str], facts: WhatIf) -> Touch:
    """What the step touches. `source` maps the objects it moves to where they are before it."""
    found = Touch()
    for atom in step.pre:
        found.reads.update(_reads(atom))
    fills: list[str] = []
    empties: list[str] = []
    for atom in step.post:
        if atom.pred in ("at", "holding"):
            thing = atom.args[0]
            found.writes.add(("at", thing))
            to = atom.args[1] if atom.pred == "at" else ""
            for holder, changed in ((source.get(thing, ""), empties), (to, fills)):
                if holder in facts.fixtures:
                    changed.append(holder)
                    if facts.is_a(thing, "clearable"):
                        found.writes.add(("on", holder))
        elif atom.pred in ("be", "known"):
            found.writes.add((atom.pred, *atom.args))
    found.fills, found.empties = tuple(fills), tuple(empties)
    return found


def _reads(atom: Atom) -> Iterator[Fact]:
    if atom.pred in ("at", "holding"):
        yield ("at", atom.args[0])
    elif atom.pred in ("be", "known"):
        yield (atom.pred, *atom.args)
    elif atom.pred == "reachable":
        yield ("be", atom.args[0], "open")
    elif atom.pred == "clear":
        yield ("on", atom.args[0])


def conflict(first: Touch, second: Touch) -> bool:
    """Whether two steps touch the same fact and one of them changes it.

    Many things may come onto a table and leave it in any order, and it may be looked at twice; that
    is no conflict by itself.
    """
    if first.writes & second.reads or first.reads & second.writes:
        return True
    return any(fact[0] not in ("on", "known") for fact in first.writes & second.writes)


def loosen(
    steps: Sequence[TaskStep], touches: Sequence[Touch], facts: WhatIf, fixed: int
) -> tuple[TaskStep, ...]:
    """The steps with `after` filled in, and with `serves` of all that they make possible.

    Args:
        steps: A sequence that works; the first `fixed` are under way and keep what they have.
        touches: What each step touches.
        facts: What was true before the first step.
        fixed: How many steps are given.
    """
    before = [0] * len(steps)
    for j, second in enumerate(touches):
        for i in range(j):
            if conflict(touches[i], second):
                before[j] |= 1 << i
    _keep_given(steps, before, fixed)
    _close(before)
    _respect_capacity(touches, before, facts)
    _never_hold_and_wait(steps, before, fixed)
    serves = _serves(steps, touches)
    positions = {step.id: i for i, step in enumerate(steps)}
    assert len(positions) == len(steps)
    loose: list[TaskStep] = list(steps[:fixed])
    for j in range(fixed, len(steps)):
        direct = [steps[i].id for i in _bits(_reduced(before, j))]
        loose.append(
            steps[j].model_copy(update={"after": tuple(direct), "serves": tuple(sorted(serves[j]))})
        )
    return tuple(loose)


def ancestors(steps: Sequence[TaskStep]) -> list[int]:
    """For each step the mask of all steps that `after` puts before it. Steps are in order."""
    index = {step.id: i for i, step in enumerate(steps)}
    before = [0] * len(steps)
    for j, step in enumerate(steps):
        for name in step.after:
            i = index.get(name)
            if i is not None:
                before[j] |= 1 << i | before[i]
    return before


def crowd(touches: Sequence[Touch], before: list[int], j: int, holder: str) -> int:
    """At most how many objects more than at the start are on the holder once step j is done."""
    more = 0
    for i, other in enumerate(touches):
        comes_first = bool(before[j] >> i & 1)
        comes_later = bool(before[i] >> j & 1)
        if i == j or not comes_later:
            more += other.fills.count(holder)
        if comes_first:
            more -= other.empties.count(holder)
    return more


def _keep_given(steps: Sequence[TaskStep], before: list[int], fixed: int) -> None:
    index = {step.id: i for i, step in enumerate(steps[:fixed])}
    for j in range(fixed):
        before[j] = 0
        for name in steps[j].after:
            if name in index:
                before[j] |= 1 << index[name]


def _close(before: list[int]) -> None:
    """Make every mask hold the steps before the steps before."""
    for j, mask in enumerate(before):
        for i in _bits(mask):
            mask |= before[i]
        before[j] = mask


def _put_before(before: list[int], i: int, j: int) -> None:
    """Order step i before step j and everything after it."""
    gained = before[i] | 1 << i
    for k in range(j, len(before)):
        if k == j or before[k] >> j & 1:
            before[k] |= gained


def _respect_capacity(touches: Sequence[Touch], before: list[int], facts: WhatIf) -> None:
    """Where a holder could overflow in some order, fall back to the order of the sequence."""
    for j, step in enumerate(touches):
        for holder in step.fills:
            room = facts.room_on(holder)
            for i in range(j):
                if crowd(touches, before, j, holder) <= room:
                    break
                if holder in touches[i].empties or holder in touches[i].fills:
                    _put_before(before, i, j)
            for k in range(j + 1, len(touches)):
                if crowd(touches, before, j, holder) <= room:
                    break
                if holder in touches[k].fills:
                    _put_before(before, j, k)


def _never_hold_and_wait(steps: Sequence[TaskStep], before: list[int], fixed: int) -> None:
    """A body takes a thing only when all that its group waits for is done.

    Otherwise bodies with full hands could wait for each other for ever (the hold-and-wait condition
    of E. Coffman et al., "System deadlocks", Computing Surveys 3, 1971).
    """
    first: dict[str, int] = {}
    for j, step in enumerate(steps):
        if step.bind is None:
            continue
        start = first.setdefault(step.bind, j)
        if start == j or start < fixed:
            continue
        for i in _bits(before[j] & ~before[start]):
            # What comes after the taking itself can not come before it.
            if i < start and steps[i].bind != step.bind:
                _put_before(before, i, start)


def _serves(steps: Sequence[TaskStep], touches: Sequence[Touch]) -> list[set[int]]:
    """A step serves a condition also by making true what a later step for it needs."""
    serves = [set(step.serves) for step in steps]
    made_by: dict[Fact, list[int]] = {}
    needs: list[list[int]] = []
    for j, step in enumerate(touches):
        needs.append([i for fact in step.reads for i in made_by.get(fact, ())])
        for fact in step.writes:
            # A table is cleared by everybody who took something from it, a lamp lit by the last.
            made_by[fact] = [*made_by.get(fact, ()), j] if fact[0] == "on" else [j]
    for j in range(len(steps) - 1, -1, -1):
        for i in needs[j]:
            serves[i] |= serves[j]
    return serves


def _reduced(before: list[int], j: int) -> int:
    """The direct predecessors: those that no other predecessor implies."""
    implied = 0
    for i in _bits(before[j]):
        implied |= before[i]
    return before[j] & ~implied


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
