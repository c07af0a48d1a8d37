import heapq
import itertools
import math
import pickle
import random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString

from devices.geometry import free_floor
from devices.roadmap import Roadmap
from devices.robots import ARM, QUADRUPED, SERVER
from devices.site import Door, Fixture, Room, SitePlan, SpeedZone

RADIUS = 0.25


def room(name: str, x0: float, y0: float, x1: float, y1: float) -> Room:
    return Room(id=name, cls="room", polygon=((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def table(name: str, where: str, x: float, y: float, **more: object) -> Fixture:
    return Fixture.model_validate(
        {"id": name, "cls": "table", "room": where, "x": x, "y": y} | more
    )


# Three rooms in a row behind thin walls, and a corridor along all of them.
PLAN = SitePlan(
    name="flat",
    rooms=(
        room("left", 0, 0, 3.9, 4),
        room("middle", 4.1, 0, 7.9, 4),
        room("right", 8.1, 0, 12, 4),
        room("corridor", 0, 4.2, 12, 6),
    ),
    doors=(
        Door(id="left-middle", rooms=("left", "middle"), at=(4.0, 2.0), leaf=True),
        Door(id="middle-right", rooms=("middle", "right"), at=(8.0, 2.0), width_m=0.6),
        Door(id="left-corridor", rooms=("left", "corridor"), at=(1.0, 4.1)),
        Door(id="right-corridor", rooms=("right", "corridor"), at=(11.0, 4.1)),
    ),
    fixtures=(
        table("round", "middle", 6.0, 2.0, size_m=(1.0, 1.0), yaw=0.4),
        table("counter", "right", 11.7, 1.0, size_m=(0.6, 2.0), height_m=0.9),
        table("lamp", "middle", 6.0, 2.1, solid=False, size_m=(0.1, 0.1)),
    ),
)


def route(start, goal, plan=PLAN, radius_m=RADIUS, mobility="wheels", shut=()):
    return Roadmap(plan).route(
        start, goal, radius_m=radius_m, mobility=mobility, shut=frozenset(shut)
    )


def test_a_straight_way_is_straight():
    found = route((0.5, 0.5), (3.5, 3.5))
    assert found.points == ((0.5, 0.5), (3.5, 3.5))
    assert found.length_m == pytest.approx(math.hypot(3, 3))
    assert found.doors == ()


def test_a_way_names_the_doors_it_passes_in_order():
    found = route((0.5, 2.0), (11.0, 2.5))
    assert found.doors == ("left-middle", "middle-right")


def test_a_wide_body_takes_the_other_way():
    found = route((0.5, 2.0), (11.0, 2.5), radius_m=0.35)
    assert found.doors == ("left-corridor", "right-corridor")


def test_a_shut_door_is_not_passed():
    found = route((0.5, 2.0), (6.0, 0.6), shut=["left-middle"])
    assert found.doors == ("left-corridor", "right-corridor", "middle-right")


def test_no_way_is_none():
    assert route((0.5, 2.0), (6.0, 0.6), shut=["left-middle", "left-corridor"]) is None
    assert route((0.5, 2.0), (6.0, 2.0)) is None, "inside a table"
    assert route((0.5, 2.0), (50.0, 2.0)) is None, "outside the site"


def test_bodies_in_the_air_pass_over_fixtures_but_not_through_walls():
    over = route((5.0, 2.0), (7.0, 2.0), mobility="air")
    assert over.points == ((5.0, 2.0), (7.0, 2.0))
    assert route((0.5, 2.0), (6.0, 2.0), mobility="air").doors == ("left-middle",)


def test_a_fixed_body_goes_nowhere():
    assert route((0.5, 2.0), (1.5, 2.0), mobility="fixed") is None


def test_a_wedged_body_gets_free():
    found = route((6.0, 2.6), (4.5, 3.5))
    assert found is not None
    assert found.points[0] == (6.0, 2.6)


def test_a_forbidden_zone_is_walked_around():
    square = ((1.5, 1.0), (2.5, 1.0), (2.5, 4.0), (1.5, 4.0))
    plan = PLAN.model_copy(
        update={
            "zones": (SpeedZone(id="z", polygon=square, max_speed_m_s=0, mobilities=("legs",)),)
        }
    )
    assert len(route((0.5, 3.0), (3.5, 3.0), plan).points) == 2
    assert min(y for _, y in route((0.5, 3.0), (3.5, 3.0), plan, mobility="legs").points) < 1.0


def test_a_roadmap_travels_to_another_process():
    copy = pickle.loads(pickle.dumps(Roadmap(PLAN)))
    ask = {"radius_m": RADIUS, "mobility": "wheels"}
    assert copy.route((0.5, 2.0), (11, 2.5), **ask) == Roadmap(PLAN).route(
        (0.5, 2.0), (11, 2.5), **ask
    )


def test_rooms_are_found_in_doorways_too():
    roadmap = Roadmap(PLAN)
    assert roadmap.room_at((1.0, 1.0)) == "left"
    assert roadmap.room_at((3.98, 2.0)) == "left"
    assert roadmap.room_at((-3.0, 1.0)) is None


@pytest.mark.parametrize("target", ["round", "counter", "lamp"])
def test_stands_reach_their_fixture(target):
    roadmap = Roadmap(PLAN)
    stands = roadmap.stand(target, radius_m=SERVER.radius_m, mobility="wheels", reach_m=0.75)
    assert stands
    for pose in stands:
        assert roadmap.in_reach(pose, SERVER, target)
        assert roadmap.room_at((pose.x, pose.y)) == PLAN.fixture(target).room
        touch = PLAN.fixture(target)
        ahead = math.cos(pose.yaw) * (touch.x - pose.x) + math.sin(pose.yaw) * (touch.y - pose.y)
        assert ahead > 0, "it faces the fixture"


def test_nobody_reaches_through_a_wall():
    roadmap = Roadmap(PLAN)
    stands = roadmap.stand_near((3.8, 3.5), radius_m=RADIUS, mobility="wheels", reach_m=1.5)
    assert stands
    assert {roadmap.room_at((pose.x, pose.y)) for pose in stands} == {"left"}


def test_a_door_has_a_stand_on_each_side():
    roadmap = Roadmap(PLAN)
    stands = roadmap.stand("left-middle", radius_m=RADIUS, mobility="wheels", reach_m=0.7)
    assert {roadmap.room_at((pose.x, pose.y)) for pose in stands} == {"left", "middle"}
    assert all(roadmap.in_reach(pose, SERVER, "left-middle") for pose in stands)


def test_a_room_has_free_stands_apart_from_each_other():
    roadmap = Roadmap(PLAN)
    stands = roadmap.stand("middle", radius_m=RADIUS, mobility="wheels", reach_m=0.7)
    assert all(roadmap.room_at((pose.x, pose.y)) == "middle" for pose in stands)
    assert all(
        math.dist((a.x, a.y), (b.x, b.y)) > 0.5 for a, b in itertools.combinations(stands, 2)
    )


def test_height_and_gap_decide_on_reach():
    roadmap = Roadmap(PLAN)
    pose = roadmap.stand("counter", radius_m=0.35, mobility="legs", reach_m=0.7)[0]
    assert not roadmap.in_reach(pose, QUADRUPED, "counter"), "the counter is higher than its arm"
    assert roadmap.in_reach(pose, ARM, "counter")
    assert not roadmap.in_reach(pose.model_copy(update={"x": pose.x - 2}), ARM, "counter")


def test_unknown_places_are_key_errors():
    roadmap = Roadmap(PLAN)
    with pytest.raises(KeyError):
        roadmap.stand("nowhere", radius_m=RADIUS, mobility="wheels", reach_m=0.7)


def test_travel_is_the_shortest_way_to_a_stand():
    roadmap = Roadmap(PLAN)
    ask = {"radius_m": RADIUS, "mobility": "wheels"}
    metres = roadmap.travel_m((0.5, 2.0), "counter", reach_m=0.7, **ask)
    stands = roadmap.stand("counter", reach_m=0.7, **ask)
    lengths = [roadmap.route((0.5, 2.0), (s.x, s.y), **ask).length_m for s in stands]
    assert metres == min(lengths)
    closed = frozenset({"left-middle", "left-corridor"})
    assert roadmap.travel_m((0.5, 2.0), "counter", reach_m=0.7, shut=closed, **ask) is None


def cluttered(seed: int) -> SitePlan:
    """Two rooms full of turned tables."""
    rng = random.Random(seed)
    tables = [
        table(
            f"t{k}",
            "left" if x < 4 else "middle",
            x,
            rng.uniform(0.5, 3.5),
            yaw=rng.uniform(0, 3),
            size_m=(rng.uniform(0.3, 1.2), rng.uniform(0.3, 0.8)),
        )
        for k, x in enumerate(rng.uniform(0.5, 7.5) for _ in range(6))
    ]
    return PLAN.model_copy(update={"fixtures": tuple(tables)})


def grid_m(plan: SitePlan, start, goal) -> float | None:
    """Length of a shortest way on a fine grid with 16 headings: an upper bound, found by force."""
    step = 0.1
    free = free_floor(plan, RADIUS, "wheels")
    shapely.prepare(free)
    moves = [(i, j) for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2) if math.gcd(i, j) == 1]
    best = {(0, 0): 0.0}
    queue = [(0.0, (0, 0))]
    while queue:
        cost, (i, j) = heapq.heappop(queue)
        if cost > best[i, j]:
            continue
        here = start[0] + i * step, start[1] + j * step
        if math.dist(here, goal) < step:
            return cost + math.dist(here, goal)
        for a, b in moves:
            there = here[0] + a * step, here[1] + b * step
            total = cost + math.hypot(a, b) * step
            if total < best.get((i + a, j + b), math.inf) and free.covers(
                LineString([here, there])
            ):
                best[i + a, j + b] = total
                heapq.heappush(queue, (total, (i + a, j + b)))
    return None


@pytest.mark.parametrize("seed", range(6))
def test_ways_are_as_short_as_a_search_by_force_finds(seed):
    plan = cluttered(seed)
    rng = random.Random(seed)
    free = free_floor(plan, RADIUS, "wheels")
    spots = (
        ((rng.uniform(0.3, 3), rng.uniform(0.3, 3.7)), (rng.uniform(5, 7.7), 2.0))
        for _ in range(99)
    )
    start, goal = next(
        (a, b) for a, b in spots if all(free.covers(shapely.Point(p)) for p in (a, b))
    )
    found = route(start, goal, plan)
    by_force = grid_m(plan, start, goal)
    assert (found is None) == (by_force is None)
    if found is not None:
        assert found.length_m <= by_force + 1e-6
        assert found.length_m >= math.dist(start, goal)


ROADMAPS = [Roadmap(cluttered(seed)) for seed in range(8)]
places = st.tuples(st.floats(0.3, 11.7), st.floats(0.3, 5.7))


@given(places, places, st.sampled_from(ROADMAPS), st.booleans())
def test_ways_are_free_and_end_where_asked(start, goal, roadmap, is_shut):
    shut = frozenset({"left-middle"}) if is_shut else frozenset()
    found = roadmap.route(start, goal, radius_m=RADIUS, mobility="wheels", shut=shut)
    if found is None:
        return
    assert (found.points[0], found.points[-1]) == (start, goal)
    length = sum(math.dist(a, b) for a, b in itertools.pairwise(found.points))
    assert found.length_m == pytest.approx(length)
    assert not shut & set(found.doors)
    free = free_floor(roadmap.plan, RADIUS, "wheels").buffer(0.051)
    for a, b in list(itertools.pairwise(found.points))[1:]:
        assert free.covers(LineString([a, b]))
    back = roadmap.route(goal, start, radius_m=RADIUS, mobility="wheels", shut=shut)
    if back is not None and free.covers(shapely.Point(start)):
        assert back.length_m == pytest.approx(found.length_m, abs=0.15)
