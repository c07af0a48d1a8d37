"""Compaction: what the past weighs is put into an archive, and what it says stays.

Up to a position of the log, the horizon, only the evidence is kept that a fact known at the horizon
or later rests on; the bodies of all other events go into an archive file. Every answer as known at
the horizon or later stays what it was, for any valid time. The hash chain stays whole, because
every hash stays, and a retry of an old event is still known. `restore` brings the bodies back.

What is sealed stays sealed in the archive. The state at the horizon holds what the keys open, as
all tables beside the log do: to forget somebody it is made again from the archive.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from stem_memory.errors import MemoryFault
from stem_memory.history.mention import EVIDENCE_KINDS, mentioned, own_time
from stem_memory.history.row import Connection
from stem_memory.log.chain import GENESIS, link
from stem_memory.log.disk import sentence
from stem_memory.log.horizon import horizon
from stem_memory.log.migrations import readable
from stem_memory.log.store import EventStore


class CompactionRefused(MemoryFault):
    """The memory can not be compacted, or not with this archive."""


class Compacted(NamedTuple):
    """What a compaction did: events whose bodies left, and the size of the file then and now."""

    horizon: int
    archived: int
    bytes_before: int
    bytes_after: int


def compact(store: EventStore, position: int, archive: Path) -> Compacted:
    """Move what no answer as known at `position` or later needs into a new archive file.

    Raises:
        CompactionRefused: If the position is not in the log or compacted already, if the state can
            not be stored, or if the archive exists or can not be written.
    """
    connection = store.connection
    _require_fit(store, connection, position, archive)
    before, last = store.path.stat().st_size, horizon(connection)
    state = store.state_at(position)
    rows = connection.execute(
        "SELECT id, body FROM event WHERE id <= ? AND body <> '' "
        "AND kind <> 'frame_aligned' AND id NOT IN (SELECT event FROM fact WHERE tt > ?) "
        "ORDER BY id",
        (position, position),
    ).fetchall()
    digest = _write_archive(archive, rows)
    with readable(store.path):
        with store.transaction():
            if not store.save_base(position, state):
                archive.unlink()
                raise CompactionRefused(
                    f"The state at event {position} can not be stored; nothing was changed."
                )
            gone = json.dumps(sorted(store.state.projections.privacy.destroyed))
            connection.execute(
                "INSERT INTO compaction VALUES (?, ?, ?, ?)",
                (position, _name(store, archive), digest, gone),
            )
            # What began before the last horizon could not be written anew from the log after it.
            over = f"tt <= {position} AND tf > {last}"
            connection.execute(
                f"DELETE FROM fact_span WHERE id IN (SELECT id FROM fact WHERE {over})"
            )
            connection.execute(f"DELETE FROM fact WHERE {over}")
            connection.executemany(
                "INSERT INTO evidence_time VALUES (?, ?, ?, ?)", _evidence(store, rows)
            )
            connection.executemany(
                "UPDATE event SET body = '' WHERE id = ?", ((id_,) for id_, _ in rows)
            )
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Compacted(position, len(rows), before, store.path.stat().st_size)


def restore(store: EventStore, archive: Path) -> int:
    """Bring back what the newest compaction put into this archive; the number of events.

    The tables beside the log are written anew when a writer next opens the store.

    Raises:
        CompactionRefused: If the archive is missing, changed, or not of the newest compaction.
    """
    connection = store.connection
    made = connection.execute("SELECT position, sha256 FROM compaction ORDER BY 1 DESC").fetchone()
    if made is None:
        raise CompactionRefused(f"{store.path} was never compacted; there is nothing to restore.")
    if not archive.is_file() or _sha256(archive.read_bytes()) != made[1]:
        raise CompactionRefused(
            f"{archive} is not the archive of the newest compaction of {store.path}, "
            "or was changed; name the right one."
        )
    lines = gzip.decompress(archive.read_bytes()).decode().splitlines()
    bodies: list[tuple[int, str]] = [tuple(json.loads(line)) for line in lines]
    with store.transaction():
        for id_, body in bodies:
            _require_chained(connection, id_, body, archive)
            connection.execute("UPDATE event SET body = ? WHERE id = ?", (body, id_))
            connection.execute("DELETE FROM evidence_time WHERE event = ?", (id_,))
        connection.execute("DELETE FROM compaction WHERE position = ?", (made[0],))
    store.forget_derived()
    return len(bodies)


class Archived(NamedTuple):
    """One compaction: up to which position, and where its archive is."""

    position: int
    archive: Path


def bring_all_back(store: EventStore, named: Iterable[Path] = ()) -> tuple[Archived, ...]:
    """Bring back everything that was ever archived, so that it can be forgotten or rewritten.

    Close the store afterwards: its tables are written anew when a writer next opens it. The
    archives stay until `archive_again`.

    Args:
        store: The memory, open for writing.
        named: Archives that do not lie where they were written.

    Returns:
        The compactions, oldest first.

    Raises:
        CompactionRefused: If an archive is missing or changed; then nothing was changed.
    """
    found = compactions(store, named)
    for one in reversed(found):
        restore(store, one.archive)
    return found


def compactions(store: EventStore, named: Iterable[Path] = ()) -> tuple[Archived, ...]:
    """Every compaction of a memory, oldest first, with its archive. See `bring_all_back`.

    Raises:
        CompactionRefused: If an archive is missing or changed.
    """
    made = store.connection.execute(
        "SELECT position, archive, sha256 FROM compaction ORDER BY position"
    )
    places = tuple(named)
    return tuple(
        Archived(position, _find(store, name, digest, places)) for position, name, digest in made
    )


def archive_again(store: EventStore, compactions: Iterable[Archived]) -> None:
    """Compact as before, after what was to be forgotten is; old archives are replaced."""
    for one in compactions:
        one.archive.unlink(missing_ok=True)
        compact(store, one.position, one.archive)


def _find(store: EventStore, name: str, digest: str, named: tuple[Path, ...]) -> Path:
    """Where an archive is: among those named, else where it was written."""
    places = (*named, store.path.parent / name, Path(name))
    for place in places:
        if place.is_file() and _sha256(place.read_bytes()) == digest:
            return place
    raise CompactionRefused(
        f"A part of {store.path} lies in the archive {name}, which is not there or was changed; "
        "name where it is with --archive."
    )


def _name(store: EventStore, archive: Path) -> str:
    """How an archive is remembered: by its name if it lies beside the memory."""
    beside = archive.absolute().parent == store.path.absolute().parent
    return archive.name if beside else str(archive.absolute())


def _require_fit(store: EventStore, connection: Connection, position: int, archive: Path) -> None:
    if not horizon(connection) < position <= store.position():
        raise CompactionRefused(
            f"{store.path} can be compacted up to an event after {horizon(connection)} "
            f"and not after {store.position()}; {position} is none."
        )
    if archive.exists():
        raise CompactionRefused(f"{archive} exists; name a new file for the archive.")


def _evidence(
    store: EventStore, rows: list[tuple[int, str]]
) -> Iterator[tuple[str, str, float, int]]:
    """Of what each archived event is evidence, and of when."""
    gone = {id_ for id_, _ in rows}
    for entry in store.read(until=rows[-1][0] if rows else 0, kinds=EVIDENCE_KINDS):
        if entry.id in gone:
            for thing, attr in mentioned(entry.event.body):
                yield thing, attr, own_time(entry.event), entry.id


def _require_chained(connection: Connection, id_: int, body: str, archive: Path) -> None:
    origin, seq, stamp, t, hash_ = connection.execute(
        "SELECT origin, seq, hlc, t, hash FROM event WHERE id = ?", (id_,)
    ).fetchone()
    before = connection.execute("SELECT hash FROM event WHERE id = ?", (id_ - 1,)).fetchone()
    head = GENESIS if before is None else before[0]
    if link(head, origin, seq, stamp, t, body) != hash_:
        raise CompactionRefused(f"{archive} does not fit the log at event {id_}; nothing was done.")


def _write_archive(path: Path, rows: list[tuple[int, str]]) -> str:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    content = gzip.compress(lines.encode(), 6, mtime=0)
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise CompactionRefused(sentence(path, error)) from None
    return _sha256(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
