"""Where things go in a picture from above: the map's scale, walls between doors, places for
names and for the objects on a fixture. Metres in the map, pixels in the picture.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.ops import unary_union

from devices.geometry import footprint
from devices.site import Door, Fixture, Point, Room, SitePlan

# A name in a room is kept this far from the walls.
NAME_GAP_M = 0.18
# The names of fixtures reach this far beyond them.
NAMED_M = 0.42


@dataclass(frozen=True)
class View:
    """A map drawn into a box of the picture: y points up in the map and down in the picture."""

    scale: float
    left: float
    bottom: float

    def at(self, point: Point) -> Point:
        """The pixel of a point of the map."""
        return self.left + point[0] * self.scale, self.bottom - point[1] * self.scale

    def times(self, factor: float) -> View:
        """The same view of a picture `factor` times as large."""
        return View(self.scale * factor, self.left * factor, self.bottom * factor)


def fit(plan: SitePlan, box: tuple[float, float, float, float]) -> View:
    """The view that shows the whole plan, centred in a box (left, top, right, bottom)."""
    x0, y0, x1, y1 = bounds(plan)
    left, top, right, bottom = box
    scale = min((right - left) / (x1 - x0), (bottom - top) / (y1 - y0))
    pad_x = (right - left - scale * (x1 - x0)) / 2
    pad_y = (bottom - top - scale * (y1 - y0)) / 2
    return View(scale, left + pad_x - scale * x0, bottom - pad_y + scale * y0)


def bounds(plan: SitePlan) -> tuple[float, float, float, float]:
    """The smallest upright box around all rooms: x0, y0, x1, y1."""
    xs = [x for room in plan.rooms for x, _ in room.polygon]
    ys = [y for room in plan.rooms for _, y in room.polygon]
    return min(xs), min(ys), max(xs), max(ys)


def gap_of(door: Door, plan: SitePlan) -> tuple[Point, Point]:
    """The two ends of a door in its wall."""
    ring = Polygon(plan.room(door.rooms[0]).polygon).exterior
    spot = shapely.Point(door.at)
    corners = list(ring.coords)
    walls = [LineString(pair) for pair in itertools.pairwise(corners)]
    wall = min(walls, key=lambda line: line.distance(spot))
    (ax, ay), (bx, by) = wall.coords
    dx, dy = (bx - ax) / wall.length, (by - ay) / wall.length
    half = door.width_m / 2
    x, y = door.at
    return (x - dx * half, y - dy * half), (x + dx * half, y + dy * half)


def walls(plan: SitePlan) -> list[list[Point]]:
    """The walls of all rooms with the doors left out, as lines."""
    lines = unary_union([Polygon(room.polygon).exterior for room in plan.rooms])
    gaps = [LineString(gap_of(door, plan)).buffer(0.02, cap_style="flat") for door in plan.doors]
    merged = shapely.line_merge(lines.difference(unary_union(gaps)))
    parts = getattr(merged, "geoms", [merged])
    return [[(x, y) for x, y in part.coords] for part in parts if part.length > 0]


def outline(fixture: Fixture) -> list[Point]:
    """The corners of a fixture's footprint."""
    return [(x, y) for x, y in footprint(fixture).exterior.coords[:-1]]


def seats(fixture: Fixture) -> list[Point]:
    """Where people sit at a table that names its `seats`: tucked in, along its long sides."""
    count = int(fixture.attrs.get("seats", 0))
    dx, dy = fixture.size_m
    row = math.ceil(count / 2)
    spots = [
        (-dx / 2 + dx * (k // 2 + 0.5) / row, (dy / 2 + 0.12) * (1 if k % 2 else -1))
        for k in range(count)
    ]
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    return [(fixture.x + u * cos - v * sin, fixture.y + u * sin + v * cos) for u, v in spots]


def slots(fixture: Fixture, count: int, apart_m: float = 0.24) -> list[Point]:
    """Places for `count` objects on a fixture, in rows; closer together where they are many."""
    dx, dy = (max(side - 0.2, 0.05) for side in fixture.size_m)
    while True:
        columns, rows = max(1, int(dx / apart_m) + 1), max(1, int(dy / apart_m) + 1)
        if columns * rows >= count or apart_m < 0.02:
            break
        apart_m *= 0.93
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    places = []
    for k in range(count):
        u = (k % columns - (min(columns, count) - 1) / 2) * min(apart_m, dx / max(columns - 1, 1))
        v = ((rows - 1) / 2 - k // columns) * min(apart_m, dy / max(rows - 1, 1))
        places.append((fixture.x + u * cos - v * sin, fixture.y + u * sin + v * cos))
    return places


def name_place(room: Room, plan: SitePlan, width_m: float, height_m: float) -> Point:
    """The centre of a room's name: where it covers the fewest fixtures, near the top left."""
    shape = Polygon(room.polygon)
    fixtures = [footprint(f).bounds for f in plan.fixtures if f.room == room.id]
    taken = [(a - NAMED_M, b - NAMED_M, c + NAMED_M, d + NAMED_M) for a, b, c, d in fixtures]
    taken += [(x - 0.5, y - 0.5, x + 0.5, y + 0.5) for x, y in (door.at for door in plan.doors)]
    x0, y0, x1, y1 = shape.bounds
    steps = np.arange(15)
    across = x0 + width_m / 2 + NAME_GAP_M + (x1 - x0 - width_m - 2 * NAME_GAP_M) * steps / 14
    down = y1 - height_m / 2 - NAME_GAP_M - (y1 - y0 - height_m - 2 * NAME_GAP_M) * steps / 14
    x, y = (grid.ravel() for grid in np.meshgrid(across, down))
    left, low, right, high = x - width_m / 2, y - height_m / 2, x + width_m / 2, y + height_m / 2
    cost = np.zeros(len(x))
    for a, b, c, d in taken:
        wide, tall = (
            np.minimum(right, c) - np.maximum(left, a),
            np.minimum(high, d) - np.maximum(low, b),
        )
        cost += np.maximum(wide, 0) * np.maximum(tall, 0)
    if shape.area < (x1 - x0) * (y1 - y0) - 0.01 or width_m > x1 - x0:
        cost += 3 * shapely.area(shapely.difference(shapely.box(left, low, right, high), shape))
    late = np.add.outer(steps, steps).ravel()
    best = np.lexsort((late, np.round(cost, 3)))[0]
    return float(x[best]), float(y[best])
