"""The physical floor: where a disc collides, which doors a way crosses, what walls hide. Metres.

The world does not trust a planner: it finds out by itself where a commanded way meets a wall. It
is a little kinder than the plan demands (`TOLERANCE`), so that rounding fails nobody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from random import Random

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from devices.contracts import Mobility
from devices.geometry import Gate, footprint, free_floor, gate
from devices.site import Fixture, Point, SitePlan

# The share of a body's radius that must stay clear of obstacles.
TOLERANCE = 0.8
# Thickness of a closed leaf, for eyes.
LEAF_M = 0.08
# Half the thickness of a wall that the plan draws as a line, for eyes.
PAINT_M = 0.005
# How far inside its edge a fixture is seen and touched: it may stand flush with a wall.
HAIR_M = 0.02


class Ground:
    """What the floor plan means for moving, reaching and seeing."""

    def __init__(self, plan: SitePlan) -> None:
        self.plan = plan
        # Zones are rules, not walls.
        self._bare = plan.model_copy(update={"zones": ()})
        self.gates: dict[str, Gate] = {door.id: gate(door, plan) for door in plan.doors}
        self.fixtures: dict[str, Fixture] = {fixture.id: fixture for fixture in plan.fixtures}
        self.rooms = {room.id: Polygon(room.polygon) for room in plan.rooms}
        self.outlines = {name: _outline(fixture) for name, fixture in self.fixtures.items()}
        self._slots: dict[str, list[Point]] = {}
        self.free = lru_cache(64)(self._free)
        self._sight = lru_cache(32)(self._sight_floor)
        self._room = lru_cache(65536)(self._find_room)

    def room_at(self, point: Point) -> str:
        """The room at a point, or the nearest one."""
        return self._room((round(point[0], 3), round(point[1], 3)))

    def blocked_at(self, way: Sequence[Point], radius_m: float, mobility: Mobility) -> float | None:
        """How far along the way a disc of this radius meets a wall or a solid fixture, if ever.

        A disc that starts wedged against something may leave: only what it enters blocks it.
        """
        if len(way) < 2:
            return None
        free = self.free(round(radius_m * TOLERANCE, 3), mobility)
        line = LineString(way)
        if shapely.covers(free, line):
            return None
        meets = [
            (line.project(shapely.Point(x, y)), (x, y))
            for part in shapely.get_parts(line.difference(free))
            for x, y in (part.coords[0],)
        ]
        first_s, _ = min(meets)
        if first_s > 1e-6:
            return max(0.0, first_s)
        return self._blocked_after_leaving(line, free, mobility)

    def _blocked_after_leaving(
        self, line: LineString, free: BaseGeometry, mobility: Mobility
    ) -> float | None:
        """The same for a way that starts wedged: it must get free without crossing anything."""
        parts = sorted(
            (line.project(shapely.Point(part.coords[0])), part.length)
            for part in shapely.get_parts(line.difference(free))
        )
        _, wedged_m = parts[0]
        start = substring(line, 0, wedged_m)
        if not shapely.covers(self.free(0.005, mobility), start):
            return 0.0
        return parts[1][0] if len(parts) > 1 else None

    def crossings(self, way: Sequence[Point]) -> list[tuple[float, str]]:
        """The doors a way crosses: how far along it, and which."""
        found: list[tuple[float, str]] = []
        done = 0.0
        for a, b in pairwise(way):
            length = math.dist(a, b)
            for door, passage in self.gates.items():
                share = _crossing(a, b, passage)
                if share is not None:
                    found.append((done + share * length, door))
            done += length
        return sorted(found)

    def gap_m(self, point: Point, fixture: Fixture) -> float:
        """Distance from a point to the edge of a fixture; 0 inside."""
        dx, dy = point[0] - fixture.x, point[1] - fixture.y
        cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
        u, v = dx * cos + dy * sin, dy * cos - dx * sin
        out_u = max(0.0, abs(u) - fixture.size_m[0] / 2)
        out_v = max(0.0, abs(v) - fixture.size_m[1] / 2)
        return math.hypot(out_u, out_v)

    def nearest(self, point: Point, fixture: Fixture) -> Point:
        """The point of a fixture that is nearest, a hair inside its edge."""
        dx, dy = point[0] - fixture.x, point[1] - fixture.y
        cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
        half_u = max(fixture.size_m[0] / 2 - HAIR_M, 0.0)
        half_v = max(fixture.size_m[1] / 2 - HAIR_M, 0.0)
        u = min(max(dx * cos + dy * sin, -half_u), half_u)
        v = min(max(dy * cos - dx * sin, -half_v), half_v)
        return fixture.x + u * cos - v * sin, fixture.y + u * sin + v * cos

    def door_gap_m(self, point: Point, door: str) -> float:
        """Distance from a point to the line between a door's posts."""
        passage = self.gates[door]
        dx, dy = point[0] - passage.at[0], point[1] - passage.at[1]
        nx, ny = passage.normal
        along = abs(dy * nx - dx * ny) - passage.width_m / 2
        return math.hypot(max(0.0, along), dx * nx + dy * ny)

    def slot(self, fixture: str, index: int) -> Point:
        """Where the object in the n-th place of a fixture is."""
        places = self._slots.get(fixture)
        if places is None:
            places = self._slots[fixture] = _slots(self.fixtures[fixture])
        return places[index % len(places)]

    def sees(self, eye: Point, points: Sequence[Point], shut: frozenset[str]) -> list[bool]:
        """Which points no wall and no closed leaf hides from the eye."""
        if not points:
            return []
        ends = np.array(points)
        starts = np.broadcast_to(np.array(eye), ends.shape)
        lines = shapely.linestrings(np.stack([starts, ends], axis=1))
        seen = np.atleast_1d(shapely.covers(self._sight(shut), lines))
        return [bool(one) for one in seen]

    def spot_in(self, room: str, name: str) -> Point:
        """A free spot on the floor of a room for the thing called `name`, always the same."""
        clear = self.free(0.4, "wheels").intersection(self.rooms[room])
        area: BaseGeometry = self.rooms[room] if clear.is_empty else clear
        draw = Random(f"spot/{room}/{name}")
        x0, y0, x1, y1 = area.bounds
        for _ in range(200):
            x, y = draw.uniform(x0, x1), draw.uniform(y0, y1)
            if shapely.intersects_xy(area, x, y):
                return round(x, 3), round(y, 3)
        inside = area.representative_point()
        return round(inside.x, 3), round(inside.y, 3)

    def _free(self, radius_m: float, mobility: Mobility) -> BaseGeometry:
        # A body bolted down never drives, so only what can move asks.
        free = free_floor(self._bare, radius_m, mobility).buffer(0.001)
        shapely.prepare(free)
        return free

    def _sight_floor(self, shut: frozenset[str]) -> BaseGeometry:
        leaves = [
            LineString(self.gates[door].ends).buffer(LEAF_M / 2, cap_style="flat")
            for door in sorted(shut)
        ]
        # Rooms that share a wall without thickness touch: what is shrunk by a hair has walls.
        sight = free_floor(self._bare, PAINT_M, "air").difference(shapely.union_all(leaves))
        shapely.prepare(sight)
        return sight

    def _find_room(self, point: Point) -> str:
        spot = shapely.Point(point)
        return min((round(shape.distance(spot), 6), room) for room, shape in self.rooms.items())[1]


