"""Bitemporal history of beliefs, kept in tables beside the log and rebuilt from it at any time.

Two axes: valid time (when it was so, seconds) and transaction time (when the log knew it, as a
position). Every interval is half open, [from, to). A row is never edited but for the end of its
transaction time: a change ends the old row and writes what is now known of its valid time anew.
R. T. Snodgrass, "Developing Time-Oriented Database Applications in SQL", 1999, chapter 10.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import floor
from typing import Any, NamedTuple, Protocol

from devices.facts import Value
from stem_memory.evidence import SURVEY
from stem_memory.journal import Change

FOREVER = 1e18  # seconds: true until further notice
NEVER = 1 << 62  # position: not superseded
HELD, DISPUTED, WITHDRAWN = "held", "disputed", "withdrawn"

FACT_COLUMNS = (
    "thing, attr, value, relation, status, confidence, source, vf, vt, tf, tt, event, x, y"
)
# An R*Tree holds 32-bit integers: millimetres, seconds of valid time, positions. The last one
# stands for "no end"; what goes beyond would wrap around silently.
_NO_END = 2**31 - 1


class Connection(Protocol):
    """What is needed of a database connection."""

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), /) -> Any:
        """Run one statement and return a cursor."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Any:
        """Run one statement for each row of parameters."""
        ...


class Row(NamedTuple):
    """One row of history, in the order of the table."""

    id: int
    thing: str
    attr: str
    value: str | None
    relation: str | None
    status: str
    confidence: float
    source: str
    vf: float
    vt: float
    tf: int
    tt: int
    event: int
    x: float | None
    y: float | None


