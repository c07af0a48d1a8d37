"""Ways through a site for bodies of any size, and the places from which they reach things.

One roadmap serves every body of a site. Whatever depends on the body (its radius, whether it
flies) is computed on first use and kept, for all roadmaps of an equal plan in this process; a
roadmap holds no other state, so equal questions have equal answers in every process. Metres and
radians, map frame.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import lru_cache

import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from devices.contracts import BodyCard, Mobility, Pose
from devices.geometry import footprint, free_floor, gate
from devices.noun import Noun
from devices.site import Point, SitePlan
from devices.stands import around_fixture, around_point, beside_gate, gap_m, inside_room
from devices.visibility import Visibility

# How far from free floor a goal may be named and still be taken for the free point next to it.
GOAL_SLACK_M = 0.05
# A body wedged against something starts from the nearest free floor, if that is no farther.
START_SLACK_M = 1.5
# Points this far outside every room (in a wall, in a doorway) still belong to the nearest one.
WALL_M = 0.5
# Sums of distances that are equal differ by less.
ROUNDING_M = 1e-6
# How many plans, and of each how many answers, are remembered.
PLANS = 4
ROUTES = 32768


class Route(Noun):
    """A way: `points` from start to goal, its length, and the doors it passes, in order."""

    points: tuple[Point, ...]
    length_m: float
    doors: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Size:
    """What sets bodies apart on a floor: radius, and what stands in their way."""

    radius_m: float
    mobility: Mobility


class Roadmap:
    """Routes and stands on one site plan.

    Raises:
        KeyError: a door names a room that the plan lacks.
    """

    def __init__(self, plan: SitePlan) -> None:
        self.plan = plan
        self._ways = _ways(_Plan(plan.model_dump_json(), plan))

    def __reduce__(self) -> tuple[type[Roadmap], tuple[SitePlan]]:
        """Travel to other processes as the plan alone."""
        return Roadmap, (self.plan,)

    def route(
        self,
        start: Point,
        goal: Point,
        *,
        radius_m: float,
        mobility: Mobility,
        shut: frozenset[str] = frozenset(),
    ) -> Route | None:
        """The shortest way for a disc of `radius_m`, or None where there is none.

        Fixtures do not hinder bodies in the air; doors in `shut` are not passed; a body of
        mobility "fixed" goes nowhere. A start next to an obstacle is left the short way.
        """
        return self._ways.route(start, goal, _size(radius_m, mobility), shut)

    def stand(
        self, target: str, *, radius_m: float, mobility: Mobility, reach_m: float
    ) -> tuple[Pose, ...]:
        """Poses, best first, at a fixture (within reach), at a door, or inside a room.

        Raises:
            KeyError: the plan has no such fixture, door or room.
        """
        return self._ways.stand(target, _size(radius_m, mobility), reach_m)

    def stand_near(
        self, point: Point, *, radius_m: float, mobility: Mobility, reach_m: float
    ) -> tuple[Pose, ...]:
        """Poses, best first, from which a person, body or thing at the point is within reach."""
        return self._ways.near(point, _size(radius_m, mobility), reach_m)

    def room_at(self, point: Point) -> str | None:
        """The room at a point; in walls and doorways the nearest; None outside the site."""
        return self._ways.room_at(point)

    def in_reach(self, pose: Pose, card: BodyCard, target: str, slack_m: float = 0.0) -> bool:
        """Whether a body at `pose` reaches a fixture or a door, or is inside a room.

        A fixture's height must lie between the heights the body's hands reach. `slack_m` is how much
        further (m) than it reaches still counts: poses are not exact.

        Raises:
            KeyError: the plan has no such fixture, door or room.
        """
        at = (pose.x, pose.y)
        ways = self._ways
        if target in ways.rooms:
            return ways.room_at(at) == target
        if target in ways.gates:
            return (
                gap_m(LineString(ways.gates[target].ends), at, card.radius_m)
                <= card.reach_m + slack_m
            )
        height = self.plan.fixture(target).height_m
        near = gap_m(ways.prints[target], at, card.radius_m) <= card.reach_m + slack_m
        return near and card.low_m <= height <= card.high_m

    def travel_m(
        self,
        start: Point,
        target: str,
        *,
        radius_m: float,
        mobility: Mobility,
        reach_m: float,
        shut: frozenset[str] = frozenset(),
    ) -> float | None:
        """Length of the shortest way to a stand at the target; None where there is none.

        Raises:
            KeyError: the plan has no such fixture, door or room.
        """
        return self._ways.travel(start, target, _size(radius_m, mobility), reach_m, shut)

    def way_m(self, pose: Pose, card: BodyCard, target: str) -> float | None:
        """`travel_m` for a body of this card that stands at `pose`."""
        return self.travel_m(
            (pose.x, pose.y),
            target,
            radius_m=card.radius_m,
            mobility=card.mobility,
            reach_m=card.reach_m,
        )


class _Ways:
    """All that is known of one plan, and all that was found on it."""

    def __init__(self, plan: SitePlan) -> None:
        self.plan = plan
        self.gates = {door.id: gate(door, plan) for door in plan.doors}
        self.prints = {fixture.id: footprint(fixture) for fixture in plan.fixtures}
        self.rooms = {room.id: Polygon(room.polygon) for room in plan.rooms}
        # Rooms share walls without thickness: the floor on both sides must not grow together.
        bare = plan.model_copy(update={"zones": ()})
        self._open_floor = free_floor(bare, 0.005, "air").buffer(0.004, join_style="mitre")
        for shape in (*self.rooms.values(), *self.prints.values(), self._open_floor):
            shapely.prepare(shape)
        self._free = lru_cache(None)(self._free_for)
        self._visibility = lru_cache(None)(self._visibility_for)
        self.route = lru_cache(ROUTES)(self._find)
        self.stand = lru_cache(ROUTES)(self._stands_at)
        self.near = lru_cache(ROUTES)(self._stands_near)
        self.travel = lru_cache(ROUTES)(self._shortest)

    def room_at(self, point: Point) -> str | None:
        """See `Roadmap.room_at`."""
        for room, shape in self.rooms.items():
            if shapely.intersects_xy(shape, *point):
                return room
        spot = shapely.Point(point)
        distance, room = min((shape.distance(spot), room) for room, shape in self.rooms.items())
        return room if distance <= WALL_M else None

    def _free_for(self, size: _Size) -> BaseGeometry:
        free = free_floor(self.plan, size.radius_m, size.mobility)
        shapely.prepare(free)
        return free

    def _visibility_for(self, size: _Size) -> Visibility:
        return Visibility(self._free(size), list(self.gates.values()))

    def _find(self, start: Point, goal: Point, size: _Size, shut: frozenset[str]) -> Route | None:
        if math.dist(start, goal) <= GOAL_SLACK_M:
            return Route(points=(start, goal), length_m=math.dist(start, goal))
        if size.mobility == "fixed":
            return None
        entry = self._snap(start, size, START_SLACK_M)
        end = self._snap(goal, size, GOAL_SLACK_M)
        if entry is None or end is None:
            return None
        visibility = self._visibility(size)
        path = visibility.path(entry, end, shut)
        if path is None:
            return None
        points = (start, *path[1:-1], goal) if entry == start else (start, *path[:-1], goal)
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(points))
        return Route(points=points, length_m=length, doors=visibility.gates_along(points))

    def _snap(self, point: Point, size: _Size, slack_m: float) -> Point | None:
        """The point itself where free, else the nearest free one in the same room."""
        free = self._visibility(size).floor
        if shapely.intersects_xy(free, *point):
            return point
        room = self.room_at(point)
        if room is None:
            return None
        nearby = self._free(size).intersection(self.rooms[room])
        if nearby.is_empty:
            return None
        x, y = shapely.shortest_line(nearby, shapely.Point(point)).coords[0]
        return (x, y) if math.dist((x, y), point) <= slack_m else None

    def _stands_at(self, target: str, size: _Size, reach_m: float) -> tuple[Pose, ...]:
        free = self._free(size)
        if target in self.rooms:
            return inside_room(self.rooms[target], free)
        if target in self.gates:
            return beside_gate(self.gates[target], free, size.radius_m, reach_m)
        fixture = self.plan.fixture(target)
        return around_fixture(fixture, free, self._open_floor, size.radius_m, reach_m)

    def _stands_near(self, point: Point, size: _Size, reach_m: float) -> tuple[Pose, ...]:
        return around_point(point, self._free(size), self._open_floor, size.radius_m, reach_m)

    def _shortest(
        self, start: Point, target: str, size: _Size, reach_m: float, shut: frozenset[str]
    ) -> float | None:
        stands = [(pose.x, pose.y) for pose in self.stand(target, size, reach_m)]
        best = math.inf
        for far, goal in sorted((math.dist(start, goal), goal) for goal in stands):
            # No way is shorter than the straight line; the margin is for rounding.
            if far > best + ROUNDING_M:
                break
            route = self.route(start, goal, size, shut)
            best = best if route is None else min(best, route.length_m)
        return best if best < math.inf else None


@dataclass(frozen=True)
class _Plan:
    """A plan as a key: plans that hold the same are the same."""

    text: str
    plan: SitePlan = field(compare=False)


@lru_cache(PLANS)
def _ways(of: _Plan) -> _Ways:
    return _Ways(of.plan)


def _size(radius_m: float, mobility: Mobility) -> _Size:
    return _Size(round(radius_m, 3), mobility)
