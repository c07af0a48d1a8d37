"""A schedule as per-body sequences of jobs, timed as early as the sequences allow, and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from brain.allocation.workload import ANYWHERE, Workload


@dataclass(frozen=True, slots=True)
class Visit:
    """One job as planned: who, with whom (-1: alone), and when. Seconds after now.

    The body sets out at `leave_s`, works from `start_s` to `end_s`; `travel_s` is on the road.
    """

    job: int
    body: int
    partner: int
    leave_s: float
    travel_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Cost:
    """The objective and its parts: weighted seconds, and what they come from."""

    completion: float
    tardiness: float
    makespan_s: float
    energy_wh: float
    switching: float
    total: float

    def __str__(self) -> str:
        return (
            f"{self.total:.1f} = goals {self.completion:.1f} + late {self.tardiness:.1f} "
            f"+ makespan {self.makespan_s:.1f} s, {self.energy_wh:.2f} Wh, "
            f"changes {self.switching:.1f}"
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timed schedule: visits in order of start, jobs left out, and the cost."""

    visits: tuple[Visit, ...]
    left_out: tuple[int, ...]
    cost: Cost

    def sequences(self, bodies: int) -> list[list[int]]:
        """Each body's jobs in the order it does them."""
        result: list[list[int]] = [[] for _ in range(bodies)]
        for visit in self.visits:
            result[visit.body].append(visit.job)
            if visit.partner >= 0:
                result[visit.partner].append(visit.job)
        return result


def timed(load: Workload, sequences: Sequence[Sequence[int]]) -> Timeline | None:
    """Time the sequences: every job as early as its body, its partner and its forerunners allow.

    A team job stands in two sequences; the body with the lower number leads unless the job is
    promised to the other. Returns None if the sequences break a rule: a job waits for itself, a
    hold is torn apart, or a body holds or spends more than it can.
    """
    count = len(load.jobs)
    body_of, partner_of = [-1] * count, [-1] * count
    for body, sequence in enumerate(sequences):
        for index in sequence:
            if body_of[index] < 0:
                body_of[index] = body
            else:
                partner_of[index] = body
    for index, job in enumerate(load.jobs):
        if partner_of[index] >= 0 and partner_of[index] == job.incumbent:
            body_of[index], partner_of[index] = partner_of[index], body_of[index]
        if body_of[index] >= 0 and (partner_of[index] >= 0) != (job.team > 1):
            return None
    if not _fits(load, sequences, body_of, partner_of):
        return None
    free = [worker.free_s for worker in load.workers]
    spot = [worker.spot for worker in load.workers]
    following = [0] * len(sequences)
    ends: list[float | None] = [None] * count
    visits: list[Visit] = []
    waiting = sum(1 for body in body_of if body >= 0)
    while len(visits) < waiting:
        before = len(visits)
        for body, sequence in enumerate(sequences):
            while following[body] < len(sequence):
                index = sequence[following[body]]
                job, partner = load.jobs[index], partner_of[index]
                if body_of[index] != body:
                    break
                if partner >= 0 and (
                    following[partner] >= len(sequences[partner])
                    or sequences[partner][following[partner]] != index
                ):
                    break
                ready = job.release_s
                blocked = False
                for before_job in job.after:
                    end = ends[before_job]
                    if end is None:
                        blocked = True
                        break
                    ready = max(ready, end)
                if blocked:
                    break
                visits.append(visit := _visit(load, index, body, partner, free, spot, ready))
                ends[index] = visit.end_s
                following[body] += 1
                if partner >= 0:
                    following[partner] += 1
        if len(visits) == before:
            return None
    visits.sort(key=lambda visit: (visit.start_s, visit.end_s, visit.job))
    left_out = tuple(index for index in range(count) if body_of[index] < 0)
    return Timeline(tuple(visits), left_out, price(load, visits))


def _visit(
    load: Workload,
    index: int,
    body: int,
    partner: int,
    free: list[float],
    spot: list[int],
    ready: float,
) -> Visit:
    """Time one job after what its bodies did before, and move them on."""
    job = load.jobs[index]
    leave = free[body]
    travel = load.travel_s(body, spot[body], job.spot)
    start = max(ready, leave + travel)
    seconds = job.work[body].seconds
    if partner >= 0:
        start = max(start, free[partner] + load.travel_s(partner, spot[partner], job.spot))
        seconds = max(seconds, job.work[partner].seconds)
    end = start + seconds
    for one in (body, partner):
        if one >= 0:
            free[one] = end
            if job.leaves != ANYWHERE:
                spot[one] = job.leaves
            elif job.spot != ANYWHERE:
                spot[one] = job.spot
    return Visit(index, body, partner, leave, travel, start, end)


