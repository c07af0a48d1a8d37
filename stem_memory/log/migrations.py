"""The memory file: which SQLite may touch it, how it is opened, and its schema, version by version.

The format: SQLite in WAL mode, application_id "STEM", user_version = how many of `MIGRATIONS` it
has had. A migration never changes once released; the next one changes what it made.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

# The very library that sqlite_utils uses: one file must never be open in two SQLites at once.
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

from stem_memory.errors import (
    StoreTooNew,
    StoreTooOld,
    StoreUnreadable,
    StoreUnwritable,
    UnsafeSqlite,
)
from stem_memory.log.disk import sqlite_sentence

if TYPE_CHECKING:
    from sqlite3 import Connection
else:
    Connection = Any

APPLICATION_ID = int.from_bytes(b"STEM", "big")
_SAFE = (3, 51, 3)
# Up to this size a file is looked through whenever it is opened; `verify` looks through any.
_LOOKED_THROUGH_BYTES = 64 * 1024 * 1024
SqliteError: type[Exception] = sqlite3.DatabaseError


def require_safe(version: tuple[int, ...]) -> None:
    """Refuse an SQLite that can corrupt a write-ahead log (the WAL-reset bug of 3.7.0 to 3.51.2).

    Raises:
        UnsafeSqlite: If the version is older than 3.51.3.
    """
    if version < _SAFE:
        found = ".".join(str(part) for part in version)
        raise UnsafeSqlite(
            f"SQLite {found} can corrupt a memory file; install pysqlite3>=0.6.1, which brings "
            "SQLite 3.51.3 or newer."
        )


def require_safe_sqlite() -> None:
    """Refuse to work with the SQLite at hand if it can corrupt a memory. UnsafeSqlite if so."""
    require_safe(sqlite3.sqlite_version_info)


def create(path: Path) -> None:
    """Make a new memory file, complete or not at all."""
    draft = path.with_name(path.name + ".new")
    for leftover in (
        draft,
        draft.with_name(draft.name + "-wal"),
        draft.with_name(draft.name + "-shm"),
    ):
        leftover.unlink(missing_ok=True)
    connection = opener(draft, "rwc")
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db = Database(connection, execute_plugins=False)
        # At once: to wait for the disk after each step would help nobody, for nobody sees them yet.
        with db.atomic():
            migrate(db)
    finally:
        connection.close()
    draft.rename(path)
    # Without this a power failure could take back the name, and acknowledged events with it.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def connect(path: Path, write: bool) -> Database:
    """Open a memory file that passed `check`: for the one writer, or for reading only."""
    connection = opener(path, "rw" if write else _reading(path))
    connection.execute("PRAGMA foreign_keys=ON")
    if write:
        # Acknowledged means on the disk: the log is synced at every commit.
        connection.execute("PRAGMA synchronous=FULL")
        # Pages change many times over: copying them into the database less often saves a tenth.
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        # 32 MiB: it reads a third as often.
        connection.execute("PRAGMA cache_size=-32768")
    return Database(connection, execute_plugins=False)


def check(path: Path) -> None:
    """See, without changing it, whether the file is a whole memory that this software knows.

    Raises:
        UnsafeSqlite: If the SQLite at hand must not touch it.
        StoreUnreadable: If it is missing, truncated, corrupt or something else.
        StoreTooNew: If it was written by newer software.
    """
    require_safe_sqlite()
    if not path.is_file():
        raise StoreUnreadable(f"There is no memory at {path}; name the memory.db of a run.")
    if not os.access(path, os.R_OK):
        raise StoreUnreadable(f"{path} may not be read by this user; ask its owner for the right.")
    if path.stat().st_size == 0:
        raise StoreUnreadable(f"{path} is empty and so is no memory; name another file.")
    # Nobody has it open if nothing waits beside it: then not even SQLite's files need to be made.
    alone = not path.with_name(path.name + "-wal").exists()
    mode = "ro&immutable=1" if alone else "ro"
    with readable(path), contextlib.closing(opener(path, mode)) as connection:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise StoreUnreadable(f"{path} is a database but no memory; name another file.")
        if version > len(MIGRATIONS):
            raise StoreTooNew(
                f"{path} has schema {version} and this software knows {len(MIGRATIONS)}; "
                "update retinue to read it."
            )
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        size = path.stat().st_size
        waiting = path.with_name(path.name + "-wal")
        fault = "ok"
        if size <= _LOOKED_THROUGH_BYTES:
            fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if size < page * pages and not (waiting.exists() and waiting.stat().st_size):
            fault = "its last page is cut off"
        if fault != "ok":
            raise StoreUnreadable(
                f"{path} is damaged ({fault.splitlines()[-1]}); restore it from a copy."
            )


def require_current(path: Path, connection: Connection) -> None:
    """Refuse to read what only a writer can bring up to date.

    Raises:
        StoreTooOld: If the schema is of older software.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < len(MIGRATIONS):
        raise too_old(path)


def too_old(path: Path) -> StoreTooOld:
    """The sentence for a file that older software wrote."""
    return StoreTooOld(
        f"{path} was written by an older version; bring it up to date once with: "
        f"retinue memory upgrade {path}"
    )


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints about a file into one sentence.

    Raises:
        StoreUnwritable: It is about writing: a full disk does not call for a copy of the file.
        StoreUnreadable: It is about what the file holds.
    """
    try:
        yield
    except SqliteError as error:
        about_writing = sqlite_sentence(path, error)
        if about_writing is not None:
            raise StoreUnwritable(about_writing) from error
        raise StoreUnreadable(
            f"{path} can not be used ({error}); restore it from a copy."
        ) from error


def open_cache(path: Path, extension: str) -> Connection:
    """Open, or make, a database beside a store that may be thrown away, with an SQLite extension.

    Raises:
        StoreUnreadable: If the file can not be used or the extension can not be loaded.
    """
    with readable(path):
        connection = opener(path, "rwc")
    try:
        connection.enable_load_extension(True)
        connection.load_extension(extension)
        connection.enable_load_extension(False)
    except (AttributeError, SqliteError) as error:
        connection.close()
        raise StoreUnreadable(
            f"This Python's SQLite can not load {Path(extension).name} ({error}); "
            "install pysqlite3>=0.6.1."
        ) from error
    return connection


def migrate(db: Database) -> None:
    """Bring the schema to the newest version, one transaction a step."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        with db.atomic():
            migration(db)
            db.execute(f"PRAGMA user_version={number}")