class FactIndex:
    """Writes history. One transaction of the log and its changes belong together.

    Args:
        connection: The database that has the tables `fact` and `place_box`.
        later_evidence: (thing, attr, t, position) to the first time after `t` of which the log
            before that position holds evidence: what a late report must not reach beyond. None:
            there is none.
    """

    def __init__(
        self,
        connection: Connection,
        later_evidence: Callable[[str, str, float, int], float | None],
    ) -> None:
        self._connection = connection
        self._later_evidence = later_evidence

    def note(self, changes: Iterable[Change], position: int) -> None:
        """Write what the event at this position of the log changed."""
        for change in changes:
            if change.verdict == "changed":
                self._begin(change, position)
            elif change.verdict == "late":
                self._slip_in(change, position)
            elif change.verdict == "stated":
                end = FOREVER if change.until is None else change.until
                rows = self._overlapping(change, change.t, end)
                self._replace(change, change.t, end, position, rows)
            elif not self._is_noted(change):
                self._insert(change, change.t, change.t, DISPUTED, position)

    def clear(self, start: int = 0) -> None:
        """Forget what was learnt after a position, to write it anew."""
        for table in ("place_box", "fact_span"):
            self._connection.execute(f"DELETE FROM {table}")
        self._connection.execute("DELETE FROM fact WHERE tf > ?", (start,))
        self._connection.execute("UPDATE fact SET tt = ? WHERE tt > ?", (NEVER, start))
        kept = self._connection.execute(f"SELECT id, {FACT_COLUMNS} FROM fact").fetchall()
        for row in kept:
            self._index(Row(*row))

    def _begin(self, change: Change, position: int) -> None:
        """True from now on: what was held ends here, whatever was said of later times."""
        rows = self._overlapping(change, change.t, FOREVER)
        if len(rows) != 1 or rows[0].vf > change.t or not _same(rows[0], change):
            self._replace(change, change.t, FOREVER, position, rows)

    def _slip_in(self, change: Change, position: int) -> None:
        """A late report holds until the next evidence that is already known."""
        row = self._covering(change.thing, change.attr, change.t)
        if row is not None and _same(row, change):
            return
        if row is not None and row.vf == change.t and _outranks(row, change):
            self._insert(change, change.t, change.t, DISPUTED, position)
            return
        known = [self._later_evidence(change.thing, change.attr, change.t, position)]
        known.append(row.vt if row is not None else self._next_start(change))
        end = min(t for t in known if t is not None)
        rows = self._overlapping(change, change.t, end)
        self._replace(change, change.t, end, position, rows)

    def _replace(
        self, change: Change, vf: float, vt: float, position: int, rows: list[Row]
    ) -> None:
        """Let the change alone hold in [vf, vt), which `rows` overlap; keep what is around it."""
        for row in rows:
            self._end(row, position)
            if row.vf < vf:
                self._copy(row, row.vf, vf, position)
            if row.vt > vt:
                self._copy(row, vt, row.vt, position)
        status = WITHDRAWN if change.verdict == "stated" and change.value is None else HELD
        self._insert(change, vf, vt, status, position)

    def _overlapping(self, change: Change, vf: float, vt: float) -> list[Row]:
        found = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? AND attr = ? AND vf < ? "
            f"AND vt > ? AND tt = {NEVER}",
            (change.thing, change.attr, vt, vf),
        )
        return [Row(*row) for row in found]

    def _covering(self, thing: str, attr: str, t: float) -> Row | None:
        found = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? AND attr = ? AND vf <= ? "
            f"AND vt > ? AND tt = {NEVER} ORDER BY vt LIMIT 1",
            (thing, attr, t, t),
        ).fetchone()
        return Row(*found) if found is not None else None

    def _next_start(self, change: Change) -> float:
        found = self._connection.execute(
            f"SELECT MIN(vf) FROM fact WHERE thing = ? AND attr = ? AND vf > ? AND vt > vf "
            f"AND tt = {NEVER}",
            (change.thing, change.attr, change.t),
        ).fetchone()[0]
        return FOREVER if found is None else float(found)

    def _is_noted(self, change: Change) -> bool:
        found = self._connection.execute(
            f"SELECT 1 FROM fact WHERE thing = ? AND attr = ? AND vf = ? AND status = '{DISPUTED}' "
            "AND source = ? AND value IS ?",
            (change.thing, change.attr, change.t, change.source, text_of(change.value)),
        ).fetchone()
        return found is not None

    def _insert(self, c: Change, vf: float, vt: float, status: str, position: int) -> None:
        x, y = c.xy if c.xy is not None else (None, None)
        self._write(
            Row(
                0,
                c.thing,
                c.attr,
                text_of(c.value),
                c.relation,
                status,
                c.confidence,
                c.source,
                vf,
                vt,
                position,
                NEVER,
                position,
                x,
                y,
            )
        )

    def _copy(self, row: Row, vf: float, vt: float, position: int) -> None:
        self._write(row._replace(vf=vf, vt=vt, tf=position))

    def _write(self, row: Row) -> None:
        marks = ", ".join("?" * (len(row) - 1))
        cursor = self._connection.execute(
            f"INSERT INTO fact ({FACT_COLUMNS}) VALUES ({marks})", row[1:]
        )
        self._index(row._replace(id=cursor.lastrowid))

    def _index(self, row: Row) -> None:
        """Have a row found by its place and by its intervals."""
        if row.vt <= row.vf:
            return
        if not _open(row):
            self._span(row)
        if row.x is not None and row.y is not None and row.tt == NEVER:
            x, y = round(row.x * 1000), round(row.y * 1000)
            self._connection.execute(
                "INSERT INTO place_box VALUES (?, ?, ?, ?, ?, ?, ?)",
                (row.id, x, x, y, y, tick(row.vf), tick(row.vt)),
            )

    def _end(self, row: Row, position: int) -> None:
        if row.tf == position:
            # The same event wrote it: nobody ever could have read it.
            self._connection.execute("DELETE FROM fact WHERE id = ?", (row.id,))
            self._connection.execute("DELETE FROM fact_span WHERE id = ?", (row.id,))
        else:
            self._connection.execute("UPDATE fact SET tt = ? WHERE id = ?", (position, row.id))
            if _open(row):
                self._span(row._replace(tt=position))
            else:
                self._connection.execute(
                    "UPDATE fact_span SET p1 = ? WHERE id = ?", (tick(position), row.id)
                )
        if row.x is not None:
            self._connection.execute("DELETE FROM place_box WHERE id = ?", (row.id,))

    def _span(self, row: Row) -> None:
        """Index a row that is over, in the world or in what is known."""
        self._connection.execute(
            "INSERT INTO fact_span VALUES (?, ?, ?, ?, ?)",
            (row.id, tick(row.vf), tick(row.vt), tick(row.tf), tick(row.tt)),
        )


def tick(number: float) -> int:
    """A time in seconds or a position as an R*Tree holds it, rounded down."""
    return _NO_END if number >= FOREVER else floor(max(-_NO_END, min(number, _NO_END - 1)))


def value_of(text: str | None) -> Value | None:
    """A stored value as it was."""
    value: Value | None = None if text is None else json.loads(text)
    return value


def text_of(value: Value | None) -> str | None:
    """A value as it is stored: JSON, or NULL."""
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _same(row: Row, change: Change) -> bool:
    return (
        row.status == HELD
        and value_of(row.value) == change.value
        and row.relation == change.relation
        and (change.xy is None or (row.x, row.y) == change.xy)
    )


def _outranks(row: Row, change: Change) -> bool:
    if row.source == change.source:
        return False
    ours = (row.source != SURVEY, row.confidence, row.source)
    return ours > (change.source != SURVEY, change.confidence, change.source)


def _open(row: Row) -> bool:
    return row.vt >= FOREVER and row.tt == NEVER
