"""List scheduling: a good schedule within milliseconds, always.

Serial schedule generation (Kolisch, "Serial and parallel resource-constrained project scheduling
methods revisited", 1996) under several priority rules; the cheapest result counts. A body takes a
thing in hand only if it will be able to put it down again, so no schedule runs into a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from brain.allocation.timeline import Timeline, timed
from brain.allocation.workload import ANYWHERE, Workload

Rule = Callable[["Offer"], tuple[float, ...]]


@dataclass(slots=True)
class Offer:
    """One ready job on its best body: what a priority rule looks at. Seconds after now."""

    job: int
    body: int
    partner: int
    start_s: float
    end_s: float
    chain_s: float
    price: float
    regret: float
    weight: float
    slack_s: float


def _soonest(offer: Offer) -> tuple[float, ...]:
    """No body stands still while it could begin something (this is what loads trays)."""
    return (offer.start_s, offer.price, -offer.weight)


def _cheapest(offer: Offer) -> tuple[float, ...]:
    """Short and heavy first (Smith's rule, 1956)."""
    return (offer.price / offer.weight, offer.start_s)


def _dearest(offer: Offer) -> tuple[float, ...]:
    """The goal that matters most first, then the tightest, then what has no good second choice."""
    return (-offer.weight, offer.slack_s, -offer.regret, offer.start_s)


RULES: tuple[Rule, ...] = (_soonest, _cheapest, _dearest)


def greedy(load: Workload, rules: tuple[Rule, ...] = RULES) -> Timeline:
    """The cheapest of the rules' schedules, the first among equals.

    Jobs that no body can begin (all hands full for ever) are left out.
    """
    best: Timeline | None = None
    seen: list[list[list[int]]] = []
    for rule in rules:
        sequences = ListScheduler(load).build(rule)
        if sequences in seen:
            continue
        seen.append(sequences)
        timeline = timed(load, sequences)
        assert timeline is not None, "list scheduling broke a rule it is built to keep"
        if best is None or _rank(timeline) < _rank(best):
            best = timeline
    assert best is not None
    return best


def _rank(timeline: Timeline) -> tuple[int, float]:
    return len(timeline.left_out), timeline.cost.total


class ListScheduler:
    """The state of the schedule under construction."""

    def __init__(self, load: Workload) -> None:
        self.load = load
        workers = load.workers
        self.free = [worker.free_s for worker in workers]
        self.spot = [worker.spot for worker in workers]
        self.energy = [worker.energy_wh for worker in workers]
        self.open: list[set[int]] = [set() for _ in workers]
        for index, hold in enumerate(load.holds):
            if hold.body >= 0:
                self.open[hold.body].add(index)
        self.mass = [sum(load.holds[h].mass_kg for h in held) for held in self.open]
        self.taken = [hold.body for hold in load.holds]
        self.ends: list[float] = [0.0] * len(load.jobs)
        self.sequences: list[list[int]] = [[] for _ in workers]

    def build(self, rule: Rule) -> list[list[int]]:
        """Sequences per body."""
        done, gates = 0, self.load.gates
        todo = list(range(len(self.load.jobs)))
        while todo:
            offers = [
                offer
                for index in todo
                if gates[index] & ~done == 0 and (offer := self.offer(index)) is not None
            ]
            if not offers:
                break
            chosen = min(offers, key=lambda offer: (*rule(offer), offer.job))
            self.take(chosen)
            done |= 1 << chosen.job
            todo.remove(chosen.job)
        return self.sequences

    def offer(self, index: int, only: Collection[int] | None = None) -> Offer | None:
        """The best body (of `only`) for the job now; None if none can begin it."""
        load = self.load
        job = load.jobs[index]
        ready = max([job.release_s, *(self.ends[before] for before in job.after)])
        weight = load.aims[job.goal].weight
        bodies = self.candidates(index) if only is None else sorted(only)
        priced: list[tuple[float, int, float, float]] = []
        for body in bodies:
            if not self.bearable(index, body):
                continue
            travel = load.travel_s(body, self.spot[body], job.spot)
            estimate = job.work[body]
            energy = estimate.energy_wh + travel * load.workers[body].move_w / 3600.0
            rest = self._rest_of_hold(index, body)
            # A thing taken must be brought, too: count the rest of the way as driving.
            if energy + rest * load.workers[body].move_w / 3600.0 > self.energy[body]:
                continue
            start = max(ready, self.free[body] + travel)
            end = start + estimate.seconds
            chain = end + rest
            price = weight * chain + load.weights.energy * energy
            if job.incumbent not in (-1, body):
                price += job.switch_cost
            priced.append((price, body, start, end))
        if job.team > 1:
            return self._team_offer(index, ready, priced)
        if not priced:
            return None
        priced.sort()
        price, body, start, end = priced[0]
        regret = (priced[1][0] - price) / weight if len(priced) > 1 else 0.0
        return self._as_offer(index, body, -1, start, end, price, regret)

    def candidates(self, index: int) -> list[int]:
        """The bodies that may do the job, given who holds what it is about."""
        hold = self.load.jobs[index].hold
        if hold >= 0 and self.taken[hold] >= 0:
            return [self.taken[hold]]
        return sorted(self.load.able[index])

    def _team_offer(
        self, index: int, ready: float, priced: list[tuple[float, int, float, float]]
    ) -> Offer | None:
        """The pair that can end soonest, led by the body the job is promised to, if any."""
        job, best = self.load.jobs[index], None
        for at, (_, one, start_one, _) in enumerate(priced):
            for _, two, start_two, _ in priced[at + 1 :]:
                start = max(ready, start_one, start_two)
                end = start + max(job.work[one].seconds, job.work[two].seconds)
                lead, partner = (two, one) if job.incumbent == two else (one, two)
                broken = job.switch_cost if job.incumbent not in (-1, lead) else 0.0
                price = self.load.aims[job.goal].weight * end + broken
                if best is None or price < best[0]:
                    best = (price, lead, partner, start, end)
        if best is None:
            return None
        price, lead, partner, start, end = best
        return self._as_offer(index, lead, partner, start, end, price, 0.0)

    def _as_offer(
        self,
        index: int,
        body: int,
        partner: int,
        start: float,
        end: float,
        price: float,
        regret: float,
    ) -> Offer:
        job = self.load.jobs[index]
        aim = self.load.aims[job.goal]
        chain = end + self._rest_of_hold(index, body) + job.tail_s
        slack = 1e9 if aim.due_s is None else aim.due_s - chain
        return Offer(index, body, partner, start, end, chain, price, regret, aim.weight, slack)

    def bearable(self, index: int, body: int) -> bool:
        """Whether the body has hands and strength for it, and will get rid of all it holds."""
        load = self.load
        job, worker, held = load.jobs[index], load.workers[body], self.open[body]
        if not load.opens(index):
            return not job.demand or len(held) + load.needs(index, body) <= worker.carry
        hold = load.holds[job.hold]
        if self.mass[body] + hold.mass_kg > worker.payload_kg:
            return False
        spare = max([load.spare[job.hold], *(load.spare[h] for h in held)])
        return len(held) + 1 + spare <= worker.carry

    def _rest_of_hold(self, index: int, body: int) -> float:
        """Seconds from the end of this job to the end of its hold, if the body goes on with it."""
        load = self.load
        job = load.jobs[index]
        if job.hold < 0:
            return 0.0
        spot, total, reached = job.spot, 0.0, False
        for other in load.holds[job.hold].jobs:
            if reached:
                following = load.jobs[other]
                total += load.travel_s(body, spot, following.spot)
                total += following.work[body].seconds
                spot = following.spot if following.spot != ANYWHERE else spot
            reached = reached or other == index
        return total

    def take(self, offer: Offer) -> None:
        """Append the job to the sequence of its body (and partner)."""
        load, job = self.load, self.load.jobs[offer.job]
        for body in (offer.body, offer.partner):
            if body < 0:
                continue
            travel = load.travel_s(body, self.spot[body], job.spot)
            self.energy[body] -= job.work[body].energy_wh
            self.energy[body] -= travel * load.workers[body].move_w / 3600.0
            self.free[body] = offer.end_s
            if job.leaves != ANYWHERE:
                self.spot[body] = job.leaves
            elif job.spot != ANYWHERE:
                self.spot[body] = job.spot
            self.sequences[body].append(offer.job)
        self.ends[offer.job] = offer.end_s
        if load.opens(offer.job):
            self.taken[job.hold] = offer.body
            self.open[offer.body].add(job.hold)
            self.mass[offer.body] += load.holds[job.hold].mass_kg
        if load.closes(offer.job):
            self.open[offer.body].discard(job.hold)
            self.mass[offer.body] -= load.holds[job.hold].mass_kg