def _reading(path: Path) -> str:
    """How to open for reading: as it lies, where SQLite may not make its files beside it."""
    waits = path.with_name(path.name + "-wal").exists()
    return "ro" if waits or os.access(path.parent, os.W_OK) else "ro&immutable=1"


def _open(path: Path, mode: str) -> Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection: Connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=10.0, check_same_thread=False
    )
    return connection


def _event_log(db: Database) -> None:
    events = db.table("event")
    events.create(
        {
            "id": int,
            "origin": str,
            "seq": int,
            "hlc": int,
            "t": float,
            "kind": str,
            "body": str,
            "hash": str,
        },
        pk="id",
        not_null={"origin", "seq", "hlc", "t", "kind", "body", "hash"},
        strict=True,
    )
    events.create_index(["origin", "seq"], unique=True)
    events.create_index(["kind", "id"])
    events.create_index(["t"])


def _history(db: Database) -> None:
    db.execute("""
        CREATE TABLE fact (
            id INTEGER PRIMARY KEY,
            thing TEXT NOT NULL, attr TEXT NOT NULL, value TEXT, relation TEXT,
            status TEXT NOT NULL, confidence REAL NOT NULL, source TEXT NOT NULL,
            vf REAL NOT NULL, vt REAL NOT NULL, tf INTEGER NOT NULL, tt INTEGER NOT NULL,
            event INTEGER NOT NULL REFERENCES event(id), x REAL, y REAL
        ) STRICT
    """)
    db.execute("CREATE INDEX fact_point ON fact (thing, attr, vf DESC)")
    # What is known now of each thing: 2^62 stands for "not superseded".
    db.execute(f"CREATE INDEX fact_live ON fact (thing, attr, vt) WHERE tt = {1 << 62}")
    db.execute("CREATE INDEX fact_holder ON fact (value) WHERE attr = 'location'")
    db.execute("CREATE INDEX event_hlc ON event (hlc)")
    db.execute("CREATE VIRTUAL TABLE place_box USING rtree_i32(id, x0, x1, y0, y1, t0, t1)")
    db.execute("""
        CREATE VIRTUAL TABLE words USING fts5(
            text, kind UNINDEXED, about UNINDEXED, t UNINDEXED, event UNINDEXED,
            tokenize = 'porter unicode61 remove_diacritics 2'
        )
    """)
    # Which fold wrote the tables above, and up to which event.
    db.execute("CREATE TABLE folded (version INTEGER NOT NULL, position INTEGER NOT NULL) STRICT")
    db.execute("INSERT INTO folded VALUES (0, 0)")


def _spans(db: Database) -> None:
    # What holds now and what is known now, without an end, is in the index; all else in the tree.
    db.execute(f"CREATE INDEX fact_open ON fact (vf, tf) WHERE vt = 1e18 AND tt = {1 << 62}")
    db.execute("CREATE VIRTUAL TABLE fact_span USING rtree_i32(id, v0, v1, p0, p1)")
    # All of history is written anew.
    db.execute("UPDATE folded SET position = 0")


def _fleet(db: Database) -> None:
    # Stamps that events got where they were first recorded, and how far each peer's log is known.
    db.execute("""
        CREATE TABLE born (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            origin TEXT NOT NULL, seq INTEGER NOT NULL, hlc INTEGER NOT NULL,
            UNIQUE (origin, seq)
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE watermark (
            peer TEXT PRIMARY KEY, position INTEGER NOT NULL, hash TEXT NOT NULL,
            born INTEGER NOT NULL
        ) STRICT
    """)


def _snapshots(db: Database) -> None:
    db.execute("""
        CREATE TABLE snapshot (
            position INTEGER PRIMARY KEY, version INTEGER NOT NULL, digest TEXT NOT NULL,
            form BLOB NOT NULL
        ) STRICT
    """)


def _compaction(db: Database) -> None:
    # Up to which positions events were archived, where, and the hash of each archive.
    db.execute("""
        CREATE TABLE compaction (
            position INTEGER PRIMARY KEY, archive TEXT NOT NULL, sha256 TEXT NOT NULL
        ) STRICT
    """)
    # When archived events were evidence of what: a late report must not reach beyond.
    db.execute("""
        CREATE TABLE evidence_time (
            thing TEXT NOT NULL, attr TEXT NOT NULL, t REAL NOT NULL, event INTEGER NOT NULL,
            PRIMARY KEY (thing, attr, t, event)
        ) STRICT, WITHOUT ROWID
    """)


def _compacted_keys(db: Database) -> None:
    # Which keys were destroyed when a compaction made its base: later ones must not stand in it.
    db.execute("ALTER TABLE compaction ADD COLUMN gone TEXT NOT NULL DEFAULT '[]'")


# A trial may replace it, to put another disk under SQLite (`services.lab.memory.trials.cuts`).
opener: Callable[[Path, str], Connection] = _open
MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _event_log,
    _history,
    _spans,
    _fleet,
    _snapshots,
    _compaction,
    _compacted_keys,
)
