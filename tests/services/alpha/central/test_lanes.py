"""One deadline scheduler: earliest deadline first, bounded, nothing late begins."""

from hypothesis import given
from hypothesis import strategies as st

from services.alpha.central.lanes import LANES, LONGEST_QUEUE, Lanes

jobs = st.lists(
    st.tuples(st.sampled_from(LANES), st.floats(0.1, 10.0), st.floats(0.0, 3.0), st.booleans()),
    max_size=40,
)


@given(jobs)
def test_lanes_are_bounded_and_do_one_thing_at_a_time(items):
    lanes = Lanes()
    waiting = dict.fromkeys(LANES, 0)
    for k, (lane, deadline, cost, first) in enumerate(items):
        out = lanes.add(f"j{k}", lane, f"c{k}", deadline, cost, first)
        waiting[lane] += 1 if out is None else 0
        assert waiting[lane] <= LONGEST_QUEUE
    begun = lanes.begin()
    assert len({job.lane for job in begun}) == len(begun)
    assert lanes.begin() == []


@given(jobs)
def test_what_begins_can_still_end_in_time_and_the_asked_ones_go_first(items):
    lanes = Lanes()
    for k, (lane, deadline, cost, first) in enumerate(items):
        lanes.add(f"j{k}", lane, f"c{k}", deadline, cost, first)
    now, ended = 0.0, []
    for _ in range(60):
        lanes.expire(now)
        for job in lanes.begin():
            assert now + job.cost_s <= job.deadline_s + 1e-5
            ended.append(job)
            lanes.done(job.id)
        now += 0.1
    for lane in LANES:
        mine = [job for job in ended if job.lane == lane and job.deadline_s > 9.9]
        assert [job.first for job in mine] == sorted((job.first for job in mine), reverse=True)


def test_a_cancelled_case_frees_its_lane_at_once():
    lanes = Lanes()
    lanes.add("a", "look", "c1", 5.0, 1.0)
    lanes.add("b", "look", "c2", 5.0, 1.0)
    assert [job.id for job in lanes.begin()] == ["a"]
    assert [job.id for job in lanes.cancel("c1")] == ["a"]
    assert [job.id for job in lanes.begin()] == ["b"]
    assert not lanes.done("a")


def test_what_was_looked_for_in_vain_lets_the_others_go_first():
    lanes = Lanes()
    lanes.add("never", "look", "c4", 4.0, 1.0, doubt=5)
    lanes.add("again", "look", "c1", 5.0, 1.0, doubt=1)
    lanes.add("new", "look", "c2", 12.0, 1.0)
    lanes.add("asked", "look", "c3", 20.0, 1.0, first=True, doubt=9)
    order = []
    for _ in range(4):
        (job,) = lanes.begin()
        order.append(job.id)
        lanes.done(job.id)
    assert order == ["asked", "new", "again", "never"]


@given(jobs)
def test_a_lane_takes_the_asked_ones_first_and_then_the_earliest_deadline(items):
    lanes, gone = Lanes(), set()
    for k, (lane, deadline, cost, first) in enumerate(items):
        out = lanes.add(f"j{k}", lane, f"c{k}", deadline, cost, first)
        if out is not None:
            gone.add(out.id)
    begun = []
    while batch := lanes.begin():
        begun += batch
        assert all(lanes.done(job.id) for job in batch)
    for lane in LANES:
        orders = [(not job.first, job.deadline_s) for job in begun if job.lane == lane]
        assert orders == sorted(orders)
    assert {job.id for job in begun} | gone == {f"j{k}" for k in range(len(items))}


@given(jobs)
def test_a_full_lane_gives_up_what_would_come_last(items):
    lanes = Lanes()
    for k, (_, deadline, cost, first) in enumerate(items):
        out = lanes.add(f"j{k}", "look", f"c{k}", deadline, cost, first)
        if out is not None:
            kept = lanes._lines["look"].waiting
            assert all(job.order() < out.order() for job in kept)


@given(jobs)
def test_nothing_becomes_too_late_before_it_was_said_when(items):
    lanes = Lanes()
    for k, (lane, deadline, cost, first) in enumerate(items):
        lanes.add(f"j{k}", lane, f"c{k}", deadline, cost, first)
    wake = lanes.next_s()
    if wake is None:
        assert not items
    else:
        assert lanes.expire(wake - 0.01) == []
        assert lanes.expire(wake + 0.01) != []
