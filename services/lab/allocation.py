"""How good the schedules are: ours against simple dispatching, on seeded random workloads.

Each workload is a floor with places, a mixed fleet and goals of the shapes that the planner makes:
fetch and bring, fetch from a closed box, prepare at a machine, clear a table, wipe, tell, carry
together. A schedule is judged by its cost (the objective) and its makespan, both relative to the
best schedule found for that workload.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from brain.allocation.cpsat import improve
from brain.allocation.greedy import ListScheduler, greedy
from brain.allocation.timeline import Timeline, timed
from brain.allocation.workload import Aim, Effort, Estimate, Hold, Job, Worker, Workload

FLOOR_M = (22.0, 14.0)


@dataclass
class _Draft:
    """A workload while it is being drawn."""

    rng: random.Random
    points: list[tuple[float, float]] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    skills: list[frozenset[str]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)

    def place(self) -> int:
        x, y = (round(self.rng.uniform(0.0, side), 2) for side in FLOOR_M)
        self.points.append((x, y))
        return len(self.points) - 1

    def job(self, skill: str, spot: int, base_s: float, *after: int, **more: int) -> int:
        work = {
            body: Estimate(round(base_s / self.rates[body], 2), round(base_s / self.rates[body], 2))
            for body, skills in enumerate(self.skills)
            if skill in skills
        }
        label = f"{skill}@{spot}"
        self.jobs.append(Job(len(self.aims), spot, work, after=after, label=label, **more))
        return len(self.jobs) - 1

    def fetch(self, source: int, to: int, *after: int) -> int:
        """Take a thing from one place to the other; returns the job that puts it down."""
        hold = len(self.holds)
        pick = self.job("pick", source, 4.0, *after, hold=hold, demand=1)
        place = self.job("place", to, 4.0, pick, hold=hold)
        self.holds.append(Hold((pick, place), mass_kg=round(self.rng.uniform(0.1, 1.5), 2)))
        return place


KINDS: tuple[tuple[str, float, int, float, frozenset[str]], ...] = (
    ("server", 1.0, 4, 8.0, frozenset(("pick", "place", "say"))),
    ("dual", 0.7, 2, 6.0, frozenset(("pick", "place", "say", "open", "make", "wipe", "lift"))),
    ("legs", 0.9, 2, 6.0, frozenset(("pick", "place", "say", "open", "make", "wipe", "lift"))),
    ("quad", 1.3, 1, 2.0, frozenset(("pick", "place", "say", "wipe"))),
    ("drone", 2.5, 0, 0.3, frozenset(("say",))),
)


def workload(seed: int, *, jobs: int = 24, bodies: int = 6) -> Workload:
    """A random workload of at most `jobs` jobs that the fleet can do; equal seeds, equal result."""
    draft = _Draft(random.Random(seed))
    rng = draft.rng
    for body in range(bodies):
        name, speed, carry, payload, skills = KINDS[body % len(KINDS)]
        start = draft.place()
        free = round(rng.choice((0.0, 0.0, rng.uniform(0.0, 25.0))), 1)
        draft.workers.append(Worker(f"{name}-{body}", start, free, speed, carry, payload))
        draft.skills.append(skills)
        draft.rates.append(round(rng.uniform(0.7, 1.3), 2))
    kitchen = [draft.place() for _ in range(4)]
    tables = [draft.place() for _ in range(6)]
    shapes = _SHAPES if bodies >= 3 else _SHAPES[:2]
    for _ in range(4 * jobs):
        if len(draft.jobs) >= jobs:
            break
        before = (len(draft.jobs), len(draft.holds))
        rng.choice(shapes)(draft, rng, kitchen, tables)
        lacking = any(not j.work or len(j.work) < j.team for j in draft.jobs[before[0] :])
        if lacking or len(draft.jobs) > jobs:
            del draft.jobs[before[0] :], draft.holds[before[1] :]
            continue
        due = round(rng.uniform(30.0, 150.0), 1) if rng.random() < 0.3 else None
        draft.aims.append(Aim(rng.choice((1.0, 1.0, 1.0, 2.0)), due))
    points = draft.points

    def metres(_: int, start: int, end: int) -> float:
        return math.dist(points[start], points[end])

    return Workload(
        tuple(draft.jobs), tuple(draft.workers), tuple(draft.aims), metres, tuple(draft.holds)
    )


def _bring(
    draft: _Draft, rng: random.Random, kitchen: Sequence[int], tables: Sequence[int]
) -> None:
    draft.fetch(rng.choice(kitchen), rng.choice(tables))


def _clear(
    draft: _Draft, rng: random.Random, kitchen: Sequence[int], tables: Sequence[int]
) -> None:
    table, sink = rng.choice(tables), rng.choice(kitchen)
    last = [draft.fetch(table, sink) for _ in range(rng.randint(2, 4))]
    if len(draft.workers) >= 3:
        draft.job("wipe", table, 15.0, *(job - 1 for job in last), demand=1)


def _unpack(
    draft: _Draft, rng: random.Random, kitchen: Sequence[int], tables: Sequence[int]
) -> None:
    box = rng.choice(kitchen)
    opened = draft.job("open", box, 3.0, demand=1)
    placed = draft.fetch(box, rng.choice(tables), opened)
    draft.job("open", box, 3.0, placed - 1, demand=1)


def _prepare(
    draft: _Draft, rng: random.Random, kitchen: Sequence[int], tables: Sequence[int]
) -> None:
    machine = rng.choice(kitchen)
    brought = draft.fetch(rng.choice(kitchen), machine)
    made = draft.job("make", machine, 20.0, brought)
    draft.fetch(machine, rng.choice(tables), made)


def _tell(draft: _Draft, rng: random.Random, kitchen: Sequence[int], tables: Sequence[int]) -> None:
    draft.job("say", rng.choice(tables), 3.0)


def _lift(draft: _Draft, rng: random.Random, kitchen: Sequence[int], tables: Sequence[int]) -> None:
    draft.job("lift", rng.choice(kitchen), 12.0, team=2, demand=1, leaves=rng.choice(tables))


_SHAPES = (_bring, _clear, _unpack, _prepare, _tell, _lift)


# Simple dispatching, to compare with


def nearest_robot(load: Workload) -> Timeline:
    """First come, first served: the nearest idle body, or else the first to be idle."""

    def choose(scheduler: ListScheduler, index: int, ready: float, bodies: list[int]) -> list[int]:
        spot = load.jobs[index].spot

        def rank(body: int) -> tuple[float, float, int]:
            travel = load.travel_s(body, scheduler.spot[body], spot)
            return max(ready, scheduler.free[body]), travel, body

        return sorted(bodies, key=rank)

    return _dispatched(load, choose)


def round_robin(load: Workload) -> Timeline:
    """First come, first served, by the bodies in turn."""
    last = -1

    def choose(scheduler: ListScheduler, index: int, ready: float, bodies: list[int]) -> list[int]:
        nonlocal last
        turn = sorted(bodies, key=lambda b: (b - last - 1) % len(load.workers))
        last = turn[0]
        return turn

    return _dispatched(load, choose)


def _dispatched(
    load: Workload, choose: Callable[[ListScheduler, int, float, list[int]], list[int]]
) -> Timeline:
    """Give out jobs in the order in which they become ready."""
    scheduler = ListScheduler(load)
    todo, done = list(range(len(load.jobs))), 0

    def ready(index: int) -> float:
        job = load.jobs[index]
        return max([job.release_s, *(scheduler.ends[before] for before in job.after)])

    while todo:
        waiting = [index for index in todo if not load.gates[index] & ~done]
        for index in sorted(waiting, key=lambda index: (ready(index), index)):
            bodies = [b for b in scheduler.candidates(index) if scheduler.bearable(index, b)]
            team = load.jobs[index].team
            offer = None
            if len(bodies) >= team:
                chosen = choose(scheduler, index, ready(index), bodies)[:team]
                offer = scheduler.offer(index, chosen)
            if offer is not None:
                scheduler.take(offer)
                done |= 1 << index
                todo.remove(index)
                break
        else:
            break
    timeline = timed(load, scheduler.sequences)
    assert timeline is not None
    return timeline


def with_cpsat(load: Workload) -> Timeline:
    """List scheduling improved by CP-SAT: what the allocator does."""
    listed = greedy(load)
    return improve(load, listed, Effort()) or listed


METHODS: dict[str, Callable[[Workload], Timeline]] = {
    "cp-sat": with_cpsat,
    "greedy": greedy,
    "nearest robot": nearest_robot,
    "round robin": round_robin,
}
SIZES: tuple[tuple[int, int], ...] = ((6, 3), (12, 4), (16, 6), (24, 8))


@dataclass(frozen=True)
class Row:
    """One method on workloads of one size. Ratios are to the best method of each workload."""

    method: str
    jobs: int
    bodies: int
    workloads: int
    cost_ratio: float
    cost_spread: float
    makespan_ratio: float
    makespan_spread: float
    best: int
    mean_ms: float
    worst_ms: float


def bench_allocation(
    clock: Callable[[], float],
    *,
    workloads: int = 20,
    sizes: Sequence[tuple[int, int]] = SIZES,
    seed: int = 0,
) -> list[Row]:
    """Run every method on the same seeded workloads of each (jobs, bodies) size.

    Args:
        clock: Tells the time in seconds, for `mean_ms` and `worst_ms`; nothing else depends on it.
        workloads: How many per size.
        sizes: (jobs, bodies) of the workloads.
        seed: The first workload's seed.
    """
    rows: list[Row] = []
    for jobs, bodies in sizes:
        results: dict[str, list[Timeline]] = {name: [] for name in METHODS}
        times: dict[str, list[float]] = {name: [] for name in METHODS}
        for number in range(workloads):
            for name, method in METHODS.items():
                load = workload(seed + number, jobs=jobs, bodies=bodies)
                before = clock()
                results[name].append(method(load))
                times[name].append(1000.0 * (clock() - before))
        costs = {name: [t.cost.total for t in found] for name, found in results.items()}
        spans = {name: [t.cost.makespan_s for t in found] for name, found in results.items()}
        for name in METHODS:
            cost, cost_spread, best = _relative(costs, name)
            span, span_spread, _ = _relative(spans, name)
            rows.append(
                Row(
                    name,
                    jobs,
                    bodies,
                    workloads,
                    round(cost, 3),
                    round(cost_spread, 3),
                    round(span, 3),
                    round(span_spread, 3),
                    best,
                    round(statistics.mean(times[name]), 2),
                    round(max(times[name]), 2),
                )
            )
    return rows


def _relative(values: dict[str, list[float]], name: str) -> tuple[float, float, int]:
    """Mean and standard deviation of a method's ratio to the best one, and how often it is best."""
    least = [min(column) for column in zip(*values.values(), strict=True)]
    ratios = [value / best for value, best in zip(values[name], least, strict=True)]
    return statistics.mean(ratios), statistics.pstdev(ratios), sum(r < 1 + 1e-9 for r in ratios)
