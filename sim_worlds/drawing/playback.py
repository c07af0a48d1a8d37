"""A film at any moment: where everybody is, what lies where, who is off line, who speaks.

Seeking forward applies only the cuts in between; seeking back starts over. Seconds, metres.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from devices.facts import Value
from devices.site import Point
from sim_worlds.contracts import Film, TrackPoint


@dataclass(frozen=True)
class Shown:
    """A thing as it is now: its class, holder and states, and its spot on a floor if it has one."""

    cls: str = ""
    holder: str | None = None
    states: dict[str, Value] = field(default_factory=dict)
    spot: Point | None = None


class Playback:
    """The state of a film at the moment last sought; `version` grows when a thing changes."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.movers = (*(spec.id for spec in film.bodies), *film.people)
        self._yaw = {spec.id: spec.pose.yaw for spec in film.bodies}
        self._times = {who: [p.t for p in track] for who, track in film.tracks.items()}
        self._start = {spec.id: (spec.pose.x, spec.pose.y) for spec in film.bodies}
        self._says = [(cut.t, cut.thing, cut.caption) for cut in film.cuts if cut.caption]
        self._said_at = [t for t, _, _ in self._says]
        self.version = 0
        self._rewind()

    def _rewind(self) -> None:
        self.things: dict[str, Shown] = {}
        self._next = 0
        self._now = -math.inf
        self.version += 1

    def seek(self, t: float) -> None:
        """Go to time `t`."""
        if t < self._now:
            self._rewind()
        self._now = t
        cuts = self.film.cuts
        while self._next < len(cuts) and cuts[self._next].t <= t:
            cut = cuts[self._next]
            self._next += 1
            if cut.caption:
                continue
            self.version += 1
            if cut.gone:
                self.things.pop(cut.thing, None)
                continue
            old = self.things.get(cut.thing, Shown())
            moved = cut.holder is not None and cut.holder != old.holder
            self.things[cut.thing] = replace(
                old,
                cls=cut.cls or old.cls,
                holder=cut.holder if cut.holder is not None else old.holder,
                states={**old.states, **cut.states},
                spot=cut.spot if cut.spot is not None or moved else old.spot,
            )

    def place(self, who: str, t: float) -> Point | None:
        """Where a body or person is at time `t`; None for one that the film does not follow."""
        track = self.film.tracks.get(who, ())
        if not track:
            return self._start.get(who)
        k = bisect_right(self._times[who], t)
        if k == 0:
            return track[0].x, track[0].y
        if k == len(track):
            return track[-1].x, track[-1].y
        a, b = track[k - 1], track[k]
        part = (t - a.t) / (b.t - a.t) if b.t > a.t else 1.0
        return a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part

    def yaw(self, who: str, t: float) -> float:
        """The direction of the last move: radians, counter-clockwise from x."""
        track = self.film.tracks.get(who, ())
        k = min(bisect_right(self._times.get(who, []), t), len(track) - 1)
        while k > 0:
            a, b = track[k - 1], track[k]
            if _apart(a, b):
                return math.atan2(b.y - a.y, b.x - a.x)
            k -= 1
        return self._yaw.get(who, -math.pi / 2)

    def trail(self, who: str, t: float, seconds: float) -> list[tuple[float, Point]]:
        """The way of the last seconds as (time, point), old first."""
        track = self.film.tracks.get(who, ())
        times = self._times.get(who, [])
        first = max(t - seconds, track[0].t) if track else t
        corners = track[bisect_right(times, first) : bisect_right(times, t)]
        ends = [(s, self.place(who, s)) for s in (first, t)]
        if ends[0][1] is None or ends[1][1] is None:
            return []
        return [(first, ends[0][1]), *((p.t, (p.x, p.y)) for p in corners), (t, ends[1][1])]

    def offline(self, t: float) -> set[str]:
        """The bodies that are dead at time `t`."""
        dead: set[str] = set()
        for at, body, mark in self.film.marks:
            if at <= t:
                (dead.add if mark == "offline" else dead.discard)(body)
        return dead

    def speech(self, t: float, seconds: float) -> dict[str, str]:
        """Who says what: the last words of everybody who spoke in the last seconds."""
        first, last = bisect_right(self._said_at, t - seconds), bisect_right(self._said_at, t)
        return {who: text for _, who, text in self._says[first:last]}

    def held(self) -> dict[str, list[str]]:
        """What each body or person holds, in the order of the film."""
        hands: dict[str, list[str]] = {who: [] for who in self.movers}
        for name, shown in self.things.items():
            if shown.holder in hands:
                hands[shown.holder].append(name)
        return hands


def _apart(a: TrackPoint, b: TrackPoint) -> bool:
    return math.hypot(b.x - a.x, b.y - a.y) > 0.02
