"""Bitemporal history of beliefs, kept in tables beside the log and rebuilt from it at any time.

Two axes: valid time (when it was so, seconds) and transaction time (when the log knew it, as a
position). Every interval is half open, [from, to). A row is never edited but for the end of its
transaction time: a change ends the old row and writes what is now known of its valid time anew.
R. T. Snodgrass, "Developing Time-Oriented Database Applications in SQL", 1999, chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stem_memory.belief.evidence import SURVEY
from stem_memory.belief.journal import Change
from stem_memory.history.batch import FactBatch
from stem_memory.history.row import (
    DISPUTED,
    FACT_COLUMNS,
    FOREVER,
    HELD,
    NEVER,
    WITHDRAWN,
    Connection,
    Row,
    text_of,
    value_of,
)

# Of how many things it is remembered which row holds now.
_REMEMBERED = 200_000


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
        self._batch = FactBatch(connection)
        # The row that holds from some time on without an end, where it is known.
        self._newest: dict[tuple[str, str], Row] = {}

    def note(self, changes: Iterable[Change], position: int) -> None:
        """Take in what the event at this position of the log changed. `flush` writes it."""
        for change in changes:
            if change.verdict == "changed":
                self._begin(change, position)
                continue
            self._newest.pop((change.thing, change.attr), None)
            if change.verdict == "late":
                self._slip_in(change, position)
            elif change.verdict == "stated":
                end = FOREVER if change.until is None else change.until
                rows = self._overlapping(change, change.t, end)
                self._replace(change, change.t, end, position, rows)
            elif not self._is_noted(change):
                self._insert(change, change.t, change.t, DISPUTED, position)

    def flush(self) -> None:
        """Write what was noted, before the transaction ends."""
        self._batch.flush()

    def forget(self) -> None:
        """The transaction was rolled back, or others wrote the tables: read them anew."""
        self._batch.forget()
        self._newest.clear()

    def clear(self, start: int = 0) -> None:
        """Forget what was learnt after a position, to write it anew."""
        self.forget()
        for table in ("place_box", "fact_span"):
            self._connection.execute(f"DELETE FROM {table}")
        self._connection.execute("DELETE FROM fact WHERE tf > ?", (start,))
        self._connection.execute("UPDATE fact SET tt = ? WHERE tt > ?", (NEVER, start))
        kept = self._connection.execute(f"SELECT id, {FACT_COLUMNS} FROM fact").fetchall()
        self._batch.index([Row(*row) for row in kept])

    def _begin(self, change: Change, position: int) -> None:
        """True from now on: what was held ends here, whatever was said of later times."""
        key = (change.thing, change.attr)
        newest = self._newest.get(key)
        if newest is not None and newest.vf <= change.t:
            rows = [newest]
        else:
            rows = self._overlapping(change, change.t, FOREVER)
        # What was only said to be so for a while, and now is seen to be, is so without an end.
        lasts = len(rows) == 1 and rows[0].vf <= change.t and rows[0].vt == FOREVER
        if lasts and _same(rows[0], change):
            return
        if len(self._newest) >= _REMEMBERED:
            self._newest.clear()
        self._newest[key] = self._replace(change, change.t, FOREVER, position, rows)

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

    def _replace(self, change: Change, vf: float, vt: float, position: int, rows: list[Row]) -> Row:
        """Let the change alone hold in [vf, vt), which `rows` overlap; keep what is around it."""
        for row in rows:
            self._batch.end(row, position)
            if row.vf < vf:
                self._copy(row, row.vf, vf, position)
            if row.vt > vt:
                self._copy(row, vt, row.vt, position)
        status = WITHDRAWN if change.verdict == "stated" and change.value is None else HELD
        return self._insert(change, vf, vt, status, position)

    def _overlapping(self, change: Change, vf: float, vt: float) -> list[Row]:
        self._batch.settle(change.thing, change.attr)
        found = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? AND attr = ? AND vf < ? "
            f"AND vt > ? AND tt = {NEVER}",
            (change.thing, change.attr, vt, vf),
        )
        return [Row(*row) for row in found]

    def _covering(self, thing: str, attr: str, t: float) -> Row | None:
        self._batch.settle(thing, attr)
        found = self._connection.execute(
            f"SELECT id, {FACT_COLUMNS} FROM fact WHERE thing = ? AND attr = ? AND vf <= ? "
            f"AND vt > ? AND tt = {NEVER} ORDER BY vt LIMIT 1",
            (thing, attr, t, t),
        ).fetchone()
        return Row(*found) if found is not None else None

    def _next_start(self, change: Change) -> float:
        self._batch.settle(change.thing, change.attr)
        found = self._connection.execute(
            f"SELECT MIN(vf) FROM fact WHERE thing = ? AND attr = ? AND vf > ? AND vt > vf "
            f"AND tt = {NEVER}",
            (change.thing, change.attr, change.t),
        ).fetchone()[0]
        return FOREVER if found is None else float(found)

    def _is_noted(self, change: Change) -> bool:
        self._batch.settle(change.thing, change.attr)
        found = self._connection.execute(
            f"SELECT 1 FROM fact WHERE thing = ? AND attr = ? AND vf = ? AND status = '{DISPUTED}' "
            "AND source = ? AND value IS ?",
            (change.thing, change.attr, change.t, change.source, text_of(change.value)),
        ).fetchone()
        return found is not None

    def _insert(self, c: Change, vf: float, vt: float, status: str, position: int) -> Row:
        x, y = c.xy if c.xy is not None else (None, None)
        known = (text_of(c.value), c.relation, status, c.confidence, c.source)
        return self._batch.add(
            Row(0, c.thing, c.attr, *known, vf, vt, position, NEVER, position, x, y)
        )

    def _copy(self, row: Row, vf: float, vt: float, position: int) -> None:
        self._batch.add(Row(*row[:8], vf, vt, position, *row[11:]))


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
