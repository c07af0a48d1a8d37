"""Rows of history on their way to the tables: what one commit changes is written together."""

from __future__ import annotations

from stem_memory.history.row import FACT_COLUMNS, NEVER, Connection, Row, tick

_MARKS = ", ".join("?" * (1 + len(FACT_COLUMNS.split(", "))))


class FactBatch:
    """Collects rows until `flush`. What reads the tables has to `settle` first.

    A row that comes and goes within a batch is written once, as it is in the end, and is never put
    into an index that it would be taken out of.

    Args:
        connection: The database that has the tables `fact`, `fact_span` and `place_box`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next = 0
        self._new: dict[int, Row] = {}
        self._ended: list[tuple[Row, int]] = []
        self._touched: set[tuple[str, str]] = set()

    def add(self, row: Row) -> Row:
        """A new row; returns it with its id."""
        if not self._next:
            found = self._connection.execute("SELECT COALESCE(MAX(id), 0) FROM fact").fetchone()
            self._next = int(found[0]) + 1
        row = Row(self._next, *row[1:])
        self._next += 1
        self._new[row.id] = row
        self._touched.add((row.thing, row.attr))
        return row

    def end(self, row: Row, position: int) -> None:
        """A row is superseded by the event at this position."""
        self._touched.add((row.thing, row.attr))
        if row.id not in self._new:
            self._ended.append((row, position))
        elif row.tf == position:
            # The same event wrote it: nobody ever could have read it.
            del self._new[row.id]
        else:
            self._new[row.id] = Row(*row[:11], position, *row[12:])

    def settle(self, thing: str, attr: str) -> None:
        """Write what was collected, should any of it be of this thing's attribute."""
        if (thing, attr) in self._touched:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        self._touched.clear()
        if self._ended:
            self._write_ends()
            self._ended.clear()
        if self._new:
            rows = list(self._new.values())
            self._connection.executemany(
                f"INSERT INTO fact (id, {FACT_COLUMNS}) VALUES ({_MARKS})", rows
            )
            self.index(rows)
            self._new.clear()

    def forget(self) -> None:
        """Drop what was collected, and what was read of the tables: they are others now."""
        self._next = 0
        self._new.clear()
        self._ended.clear()
        self._touched.clear()

    def index(self, rows: list[Row]) -> None:
        """Have rows found by their places and by their intervals."""
        lasting = [row for row in rows if row.vt > row.vf]
        self._connection.executemany(
            "INSERT INTO fact_span VALUES (?, ?, ?, ?, ?)",
            [
                (row.id, tick(row.vf), tick(row.vt), tick(row.tf), tick(row.tt))
                for row in lasting
                if not row.is_open
            ],
        )
        boxes = []
        for row in lasting:
            if row.x is not None and row.y is not None and row.tt == NEVER:
                x, y = round(row.x * 1000), round(row.y * 1000)
                boxes.append((row.id, x, x, y, y, tick(row.vf), tick(row.vt)))
        self._connection.executemany("INSERT INTO place_box VALUES (?, ?, ?, ?, ?, ?, ?)", boxes)

    def _write_ends(self) -> None:
        run = self._connection.executemany
        gone = [row for row, position in self._ended if row.tf == position]
        for table in ("fact", "fact_span"):
            run(f"DELETE FROM {table} WHERE id = ?", [(row.id,) for row in gone])
        ended = [(row, position) for row, position in self._ended if row.tf != position]
        run("UPDATE fact SET tt = ? WHERE id = ?", [(at, row.id) for row, at in ended])
        run(
            "INSERT INTO fact_span VALUES (?, ?, ?, ?, ?)",
            [
                (row.id, tick(row.vf), tick(row.vt), tick(row.tf), tick(at))
                for row, at in ended
                if row.is_open
            ],
        )
        run(
            "UPDATE fact_span SET p1 = ? WHERE id = ?",
            [(tick(at), row.id) for row, at in ended if not row.is_open],
        )
        run(
            "DELETE FROM place_box WHERE id = ?",
            [(row.id,) for row, _ in self._ended if row.x is not None],
        )
