"""List scheduling and CP-SAT on workloads: rules kept, never worse, repeatable, near the optimum."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.allocation.cpsat import improve
from brain.allocation.greedy import greedy
from brain.allocation.timeline import floor_cost, timed
from brain.allocation.workload import Aim, Effort, Estimate, Hold, Job, Weights, Worker, Workload
from services.lab.allocation import METHODS, bench_allocation, workload

EFFORT = Effort()
SEEDS = st.integers(0, 10_000)
SIZES = st.sampled_from([(4, 2), (6, 3), (9, 5), (14, 4), (20, 6)])


def solved(load, effort=EFFORT):
    listed = greedy(load)
    return improve(load, listed, effort) or listed


def ways(points):
    return lambda body, start, end: math.dist(points[start], points[end])


def check(load, timeline):
    """Everything a schedule must keep, worked out from its visits alone."""
    visits = {visit.job: visit for visit in timeline.visits}
    assert sorted([*visits, *timeline.left_out]) == list(range(len(load.jobs)))
    for index, visit in visits.items():
        job = load.jobs[index]
        assert visit.body in job.work
        assert visit.start_s >= job.release_s - 1e-9
        for before in job.after:
            assert visits[before].end_s <= visit.start_s + 1e-9
        assert (visit.partner >= 0) == (job.team == 2)
        assert visit.partner != visit.body
    for hold in load.holds:
        bodies = {visits[index].body for index in hold.jobs if index in visits}
        assert len(bodies) <= 1
        assert hold.body < 0 or bodies <= {hold.body}
    for body, worker in enumerate(load.workers):
        mine = sorted(
            (v for v in visits.values() if body in (v.body, v.partner)),
            key=lambda v: (v.start_s, v.end_s),
        )
        free, spot = worker.free_s, worker.spot
        for visit in mine:
            job = load.jobs[visit.job]
            assert visit.start_s >= free + load.travel_s(body, spot, job.spot) - 1e-9
            free = visit.end_s
            spot = job.leaves if job.leaves >= 0 else job.spot if job.spot >= 0 else spot
        _check_hands(load, body, mine)


def _check_hands(load, body, mine):
    held = {number for number, hold in enumerate(load.holds) if hold.body == body}
    for visit in mine:
        job = load.jobs[visit.job]
        if load.opens(visit.job):
            held.add(job.hold)
        elif job.demand and held:
            assert len(held) + load.needs(visit.job, body) <= load.workers[body].carry
        assert len(held) <= load.workers[body].carry
        assert sum(load.holds[h].mass_kg for h in held) <= load.workers[body].payload_kg + 1e-9
        if load.closes(visit.job):
            held.discard(job.hold)


@given(SEEDS, SIZES)
@settings(max_examples=60)
def test_every_method_keeps_the_rules(seed, size):
    load = workload(seed, jobs=size[0], bodies=size[1])
    for name, method in METHODS.items():
        timeline = method(load)
        check(load, timeline)
        if name in ("greedy", "cp-sat"):
            assert not timeline.left_out


@given(SEEDS, SIZES)
@settings(max_examples=25)
def test_cpsat_is_never_worse_than_the_list_schedule_nor_better_than_the_floor(seed, size):
    load = workload(seed, jobs=size[0], bodies=size[1])
    listed, better = greedy(load), solved(load)
    assert better.cost.total <= listed.cost.total
    assert better.cost.total >= floor_cost(load) - 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_equal_workloads_give_equal_schedules(seed):
    size = {"jobs": 18, "bodies": 5}
    assert solved(workload(seed, **size)) == solved(workload(seed, **size))


def brute_force(load):
    """The least cost of all orders and assignments."""
    best = math.inf
    count = len(load.jobs)
    for order in itertools.permutations(range(count)):
        place = {job: at for at, job in enumerate(order)}
        if any(place[b] > place[j] for j in order for b in load.jobs[j].after):
            continue
        for bodies in itertools.product(*(sorted(load.able[j]) for j in range(count))):
            sequences = [[j for j in order if bodies[j] == b] for b in range(len(load.workers))]
            timeline = timed(load, sequences)
            if timeline is not None:
                best = min(best, timeline.cost.total)
    return best


def tiny(seed):
    """Two fetches and a lone job for two bodies."""
    rng = random.Random(seed)
    points = [(rng.uniform(0, 15), rng.uniform(0, 10)) for _ in range(7)]
    rates = [rng.uniform(0.5, 2.0) for _ in range(2)]

    def work(base):
        return {body: Estimate(base / rate, base / rate) for body, rate in enumerate(rates)}

    jobs = (
        Job(0, 2, work(4), hold=0, demand=1),
        Job(0, 3, work(4), after=(0,), hold=0),
        Job(1, 4, work(4), hold=1, demand=1),
        Job(1, 5, work(4), after=(2,), hold=1),
        Job(1, 6, work(8), after=(0,), demand=1),
    )
    workers = tuple(
        Worker(f"b{body}", body, carry=rng.choice((1, 2)), speed_m_s=rng.uniform(0.5, 1.5))
        for body in range(2)
    )
    aims = (Aim(rng.choice((1.0, 3.0)), 20.0), Aim(1.0))
    return Workload(jobs, workers, aims, ways(points), (Hold((0, 1)), Hold((2, 3))))


@pytest.mark.parametrize("seed", range(12))
def test_tiny_workloads_are_solved_to_the_optimum(seed):
    load = tiny(seed)
    best = brute_force(load)
    found = solved(load, Effort(deterministic_s=0.2))
    # The model rounds times up to tenths of a second and leaves energy on the way to the timing.
    assert best - 1e-6 <= found.cost.total <= best * 1.01
    assert floor_cost(load) <= best + 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_a_flow_shop_is_solved_as_johnsons_rule_does(seed):
    """Two machines, every part first on one, then on the other: the optimum is known."""
    rng = random.Random(seed)
    parts = [(rng.randint(2, 20), rng.randint(2, 20)) for _ in range(6)]
    front = sorted((p for p in parts if p[0] <= p[1]), key=lambda p: p[0])
    back = sorted((p for p in parts if p[0] > p[1]), key=lambda p: -p[1])
    first = second = 0
    for one, two in (*front, *back):
        first += one
        second = max(second, first) + two
    jobs = []
    for goal, (one, two) in enumerate(parts):
        jobs.append(Job(goal, 0, {0: Estimate(one, one)}))
        jobs.append(Job(goal, 0, {1: Estimate(two, two)}, after=(len(jobs) - 1,)))
    load = Workload(
        jobs,
        (Worker("m1", 0), Worker("m2", 0)),
        [Aim()] * len(parts),
        ways([(0, 0)]),
        weights=Weights(completion=0.0, makespan=100.0),
    )
    assert solved(load, Effort(deterministic_s=1.0)).cost.makespan_s == pytest.approx(second)


def fetches(count, carry, payload=10.0, mass=1.0, bodies=1):
    """Things on one table that all go to one sink, ten metres away."""
    work = {body: Estimate(4.0, 4.0) for body in range(bodies)}
    jobs, holds = [], []
    for number in range(count):
        jobs.append(Job(0, 1, work, hold=number, demand=1))
        jobs.append(Job(0, 2, work, after=(2 * number,), hold=number))
        holds.append(Hold((2 * number, 2 * number + 1), mass_kg=mass))
    workers = [Worker(f"w{b}", 0, carry=carry, payload_kg=payload) for b in range(bodies)]
    return Workload(jobs, workers, [Aim()], ways([(0, 0), (1, 0), (11, 0)]), holds)


@pytest.mark.parametrize(
    ("carry", "payload", "trips"), [(4, 10.0, 1), (2, 10.0, 2), (1, 10.0, 4), (4, 2.0, 2)]
)
def test_a_tray_is_loaded_as_far_as_hands_and_payload_allow(carry, payload, trips):
    load = fetches(4, carry, payload)
    timeline = solved(load)
    check(load, timeline)
    # One metre there, ten metres per way, 32 s of work.
    assert timeline.cost.makespan_s == pytest.approx(1 + 10 * (2 * trips - 1) + 32)


def test_a_full_hand_opens_no_box():
    """The body must open before it takes, for with the thing in its only hand it can not."""
    one = {0: Estimate(4.0, 4.0)}
    jobs = [
        Job(0, 1, one, demand=1),
        Job(0, 2, one, hold=0, demand=1),
        Job(0, 1, one, after=(0, 1), hold=0),
    ]
    load = Workload(jobs, [Worker("w", 2)], [Aim()], ways([(0, 0), (5, 0), (0, 5)]), [Hold((1, 2))])
    for timeline in (greedy(load), solved(load)):
        check(load, timeline)
        assert [visit.job for visit in timeline.visits] == [0, 1, 2]


def test_what_is_in_hand_already_stays_with_its_body():
    work = {0: Estimate(4.0, 4.0), 1: Estimate(1.0, 1.0)}
    load = Workload(
        [Job(0, 1, work, hold=0)],
        [Worker("far", 0), Worker("near", 1)],
        [Aim()],
        ways([(0, 0), (9, 0)]),
        [Hold((0,), body=0)],
    )
    assert [v.body for v in solved(load).visits] == [0]


def test_a_team_meets_and_starts_together():
    work = {body: Estimate(12.0 + body, 12.0) for body in range(3)}
    points = [(0, 0), (3, 0), (50, 0), (1, 0), (20, 0)]
    load = Workload(
        [Job(0, 3, work, team=2, leaves=4), Job(0, 4, work, after=(0,))],
        [Worker(f"w{b}", b) for b in range(3)],
        [Aim()],
        ways(points),
    )
    team, last = solved(load).visits
    assert {team.body, team.partner} == {0, 1}
    assert (team.start_s, team.end_s) == pytest.approx((2.0, 15.0))
    assert last.travel_s == 0.0


def test_a_body_without_energy_for_the_way_stays():
    work = {0: Estimate(4.0, 4.0, energy_wh=0.1), 1: Estimate(4.0, 4.0, energy_wh=0.1)}
    workers = [Worker("low", 0, energy_wh=0.15), Worker("full", 1)]
    load = Workload([Job(0, 2, work)], workers, [Aim()], ways([(0, 0), (90, 0), (10, 0)]))
    assert [v.body for v in solved(load).visits] == [1]


def test_a_promise_is_kept_for_small_gains_and_broken_for_large_ones():
    def chosen(switch_cost):
        work = {0: Estimate(4.0, 4.0), 1: Estimate(4.0, 4.0)}
        job = Job(0, 2, work, incumbent=1, switch_cost=switch_cost)
        workers = [Worker("near", 0), Worker("promised", 1)]
        load = Workload([job], workers, [Aim()], ways([(0, 0), (0, 3), (0, 1)]))
        return solved(load).visits[0].body

    assert chosen(2.0) == 1
    assert chosen(0.5) == 0


def test_the_bench_ranks_the_methods():
    rows = bench_allocation(lambda: 0.0, workloads=3, sizes=((12, 4),))
    ratio = {row.method: row.cost_ratio for row in rows}
    assert ratio["cp-sat"] <= ratio["greedy"] < ratio["nearest robot"]
    assert ratio["greedy"] < ratio["round robin"]
    assert [row.method for row in rows] == list(METHODS)
