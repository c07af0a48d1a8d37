"""Shapes of a site plan: footprints, door gates and the floor a body's centre may be on. Metres.

A body is a disc, so its centre may be wherever the plan, shrunk by the disc's radius, is free
(configuration space; T. Lozano-Perez, "Spatial planning", IEEE Trans. Computers, 1983).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from devices.contracts import Mobility
from devices.site import Door, Fixture, Point, Room, SitePlan

# How far two shapes overlap where they must join, so that rounding cannot part them.
SEAM_M = 0.01


@dataclass(frozen=True)
class Gate:
    """The line a body crosses when it passes a door, and the way it faces while doing so.

    `normal` is a unit vector from the door's first room into its second; `depth_m` how far the
    door's centre is from the far wall of either room (half the wall's thickness).
    """

    door: str
    at: Point
    normal: Point
    width_m: float
    depth_m: float

    @property
    def ends(self) -> tuple[Point, Point]:
        """Both door posts."""
        (x, y), (nx, ny), half = self.at, self.normal, self.width_m / 2
        return (x - ny * half, y + nx * half), (x + ny * half, y - nx * half)


def footprint(fixture: Fixture) -> Polygon:
    """The floor a fixture stands on: a rectangle turned by its yaw."""
    dx, dy = fixture.size_m
    shape = shapely.box(-dx / 2, -dy / 2, dx / 2, dy / 2)
    turned = rotate(shape, fixture.yaw, origin=(0, 0), use_radians=True)
    return translate(turned, fixture.x, fixture.y)


def gate(door: Door, plan: SitePlan) -> Gate:
    """Where and how a door is passed: its line lies along the nearest wall of its first room.

    Raises:
        KeyError: a room of the door is not in the plan.
    """
    return _gate(door, tuple(plan.room(room) for room in door.rooms))


@lru_cache(256)
def _gate(door: Door, rooms: tuple[Room, ...]) -> Gate:
    (near, inward), (far, _) = (_nearest_wall(room, door.at) for room in rooms)
    return Gate(door.id, door.at, (-inward[0], -inward[1]), door.width_m, max(near, far))


def floor(plan: SitePlan) -> BaseGeometry:
    """All rooms and door openings as one shape: what walls do not cover."""
    openings = [_opening(gate(door, plan), 0.0) for door in plan.doors]
    return shapely.union_all([*(Polygon(room.polygon) for room in plan.rooms), *openings])


def free_floor(plan: SitePlan, radius_m: float, mobility: Mobility) -> BaseGeometry:
    """Where the centre of a disc may be, closed doors taken as open.

    Walls, solid fixtures (not for bodies in the air) and zones that the mobility never enters are
    grown by the radius with mitred corners: a little more than the disc needs at corners, so the
    answer is safe. A door narrower than the disc joins nothing.
    """
    rooms = [_grown(Polygon(room.polygon), -radius_m) for room in plan.rooms]
    gates = [gate(door, plan) for door in plan.doors]
    openings = [_opening(g, radius_m) for g in gates if g.width_m >= 2 * radius_m]
    blocked = [
        Polygon(z.polygon) for z in plan.zones if forbids(z.max_speed_m_s, z.mobilities, mobility)
    ]
    if mobility != "air":
        blocked += [footprint(fixture) for fixture in plan.fixtures if fixture.solid]
    grown = shapely.union_all([_grown(shape, radius_m) for shape in blocked])
    return shapely.union_all([*rooms, *openings]).difference(grown)


def forbids(max_speed_m_s: float, mobilities: tuple[str, ...], mobility: Mobility) -> bool:
    """Whether a zone with these limits is never entered by bodies of this mobility."""
    return max_speed_m_s <= 0 and mobility in mobilities


def heading(start: Point, end: Point) -> float:
    """The yaw of somebody at `start` who faces `end`, in radians."""
    return math.atan2(end[1] - start[1], end[0] - start[0])


def polygons(shape: BaseGeometry) -> list[Polygon]:
    """The polygons a shape consists of, largest first."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return sorted(parts, key=lambda part: (-part.area, part.bounds))


def _grown(shape: Polygon, by_m: float) -> BaseGeometry:
    return shape.buffer(by_m, join_style="mitre")


def _opening(passage: Gate, radius_m: float) -> Polygon:
    """The part of a doorway in which a disc's centre may be, a seam longer than the wall."""
    half = max(passage.width_m / 2 - radius_m, SEAM_M / 10)
    reach = passage.depth_m + radius_m + SEAM_M
    (x, y), (nx, ny) = passage.at, passage.normal
    line = LineString([(x - nx * reach, y - ny * reach), (x + nx * reach, y + ny * reach)])
    return line.buffer(half, cap_style="flat")


def _nearest_wall(room: Room, point: Point) -> tuple[float, Point]:
    """Distance from the point to the room's nearest wall, and that wall's normal into the room."""
    ring = list(shapely.orient_polygons(Polygon(room.polygon)).exterior.coords)
    walls = list(itertools.pairwise(ring))
    distances = [LineString(wall).distance(shapely.Point(point)) for wall in walls]
    nearest = min(range(len(walls)), key=lambda i: (round(distances[i], 6), i))
    (x0, y0), (x1, y1) = walls[nearest]
    length = math.hypot(x1 - x0, y1 - y0)
    # Counter-clockwise: the room lies to the left of each wall.
    return distances[nearest], ((y0 - y1) / length, (x1 - x0) / length)
