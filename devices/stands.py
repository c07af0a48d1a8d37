"""Where a body may stand to reach something. Metres and radians.

Candidates are laid around the target at growing gaps and kept where the body's centre is free and
nothing but floor lies between it and the target.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polylabel

from devices.contracts import Pose
from devices.geometry import Gate, footprint, heading, polygons
from devices.site import Fixture, Point

# Room left between a body and what it stands at, so that it needs no perfect brakes.
CLEARANCE_M = 0.05
# Room left to a person, a body or a thing on the floor: an arm's bend, not a collision.
COURTESY_M = 0.35
# Distance between neighbouring candidates along a fixture's side.
SPACING_M = 0.5
DIRECTIONS = 16
ENOUGH = 8


def around_fixture(
    fixture: Fixture, free: BaseGeometry, open_floor: BaseGeometry, radius_m: float, reach_m: float
) -> tuple[Pose, ...]:
    """Poses beside a fixture from which a reach of `reach_m` touches it, close ones first."""
    shape = footprint(fixture)
    found: list[Pose] = []
    for gap in _gaps(CLEARANCE_M, reach_m):
        for x, y in _beside(fixture, radius_m + gap):
            touch = _nearest(shape, (x, y))
            if _is_good((x, y), touch, free, open_floor):
                found.append(Pose(x=x, y=y, yaw=heading((x, y), touch)))
        if found:
            return tuple(found[:ENOUGH])
    return ()


def around_point(
    point: Point, free: BaseGeometry, open_floor: BaseGeometry, radius_m: float, reach_m: float
) -> tuple[Pose, ...]:
    """Poses around a point from which it is within `reach_m` of the body's edge."""
    found: list[Pose] = []
    for gap in _gaps(COURTESY_M, reach_m):
        for k in range(DIRECTIONS):
            angle = 2 * math.pi * k / DIRECTIONS
            away = radius_m + gap
            spot = point[0] + away * math.cos(angle), point[1] + away * math.sin(angle)
            if _is_good(spot, point, free, open_floor):
                found.append(Pose(x=spot[0], y=spot[1], yaw=heading(spot, point)))
        if found:
            return tuple(found[::2] + found[1::2])[:ENOUGH]
    return ()


def beside_gate(
    gate: Gate, free: BaseGeometry, radius_m: float, reach_m: float
) -> tuple[Pose, ...]:
    """Poses on both sides of a door, facing it, beyond the swing of small leaves where possible."""
    (x, y), (nx, ny) = gate.at, gate.normal
    for gap in _gaps(COURTESY_M, reach_m):
        away = gate.depth_m + radius_m + gap
        spots = [(x - nx * away, y - ny * away), (x + nx * away, y + ny * away)]
        poses = [
            Pose(x=a, y=b, yaw=heading((a, b), gate.at)) for a, b in spots if _on(free, (a, b))
        ]
        if poses:
            return tuple(poses)
    return ()


def inside_room(room: Polygon, free: BaseGeometry) -> tuple[Pose, ...]:
    """The point of a room farthest from everything, then others, for when that one is taken."""
    parts = polygons(free.intersection(room))
    if not parts:
        return ()
    centre = polylabel(parts[0], tolerance=0.05)
    spread = _spread((centre.x, centre.y), parts)
    return tuple(Pose(x=x, y=y) for x, y in spread)


def gap_m(shape: BaseGeometry, point: Point, radius_m: float) -> float:
    """The gap between a disc around the point and a shape; 0 where they touch or overlap."""
    return max(0.0, float(shapely.distance(shape, shapely.Point(point))) - radius_m)


def _gaps(first_m: float, reach_m: float) -> Iterator[float]:
    """Gaps to try: the first, then wider ones within reach, then narrower ones."""
    # A hair less than the full reach, so that a stand is in reach after rounding, too.
    limit = max(reach_m - 0.02, 0.0)
    wider = (gap for gap in (first_m + 0.25, first_m + 0.5, limit) if first_m < gap <= limit)
    yield from (gap for gap in (min(first_m, limit), *wider, min(CLEARANCE_M, limit)))


def _beside(fixture: Fixture, away_m: float) -> Iterator[Point]:
    """Spots along the four sides, each side's middle first, then its corners diagonally."""
    (dx, dy), cos, sin = fixture.size_m, math.cos(fixture.yaw), math.sin(fixture.yaw)
    sides = [(0.0, -1.0, dx, dy), (0.0, 1.0, dx, dy), (1.0, 0.0, dy, dx), (-1.0, 0.0, dy, dx)]
    spots: list[tuple[int, float, float]] = []
    for nx, ny, along, across in sides:
        steps = int(along / 2 / SPACING_M)
        for k in range(-steps, steps + 1):
            out, shift = across / 2 + away_m, k * SPACING_M
            spots.append((abs(k), nx * out - ny * shift, ny * out + nx * shift))
    diagonal = away_m * math.sqrt(0.5)
    for sx, sy in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        spots.append((99, sx * (dx / 2 + diagonal), sy * (dy / 2 + diagonal)))
    for _, u, v in sorted(spots, key=lambda spot: spot[0]):
        yield fixture.x + u * cos - v * sin, fixture.y + u * sin + v * cos


def _spread(centre: Point, parts: Iterable[Polygon]) -> list[Point]:
    """The centre, then up to three free points of the room, each far from those before."""
    grid = [
        (x, y)
        for part in parts
        for x in _steps(part.bounds[0], part.bounds[2])
        for y in _steps(part.bounds[1], part.bounds[3])
        if part.contains(shapely.Point(x, y))
    ]
    chosen = [centre]
    while grid and len(chosen) < 4:
        chosen.append(max(grid, key=lambda p: (min(math.dist(p, c) for c in chosen), p)))
    return chosen


def _steps(low: float, high: float) -> list[float]:
    return [low + (high - low) * k / 8 for k in range(1, 8)]


def _nearest(shape: BaseGeometry, point: Point) -> Point:
    touch = shapely.shortest_line(shape, shapely.Point(point)).coords[0]
    return float(touch[0]), float(touch[1])


def _is_good(spot: Point, touch: Point, free: BaseGeometry, open_floor: BaseGeometry) -> bool:
    return _on(free, spot) and bool(shapely.covers(open_floor, shapely.linestrings([spot, touch])))


def _on(shape: BaseGeometry, point: Point) -> bool:
    return bool(shapely.intersects_xy(shape, *point))
