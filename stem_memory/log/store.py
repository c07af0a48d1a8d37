"""The event log in one SQLite file: what is acknowledged is on the disk, and nothing is rewritten."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from stem_memory.answers.words import Hit, find_words
from stem_memory.belief.state import MemoryState
from stem_memory.clock import clock_of
from stem_memory.contracts import Event, Recorded, Verified
from stem_memory.errors import EventConflict, StoreReadOnly, StoreUnreadable, StoreUnwritable
from stem_memory.history.query import FactReader
from stem_memory.history.row import Connection
from stem_memory.log.chain import GENESIS, body_text, link
from stem_memory.log.derived import Derived
from stem_memory.log.disk import written
from stem_memory.log.hlc import HybridClock, first_of_ms
from stem_memory.log.horizon import BehindHorizon, horizon, require_forgotten, require_known
from stem_memory.log.ledger import COLUMNS, Ledger, Row
from stem_memory.log.migrations import (
    check,
    connect,
    create,
    migrate,
    readable,
    require_current,
    require_safe_sqlite,
    too_old,
)
from stem_memory.log.writer_lock import WriterLock
from stem_memory.privacy.vault import Vault

# Readers take short looks, so that they never keep the writer from emptying its write-ahead log.
_PAGE = 1000
# A snapshot of the state is taken after so many events, and at the end of a session after fewer.
_SNAPSHOT_EVERY = 50_000
_SNAPSHOT_AT_CLOSE = 1_000


class EventStore:
    """The log of one memory. Make one with `writer` or `reader`; close it, or use `with`.

    One process writes, any number read. A store belongs to one thread at a time.
    """

    def __init__(
        self,
        path: Path,
        db: Database,
        clock: HybridClock | None,
        lock: WriterLock | None,
        vault: Vault | None = None,
    ):
        self.path = path
        self._vault = vault
        self.ledger = Ledger(str(path), vault)
        self._db = db
        self._clock = clock
        self._lock = lock
        self._last: dict[str, int] = {}
        self._head: tuple[int, str] = (0, GENESIS)
        self._derived = Derived(db.conn, self.ledger.opened)
        self._state: MemoryState | None = None
        self._state_of = -1
        self._snapshot_at = 0
        self.facts = FactReader(db.conn)

    @classmethod
    def writer(
        cls,
        path: Path | str,
        milliseconds: Callable[[], int],
        vault: Vault | None = None,
        as_it_lies: bool = False,
    ) -> EventStore:
        """Open for writing; make the file if there is none.

        Args:
            path: The file. Beside it SQLite keeps `-wal` and `-shm`, and we keep `.lock`.
            milliseconds: The clock of transaction time; a simulation passes its own.
            vault: Seals what is personal; without one it lies in the log as it is.
            as_it_lies: Leave the tables beside the log alone, to bring back an archive first.

        Raises:
            UnsafeSqlite, StoreUnreadable, StoreTooNew, StoreUnwritable: The file stays as it is.
            StoreInUse: Another writer holds it.
            BaseOutdated: It was compacted, and keys were destroyed since.
        """
        path = Path(path)
        if path.exists():
            check(path)
        else:
            require_safe_sqlite()
        if not path.parent.is_dir():
            raise StoreUnreadable(f"There is no folder {path.parent}; make it first.")
        lock = WriterLock(path)
        try:
            with readable(path), written(path):
                if not path.exists():
                    create(path)
                db = connect(path, write=True)
                migrate(db)
                store = cls(path, db, None, lock, vault)
                store._find_ends(milliseconds)
                if not as_it_lies:
                    store._settle_keys()
                    store._catch_up()
        except BaseException:
            lock.release()
            raise
        return store

    @classmethod
    def reader(cls, path: Path | str, vault: Vault | None = None) -> EventStore:
        """Open for reading beside a writer or without one; sees what is committed at each read.

        Without the vault's keys, sealed events are read without what is personal.

        Raises:
            UnsafeSqlite, StoreUnreadable, StoreTooNew, StoreTooOld: The file stays as it is.
        """
        path = Path(path)
        check(path)
        db = connect(path, write=False)
        try:
            with readable(path):
                require_current(path, db.conn)
                store = cls(path, db, None, None, vault)
                if not store._derived.is_current():
                    raise too_old(path)
        except BaseException:
            db.close()
            raise
        return store

    def append(self, events: Iterable[Event]) -> tuple[Recorded, ...]:
        """Record events, all or none, and return once they are on the disk.

        An event already in the log (same origin and number, same content) is returned as it was
        recorded, so a retry is harmless.

        Raises:
            EventConflict: If an origin and number came before with other content.
            EventUnfit: If an event can not be read back as it is.
            StoreUnwritable: The disk is full, or the like.
            StoreReadOnly: If this store was opened for reading.
        """
        if self._clock is None:
            raise StoreReadOnly(f"{self.path} is open for reading; open it with EventStore.writer.")
        draft = self.ledger.draft(events, self._head, self._clock, self._known)
        if draft.rows:
            self._commit(draft.rows, draft.fresh)
            self._head = draft.end
            for entry in draft.fresh:
                origin, seq = entry.event.origin, entry.event.seq
                self._last[origin] = max(seq, self._last.get(origin, seq))
        return draft.recorded

    def read(
        self, after: int = 0, until: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[Recorded]:
        """Events in the order of the log: positions `after` < id <= `until`, of these kinds."""
        return (self.ledger.recorded(row) for row in self._rows(after, until, kinds, None))

    def replay(self, as_of: float | None = None, position: int | None = None) -> MemoryState:
        """Fold the log from its start.

        Args:
            as_of: Valid time in seconds: only what happened up to then.
            position: Transaction position (an id): only what the log knew then.

        Raises:
            BehindHorizon: If `position`, or what happened up to `as_of`, was compacted away.
        """
        start, state = self.base(position)
        if start and as_of is not None and as_of < state.now():
            raise BehindHorizon(
                f"How all stood together before {clock_of(state.now())} was put into an archive; "
                "ask for a later time, or restore the archive."
            )
        for row in self._rows(start, position, None, as_of):
            state.apply(self.ledger.recorded(row).event)
        return state

    @property
    def state(self) -> MemoryState:
        """What is believed after the newest event. It is kept for the next question: do not change it."""
        if self._state is not None and (self._clock or self._state_of == self.position()):
            return self._state
        position = self.position()
        self._state, self._state_of = self.state_at(position), position
        return self._state

    def state_at(self, position: int) -> MemoryState:
        """What was believed after the event at `position`: a snapshot, and what came after it."""
        with readable(self.path):
            found = self._derived.snapshots.newest(position)
        start, state = self.base(position) if found is None else found
        for row in self._rows(start, position, None, None):
            state.apply(self.ledger.recorded(row).event)
        return state

    def snapshot(self) -> bool:
        """Store the state as it is now; False if something in it can not be stored."""
        state = self.state
        with self._transaction():
            return self._derived.snapshots.save(self.position(), state)

    def save_base(self, position: int, state: MemoryState) -> bool:
        """Store the state that a compacted log starts from. Call it in a transaction."""
        return self._derived.snapshots.save(position, state, thin=False)

    def search(self, words: str, at_most: int = 20, position: int | None = None) -> tuple[Hit, ...]:
        """What was said, wanted, seen or went wrong, by words; best matches first."""
        with readable(self.path):
            return find_words(self._db.conn, words, at_most, position)

    def position_at(self, tx_ms: int) -> int:
        """The newest position of the log at a transaction time, in milliseconds."""
        found = self._db.execute(
            "SELECT COALESCE(MAX(id), 0) FROM event WHERE hlc < ?", [first_of_ms(tx_ms + 1)]
        )
        value: int = found.fetchone()[0]
        return value

    @property
    def connection(self) -> Connection:
        """The database, for tables that belong to the log but not to this class."""
        connection: Connection = self._db.conn
        return connection

    def transaction(self) -> AbstractContextManager[None]:
        """All statements on `connection` inside it are committed together, or none is."""
        return self._transaction()

    def witness(self, stamp: int) -> None:
        """Let every event from now on come after a stamp from elsewhere."""
        if self._clock is not None:
            self._clock.witness(stamp)

    def entries(self, after: int = 0, until: int | None = None) -> Iterator[Row]:
        """Rows of the log as they lie there, sealed and with their stamps.

        Raises:
            BehindHorizon: If some of them are in an archive.
        """
        require_known(self.connection, after)
        return self._rows(after, until, None, None)

    def require_whole(self) -> None:
        """See that every event is here, for whoever folds the log from its start.

        Raises:
            BehindHorizon: If some are in an archive.
        """
        require_known(self.connection, 0)

    def last_time(self) -> float:
        """The newest valid time in the log, in seconds; 0 for an empty log."""
        value: float = self._db.execute("SELECT COALESCE(MAX(t), 0.0) FROM event").fetchone()[0]
        return value

    def last_seq(self, origin: str) -> int | None:
        """The highest number of an origin, so that it can go on counting; None: never heard of."""
        found = self._db.execute("SELECT MAX(seq) FROM event WHERE origin = ?", [origin])
        value: int | None = found.fetchone()[0]
        return value

    def hash_at(self, position: int) -> str:
        """The hash of the entry at a position; empty if there is none."""
        found = self._db.execute("SELECT hash FROM event WHERE id = ?", [position]).fetchone()
        return "" if found is None else str(found[0])

    def position(self) -> int:
        """The id of the newest event; 0 for an empty log."""
        if self._clock is not None:
            return self._head[0]
        value: int = self._db.execute("SELECT COALESCE(MAX(id), 0) FROM event").fetchone()[0]
        return value

    def verify(self) -> Verified:
        """Check the file and the whole hash chain.

        Raises:
            StoreUnreadable: If the file is damaged.
            ChainBroken: If an entry was changed, removed or put in after it was recorded.
        """
        with readable(self.path), self._look():
            # FTS5 checks against what it last read unless it is asked something first.
            self._db.execute("SELECT rowid FROM words LIMIT 1").fetchone()
            fault = self._db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if fault != "ok":
            raise StoreUnreadable(f"{self.path} is damaged ({fault}); restore it from a copy.")
        rows = self._rows(0, None, None, None, whole=False)
        return self.ledger.verify(rows, archived=horizon(self.connection))

    def close(self) -> None:
        """Close the file and let another writer in. Closing twice is harmless."""
        if self._clock is not None and self._state is not None:
            if self._head[0] - self._snapshot_at >= _SNAPSHOT_AT_CLOSE:
                # It only spares the next session some folding: all that it holds is in the log.
                with contextlib.suppress(StoreUnwritable):
                    self.snapshot()
            self._clock = None
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> EventStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit(self, rows: list[Row], fresh: tuple[Recorded, ...]) -> None:
        state = self.state
        marks = ", ".join("?" * len(rows[0]))
        with self._transaction():
            self._db.conn.executemany(f"INSERT INTO event ({COLUMNS}) VALUES ({marks})", rows)
            self._derived.write(fresh, state)
            if rows[-1][0] - self._snapshot_at >= _SNAPSHOT_EVERY:
                self._snapshot_at = rows[-1][0]
                self._derived.snapshots.save(rows[-1][0], state)

    @contextlib.contextmanager
    def _look(self) -> Iterator[None]:
        """Everything read inside it is of one moment."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.conn.in_transaction:
                self._db.execute("ROLLBACK")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with readable(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # The state may have taken in what the log has not: fold it anew when it is needed.
                self._state = None
                self._derived.forget()
                if self._db.conn.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _settle_keys(self) -> None:
        """Carry out what the log says of keys, should the last writer have died before it did."""
        if self._vault is None:
            return
        self._db.execute("PRAGMA secure_delete=ON")
        if self._vault.remember(self.state):
            self.forget_derived()
        require_forgotten(self.connection, self.path, self.state.projections.privacy.destroyed)

    def forget_derived(self) -> None:
        """Have what is derived from the log written anew when a writer next opens the store."""
        for cache in self.path.parent.glob(self.path.name + ".vectors*"):
            cache.unlink()
        with self._transaction():
            self._derived.outdate()

    def _catch_up(self) -> None:
        """Write the derived tables anew if another version of the fold wrote them."""
        if self._derived.position() != self._head[0]:
            start, state = self.base(None)
            with self._transaction():
                self._derived.clear(start)
                self._derived.write(self.read(start), state)
            self._state = state

    def base(self, position: int | None = None) -> tuple[int, MemoryState]:
        """Where folding starts: nothing, or the position and state at the horizon of a compacted log.

        Raises:
            BehindHorizon: If `position` was compacted away.
        """
        require_known(self.connection, position)
        start = horizon(self.connection)
        return start, self._derived.snapshots.base(start) if start else MemoryState()

    def _known(self, event: Event) -> Row | None:
        # Numbers mostly grow, so nearly every event is known to be new without a look.
        if event.seq > self._last.get(event.origin, event.seq - 1):
            return None
        query = f"SELECT {COLUMNS} FROM event WHERE origin = ? AND seq = ?"
        row: Row | None = self._db.execute(query, [event.origin, event.seq]).fetchone()
        return row if row is None or row[6] else self._as_archived(event, row)

    def _as_archived(self, event: Event, row: Row) -> Row:
        """The row with the event's own body, if its hash proves that this is what it was."""
        before = self._db.execute("SELECT hash FROM event WHERE id = ?", [row[0] - 1]).fetchone()
        head = GENESIS if before is None else before[0]
        forms = [event]
        if self._vault is not None:
            forms.append(event.model_copy(update={"body": self._vault.seal(event)}))
        for text in map(body_text, forms):
            if link(head, *row[1:5], text) == row[7]:
                return (*row[:6], text, row[7])
        raise EventConflict(
            f"The event {event.origin}/{event.seq} is in the log with other content; "
            "give each new event of an origin a new number."
        )

    def _rows(
        self,
        after: int,
        until: int | None,
        kinds: Collection[str] | None,
        t_until: float | None,
        whole: bool = True,
    ) -> Iterator[Row]:
        """Rows of the log; `whole`: without those whose bodies are in an archive."""
        limits, values = ["id > ?"], [after]
        more: list[Any] = []
        if until is not None:
            limits.append("id <= ?")
            more.append(until)
        if t_until is not None:
            limits.append("t <= ?")
            more.append(t_until)
        if kinds is not None:
            limits.append(f"kind IN ({', '.join('?' * len(kinds))})")
            more.extend(sorted(kinds))
        if whole:
            limits.append("body <> ''")
        # "+t": walk the log in its order instead of sorting what the index on t finds.
        where = " AND ".join(limits).replace("t <=", "+t <=")
        query = f"SELECT {COLUMNS} FROM event WHERE {where} ORDER BY id LIMIT {_PAGE}"
        while True:
            with readable(self.path):
                page: list[Row] = self._db.execute(query, [*values, *more]).fetchall()
            yield from page
            if len(page) < _PAGE:
                return
            values = [page[-1][0]]

    def _find_ends(self, milliseconds: Callable[[], int]) -> None:
        self._last = dict(self._db.execute("SELECT origin, MAX(seq) FROM event GROUP BY origin"))
        newest = self._db.execute("SELECT id, hash, hlc FROM event ORDER BY id DESC LIMIT 1")
        id_, hash_, stamp = newest.fetchone() or (0, GENESIS, 0)
        self._head = (id_, hash_)
        self._snapshot_at = self._derived.snapshots.last_position()
        self._clock = HybridClock(milliseconds, stamp)
