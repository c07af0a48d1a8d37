"""Reading history: what was believed of any time, as known at any time, and on what evidence."""

from __future__ import annotations

from math import ceil, hypot, inf

from devices.facts import Value
from devices.noun import Noun
from devices.site import Point
from stem_memory.belief.frames import MAP, Transform
from stem_memory.contracts import FrameAligned
from stem_memory.history.facts import Fact, fact_of
from stem_memory.history.moment import Moment
from stem_memory.history.row import (
    DISPUTED,
    FACT_COLUMNS,
    HELD,
    NEVER,
    Connection,
    Row,
    text_of,
    tick,
)
from stem_memory.log.horizon import require_known

_NOW = NEVER - 1


class Difference(Noun):
    """What one thing's attribute was at one point of time, and at another."""

    thing: str
    attr: str
    before: Fact | None
    after: Fact | None


class FactReader:
    """Questions to the history tables. `t` is valid time in seconds, `position` one of the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def value_at(self, thing: str, attr: str, t: float, position: int | None = None) -> Fact | None:
        """What was so at `t`, as known at `position` (None: now); None: nothing was known."""
        at = self._at(position)
        found = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? AND attr = ? AND vf <= ? "
            "AND vt > ? AND tf <= ? AND tt > ? ORDER BY vf DESC LIMIT 1",
            (thing, attr, t, t, at, at),
        ).fetchone()
        return fact_of(Row(*found)) if found is not None else None

    def world_at(self, t: float, position: int | None = None) -> Moment:
        """Every fact at `t`, as known at `position` (None: now), by thing and attribute."""
        return Moment(self._connection, t, self._at(position))

    def history(
        self, thing: str, attr: str | None = None, position: int | None = None
    ) -> tuple[Fact, ...]:
        """Everything that was ever so of a thing, oldest first, disputes included."""
        at = self._at(position)
        which = "" if attr is None else "AND attr = ? "
        rows = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? {which}AND tf <= ? AND tt > ? "
            "ORDER BY vf, attr, vt, id",
            (thing, *([] if attr is None else [attr]), at, at),
        )
        return tuple(fact_of(Row(*row)) for row in rows)

    def revisions(self, thing: str, attr: str, t: float) -> tuple[Fact, ...]:
        """How knowledge of one moment changed, in the order of the log."""
        rows = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? AND attr = ? AND vf <= ? "
            "AND (vt > ? OR (vt = vf AND vf = ?)) ORDER BY tf, id",
            (thing, attr, t, t, t),
        )
        return tuple(fact_of(Row(*row)) for row in rows)

    def contents_at(self, holder: str, t: float, position: int | None = None) -> tuple[str, ...]:
        """What was on, in, at or held by the holder at `t`."""
        at = self._at(position)
        rows = self._connection.execute(
            "SELECT thing FROM fact WHERE value = ? AND attr = 'location' "
            "AND vf <= ? AND vt > ? AND tf <= ? AND tt > ? ORDER BY thing",
            (text_of(holder), t, t, at, at),
        )
        return tuple(thing for (thing,) in rows)

    def near(
        self, point: Point, radius_m: float, from_s: float, to_s: float | None = None
    ) -> tuple[Fact, ...]:
        """What was seen within the radius of a point at some time from `from_s` to `to_s`."""
        end = from_s if to_s is None else to_s
        found: list[Row] = []
        for spot, first, last in self._epochs(point):
            found.extend(self._around(spot, radius_m, (from_s, end), (first, last)))
        return tuple(fact_of(row) for row in sorted(found, key=lambda row: (row.vf, row.thing)))

    def _around(
        self,
        point: Point,
        radius_m: float,
        times: tuple[float, float],
        events: tuple[int, int],
    ) -> list[Row]:
        x, y = round(point[0] * 1000), round(point[1] * 1000)
        r = ceil(radius_m * 1000)
        columns = ", ".join(f"fact.{name}" for name in FACT_COLUMNS.split(", "))
        rows = self._connection.execute(
            f"SELECT fact.id, {columns} FROM place_box JOIN fact ON fact.id = place_box.id "
            "WHERE x1 >= ? AND x0 <= ? AND y1 >= ? AND y0 <= ? AND t1 >= ? AND t0 <= ? "
            "AND vf <= ? AND vt > ? AND event BETWEEN ? AND ?",
            (
                *(x - r, x + r, y - r, y + r),
                *(tick(times[0]), tick(times[1]), times[1], times[0]),
                *events,
            ),
        )
        near = (Row(*row) for row in rows)
        return [
            row for row in near if hypot(_m(row.x) - point[0], _m(row.y) - point[1]) <= radius_m
        ]

    def _epochs(self, point: Point) -> list[tuple[Point, int, int]]:
        """A point of the map now as it was in each map before, and which events measured in it."""
        rows = self._connection.execute(
            "SELECT id, body FROM event WHERE kind = 'frame_aligned' ORDER BY id DESC"
        )
        epochs: list[tuple[Point, int, int]] = []
        newest, back = NEVER, Transform()
        for position, text in rows:
            said = FrameAligned.model_validate_json(text)
            if said.frame == said.parent == MAP:
                epochs.append((back(point), position, newest))
                newest = position - 1
                back = back.then(Transform(said.x, said.y, said.yaw).inverse())
        return [*epochs, (back(point), 0, newest)]

    def difference(
        self, before: tuple[float, int | None], after: tuple[float, int | None]
    ) -> tuple[Difference, ...]:
        """What differs between two points (valid time, position or None for now)."""
        was, is_ = self.world_at(*before), self.world_at(*after)
        old = {(f.thing, f.attr): f for f in was.besides(is_)}
        new = {(f.thing, f.attr): f for f in is_.besides(was)}
        keys = sorted(old.keys() | new.keys())
        pairs = ((key, old.get(key), new.get(key)) for key in keys)
        return tuple(
            Difference(thing=thing, attr=attr, before=earlier, after=later)
            for (thing, attr), earlier, later in pairs
            if _said(earlier) != _said(later)
        )

    def _at(self, position: int | None) -> int:
        require_known(self._connection, position)
        return _NOW if position is None else position

    def disputed(self, thing: str | None = None) -> tuple[Fact, ...]:
        """What was said and not believed, because somebody more reliable said otherwise."""
        which = "" if thing is None else "AND thing = ? "
        rows = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE status = '{DISPUTED}' {which}"
            f"AND tt = {NEVER} ORDER BY vf, thing, attr",
            [] if thing is None else [thing],
        )
        return tuple(fact_of(Row(*row)) for row in rows)


def _m(metres: float | None) -> float:
    return inf if metres is None else metres


def _said(fact: Fact | None) -> tuple[Value | None, str | None] | None:
    return (fact.value, fact.relation) if fact is not None and fact.status == HELD else None
