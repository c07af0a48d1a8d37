"""How fast a body may go where: the card's speed, lowered by the zones of the plan. SI units."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from devices.contracts import Mobility
from devices.geometry import forbids
from devices.site import Point, SitePlan, SpeedZone

# A path may graze a zone's edge by this much (m): edges are drawn along walls and shelves.
GRAZE_M = 0.01


class Pace:
    """The speed limits of a site for bodies of one mobility."""

    def __init__(self, plan: SitePlan, mobility: Mobility) -> None:
        zones = [zone for zone in plan.zones if mobility in zone.mobilities]
        self._limits = [(_inner(zone), zone.max_speed_m_s) for zone in zones]
        self._borders = shapely.union_all([Polygon(zone.polygon).boundary for zone in zones])
        self._fences = [
            (zone.id, _inner(zone))
            for zone in zones
            if forbids(zone.max_speed_m_s, zone.mobilities, mobility)
        ]

    def limit_m_s(self, path: Sequence[Point], speed_m_s: float) -> float:
        """The speed at which the whole path may be driven: that of its slowest zone.

        Forbidden zones do not count here; see `fence_on`.
        """
        way = _line(path)
        limits = [limit for zone, limit in self._limits if limit > 0 and zone.intersects(way)]
        return min([speed_m_s, *limits])

    def fence_on(self, path: Sequence[Point]) -> str | None:
        """The forbidden zone that a path enters, if any. Leaving one it starts in is allowed."""
        way, start, goal = _line(path), shapely.Point(path[0]), shapely.Point(path[-1])
        for zone_id, zone in self._fences:
            leaves = zone.intersects(start) and not zone.intersects(goal)
            if zone.intersects(way) and not leaves:
                return zone_id
        return None

    def legs(
        self, path: Sequence[Point], speed_m_s: float
    ) -> list[tuple[tuple[Point, ...], float]]:
        """The path cut where speed limits change, each piece with its speed."""
        way = _line(path)
        if self.limit_m_s(path, speed_m_s) == speed_m_s:
            return [(tuple(path), speed_m_s)]
        cuts = sorted(
            way.project(point)
            for shape in shapely.get_parts(way.intersection(self._borders))
            for point in map(shapely.Point, shape.coords)
        )
        ends = [0.0, *cuts, way.length]
        pieces = [_piece(way, a, b) for a, b in itertools.pairwise(ends) if b - a > GRAZE_M]
        return [(piece, self.limit_m_s(_middle(piece), speed_m_s)) for piece in pieces]


def _inner(zone: SpeedZone) -> BaseGeometry:
    shape = Polygon(zone.polygon).buffer(-GRAZE_M, join_style="mitre")
    shapely.prepare(shape)
    return shape


def _line(path: Sequence[Point]) -> LineString:
    points = list(path)
    return LineString(points if len(points) > 1 else points * 2)


def _piece(way: LineString, begin_m: float, end_m: float) -> tuple[Point, ...]:
    piece = substring(way, begin_m, end_m)
    return tuple((float(x), float(y)) for x, y in piece.coords)


def _middle(piece: Sequence[Point]) -> tuple[Point, ...]:
    """The piece without its very ends, which lie on zone borders."""
    line = _line(piece)
    return _piece(line, 0.25 * line.length, 0.75 * line.length)
