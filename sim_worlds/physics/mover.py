"""Something that moves along polylines at constant speed: a body or a person.

Nothing is stepped: where it is at any time follows from where and when it last changed. Metres,
seconds, radians.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from devices.geometry import heading
from devices.site import Point
from sim_worlds.contracts import TrackPoint


class Mover:
    """A point on its way. At rest `speed` is 0 and `way` ends where it stands."""

    def __init__(self, x: float, y: float, yaw: float = 0.0) -> None:
        self.yaw = yaw
        self.speed = 0.0
        self.way: list[Point] = [(x, y)]
        self._at_m = [0.0]
        self._done_m = 0.0
        self._since = 0.0
        self.track: list[TrackPoint] = [_point(0.0, (x, y))]

    @property
    def length_m(self) -> float:
        """Length of the whole way."""
        return self._at_m[-1]

    def set_way(self, points: Sequence[Point], t: float) -> None:
        """Stand at `t` at the start of a new way that begins where one is."""
        here = self.where(t)
        self.stop(t)
        self.way = [here]
        for point in points:
            if math.dist(point, self.way[-1]) > 1e-6:
                self.way.append(point)
        self._at_m = [0.0]
        for a, b in pairwise(self.way):
            self._at_m.append(self._at_m[-1] + math.dist(a, b))
        self._done_m = 0.0

    def go(self, speed_m_s: float, t: float) -> None:
        """Move on along the way from `t` on, at this speed."""
        self._settle(t)
        self.speed = speed_m_s

    def stop(self, t: float) -> None:
        """Stand still from `t` on."""
        self._settle(t)
        self.speed = 0.0

    def done_m(self, t: float) -> float:
        """How much of the way is done."""
        return min(self._done_m + self.speed * (t - self._since), self._at_m[-1])

    def when(self, metres: float, t: float) -> float:
        """When this much of the way will be done, if it goes on as now."""
        return t + max(0.0, metres - self.done_m(t)) / self.speed

    def where(self, t: float) -> Point:
        """The place at time `t`."""
        return self._spot(self.done_m(t))

    def facing(self, t: float) -> float:
        """The yaw at time `t`: along the way while moving."""
        if self.speed > 0 and len(self.way) > 1:
            leg = min(bisect_right(self._at_m, self.done_m(t)), len(self.way) - 1)
            return heading(self.way[leg - 1], self.way[leg])
        return self.yaw

    def face(self, point: Point, t: float) -> None:
        """Turn towards a point, on the spot."""
        here = self.where(t)
        if math.dist(here, point) > 1e-6:
            self.yaw = heading(here, point)

    def track_until(self, t: float) -> tuple[TrackPoint, ...]:
        """Every point where the motion changed, up to where it is at `t`."""
        return (*self.track, *self._passed(t))

    def _settle(self, t: float) -> None:
        """Make `t` the moment from which everything is computed."""
        self.track += self._passed(t)
        if self.speed > 0:
            self.yaw = self.facing(t)
        self._done_m, self._since = self.done_m(t), t

    def _passed(self, t: float) -> list[TrackPoint]:
        """The corners passed since the last change, and the place at `t`."""
        done = self.done_m(t)
        passed = []
        if self.speed > 0:
            for metres, point in zip(self._at_m, self.way, strict=True):
                if self._done_m < metres < done:
                    when = self._since + (metres - self._done_m) / self.speed
                    passed.append(_point(when, point))
        if self.track[-1].t != round(t, 3):
            passed.append(_point(t, self._spot(done)))
        return passed

    def _spot(self, metres: float) -> Point:
        if metres >= self._at_m[-1]:
            return self.way[-1]
        leg = bisect_right(self._at_m, metres)
        (ax, ay), (bx, by) = self.way[leg - 1], self.way[leg]
        start = self._at_m[leg - 1]
        share = (metres - start) / (self._at_m[leg] - start)
        return ax + (bx - ax) * share, ay + (by - ay) * share


def _point(t: float, at: Point) -> TrackPoint:
    return TrackPoint(t=round(t, 3), x=round(at[0], 3), y=round(at[1], 3))