def _crossing(a: Point, b: Point, passage: Gate) -> float | None:
    """Which share of the way from a to b lies before the gate's line, if it crosses it."""
    nx, ny = passage.normal
    before = (a[0] - passage.at[0]) * nx + (a[1] - passage.at[1]) * ny
    after = (b[0] - passage.at[0]) * nx + (b[1] - passage.at[1]) * ny
    if (before > 0) == (after > 0):
        return None
    share = before / (before - after)
    x, y = a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
    away = math.hypot(x - passage.at[0], y - passage.at[1])
    return share if away <= passage.width_m / 2 + 1e-6 else None


def _slots(fixture: Fixture) -> list[Point]:
    """Places on a fixture in rows, as square as its shape allows."""
    count = max(fixture.capacity, 1)
    dx, dy = fixture.size_m
    rows = min(count, max(1, round(math.sqrt(count * dy / dx))))
    columns = math.ceil(count / rows)
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    places = []
    for k in range(count):
        u = ((k % columns + 0.5) / columns - 0.5) * dx
        v = ((k // columns + 0.5) / rows - 0.5) * dy
        x, y = fixture.x + u * cos - v * sin, fixture.y + u * sin + v * cos
        places.append((round(x, 3), round(y, 3)))
    return places


def _outline(fixture: Fixture) -> tuple[Point, ...]:
    """The centre of a fixture and the four corners of its footprint, drawn in by a hair."""
    shape = footprint(fixture).buffer(-HAIR_M, join_style="mitre")
    ring = [] if shape.is_empty else list(shape.exterior.coords)[:-1]
    return ((fixture.x, fixture.y), *((float(x), float(y)) for x, y in ring))
