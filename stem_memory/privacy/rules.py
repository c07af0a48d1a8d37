"""The rules of privacy now: zones, retention, and which keys are gone. Folded from the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from devices.facts import Category
from devices.site import Point
from stem_memory.privacy.contracts import (
    KeysDestroyed,
    PrivacyChanged,
    RetentionSet,
    ZoneDrawn,
    ZoneLifted,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


class PrivacyRules:
    """What may be recorded and how long it is kept."""

    # Shapes are made again from the zones, so a snapshot leaves them out.
    MADE_AGAIN: ClassVar[dict[str, Callable[[], Any]]] = {"_areas": dict}

    def __init__(self) -> None:
        self.zones: dict[str, ZoneDrawn] = {}
        self.retention: dict[tuple[str, str], float] = {}
        self.destroyed: dict[str, float] = {}
        self._areas: dict[str, BaseGeometry] = {}

    @classmethod
    def of(cls, changes: Iterable[PrivacyChanged], t: float = 0.0) -> PrivacyRules:
        """The rules that these changes make, all at the time `t` (seconds)."""
        rules = cls()
        for changed in changes:
            rules.apply(changed, t)
        return rules

    def apply(self, changed: PrivacyChanged, t: float) -> None:
        """Take one rule, or the carrying out of one, in."""
        act = changed.change
        if isinstance(act, ZoneDrawn):
            self.zones[act.zone] = act
            self._areas.pop(act.zone, None)
        elif isinstance(act, ZoneLifted):
            if act.zone in self.zones:
                self.zones[act.zone] = self.zones[act.zone].model_copy(update={"to_s": t})
        elif isinstance(act, RetentionSet):
            if act.keep_s is None:
                self.retention.pop((act.cls, act.place), None)
            else:
                self.retention[act.cls, act.place] = act.keep_s
        elif isinstance(act, KeysDestroyed):
            self.destroyed.update(dict.fromkeys(act.keys, t))

    def zone_at(self, point: Point, category: Category, t: float) -> str | None:
        """The zone because of which nothing of this category at this point is recorded at `t`."""
        for id_, zone in self.zones.items():
            if not zone.from_s <= t or (zone.to_s is not None and t >= zone.to_s):
                continue
            if zone.categories and category not in zone.categories:
                continue
            if self._is_in(zone, point):
                return id_
        return None

    def keep_s(self, classes: tuple[str, ...], places: tuple[str, ...]) -> float | None:
        """How long a report on a thing of these classes at these places is kept; None: for good."""
        fitting = [
            keep
            for (cls, place), keep in self.retention.items()
            if cls in ("", *classes) and place in ("", *places)
        ]
        return min(fitting, default=None)

    def form(self) -> Any:
        """The canonical form, for the hash of the state.

        Of keys that are gone only when they went: their pseudonyms are random, and the same run on
        another host must have the same hash.
        """
        return {
            "zones": self.zones,
            "retention": {"\n".join(key): keep for key, keep in self.retention.items()},
            "destroyed": sorted(self.destroyed.values()),
        }

    def _is_in(self, zone: ZoneDrawn, point: Point) -> bool:
        # Most logs have no zone, and their readers need no geometry library.
        import shapely

        area = self._areas.get(zone.zone)
        if area is None:
            area = self._areas[zone.zone] = shapely.make_valid(shapely.Polygon(zone.polygon))
        return bool(shapely.distance(area, shapely.Point(point)) <= zone.margin_m)
