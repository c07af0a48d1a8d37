"""A film at any moment: where everybody is, what lies where, who is off line, who speaks.

What a thing looks like changes at moments only: `spans` has them all. Seconds, metres.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from devices.facts import Value
from devices.site import Point
from sim_worlds.contracts import Film, FilmCut, TrackPoint


@dataclass(frozen=True)
class Shown:
    """A thing, fixture, body or person as it looks for a while.

    `spot` is where it lies if it is on a floor, `held` what it holds by name, in the order of
    coming, `is_dead` whether it is a body that is off line.
    """

    cls: str = ""
    holder: str | None = None
    states: dict[str, Value] = field(default_factory=dict)
    spot: Point | None = None
    held: tuple[tuple[str, Shown], ...] = ()
    is_dead: bool = False


PLAIN = Shown()


class Playback:
    """A film, folded into what can be asked of a moment."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.movers = (*(spec.id for spec in film.bodies), *film.people)
        # From when on what looks how; None: it is gone.
        self.spans: dict[str, list[tuple[float, Shown | None]]] = {}
        self._yaw = {spec.id: spec.pose.yaw for spec in film.bodies}
        self._times = {who: [p.t for p in track] for who, track in film.tracks.items()}
        self._start = {spec.id: (spec.pose.x, spec.pose.y) for spec in film.bodies}
        self.says = [(cut.t, cut.thing, cut.caption) for cut in film.cuts if cut.caption]
        self._said_at = [t for t, _, _ in self.says]
        self._fold()
        self._rest = sorted(
            {t for id_, spans in self.spans.items() if id_ not in self.movers for t, _ in spans}
        )

    def _fold(self) -> None:
        fixtures = (fixture.id for fixture in self.film.plan.fixtures)
        inside: dict[str, dict[str, None]] = {id_: {} for id_ in (*fixtures, *self.movers)}
        now: dict[str, Shown] = {}
        changes: list[tuple[float, FilmCut | tuple[str, str]]] = [
            *((cut.t, cut) for cut in self.film.cuts if not cut.caption),
            *((t, (body, mark)) for t, body, mark in self.film.marks),
        ]
        changes.sort(key=lambda change: change[0])
        for t, group in itertools.groupby(changes, key=lambda change: change[0]):
            touched: dict[str, None] = {}
            for _, change in group:
                touched |= dict.fromkeys(_applied(change, now, inside))
            for id_ in touched:
                old = now.get(id_, PLAIN if id_ in inside else None)
                if old is not None:
                    held = tuple((name, now[name]) for name in inside.get(id_, ()))
                    old = now[id_] = replace(old, held=held)
                self.spans.setdefault(id_, []).append((t, old))

    def shown(self, id_: str, t: float) -> Shown | None:
        """How something looks at time `t`; None: it is not there, or the film does not tell."""
        spans = self.spans.get(id_, [])
        k = bisect_right(spans, t, key=lambda span: span[0])
        return spans[k - 1][1] if k else None

    def is_dead(self, body: str, t: float) -> bool:
        """Whether a body is off line at time `t`."""
        return (self.shown(body, t) or PLAIN).is_dead

    def version(self, t: float) -> int:
        """A number that is another one when something has changed that does not move."""
        return bisect_right(self._rest, t)

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

    def speech(self, t: float, seconds: float) -> dict[str, str]:
        """Who says what: the last words of everybody who spoke in the last seconds."""
        first, last = bisect_right(self._said_at, t - seconds), bisect_right(self._said_at, t)
        return {who: text for _, who, text in self.says[first:last]}


def _applied(
    change: FilmCut | tuple[str, str], now: dict[str, Shown], inside: dict[str, dict[str, None]]
) -> Iterator[str]:
    """Bring what is shown up to date with one change; whose looks it may have changed."""
    if not isinstance(change, FilmCut):
        body, mark = change
        now[body] = replace(now.get(body, PLAIN), is_dead=mark == "offline")
        yield body
        return
    id_ = change.thing
    old = now.get(id_, PLAIN)
    yield id_
    if change.gone:
        now.pop(id_, None)
        new = replace(old, holder=None)
    else:
        moved = change.holder is not None and change.holder != old.holder
        new = now[id_] = replace(
            old,
            cls=change.cls or old.cls,
            holder=change.holder if change.holder is not None else old.holder,
            states={**old.states, **change.states},
            spot=change.spot if change.spot is not None or moved else old.spot,
        )
    if new.holder != old.holder and old.holder in inside:
        inside[old.holder].pop(id_, None)
    if new.holder in inside:
        inside[new.holder].setdefault(id_)
    yield from (holder for holder in {old.holder: None, new.holder: None} if holder in inside)


def _apart(a: TrackPoint, b: TrackPoint) -> bool:
    return math.hypot(b.x - a.x, b.y - a.y) > 0.02
