"""The log in PostgreSQL, for fleets beyond one host: the only file that imports psycopg.

Any number of hosts write at once; an advisory lock gives their batches one order, without gaps, in
one hash chain. Questions of history are answered from a host's SQLite file that pulls from here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Recorded, Verified
from stem_memory.errors import StoreTooNew, StoreUnreadable
from stem_memory.log.chain import GENESIS
from stem_memory.log.hlc import HybridClock, first_of_ms
from stem_memory.log.ledger import COLUMNS, End, Ledger, Row
from stem_memory.privacy.vault import Vault
from stem_memory.sync.contracts import Birth, Watermark
from stem_memory.sync.errors import DatabaseUnreachable
from stem_memory.sync.replica import Key

_PAGE = 1000
_LOCK = int.from_bytes(b"STEMlog", "big")
_SCHEMA = 1
_TABLES = (
    """CREATE TABLE event (
        id BIGINT PRIMARY KEY, origin TEXT NOT NULL, seq BIGINT NOT NULL, hlc BIGINT NOT NULL,
        t DOUBLE PRECISION NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL,
        UNIQUE (origin, seq))""",
    "CREATE INDEX event_kind ON event (kind, id)",
    "CREATE INDEX event_t ON event (t)",
    """CREATE TABLE born (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin TEXT NOT NULL,
        seq BIGINT NOT NULL, hlc BIGINT NOT NULL, UNIQUE (origin, seq))""",
    """CREATE TABLE watermark (
        peer TEXT PRIMARY KEY, position BIGINT NOT NULL, hash TEXT NOT NULL, born BIGINT NOT NULL)""",
    "CREATE TABLE version (number INTEGER NOT NULL)",
    f"INSERT INTO version VALUES ({_SCHEMA})",
)


class PostgresStore:
    """An `EventLog` and a `Replica` in a PostgreSQL database (14 or newer).

    Args:
        address: A libpq connection string, such as "host=/run/postgresql dbname=fleet".
        milliseconds: The clock of transaction time.
        schema: The database schema that holds the tables; made if there is none.
        vault: Seals and opens what is personal.

    Raises:
        DatabaseUnreachable: The database does not answer or refuses.
        StoreTooNew: A newer version of this software made the tables.
    """

    def __init__(
        self,
        address: str,
        milliseconds: Callable[[], int],
        schema: str = "stem",
        vault: Vault | None = None,
    ) -> None:
        self.ledger = Ledger(f"the PostgreSQL schema {schema}", vault)
        self._milliseconds = milliseconds
        self._witnessed = 0
        self._schema = schema
        with _sentences():
            # Text comes as text even from a database that was made without an encoding.
            self._db = psycopg.connect(address, autocommit=True, client_encoding="utf8")
        try:
            with _sentences():
                self._open()
            if vault is not None:
                vault.remember(self.replay())
        except BaseException:
            self._db.close()
            raise

    def append(self, events: Iterable[Event]) -> tuple[Recorded, ...]:
        """Record events, all or none, and return once they will survive a power failure.

        Raises:
            EventConflict, EventUnfit: As `stem_memory.log.store.EventStore.append`.
        """
        with _sentences(), self._alone():
            return self._append(events)

    def read(
        self, after: int = 0, until: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[Recorded]:
        """Events in the order of the log: positions `after` < id <= `until`, of these kinds."""
        return self.ledger.all_recorded(self._rows(after, until, kinds, None))

    def replay(self, as_of: float | None = None, position: int | None = None) -> MemoryState:
        """Fold what happened up to `as_of` (seconds), as known at `position`."""
        rows = self._rows(0, position, None, as_of)
        return MemoryState.of(self.ledger.recorded(row).event for row in rows)

    @property
    def state(self) -> MemoryState:
        """What is believed after the newest event."""
        return self.replay()

    def position(self) -> int:
        """The id of the newest event; 0 for an empty log."""
        return int(self._one("SELECT COALESCE(MAX(id), 0) FROM event"))

    def position_at(self, tx_ms: int) -> int:
        """The newest position of the log at a transaction time, in milliseconds."""
        until = first_of_ms(tx_ms + 1)
        return int(self._one("SELECT COALESCE(MAX(id), 0) FROM event WHERE hlc < %s", (until,)))

    def last_seq(self, origin: str) -> int | None:
        """The highest number of an origin; None: never heard of."""
        found = self._one("SELECT MAX(seq) FROM event WHERE origin = %s", (origin,))
        return None if found is None else int(found)

    def verify(self) -> Verified:
        """Check the whole hash chain.

        Raises:
            ChainBroken: If an entry was changed, removed or put in after it was recorded.
        """
        return self.ledger.verify(self._rows(0, None, None, None))

    def close(self) -> None:
        """Close the connection. Closing twice is harmless."""
        self._db.close()

    # -- Replica -----------------------------------------------------------------------------

    def rows(self, after: int, at_most: int) -> Sequence[Row]:
        """Rows of the log after a position."""
        return tuple(self._rows(after, after + at_most, None, None))

    def births(self, after: int, at_most: int) -> Sequence[Birth]:
        """Births learnt after one with this id."""
        with _sentences():
            found = self._db.execute(
                "SELECT id, origin, seq, hlc FROM born WHERE id > %s ORDER BY id LIMIT %s",
                (after, at_most),
            ).fetchall()
        return tuple(Birth(id=i, origin=o, seq=s, stamp=h) for i, o, s, h in found)

    def take(
        self, events: Sequence[Event], births: dict[Key, int], peer: str, mark: Watermark
    ) -> int:
        """See `stem_memory.sync.replica.Replica.take`: one transaction."""
        self._witnessed = max(self._witnessed, *births.values(), 0)
        with _sentences(), self._alone():
            before = self._end()[0][0]
            self._save_births(births)
            self._append(events)
            self._db.execute(
                "INSERT INTO watermark VALUES (%s, %s, %s, %s) ON CONFLICT (peer) DO UPDATE SET "
                "position = excluded.position, hash = excluded.hash, born = excluded.born",
                (peer, mark.position, mark.hash, mark.born),
            )
            return self._end()[0][0] - before

    def watermark(self, peer: str) -> Watermark:
        """How far a peer's log is known."""
        with _sentences():
            found = self._db.execute(
                "SELECT position, hash, born FROM watermark WHERE peer = %s", (peer,)
            ).fetchone()
        if found is None:
            return Watermark()
        return Watermark(position=found[0], hash=found[1], born=found[2])

    def canonical(self) -> Iterator[Row]:
        """All rows in the order of births."""
        columns = ", ".join(f"event.{name}" for name in COLUMNS.split(", "))
        # A cursor of the server: the log need not fit into memory.
        with (
            _sentences(),
            self._db.transaction(),
            self._db.cursor(name="canonical") as cursor,
        ):
            cursor.execute(
                f"SELECT {columns} FROM event LEFT JOIN born USING (origin, seq) ORDER BY "
                'LEAST(event.hlc, COALESCE(born.hlc, event.hlc)), origin COLLATE "C", seq'
            )
            yield from cursor

    # -- inside ------------------------------------------------------------------------------

    def _append(self, events: Iterable[Event]) -> tuple[Recorded, ...]:
        end, stamp = self._end()
        clock = HybridClock(self._milliseconds, max(stamp, self._witnessed))
        draft = self.ledger.draft(events, end, clock, self._known)
        if draft.rows:
            marks = ", ".join(["%s"] * len(draft.rows[0]))
            with self._db.cursor() as cursor:
                cursor.executemany(f"INSERT INTO event ({COLUMNS}) VALUES ({marks})", draft.rows)
        return draft.recorded

    def _save_births(self, births: dict[Key, int]) -> None:
        for (origin, seq), stamp in births.items():
            known = self._db.execute(
                "SELECT MIN(hlc) FROM (SELECT hlc FROM born WHERE origin = %s AND seq = %s "
                "UNION ALL SELECT hlc FROM event WHERE origin = %s AND seq = %s) AS stamps",
                (origin, seq, origin, seq),
            ).fetchone()
            if known is None or known[0] is None or stamp < known[0]:
                self._db.execute("DELETE FROM born WHERE origin = %s AND seq = %s", (origin, seq))
                self._db.execute(
                    "INSERT INTO born (origin, seq, hlc) VALUES (%s, %s, %s)", (origin, seq, stamp)
                )

    def _end(self) -> tuple[End, int]:
        """Position and hash of the last row, and its stamp."""
        found = self._db.execute(
            "SELECT id, hash, hlc FROM event ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return ((0, GENESIS), 0) if found is None else ((found[0], found[1]), found[2])

    def _known(self, event: Event) -> Row | None:
        row: Row | None = self._db.execute(
            f"SELECT {COLUMNS} FROM event WHERE origin = %s AND seq = %s",
            (event.origin, event.seq),
        ).fetchone()
        return row

    def _rows(
        self, after: int, until: int | None, kinds: Collection[str] | None, t_until: float | None
    ) -> Iterator[Row]:
        where, values = "", list[Any]()
        if until is not None:
            where, values = f"{where} AND id <= %s", [*values, until]
        if kinds is not None:
            where, values = f"{where} AND kind = ANY(%s)", [*values, sorted(kinds)]
        if t_until is not None:
            where, values = f"{where} AND t <= %s", [*values, t_until]
        query = f"SELECT {COLUMNS} FROM event WHERE id > %s{where} ORDER BY id LIMIT {_PAGE}"
        while True:
            with _sentences():
                page: list[Row] = self._db.execute(query, (after, *values)).fetchall()
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def _one(self, query: str, values: Sequence[Any] = ()) -> Any:
        with _sentences():
            row = self._db.execute(query, values).fetchone()
        return row[0] if row is not None else None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """A transaction that no other writer's overlaps."""
        with self._db.transaction():
            self._db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            yield

    def _open(self) -> None:
        name = sql.Identifier(self._schema)
        with self._alone():
            self._db.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
            found = self._db.execute(
                "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'version'",
                (self._schema,),
            ).fetchone()
            self._db.execute(sql.SQL("SET search_path TO {}").format(name))
            for statement in () if found else _TABLES:
                self._db.execute(statement)
            version = self._db.execute("SELECT number FROM version").fetchone()
        if version is None or version[0] > _SCHEMA:
            held = version[0] if version is not None else "none"
            raise StoreTooNew(
                f"{self.ledger.name} has version {held} and this software knows {_SCHEMA}; "
                "update retinue to read it."
            )


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Turn the database's complaints into one sentence."""
    try:
        yield
    except psycopg.OperationalError as error:
        why = " ".join(str(error).split())
        raise DatabaseUnreachable(
            f"The PostgreSQL database does not answer ({why}); see that it runs and that the "
            "address is right."
        ) from error
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        raise StoreUnreadable(
            f"The PostgreSQL database refuses ({why}); see that the schema is one of ours."
        ) from error
