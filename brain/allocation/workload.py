"""The allocation problem as numbers: jobs, the bodies that could do them, and how far apart they are.

This is what the schedulers see. They know nothing of worlds, skills or language, so they can be
tested against brute force and benchmarked on random instances. Times are seconds after "now",
energies watt-hours, masses kilograms. Jobs and bodies are numbered in a stable order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

ANYWHERE = -1
"""The spot of a job that can be done from wherever the body is."""

UNREACHABLE_S = 36_000.0
"""Travel time between two spots that no route joins: never chosen while anything else is left."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one body would need for one job.

    `seconds` is the expected time with retries (`once_s` over `success`), without travel.
    """

    seconds: float
    once_s: float
    success: float = 1.0
    energy_wh: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One step that can be scheduled.

    `spot` is where it is done and `leaves` where the body is afterwards (ANYWHERE: it stays).
    `release_s` is when steps outside this problem let it begin, `tail_s` what must still follow
    outside it. `work` maps each able body to its estimate. `demand` hands are free while it lasts.
    `hold` is the index of the thing in hand that it belongs to, or -1. `incumbent` is the body it
    is promised to, or -1, and `switch_cost` the price of breaking the promise.
    """

    goal: int
    spot: int
    work: Mapping[int, Estimate]
    after: tuple[int, ...] = ()
    leaves: int = ANYWHERE
    release_s: float = 0.0
    tail_s: float = 0.0
    demand: int = 0
    hold: int = -1
    team: int = 1
    incumbent: int = -1
    switch_cost: float = 0.0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Something in one body's hand or on its tray from the first of `jobs` to the last.

    `body` is the body that has it already (-1: nobody; the first job takes it).
    """

    jobs: tuple[int, ...]
    mass_kg: float = 0.0
    body: int = -1


@dataclass(frozen=True, slots=True)
class Worker:
    """One living body: when it is free, where it will be then, and what it can bear.

    `carry` and `payload_kg` are what is left beside things in hand that belong to no job.
    `energy_wh` is what it may spend before it falls under its reserve.
    """

    name: str
    spot: int
    free_s: float = 0.0
    speed_m_s: float = 1.0
    carry: int = 1
    payload_kg: float = 1e9
    energy_wh: float = 1e9
    move_w: float = 80.0


@dataclass(frozen=True, slots=True)
class Aim:
    """What one goal is worth: its weight, and when it is due (seconds after now), if ever."""

    weight: float = 1.0
    due_s: float | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """The objective, in weighted seconds: what one second (or watt-hour) of each part costs."""

    completion: float = 1.0
    tardiness: float = 4.0
    makespan: float = 0.2
    energy: float = 1.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How much the solver may do.

    `deterministic_s` is in CP-SAT's deterministic seconds (work, not time). At most `whole_jobs`
    are solved as one; of more, `part_jobs` at a time in `rounds` rounds. `bodies` is how many of a
    job's bodies are considered: the most promising ones.
    """

    deterministic_s: float = 0.02
    whole_jobs: int = 16
    part_jobs: int = 6
    rounds: int = 4
    bodies: int = 3
    seed: int = 7


@dataclass(frozen=True)
class Workload:
    """Everything a scheduler needs. Jobs are in an order that respects `after`.

    `metres` tells how far body `b` travels from spot `i` to spot `j` (None: no route). It is asked
    at most once per body and pair.
    """

    jobs: Sequence[Job]
    workers: Sequence[Worker]
    aims: Sequence[Aim]
    metres: Callable[[int, int, int], float | None]
    holds: Sequence[Hold] = ()
    weights: Weights = Weights()
    _travel: dict[tuple[int, int, int], float] = field(default_factory=dict, repr=False)

    def travel_s(self, body: int, start: int, end: int) -> float:
        """Seconds that the body travels between two spots."""
        if start == end or end == ANYWHERE:
            return 0.0
        key = (body, start, end)
        found = self._travel.get(key)
        if found is None:
            metres = self.metres(body, start, end)
            speed = self.workers[body].speed_m_s
            if metres is None or (metres > 0 and speed <= 0):
                found = UNREACHABLE_S
            else:
                found = metres / speed if metres else 0.0
            self._travel[key] = found
        return found

    @cached_property
    def ancestors(self) -> tuple[int, ...]:
        """Per job, a bit set of all jobs that must be done before it."""
        masks: list[int] = []
        for job in self.jobs:
            mask = 0
            for before in job.after:
                mask |= masks[before] | (1 << before)
            masks.append(mask)
        return tuple(masks)

    @cached_property
    def gates(self) -> tuple[int, ...]:
        """Per job, a bit set of jobs to schedule first so that nobody takes a thing it cannot
        put down: what the rest of its hold waits for, unless that waits for this very job.
        """
        masks = list(self.ancestors)
        for hold in self.holds:
            first, inside = hold.jobs[0], 0
            for index in hold.jobs:
                inside |= 1 << index
            needed = 0
            for index in hold.jobs:
                needed |= self.ancestors[index]
            needed &= ~inside
            for index in range(len(self.jobs)):
                bit = 1 << index
                if needed & bit and self.ancestors[index] & (1 << first):
                    needed &= ~bit
            masks[first] |= needed
        return tuple(masks)

    @cached_property
    def spare(self) -> tuple[int, ...]:
        """Per hold, the most hands that its inner jobs need besides the thing itself."""
        return tuple(
            max(
                (self.jobs[index].demand for index in hold.jobs if not self.opens(index)), default=0
            )
            for hold in self.holds
        )

    def opens(self, index: int) -> bool:
        """Whether this job takes the thing of its hold in hand."""
        hold = self.jobs[index].hold
        return hold >= 0 and self.holds[hold].body < 0 and self.holds[hold].jobs[0] == index

    def needs(self, index: int, body: int) -> int:
        """Hands that the body must have free for the job. Two hands suffice for work that takes
        two, even where `carry` is 1; with something unknown in the only hand none is free.
        """
        return min(self.jobs[index].demand, max(1, self.workers[body].carry))

    def closes(self, index: int) -> bool:
        """Whether this job lets go of the thing of its hold."""
        hold = self.jobs[index].hold
        return hold >= 0 and self.holds[hold].jobs[-1] == index

    @cached_property
    def able(self) -> tuple[frozenset[int], ...]:
        """Per job, the bodies that may do it: able of it and of the rest of its hold."""
        sets: list[frozenset[int]] = []
        for job in self.jobs:
            bodies = frozenset(job.work)
            if job.hold >= 0:
                hold = self.holds[job.hold]
                for index in hold.jobs:
                    bodies &= frozenset(self.jobs[index].work)
                if hold.body >= 0:
                    bodies &= {hold.body}
            sets.append(bodies)
        return tuple(sets)
