"""How far bodies go between the places of steps. Metres along the roadmap; doors count as open.

Someone opens a shut door when its time comes (that is a step of the plan), so a shut door does not
make a body slower in the allocator's eyes.
"""

from __future__ import annotations

import math

from brain.acting.evidence import at_place
from devices.roadmap import Roadmap
from devices.site import Point
from stem_memory.view import BodyRecord, MemoryView

# Where no stand is known, the way is longer than the straight line by about this.
DETOUR = 1.5


class Ways:
    """Distances as memory believes the places to be now."""

    def __init__(self, view: MemoryView, roadmap: Roadmap) -> None:
        self._view = view
        self._roadmap = roadmap
        self._spots: dict[str, tuple[str | None, Point | None]] = {}

    def from_here(self, body: BodyRecord, place: str) -> float | None:
        """Metres from where the body is now; 0 if it can work at the place already."""
        if at_place(body, place, self._view, self._roadmap):
            return 0.0
        return self._metres(body, (body.state.pose.x, body.state.pose.y), place)

    def between(self, body: BodyRecord, start: str, end: str) -> float | None:
        """Metres from one place to another; None if there is no way."""
        if self._target(start) == self._target(end) or body.card.mobility == "fixed":
            return 0.0
        point = self._stand(body, start)
        return None if point is None else self._metres(body, point, end)

    def _metres(self, body: BodyRecord, start: Point, place: str) -> float | None:
        card = body.card
        if card.mobility == "fixed":
            return 0.0
        target, point = self._target(place)
        if target is not None:
            if self._view.category(target) == "room" and self._roadmap.room_at(start) == target:
                return 0.0
            return self._roadmap.travel_m(
                start,
                target,
                radius_m=card.radius_m,
                mobility=card.mobility,
                reach_m=card.reach_m,
            )
        if point is None:
            return None
        stands = self._roadmap.stand_near(
            point, radius_m=card.radius_m, mobility=card.mobility, reach_m=card.reach_m
        )
        if stands:
            route = self._roadmap.route(
                start,
                (stands[0].x, stands[0].y),
                radius_m=card.radius_m,
                mobility=card.mobility,
            )
            if route is not None:
                return route.length_m
        return DETOUR * math.dist(start, point)

    def _target(self, place: str) -> tuple[str | None, Point | None]:
        """The fixture, door or room to go to, or else the point where the thing is."""
        if place not in self._spots:
            target: str | None = place
            if self._view.category(place) == "object":
                at = self._view.location(place)
                target = at.holder if at is not None else None
            known = target is not None and self._view.category(target) in (
                "fixture",
                "door",
                "room",
            )
            point = None if known else self._view.position(place)
            self._spots[place] = (target if known else None, point)
        return self._spots[place]

    def _stand(self, body: BodyRecord, place: str) -> Point | None:
        """Where the body would stand while it works at the place."""
        target, point = self._target(place)
        card = body.card
        if target is not None:
            stands = self._roadmap.stand(
                target, radius_m=card.radius_m, mobility=card.mobility, reach_m=card.reach_m
            )
            return (stands[0].x, stands[0].y) if stands else None
        return point
