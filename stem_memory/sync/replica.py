"""What a log needs to be one of many: rows as they lie there, births, watermarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from stem_memory.contracts import Event
from stem_memory.history.row import Connection
from stem_memory.log.ledger import Ledger, Row
from stem_memory.log.store import EventStore
from stem_memory.sync.contracts import Birth, Watermark
from stem_memory.sync.errors import LogArchived

Key = tuple[str, int]


class Replica(Protocol):
    """One host's copy of the fleet's log."""

    @property
    def ledger(self) -> Ledger:
        """How rows of this log become events."""
        ...

    def rows(self, after: int, at_most: int) -> Sequence[Row]:
        """Rows of the log after a position."""
        ...

    def births(self, after: int, at_most: int) -> Sequence[Birth]:
        """Births learnt after one with this id."""
        ...

    def take(
        self, events: Sequence[Event], births: dict[Key, int], peer: str, mark: Watermark
    ) -> int:
        """Record a peer's events with their births, and that the peer is known up to `mark`.

        Whatever happens in between, a crash leaves a state from which the same batch can be taken
        again. Returns how many events were new.
        """
        ...

    def watermark(self, peer: str) -> Watermark:
        """How far a peer's log is known."""
        ...

    def canonical(self) -> Iterator[Row]:
        """All rows in the order of births: the same on every host that has the same events."""
        ...


class SqliteReplica:
    """An `EventStore` as a replica."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    @property
    def ledger(self) -> Ledger:
        """How rows of this log become events."""
        return self._store.ledger

    def rows(self, after: int, at_most: int) -> Sequence[Row]:
        """Rows of the log after a position."""
        return tuple(self._whole(row) for row in self._store.entries(after, after + at_most))

    def births(self, after: int, at_most: int) -> Sequence[Birth]:
        """Births learnt after one with this id."""
        found = self._store.connection.execute(
            "SELECT id, origin, seq, hlc FROM born WHERE id > ? ORDER BY id LIMIT ?",
            (after, at_most),
        )
        return tuple(Birth(id=i, origin=o, seq=s, stamp=h) for i, o, s, h in found)

    def take(
        self, events: Sequence[Event], births: dict[Key, int], peer: str, mark: Watermark
    ) -> int:
        """See `Replica.take`: births first, then events, then the watermark, each durable."""
        store = self._store
        new = adopt(store, events, births)
        with store.transaction():
            store.connection.execute(
                "INSERT INTO watermark VALUES (?, ?, ?, ?) ON CONFLICT (peer) DO UPDATE SET "
                "position = excluded.position, hash = excluded.hash, born = excluded.born",
                (peer, mark.position, mark.hash, mark.born),
            )
        return new

    def watermark(self, peer: str) -> Watermark:
        """How far a peer's log is known."""
        found = self._store.connection.execute(
            "SELECT position, hash, born FROM watermark WHERE peer = ?", (peer,)
        ).fetchone()
        if found is None:
            return Watermark()
        position, hash_, born = found
        return Watermark(position=position, hash=hash_, born=born)

    def canonical(self) -> Iterator[Row]:
        """All rows in the order of births."""
        return (row for row, _ in self.canonical_with_births())

    def canonical_with_births(self) -> Iterator[tuple[Row, int]]:
        """All rows in the order of births, each with the stamp of its birth."""
        ids = self._store.connection.execute(
            "SELECT event.id, MIN(event.hlc, COALESCE(born.hlc, event.hlc)) AS birth "
            "FROM event LEFT JOIN born USING (origin, seq) ORDER BY birth, origin, seq"
        ).fetchall()
        # One row at a time, so that no long read keeps the writer from its write-ahead log.
        for id_, birth in ids:
            for row in self._store.entries(id_ - 1, id_):
                yield self._whole(row), birth

    def _whole(self, row: Row) -> Row:
        if not row[6]:
            raise LogArchived(
                f"Event {row[0]} of {self.ledger.name} lies in an archive; restore the archive first."
            )
        return row


def adopt(store: EventStore, events: Sequence[Event], births: dict[Key, int]) -> int:
    """Record events that were first recorded elsewhere; returns how many were new.

    Births are on the disk before events are: a crash in between leaves nothing to mend.

    Raises:
        EventConflict, EventUnfit: As `EventStore.append`.
    """
    store.witness(max(births.values(), default=0))
    with store.transaction():
        _save_births(store.connection, births)
    before = store.position()
    store.append(events)
    return store.position() - before


def _save_births(connection: Connection, births: dict[Key, int]) -> None:
    for (origin, seq), stamp in births.items():
        known = connection.execute(
            "SELECT MIN(hlc) FROM ("
            "SELECT hlc FROM born WHERE origin = ? AND seq = ? UNION ALL "
            "SELECT hlc FROM event WHERE origin = ? AND seq = ?)",
            (origin, seq, origin, seq),
        ).fetchone()[0]
        if known is None or stamp < known:
            # A new id, so that peers who know the later birth hear of this one.
            connection.execute("DELETE FROM born WHERE origin = ? AND seq = ?", (origin, seq))
            connection.execute(
                "INSERT INTO born (origin, seq, hlc) VALUES (?, ?, ?)", (origin, seq, stamp)
            )
