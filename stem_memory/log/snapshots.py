"""Snapshots of the folded state, so that opening a long log does not fold all of it.

A snapshot is a view like any other: it may be thrown away, and one that is not exactly what the
fold gave (its hash differs) or that another version of the fold wrote is not used. Only the base of
a compacted log stays: what came before it is in an archive.
"""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

from stem_memory.belief.state import MemoryState
from stem_memory.errors import StoreUnreadable
from stem_memory.history.row import Connection
from stem_memory.log.freeze import Unfreezable, freeze, thaw

# How many snapshots are kept: the newest, and some for questions about earlier positions.
KEPT = 4
# Parts of the state that older memories know by another name.
_RENAMED = {"annexes": "projections"}
_NO_BASE = "NOT IN (SELECT position FROM compaction)"


class Snapshot(NamedTuple):
    """The state after the event at `position`."""

    position: int
    state: MemoryState


class Snapshots:
    """The snapshots in one store.

    Args:
        connection: The database that has the table `snapshot`.
        version: The version of the fold whose snapshots are of use.
    """

    def __init__(self, connection: Connection, version: int) -> None:
        self._connection = connection
        self._version = version

    def save(self, position: int, state: MemoryState, thin: bool = True) -> bool:
        """Store the state after an event; False if something in it can not be stored.

        Call it in a transaction. Older snapshots are thinned out, unless told otherwise.
        """
        try:
            parts = {name: freeze(part) for name, part in state.parts().items()}
        except Unfreezable:
            return False
        text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
        self._connection.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)",
            (position, self._version, state.digest(), zlib.compress(text.encode(), 1)),
        )
        if thin:
            self._thin()
        return True

    def newest(self, until: int | None = None) -> Snapshot | None:
        """The newest sound snapshot (at or before a position)."""
        limit = "" if until is None else "AND position <= ? "
        rows = self._connection.execute(
            f"SELECT position, digest, form FROM snapshot WHERE version = ? {limit}"
            "ORDER BY position DESC",
            (self._version, *([] if until is None else [until])),
        ).fetchall()
        for position, digest, form in rows:
            state = _thawed(form)
            if state is not None and state.digest() == digest:
                return Snapshot(position, state)
        return None

    def last_position(self) -> int:
        """The position of the newest snapshot; 0: there is none."""
        found: int = self._connection.execute(
            "SELECT COALESCE(MAX(position), 0) FROM snapshot WHERE version = ?", (self._version,)
        ).fetchone()[0]
        return found

    def clear(self) -> None:
        """Forget them all, but for the bases of compactions."""
        self._connection.execute(f"DELETE FROM snapshot WHERE position {_NO_BASE}")

    def base(self, position: int) -> MemoryState:
        """The state that a log compacted up to `position` starts from.

        One of another version is used as that version had it: there is nothing to make it from.

        Raises:
            StoreUnreadable: If it is damaged, or of a version that has another form.
        """
        row = self._connection.execute(
            "SELECT digest, form, version FROM snapshot WHERE position = ?", (position,)
        ).fetchone()
        state = _thawed(row[1], strict=row[2] == self._version) if row is not None else None
        if state is None or (row[2] == self._version and state.digest() != row[0]):
            raise StoreUnreadable(
                f"The log was compacted up to event {position} and the state there can not be "
                "read by this version; restore the archive first."
            )
        return state

    def _thin(self) -> None:
        """Keep the newest and, of the rest, those that leave the smallest gaps doubled."""
        rows = self._connection.execute(
            f"SELECT position FROM snapshot WHERE position {_NO_BASE} ORDER BY 1"
        )
        held = [position for (position,) in rows]
        while len(held) > KEPT:
            gaps = {held[i]: held[i + 1] - (held[i - 1] if i else 0) for i in range(len(held) - 1)}
            gone = min(gaps, key=lambda position: (gaps[position], position))
            self._connection.execute("DELETE FROM snapshot WHERE position = ?", (gone,))
            held.remove(gone)


def _thawed(form: bytes, strict: bool = True) -> MemoryState | None:
    try:
        parts = json.loads(zlib.decompress(form))
        thawed = {_RENAMED.get(name, name): thaw(part) for name, part in parts.items()}
        return MemoryState.of_parts(thawed, strict)
    except (zlib.error, ValueError, TypeError, AttributeError, ImportError, LookupError):
        # Damaged, or of other software: what can not be read is made again from the log.
        return None
