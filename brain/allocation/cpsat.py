"""Improves a schedule with OR-Tools' CP-SAT. The only file that imports ortools.

The model is a flexible job shop with sequence-dependent set-up times (travel), optional intervals
per body, cumulative hands and payload, and weighted completion and tardiness. Small workloads are
solved whole; large ones by large neighbourhood search (Shaw, "Using constraint programming and local
search methods to solve vehicle routing problems", 1998): some jobs are planned anew while the others
keep their body and order. It starts from a known schedule as hint, works on one thread with a limit
in deterministic time and never looks at a clock, so equal workloads give equal schedules.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from brain.allocation.timeline import Timeline, timed
from brain.allocation.workload import ANYWHERE, Effort, Workload

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

# Steps of time in the model: a tenth of a second.
TICKS_PER_S = 10
# Integer weight of one weighted second that lasts one tick.
SCALE = 20


def improve(load: Workload, start: Timeline, effort: Effort) -> Timeline | None:
    """A cheaper schedule of the same jobs than `start`, or None if none was found.

    The result is timed and priced by the same rules as `start` (`brain.allocation.timeline.timed`).
    """
    best = start
    parts = list(_neighbourhoods(load, start, effort))
    for free in parts:
        sequences = _Model(load, best, effort, free).solve(effort.deterministic_s / len(parts))
        timeline = None if sequences is None else timed(load, sequences)
        if timeline is not None and timeline.cost.total < best.cost.total - 1e-6:
            best = timeline
    return None if best is start else best


def _neighbourhoods(load: Workload, start: Timeline, effort: Effort) -> Iterator[frozenset[int]]:
    """Sets of jobs to plan anew: those of a few goals and those of about the same time, in turn."""
    jobs = [visit.job for visit in start.visits]
    if not jobs:
        return
    if len(jobs) <= effort.whole_jobs:
        yield frozenset(jobs)
        return
    rng = random.Random(effort.seed)
    for turn in range(effort.rounds):
        seed = rng.randrange(len(jobs))
        if turn % 2:
            near = {job: abs(at - seed) for at, job in enumerate(jobs)}
        else:
            goals = list(range(len(load.aims)))
            rng.shuffle(goals)
            first = load.jobs[jobs[seed]].goal
            near = {
                job: -1 if load.jobs[job].goal == first else goals.index(load.jobs[job].goal)
                for job in jobs
            }
        free: set[int] = set()
        for job in sorted(jobs, key=lambda job: (near[job], job)):
            if len(free) >= effort.part_jobs:
                break
            hold = load.jobs[job].hold
            free |= {job} if hold < 0 else set(load.holds[hold].jobs)
        yield frozenset(free)


def _ticks(seconds: float) -> int:
    return math.ceil(seconds * TICKS_PER_S - 1e-6)


class _Model:
    """The CP-SAT model of one workload around one known schedule; only `free` jobs may change
    body or order.
    """

    def __init__(
        self, load: Workload, known: Timeline, effort: Effort, free: frozenset[int]
    ) -> None:
        from ortools.sat.python import cp_model

        self.load = load
        self.free = free
        self.effort = effort
        self.known = {visit.job: visit for visit in known.visits}
        self.sequences = known.sequences(len(load.workers))
        self.jobs = [index for index in range(len(load.jobs)) if index in self.known]
        self.known_begin, self.known_end = self._in_ticks()
        self.horizon = max(self.known_end.values()) * 3 // 2 + 5 * TICKS_PER_S
        self.model = cp_model.CpModel()
        self.bodies = self._promising()
        self.x: dict[tuple[int, int], Any] = {}
        self.begin: dict[int, Any] = {}
        self.end: dict[int, Any] = {}
        self.seconds: dict[int, Any] = {}
        self._place_jobs()
        self._order_jobs()
        self._fill_hands()
        self._spend_energy()
        self._aim()

    def solve(self, deterministic_s: float) -> list[list[int]] | None:
        """Sequences per body of the best solution found, or None."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        # Else it takes Ctrl-C for itself, and leaves the process without a handler afterwards.
        parameters.catch_sigint_signal = False
        parameters.interleave_search = False
        parameters.random_seed = self.effort.seed
        parameters.max_deterministic_time = deterministic_s
        # No floating-point relaxation: its rounding is the one thing that may differ by machine.
        parameters.linearization_level = 0
        parameters.symmetry_level = 0
        parameters.cp_model_probing_level = 0
        # Presolving a model that is mostly fixed costs more than it saves.
        parameters.cp_model_presolve = len(self.free) == len(self.jobs)
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        order: list[list[tuple[int, int, int]]] = [[] for _ in self.load.workers]
        for (index, body), chosen in self.x.items():
            if solver.boolean_value(chosen):
                # Of jobs that begin together an instant one goes first; numbers respect `after`.
                begin, end = solver.value(self.begin[index]), solver.value(self.end[index])
                order[body].append((begin, end, index))
        return [[index for _, _, index in sorted(items)] for items in order]

    def _in_ticks(self) -> tuple[dict[int, int], dict[int, int]]:
        """The known schedule timed anew in whole ticks, so that it is a complete hint."""
        load = self.load
        begins: dict[int, int] = {}
        ends: dict[int, int] = {}
        last: dict[int, int] = {}
        for visit in self.known.values():
            job = load.jobs[visit.job]
            begin, length = _ticks(job.release_s), 0
            for body in (visit.body, visit.partner):
                if body >= 0:
                    begin = max(begin, self._arrival(body, visit.job))
                    if body in last:
                        before = last[body]
                        begin = max(begin, ends[before] + self._way(body, before, visit.job))
                    length = max(length, _ticks(job.work[body].seconds))
                    last[body] = visit.job
            begins[visit.job] = max([begin, *(ends[before] for before in job.after)])
            ends[visit.job] = begins[visit.job] + length
        return begins, ends

    def _promising(self) -> dict[int, list[int]]:
        """Per job (holds as one), the known bodies and those with the least way and work."""
        load = self.load
        result: dict[int, list[int]] = {}
        for index in self.jobs:
            job = load.jobs[index]
            keep = {self.known[index].body, self.known[index].partner} - {-1}
            if index not in self.free:
                result[index] = sorted(keep)
                continue
            members = load.holds[job.hold].jobs if job.hold >= 0 else (index,)
            if members[0] != index:
                result[index] = result[members[0]]
                continue
            scored = sorted(
                (
                    load.workers[body].free_s
                    + load.travel_s(body, load.workers[body].spot, job.spot)
                    + sum(load.jobs[member].work[body].seconds for member in members),
                    body,
                )
                for body in load.able[index]
            )
            best = [body for _, body in scored[: self.effort.bodies + job.team - 1]]
            result[index] = sorted((keep | {job.incumbent, *best}) & load.able[index])
        return result

    def _place_jobs(self) -> None:
        """Who does each job, from when to when."""
        load, model = self.load, self.model
        shared: dict[tuple[int, int], Any] = {}
        for index in self.jobs:
            job, visit = load.jobs[index], self.known[index]
            self.begin[index] = self._number(
                self.known_begin[index], _ticks(job.release_s), self.horizon
            )
            chosen = []
            for body in self.bodies[index]:
                if job.hold < 0 or (job.hold, body) not in shared:
                    literal = model.new_bool_var("")
                    model.add_hint(literal, body in (visit.body, visit.partner))
                    shared[job.hold, body] = literal
                self.x[index, body] = literal = shared[job.hold, body] if job.hold >= 0 else literal
                chosen.append(literal)
                arrival = self._arrival(body, index)
                model.add(self.begin[index] >= arrival).only_enforce_if(literal)
            model.add(sum(chosen) == job.team)
            self._last(index)
        for index in self.jobs:
            for before in load.jobs[index].after:
                model.add(self.begin[index] >= self.end[before])

    def _last(self, index: int) -> None:
        """How long the job takes: as long as its (slowest) body needs."""
        job, model = self.load.jobs[index], self.model
        needs = {body: _ticks(job.work[body].seconds) for body in self.bodies[index]}
        if len(set(needs.values())) == 1:
            self.seconds[index] = next(iter(needs.values()))
            self.end[index] = self.begin[index] + self.seconds[index]
            return
        begin, end = self.known_begin[index], self.known_end[index]
        self.seconds[index] = self._number(end - begin, min(needs.values()), max(needs.values()))
        self.end[index] = self._number(end, 0, 2 * self.horizon)
        model.add(self.end[index] == self.begin[index] + self.seconds[index])
        if job.team == 1:
            total = sum(need * self.x[index, body] for body, need in needs.items())
            model.add(self.seconds[index] == total)
        else:
            for body, need in needs.items():
                model.add(self.seconds[index] >= need).only_enforce_if(self.x[index, body])

    def _order_jobs(self) -> None:
        """A body does one job at a time and travels in between."""
        for body, sequence in enumerate(self.sequences):
            tied = [index for index in sequence if index not in self.free]
            for one, two in itertools.pairwise(tied):
                way = self._way(body, one, two)
                self.model.add(self.begin[two] >= self.end[one] + way)
        for at, one in enumerate(self.jobs):
            for two in self.jobs[at + 1 :]:
                if one in self.free or two in self.free:
                    self._order(one, two)

    def _order(self, one: int, two: int) -> None:
        model, first = self.model, None
        for body in self.bodies[one]:
            if body not in self.bodies[two]:
                continue
            both = [self.x[one, body], self.x[two, body]]
            if both[0] is both[1]:
                both.pop()
            there = self.begin[two] >= self.end[one] + self._way(body, one, two)
            if self.load.ancestors[two] & (1 << one):
                model.add(there).only_enforce_if(both)
                continue
            if first is None:
                first = model.new_bool_var("")
                model.add_hint(first, self.known_begin[one] <= self.known_begin[two])
            model.add(there).only_enforce_if([*both, first])
            back = self.begin[one] >= self.end[two] + self._way(body, two, one)
            model.add(back).only_enforce_if([*both, ~first])

    def _fill_hands(self) -> None:
        """What a body holds never exceeds its hands (and tray) nor its payload."""
        load = self.load
        spans: dict[int, tuple[Any, Any, Any]] = {}
        for number, hold in enumerate(load.holds):
            if hold.jobs[-1] not in self.known:
                continue
            taken = hold.body >= 0
            begin = 0 if taken else self.begin[hold.jobs[0]]
            known = self.known_end[hold.jobs[-1]]
            known -= 0 if taken else self.known_begin[hold.jobs[0]]
            length = self._number(known, 0, 2 * self.horizon)
            spans[number] = (begin, length, self.end[hold.jobs[-1]])
        for body, worker in enumerate(load.workers):
            held = [n for n in spans if body in self.bodies[load.holds[n].jobs[0]]]
            handy = [
                index
                for index in self.jobs
                if load.jobs[index].demand and not load.opens(index) and body in self.bodies[index]
            ]
            crowded = len(held) > worker.carry or bool(held and handy)
            heavy = sum(load.holds[n].mass_kg for n in held) > worker.payload_kg
            if crowded or heavy:
                self._limit_hands(body, {n: spans[n] for n in held}, handy, crowded, heavy)

    def _limit_hands(
        self,
        body: int,
        spans: dict[int, tuple[Any, Any, Any]],
        handy: list[int],
        crowded: bool,
        heavy: bool,
    ) -> None:
        load, model, worker = self.load, self.model, self.load.workers[body]
        holding = [
            model.new_optional_interval_var(*span, self.x[load.holds[n].jobs[0], body], "")
            for n, span in spans.items()
        ]
        if heavy:
            grams = [round(1000 * load.holds[n].mass_kg) for n in spans]
            model.add_cumulative(holding, grams, round(1000 * worker.payload_kg))
        if crowded:
            working = [
                model.new_optional_fixed_size_interval_var(
                    self.begin[index],
                    _ticks(load.jobs[index].work[body].seconds),
                    self.x[index, body],
                    "",
                )
                for index in handy
            ]
            hands = [1] * len(holding) + [load.needs(index, body) for index in handy]
            model.add_cumulative([*holding, *working], hands, max(1, worker.carry))

    def _spend_energy(self) -> None:
        """Work alone must leave every body its reserve; the way there is checked when timed."""
        for body, worker in enumerate(self.load.workers):
            needs = [
                (self.load.jobs[index].work[body].energy_wh, self.x[index, body])
                for index in self.jobs
                if body in self.bodies[index]
            ]
            if sum(need for need, _ in needs) > worker.energy_wh:
                spent = sum(round(1000 * need) * literal for need, literal in needs)
                self.model.add(spent <= round(1000 * worker.energy_wh))

    def _aim(self) -> None:
        """Minimise what `brain.allocation.timeline.price` prices; energy on the way is left to the timing."""
        load, model, weights = self.load, self.model, self.load.weights
        parts: list[Any] = []
        for number, aim in enumerate(load.aims):
            mine = [index for index in self.jobs if load.jobs[index].goal == number]
            if not mine:
                continue
            tails = {index: _ticks(load.jobs[index].tail_s) for index in mine}
            known = max(self.known_end[index] + tails[index] for index in mine)
            limit = self.horizon + max(tails.values())
            final = self._number(known, 0, limit)
            for index in mine:
                model.add(final >= self.end[index] + tails[index])
            parts.append(max(1, round(SCALE * weights.completion * aim.weight)) * final)
            if aim.due_s is not None:
                due = math.floor(max(0.0, aim.due_s) * TICKS_PER_S)
                late = self._number(max(0, known - due), 0, limit)
                model.add(late >= final - due)
                parts.append(round(SCALE * weights.tardiness * aim.weight) * late)
        longest = self._number(max(self.known_end.values()), 0, self.horizon)
        for index in self.jobs:
            model.add(longest >= self.end[index])
        parts.append(max(1, round(SCALE * weights.makespan)) * longest)
        for (index, body), literal in self.x.items():
            job = load.jobs[index]
            cost = weights.energy * job.work[body].energy_wh
            if job.incumbent not in (-1, body):
                cost += job.switch_cost / job.team
            parts.append(round(SCALE * TICKS_PER_S * cost) * literal)
        model.minimize(sum(parts))

    def _number(self, known: int, least: int, most: int) -> cp_model.IntVar:
        """An integer variable with its value in the known schedule."""
        variable = self.model.new_int_var(least, most, "")
        self.model.add_hint(variable, known)
        return variable

    def _arrival(self, body: int, index: int) -> int:
        """Ticks until the body can be at the job if it goes there first of all."""
        worker = self.load.workers[body]
        travel = self.load.travel_s(body, worker.spot, self.load.jobs[index].spot)
        return _ticks(worker.free_s + travel)

    def _way(self, body: int, one: int, two: int) -> int:
        """Ticks that the body travels from the end of a job to the start of another."""
        job = self.load.jobs[one]
        start = job.leaves if job.leaves != ANYWHERE else job.spot
        if start == ANYWHERE:
            return 0
        return _ticks(self.load.travel_s(body, start, self.load.jobs[two].spot))
