"""Who goes first: the rank of a waiting turn. Smaller ranks go first; ties by arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.llm.policy.contracts import Turn
from services.llm.policy.programs import Program

Rank = tuple[float, ...]


@dataclass(slots=True)
class Candidate:
    """A waiting turn, as orders see it.

    Attributes:
        turn: The turn.
        program: Its program.
        pinned: Whether the program's KV is held for it.
        preempted: Whether it had been running and lost its memory.
        missing_s: Engine seconds to prefill what is not held.
    """

    turn: Turn
    program: Program
    pinned: bool
    preempted: bool
    missing_s: float


class Order(Protocol):
    """A rule that ranks waiting turns."""

    def __call__(self, candidate: Candidate, now: float) -> Rank:
        """The turn's rank."""
        ...


def fcfs(candidate: Candidate, now: float) -> Rank:
    """Stock servers: preempted ones first, then by arrival of the turn."""
    return (0.0 if candidate.preempted else 1.0, candidate.turn.arrived_s)


def program_fcfs(candidate: Candidate, now: float) -> Rank:
    """Preempted first, then pinned, then by the arrival of the program (Continuum's order)."""
    return (
        0.0 if candidate.preempted else 1.0,
        0.0 if candidate.pinned else 1.0,
        candidate.program.arrived_s,
    )


#: Seconds of waiting that weigh as much as one engine second of missing prefill.
AGING = 50.0


def shortest_missing(candidate: Candidate, now: float) -> Rank:
    """Retinue's order: preempted, then pinned, then by the prefill that is missing, less age.

    Whoever is held needs next to nothing to go on, and frees its memory soonest. Among the others the
    shortest work first keeps the mean low, and waiting long enough beats any length.
    """
    waited = max(0.0, now - candidate.turn.arrived_s)
    return (
        0.0 if candidate.preempted else 1.0,
        0.0 if candidate.pinned else 1.0,
        candidate.missing_s - waited / AGING,
    )
