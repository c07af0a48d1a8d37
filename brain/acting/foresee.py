"""What an instruction would change about who does what when, before anybody gives it."""

from __future__ import annotations

from collections.abc import Iterable

from brain.acting.running import Ledger
from brain.allocation.allocate import allocate
from brain.contracts import Schedule
from devices.noun import Noun
from devices.roadmap import Roadmap
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Instructed
from stem_memory.instructions import Instruction
from stem_memory.tasks import Assignment


class Foreseen(Noun):
    """The schedule as it is, and as it would be. Steps under way stay with who does them, if they can."""

    now: Schedule
    then: Schedule


def foresee(state: MemoryState, events: Iterable[Event], instruction: Instruction) -> Foreseen:
    """Schedule the open steps as things stand, and once more as if somebody had just given the instruction.

    Plans are not made anew for it: a step that nobody could do is told as such.

    Args:
        state: What memory believes; it is a copy that nobody else needs, and is changed.
        events: The log that it was folded from, at least the kinds that a `Ledger` takes in.
        instruction: What somebody thinks of saying.
    """
    ledger = Ledger()
    for event in events:
        ledger.absorb(event)
    under_way = ledger.steps()
    fixed = {key: given for key, given in ledger.assigned.items() if key in under_way}
    roadmap, now = Roadmap(state.plan()), state.now()
    before = allocate(state, roadmap, now, fixed=fixed)
    state.apply(
        Event(origin="foreseen", seq=0, t=now, body=Instructed(instruction=instruction, by=""))
    )
    still = {key: given for key, given in fixed.items() if _can(state, given)}
    return Foreseen(now=before, then=allocate(state, roadmap, now, fixed=still))


def _can(state: MemoryState, given: Assignment) -> bool:
    """Whether who does it would still be there, and the goal still open."""
    body, record = state.bodies().get(given.body), state.goals().get(given.goal)
    return body is not None and not body.is_out and record is not None and record.closed_s is None