def _fits(
    load: Workload,
    sequences: Sequence[Sequence[int]],
    body_of: Sequence[int],
    partner_of: Sequence[int],
) -> bool:
    """Whether hands, payload, battery and the one-body rule of holds are kept."""
    for index, job in enumerate(load.jobs):
        body = body_of[index]
        if body >= 0 and (body not in load.able[index] or body == partner_of[index]):
            return False
        if partner_of[index] >= 0 and partner_of[index] not in load.able[index]:
            return False
        if body >= 0 and job.hold >= 0 and body_of[load.holds[job.hold].jobs[0]] != body:
            return False
    return all(_can(load, body, sequence) for body, sequence in enumerate(sequences))


def _can(load: Workload, body: int, sequence: Sequence[int]) -> bool:
    """Whether a body's hands, payload and battery suffice for its jobs, one after the other."""
    worker = load.workers[body]
    mine = [hold for hold in load.holds if hold.body == body]
    held, mass = len(mine), sum(hold.mass_kg for hold in mine)
    spent, spot = 0.0, worker.spot
    for index in sequence:
        job = load.jobs[index]
        if load.opens(index):
            held, mass = held + 1, mass + load.holds[job.hold].mass_kg
            if held > worker.carry or mass > worker.payload_kg:
                return False
        elif job.demand and held + load.needs(index, body) > worker.carry:
            return False
        if load.closes(index):
            held, mass = held - 1, mass - load.holds[job.hold].mass_kg
        spent += _energy(load, body, spot, index)
        spot = job.leaves if job.leaves != ANYWHERE else spot if job.spot < 0 else job.spot
    return spent <= worker.energy_wh


def _energy(load: Workload, body: int, spot: int, index: int) -> float:
    job, worker = load.jobs[index], load.workers[body]
    travel = load.travel_s(body, spot, job.spot)
    return job.work[body].energy_wh + travel * worker.move_w / 3600.0


def price(load: Workload, visits: Sequence[Visit]) -> Cost:
    """The objective of timed visits (see `Weights`)."""
    ends = [0.0] * len(load.aims)
    energy = switching = makespan = 0.0
    for visit in visits:
        job = load.jobs[visit.job]
        ends[job.goal] = max(ends[job.goal], visit.end_s + job.tail_s)
        makespan = max(makespan, visit.end_s)
        for body in (visit.body, visit.partner):
            if body >= 0:
                energy += job.work[body].energy_wh
        energy += visit.travel_s * load.workers[visit.body].move_w / 3600.0
        if job.incumbent >= 0 and job.incumbent != visit.body:
            switching += job.switch_cost
    completion = tardiness = 0.0
    for aim, end in zip(load.aims, ends, strict=True):
        completion += aim.weight * end
        if aim.due_s is not None and end > 0:
            tardiness += aim.weight * max(0.0, end - aim.due_s)
    weights = load.weights
    total = (
        weights.completion * completion
        + weights.tardiness * tardiness
        + weights.makespan * makespan
        + weights.energy * energy
        + switching
    )
    return Cost(completion, tardiness, makespan, energy, switching, total)


def floor_cost(load: Workload) -> float:
    """A lower bound of the cost of any schedule of all jobs: as if no body were ever in the way.

    Each job begins at the earliest when its forerunners end and one of its bodies could have come
    there straight away.
    """
    ends: list[dict[int, float]] = []
    visits = [0.0] * len(load.aims)
    makespan = energy = 0.0
    for index, job in enumerate(load.jobs):
        mine: dict[int, float] = {}
        for body in sorted(load.able[index]):
            worker = load.workers[body]
            start = max(job.release_s, worker.free_s + load.travel_s(body, worker.spot, job.spot))
            for before in job.after:
                other = load.jobs[before]
                if other.hold == job.hold >= 0:
                    way = load.travel_s(body, other.spot, job.spot) if other.spot >= 0 else 0.0
                    start = max(start, ends[before][body] + way)
                else:
                    start = max(start, min(ends[before].values()))
            mine[body] = start + job.work[body].seconds
        if not mine:
            return 0.0
        ends.append(mine)
        end = min(mine.values())
        visits[job.goal] = max(visits[job.goal], end + job.tail_s)
        makespan = max(makespan, end)
        energy += job.team * min(job.work[body].energy_wh for body in mine)
    weights = load.weights
    total = weights.makespan * makespan + weights.energy * energy
    for aim, end in zip(load.aims, visits, strict=True):
        total += weights.completion * aim.weight * end
        if aim.due_s is not None:
            total += weights.tardiness * aim.weight * max(0.0, end - aim.due_s)
    return total
