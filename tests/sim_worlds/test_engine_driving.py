"""Bodies move in continuous time, meet walls, doors and each other."""

import math
from itertools import pairwise

import pytest

from devices.contracts import Drive, Halt, Operate


def test_a_drive_takes_its_length_over_its_speed(play):
    p = play()
    path = p.path("waiter", p.stand("waiter", "table"))
    length = sum(math.dist(a, b) for a, b in pairwise(path))
    receipt = p.go("waiter", "table", path=path, speed_m_s=0.5)
    assert receipt.outcome == "done"
    assert receipt.t == pytest.approx(length / 0.5, abs=0.002)
    assert p.position("waiter") == pytest.approx(path[-1], abs=0.001)
    assert p.state("waiter").near == "table"


def test_no_body_is_faster_than_its_card(play):
    p = play()
    path = p.path("mate", p.stand("mate", "table"))
    length = sum(math.dist(a, b) for a, b in pairwise(path))
    assert p.go("mate", "table", path=path, speed_m_s=50.0).t >= length / 0.8 - 0.002


def test_a_halt_stops_where_the_body_is(play):
    p = play()
    drive = p.drive("waiter", "lounge", path=[(7.0, 0.6), (10.0, 0.6)], speed_m_s=1.0)
    p.step(until=1.25)
    assert p.give("waiter", Halt)
    assert p.receipt(drive).outcome == "stopped"
    assert p.position("waiter") == (8.25, 0.6)
    p.step(until=9.0)
    assert p.world.film().tracks["waiter"][-1].x == 8.25


def test_time_stops_at_until_and_goes_on(play):
    p = play()
    p.drive("waiter", "lounge", path=[(10.0, 0.6)])
    assert p.step(until=1.0).now == 1.0
    assert p.step(until=2.0).now == 2.0
    assert p.step(until=99.0).now == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ([(4.0, 0.6)], "blocked"),  # through the wall of the kitchen
        ([(7.0, 2.0), (10.0, 2.0)], "blocked"),  # through the table
        ([], "bad_path"),
        ([(math.nan, 1.0)], "bad_path"),
        ([(40.0, 0.6)], "blocked"),
    ],
)
def test_nothing_drives_through_anything(play, path, reason):
    p = play()
    command = p.give("waiter", Drive, skill="navigate", to="table", path=tuple(path), speed_m_s=1.0)
    receipt = p.wait(command)
    assert (receipt.outcome, receipt.reason) == ("failed", reason)
    x, _ = p.position("waiter")
    assert 5.0 < x < 10.8


def test_a_closed_door_stops_a_drive_and_is_seen(play):
    p = play()
    receipt = p.go("helper", "rack", path=[(2.5, 2.0), (2.5, 5.5)])
    assert receipt.reason == "closed"
    assert p.seen("helper")["store-door"].states == {"open": False}
    assert p.position("helper")[1] < 4.0
    assert (
        p.do("helper", Operate, skill="open", process="open", target="store-door").outcome == "done"
    )
    assert p.go("helper", "rack", path=[(2.5, 5.5)]).outcome == "done"
    assert p.state("helper").room == "store"


def test_behind_a_door_a_body_reports(play):
    p = play()
    drive = p.drive("waiter", "counter")
    step = p.step(until=100.0)
    assert p.receipt(drive) is None
    assert step.observations[0].state.room == "kitchen"


def test_a_doorway_is_passed_one_at_a_time(play):
    p = play()
    first = p.drive("waiter", "kitchen", path=[(6.0, 2.0), (4.0, 2.0)])
    p.step(until=0.01)
    second = p.drive("mate", "kitchen", path=[(6.0, 2.1), (4.0, 2.1)])
    third = p.drive("helper", "lounge", path=[(4.2, 1.9), (6.3, 1.9)])
    for command in (first, second, third):
        assert p.wait(command).outcome == "done"
    inside = []
    tracks = p.world.film().tracks
    for body in ("waiter", "mate", "helper"):
        t = [q.t for q in _dense(tracks[body]) if abs(q.x - 5.0) < 0.2]
        inside.append((t[0], t[-1]))
    inside.sort()
    assert inside[0][1] <= inside[1][0]
    assert inside[1][1] <= inside[2][0]


def _dense(track):
    for a, b in pairwise(track):
        for k in range(51):
            yield a.model_copy(
                update={
                    "t": a.t + (b.t - a.t) * k / 50,
                    "x": a.x + (b.x - a.x) * k / 50,
                    "y": a.y + (b.y - a.y) * k / 50,
                }
            )


def test_the_one_who_dies_in_a_doorway_holds_nobody_up(play):
    p = play("faults: [{kind: offline, body: waiter, t: 2.6}]\n")
    p.drive("waiter", "kitchen", path=[(6.0, 2.0), (4.0, 2.0)])
    p.step(until=2.5)
    mate = p.drive("mate", "kitchen", path=[(6.0, 2.1), (4.0, 2.1)])
    assert p.wait(mate).outcome == "done"


def test_two_bodies_never_rest_on_one_spot(play):
    p = play()
    spot = p.stand("waiter", "table")
    first = p.drive("waiter", "table", path=p.path("waiter", spot))
    second = p.drive("mate", "table", path=p.path("mate", spot))
    assert p.wait(first).outcome == "done"
    assert p.wait(second).outcome == "done"
    assert math.dist(p.position("waiter"), p.position("mate")) > 0.4
    assert {p.state("waiter").near, p.state("mate").near} == {"table"}


def test_a_fixed_arm_goes_nowhere(play):
    p = play(
        replace={"kind: humanoid, pose: {x: 2.5, y: 2.0}": "kind: arm, pose: {x: 1.5, y: 0.3}"}
    )
    command = p.give("helper", Drive, skill="navigate", to="sink", path=((2.0, 2.0),), speed_m_s=1)
    assert p.receipt(command).reason == "not_able"


def test_a_busy_body_refuses_a_second_motion_and_goes_on(play):
    p = play()
    first = p.drive("waiter", "lounge", path=[(10.0, 0.6)])
    second = p.drive("waiter", "lounge", path=[(6.0, 0.6)])
    assert p.receipt(second).reason == "busy"
    assert p.wait(first).outcome == "done"


def test_the_same_command_twice_is_one_command(play):
    p = play()
    first = p.drive("waiter", "lounge", path=[(10.0, 0.6)])
    p.count -= 1
    assert p.drive("waiter", "lounge", path=[(10.0, 0.6)]) == first
    p.wait(first)
    p.step(until=100.0)
    assert sum(r.command == first for s in p.log for r in s.receipts) == 1
