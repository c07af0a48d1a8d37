"""Plane geometry of a floor plan. Metres, map frame."""

from __future__ import annotations

from math import hypot

from devices.site import Point, SitePlan


def inside(polygon: tuple[Point, ...], point: Point) -> bool:
    """Whether the point is in a simple polygon (even-odd rule, Shimrat 1962)."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def middle(polygon: tuple[Point, ...]) -> Point:
    """The centroid of a simple polygon; of a degenerate one, the mean of its vertices."""
    pairs = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    crosses = [x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs]
    area = sum(crosses) / 2.0
    if abs(area) < 1e-9:
        return (
            sum(x for x, _ in polygon) / len(polygon),
            sum(y for _, y in polygon) / len(polygon),
        )
    cx = sum((x1 + x2) * c for ((x1, _), (x2, _)), c in zip(pairs, crosses, strict=True))
    cy = sum((y1 + y2) * c for ((_, y1), (_, y2)), c in zip(pairs, crosses, strict=True))
    return (round(cx / (6.0 * area), 3), round(cy / (6.0 * area), 3))


def distance(a: Point, b: Point) -> float:
    """Straight distance in metres."""
    return hypot(a[0] - b[0], a[1] - b[1])


def room_at(plan: SitePlan, point: Point) -> str | None:
    """The room that contains the point: the first of the plan where rooms overlap."""
    for room in plan.rooms:
        if inside(room.polygon, point):
            return room.id
    return None
