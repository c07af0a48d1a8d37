"""How a body finds its way, and around what is in it."""

import itertools
import math

import pytest

from cerebellum.contracts import Order, Whereabouts
from cerebellum.guard import Guard, Refusal
from cerebellum.pace import Pace
from cerebellum.skills import navigate
from cerebellum.testing import BODY, Bench
from devices.contracts import BodyState, Drive, Grasp, Halt, Pose, Sighting
from devices.site import Door, Fixture, Room, SitePlan, SpeedZone
from devices.skill import SkillRequest, Succeeded

CARD = BODY.model_copy(update={"skills": {"navigate": 1.0}})


def room(name: str, x0: float, y0: float, x1: float, y1: float) -> Room:
    return Room(id=name, cls="room", polygon=((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


# A lounge and an office with two doors between them, and a cellar behind one door.
PLAN = SitePlan(
    name="floor",
    rooms=(
        room("lounge", 0, 0, 5, 6),
        room("office", 5, 0, 10, 6),
        room("cellar", 10, 0, 13, 6),
    ),
    doors=(
        Door(id="south-door", rooms=("lounge", "office"), at=(5, 1), leaf=True),
        Door(id="north-door", rooms=("lounge", "office"), at=(5, 5)),
        Door(id="cellar-door", rooms=("office", "cellar"), at=(10, 3), leaf=True),
    ),
    fixtures=(Fixture(id="desk", cls="desk", room="office", x=8, y=1.5, size_m=(1.2, 0.6)),),
)


def order(to: str, request: str = "r1", **where: Whereabouts) -> Order:
    return Order(
        request=SkillRequest(
            id=request,
            goal="g",
            step="s",
            skill="navigate",
            body="bench-1",
            args={"to": to},
            deadline_s=600.0,
        ),
        whereabouts=where,
    )


def bench(plan: SitePlan = PLAN, x: float = 2.0, y: float = 1.0) -> Bench:
    return Bench(CARD, plan, {"navigate": navigate}, pose=Pose(x=x, y=y))


def drives(b: Bench) -> list[Drive]:
    return [command for command in b.commands if isinstance(command, Drive)]


def passes(drive: Drive, x: float, y: float) -> bool:
    return min(math.dist(p, (x, y)) for p in drive.path) < 1.0


@pytest.mark.parametrize("to", ["desk", "cellar", "cellar-door", "north-door"])
def test_it_goes_to_any_place_of_the_plan(to):
    b = bench()
    assert isinstance(b.run(order(to)), Succeeded)
    assert b.runner._roadmap.in_reach(b.device.pose, CARD, to)


def test_it_goes_to_people_where_memory_says_they_are():
    b = bench()
    b.run(order("anna", anna=Whereabouts(holder="office", x=7.0, y=4.0)))
    gap = math.dist((b.device.pose.x, b.device.pose.y), (7.0, 4.0)) - CARD.radius_m
    assert 0.1 < gap <= CARD.reach_m


def test_what_lies_on_a_desk_is_reached_at_the_desk():
    b = bench()
    b.run(order("pen", pen=Whereabouts(holder="desk", x=8.1, y=1.6)))
    assert b.runner._roadmap.in_reach(b.device.pose, CARD, "desk")


def test_nobody_knows_where():
    assert bench().run(order("anna")).reason == "unknown_place"


def test_it_goes_after_somebody_who_walked_on():
    b = bench()
    b.device.sightings["anna"] = Sighting(id="anna", cls="person", category="person", x=8.0, y=4.5)
    final = b.run(order("anna", anna=Whereabouts(holder="lounge", x=3.0, y=3.0)))
    assert isinstance(final, Succeeded)
    assert math.dist((b.device.pose.x, b.device.pose.y), (8.0, 4.5)) < 1.5


def test_a_blocked_door_is_gone_around():
    b = bench(x=4.0)
    b.device.fail_next("drive", "blocked")
    assert isinstance(b.run(order("desk")), Succeeded)
    first, second = drives(b)
    assert passes(first, 5, 1)
    assert passes(second, 5, 5)


def test_a_taken_spot_is_left_for_another():
    b = bench(x=7.0, y=4.0)
    b.device.fail_next("drive", "blocked")
    assert isinstance(b.run(order("desk")), Succeeded)
    first, second = drives(b)
    assert first.path[-1] != second.path[-1]


def test_a_drive_that_breaks_down_is_begun_again():
    b = bench()
    b.device.fail_next("drive", "tool_failed")
    assert isinstance(b.run(order("desk")), Succeeded)
    first, second = drives(b)
    assert first.path[-1] == second.path[-1]


def test_a_door_found_closed_is_gone_around():
    b = bench(x=4.0)
    b.device.fail_next("drive", "closed")
    assert isinstance(b.run(order("desk")), Succeeded)
    assert passes(drives(b)[1], 5, 5)


def test_a_door_seen_closed_is_not_even_tried():
    b = bench()
    b.device.sightings["south-door"] = Sighting(
        id="south-door", cls="door", category="door", states={"open": False}, x=5, y=1
    )
    assert isinstance(b.run(order("desk")), Succeeded)
    [drive] = drives(b)
    assert passes(drive, 5, 5)


def test_a_closed_door_without_a_way_round_is_reported():
    b = bench(x=9.0, y=3.0)
    b.device.fail_next("drive", "closed")
    final = b.run(order("cellar"))
    assert final.reason == "closed"
    assert "cellar-door" in final.detail


def test_a_door_once_seen_closed_is_tried_where_there_is_no_other():
    b = bench(x=9.0, y=3.0)
    b.device.sightings["cellar-door"] = Sighting(
        id="cellar-door", cls="door", category="door", states={"open": False}, x=10, y=3
    )
    assert isinstance(b.run(order("cellar")), Succeeded), "somebody opened it meanwhile"


def test_a_way_blocked_for_good_is_reported():
    b = bench()
    b.device.fail_next("drive", "blocked", times=99)
    assert b.run(order("desk")).reason == "blocked"
    assert len(drives(b)) == 4


def test_no_way_at_all():
    wide = CARD.model_copy(update={"radius_m": 0.8})
    b = Bench(wide, PLAN, {"navigate": navigate}, pose=Pose(x=2.0, y=2.0))
    assert b.run(order("office")).reason == "unreachable"


def zone(speed: float, x0: float, x1: float, **more) -> SpeedZone:
    shape = ((x0, 0.0), (x1, 0.0), (x1, 6.0), (x0, 6.0))
    return SpeedZone(id="zone", polygon=shape, max_speed_m_s=speed, **more)


def test_it_slows_down_in_a_slow_zone_only():
    b = bench(PLAN.model_copy(update={"zones": (zone(0.3, 3.0, 4.0),)}))
    assert isinstance(b.run(order("desk")), Succeeded)
    assert [drive.speed_m_s for drive in drives(b)] == [1.0, 0.3, 1.0]
    ends = [drive.path[-1] for drive in drives(b)]
    starts = [drive.path[0] for drive in drives(b)]
    assert ends[:-1] == starts[1:]


def test_pieces_of_a_path_make_up_the_path():
    pace = Pace(
        PLAN.model_copy(update={"zones": (zone(0.3, 3.0, 4.0), zone(0.5, 3.5, 6.0))}), "wheels"
    )
    legs = pace.legs([(1.0, 1.0), (8.0, 1.0), (8.0, 3.0)], 1.0)
    assert [speed for _, speed in legs] == [1.0, 0.3, 0.3, 0.5, 1.0]
    lengths = [math.dist(a, b) for path, _ in legs for a, b in itertools.pairwise(path)]
    assert sum(lengths) == pytest.approx(9.0)


def drive(*path: tuple[float, float], speed: float = 1.0, to: str = "desk") -> Drive:
    return Drive(id="c", skill="navigate", to=to, path=path, speed_m_s=speed)


def state(battery: float = 1.0) -> BodyState:
    return BodyState(pose=Pose(x=1, y=1), room="lounge", battery=battery)


def test_the_guard_slows_down_what_is_too_fast():
    guard = Guard(CARD, PLAN.model_copy(update={"zones": (zone(0.3, 3.0, 4.0),)}))
    assert guard.check(drive((1, 1), (2, 1), speed=9.0), state()).speed_m_s == 1.0
    assert guard.check(drive((1, 1), (4.5, 1), speed=9.0), state()).speed_m_s == 0.3
    gentle = drive((1, 1), (2, 1), speed=0.2)
    assert guard.check(gentle, state()) == gentle


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (drive((1, 1), (3.5, 1)), "fenced"),
        (drive((1, 1), (4.8, 1)), "fenced"),
        (drive((1, 1), (-2, 1)), "off_map"),
        (drive((1, 1), (2, 9), (2, 2)), "off_map"),
        (drive(), "off_map"),
        (drive((1, 1), (2, 1), speed=0.0), "not_able"),
        (Grasp(id="c", skill="pick", object="cup", source="desk"), "not_able"),
    ],
)
def test_the_guard_refuses(command, reason):
    guard = Guard(CARD, PLAN.model_copy(update={"zones": (zone(0.0, 3.0, 4.0),)}))
    answer = guard.check(command, state())
    assert isinstance(answer, Refusal)
    assert answer.reason == reason
    assert answer.detail


def test_a_wall_is_not_driven_through():
    answer = Guard(CARD, PLAN).check(drive((6.0, 4.0), (6.0, 5.0), (12.0, 5.0)), state())
    assert not isinstance(answer, Refusal), "rooms that touch have no wall thickness to hit"
    apart = PLAN.model_copy(update={"rooms": (room("lounge", 0, 0, 4.8, 6), *PLAN.rooms[1:])})
    answer = Guard(CARD, apart).check(drive((2.0, 3.0), (7.0, 3.0)), state())
    assert answer.reason == "off_map"


def test_who_is_inside_a_fence_may_leave_it():
    guard = Guard(CARD, PLAN.model_copy(update={"zones": (zone(0.0, 3.0, 4.0),)}))
    assert not isinstance(guard.check(drive((3.5, 1), (2, 1)), state()), Refusal)


def test_other_mobilities_pass_a_fence():
    plan = PLAN.model_copy(update={"zones": (zone(0.0, 3.0, 4.0, mobilities=("air",)),)})
    assert not isinstance(Guard(CARD, plan).check(drive((1, 1), (4.5, 1)), state()), Refusal)


def test_halt_always_passes():
    guard = Guard(CARD, PLAN)
    guard.is_stopped = True
    halt = Halt(id="h")
    assert guard.check(halt, state(battery=0.0)) == halt
    assert guard.check(drive((1, 1), (2, 1)), state()).reason == "stopped"
