"""Bodies die, come back, slow down and fail, as the faults say."""

import pytest

from devices.contracts import Grasp, Halt, Sense
from sim_worlds.faults.usual import Drain, Offline, Slow, ToolFail


def test_a_body_that_is_off_line_stops_and_vanishes_from_the_radio(play):
    p = play(faults=(Offline(body="waiter", t=1.0),))
    drive = p.drive("waiter", "lounge", path=[(10.0, 0.6)])
    p.step(until=50.0)
    assert p.now == 50.0
    assert p.receipt(drive) is None
    assert p.log[-1].heard == ("helper", "mate")
    assert p.log[-1].idle
    assert p.world.film().tracks["waiter"][-1].x == pytest.approx(8.0)
    halt = p.give("waiter", Halt)
    assert p.receipt(halt) is None
    assert p.world.film().marks == ((1.0, "waiter", "offline"),)


def test_what_it_held_stays_in_its_hands(play):
    p = play(faults=(Offline(body="waiter", t=30.0),))
    p.go("waiter", "counter")
    p.do("waiter", Grasp, skill="pick", object="cup-1", source="counter")
    p.step(until=60.0)
    assert p.at("cup-1") == "waiter"


def test_a_body_comes_back_with_a_report(play):
    p = play(faults=(Offline(body="waiter", t=1.0, lasts_s=60.0),))
    drive = p.drive("waiter", "lounge", path=[(10.0, 0.6)])
    step = p.step(until=100.0)
    assert step.now == 61.0
    assert step.heard == ("helper", "mate", "waiter")
    assert [o.body for o in step.observations] == ["waiter"]
    assert p.go("waiter", "lounge", path=[(10.0, 0.6)]).outcome == "done"
    assert p.receipt(drive) is None


def test_a_tool_fails_as_often_as_said_after_some_work(play):
    p = play(faults=(ToolFail(skill="pick", body="waiter", times=2),))
    p.go("waiter", "counter")
    results = []
    for _ in range(3):
        start = p.now
        receipt = p.do("waiter", Grasp, skill="pick", object="cup-1", source="counter")
        results.append(receipt.reason)
        assert receipt.t > start
    assert results == ["tool_failed", "tool_failed", ""]


def test_a_tool_fails_with_a_probability_that_the_seed_decides(play):
    def failures(seed):
        p = play(faults=(ToolFail(skill="look", probability=0.4),), seed=seed)
        looks = [p.do("mate", Sense, skill="look", mode="look", target="table") for _ in range(60)]
        return [look.reason for look in looks]

    assert failures(1) == failures(1)
    assert failures(1) != failures(2)
    assert 10 < failures(1).count("tool_failed") < 40


def test_a_fault_of_a_skill_spares_the_way_there(play):
    p = play(faults=(ToolFail(skill="pick"),))
    assert p.go("waiter", "counter").outcome == "done"


def test_a_slow_body_needs_longer_also_for_what_it_has_begun(play):
    p = play(faults=(Slow(body="waiter", t=1.0, factor=4.0),))
    assert p.go("waiter", "lounge", path=[(10.0, 0.6)]).t == pytest.approx(1.0 + 2.0 * 4)
    p = play(faults=(Slow(body="waiter", t=1.0, factor=4.0, lasts_s=4.0),))
    assert p.go("waiter", "lounge", path=[(10.0, 0.6)]).t == pytest.approx(5.0 + 1.0)


def test_slow_hands_are_slow(play):
    fast, slow = (
        play(faults=(Slow(body="mate", t=0.5, factor=2.0),) if late else ()) for late in (0, 1)
    )
    quick = fast.do("mate", Sense, skill="look", mode="look", target="table").t
    late = slow.do("mate", Sense, skill="look", mode="look", target="table").t
    assert late == pytest.approx(0.5 + (quick - 0.5) * 2, abs=0.002)


def test_a_drained_body_goes_on_until_it_is_empty(play):
    p = play(faults=(Drain(body="waiter", t=1.0, level=0.0005),))
    path = [(10.0, 0.6), (7.0, 0.6)] * 20
    drive = p.drive("waiter", "lounge", path=path)
    receipt = p.wait(drive)
    assert receipt.reason == "battery_empty"
    # 0.05 % of 650 Wh at 25 W + 90 W.
    assert receipt.t == pytest.approx(1.0 + 0.0005 * 650 * 3600 / 115, abs=0.1)
    assert "waiter" not in p.log[-1].heard


def test_batteries_drain_by_what_the_body_does(play):
    p = play()
    p.step(until=1000.0)
    p.do("waiter", Sense, skill="look", mode="look", target="table")
    idle = p.state("waiter").battery
    assert idle == pytest.approx(1 - 25 * 1000 / 3600 / 650, abs=0.002)


def test_only_the_first_bodies_take_part(play):
    p = play(bodies=1, faults=(Offline(body="waiter", t=1.0),))
    assert p.log[0].heard == ("helper",)
    assert [body.id for body in p.world.survey().bodies] == ["helper"]
    assert p.step(until=5.0).heard == ("helper",)


def test_what_left_out_bodies_would_hold_lies_on_the_floor(play):
    p = play(replace={"cls: milk, at: fridge": "cls: milk, at: waiter"}, bodies=1)
    assert p.at("milk") == "lounge"
