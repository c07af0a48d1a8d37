"""Erasing: keys are destroyed, the log stays whole, and everything derived from it is made anew."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from devices.noun import Noun
from stem_memory.contracts import Event, Recorded
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import AdapterItem, FactItem, PrefixItem
from stem_memory.cubes.projection import CubeProjection
from stem_memory.errors import StoreUnreadable
from stem_memory.log.compaction import archive_again, bring_all_back
from stem_memory.log.migrations import readable
from stem_memory.log.store import EventStore
from stem_memory.log.writer_lock import WriterLock
from stem_memory.privacy.acquaintance import due
from stem_memory.privacy.contracts import KeysDestroyed, PrivacyChanged
from stem_memory.privacy.errors import NotSealed
from stem_memory.privacy.vault import Vault

ORIGIN = "privacy"


class Erased(Noun):
    """What an erasure did.

    `sealed_events` can no longer be read in full. `blobs` are caches that may have held something
    of it and are gone; `adapters` were trained on cubes that held it and can not unlearn it.
    """

    keys: tuple[str, ...]
    sealed_events: int
    blobs: tuple[str, ...] = ()
    adapters: tuple[str, ...] = ()


def erase_person(
    path: Path,
    vault: Vault,
    person: str,
    by: str,
    milliseconds: Callable[[], int],
    reason: str = "",
    archives: Iterable[Path] = (),
) -> Erased:
    """Make everything recorded of a person unreadable, for good.

    Steps, each of which survives a crash: what was archived is brought back; the log says so; the
    keys go; the tables beside the log and the caches are made anew without it; what was archived is
    archived again. A crash in between is made good by the next writer.

    Raises:
        NotSealed: The log has events in clear that name the person (see `sealed_copy`).
        StoreUnreadable: Nothing was recorded of that person.
        CompactionRefused: An archive is neither where it was written nor among `archives`.
    """
    with whole(path, vault, milliseconds, archives):
        return _erase(path, vault, person, by, milliseconds, reason)


@contextlib.contextmanager
def whole(
    path: Path, vault: Vault, milliseconds: Callable[[], int], archives: Iterable[Path] = ()
) -> Iterator[None]:
    """A memory with everything that was archived brought back, and archived again at the end.

    Raises:
        CompactionRefused: An archive is neither where it was written nor among `archives`.
    """
    with EventStore.writer(path, milliseconds, vault, as_it_lies=True) as store:
        compactions = bring_all_back(store, archives)
    try:
        yield
    finally:
        if compactions:
            with EventStore.writer(path, milliseconds, vault) as store:
                archive_again(store, compactions)


def _erase(
    path: Path,
    vault: Vault,
    person: str,
    by: str,
    milliseconds: Callable[[], int],
    reason: str,
) -> Erased:
    with EventStore.writer(path, milliseconds, vault) as store:
        alias = require_erasable(store, vault, person)
        blobs, adapters = _tainted(store.state.projections.cubes, person)
        count = _sealed_with(store, {alias})
        # The log must not say by whom and why in words that name the person again.
        told = "" if vault.names_somebody(reason) else reason
        _record(store, (alias,), "erasure", vault.keys.alias(f"person/{by}") or by, told)
        store.forget_derived()
    gone = vault.keys.destroy([alias])
    store_blobs = BlobStore.beside(path)
    store_blobs.collect(set(store_blobs.names()) - set(blobs))
    _clean(path, vault, milliseconds)
    return Erased(
        keys=gone or (f"person/{person}",), sealed_events=count, blobs=blobs, adapters=adapters
    )


def require_erasable(store: EventStore, vault: Vault, person: str) -> str:
    """See that everything recorded of a person is sealed; the pseudonym of their key.

    Raises:
        NotSealed: The log has events in clear that name the person.
        StoreUnreadable: Nothing was recorded of that person.
    """
    clear = _in_clear(store, person)
    if clear:
        raise NotSealed(
            f"{clear} events of {store.path} name {person} and were recorded without sealing; "
            "make a sealed copy of the memory first (retinue memory erase --rewrite)."
        )
    alias = vault.keys.alias(f"person/{person}")
    if alias is None:
        raise StoreUnreadable(f"{store.path} holds nothing of {person}; nothing was changed.")
    return alias


def expire(
    path: Path,
    vault: Vault,
    now: float,
    milliseconds: Callable[[], int],
    by: str = "retention",
    archives: Iterable[Path] = (),
) -> Erased:
    """Destroy the retention keys whose time is over at `now` (seconds of the run).

    Raises:
        CompactionRefused: An archive is neither where it was written nor among `archives`.
    """
    names = [name for name in vault.keys.names() if due(name, now)]
    aliases = tuple(sorted(filter(None, (vault.keys.alias(name) for name in names))))
    if not aliases:
        return Erased(keys=(), sealed_events=0)
    with whole(path, vault, milliseconds, archives):
        with EventStore.writer(path, milliseconds, vault) as store:
            count = _sealed_with(store, set(aliases))
            _record(store, aliases, "retention", by, "")
            store.forget_derived()
        gone = vault.keys.destroy(aliases)
        _clean(path, vault, milliseconds)
    return Erased(keys=gone, sealed_events=count)


def sealed_copy(path: Path, target: Path, vault: Vault) -> int:
    """Write a memory anew with everything personal sealed; returns the number of events.

    For a log that was kept in clear. The copy has the same events, recorded at the same times; its
    hash chain is another one. Delete the old file once the copy is in use.

    Raises:
        BehindHorizon: A part of the log is in an archive; restore it first.
    """
    now = 0

    def stamped(entries: Iterable[Recorded]) -> Iterator[Event]:
        # The clock is asked once for each event as it is taken.
        nonlocal now
        for entry in entries:
            now = entry.tx_ms
            yield entry.event

    with EventStore.reader(path) as source:
        # What lies in an archive would be lost.
        source.require_whole()
        with EventStore.writer(target, lambda: now, vault) as copy:
            entries = source.read()
            while batch := list(islice(entries, 1000)):
                copy.append(stamped(batch))
            return copy.position()


def seal_in_place(path: Path, vault: Vault) -> int:
    """Replace a memory that was kept in clear by a sealed copy of itself; see `sealed_copy`."""
    draft = path.with_name(path.name + ".sealed")
    _remove(draft)
    lock = WriterLock(path)
    try:
        count = sealed_copy(path, draft, vault)
        # The reader has closed the old file, so nothing of it waits in its write-ahead log.
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        draft.replace(path)
    finally:
        lock.release()
    return count


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _record(store: EventStore, aliases: tuple[str, ...], why: str, by: str, reason: str) -> None:
    change = KeysDestroyed.model_validate({"keys": aliases, "why": why, "by": by, "reason": reason})
    seq = (store.last_seq(ORIGIN) or 0) + 1
    body = PrivacyChanged(change=change)
    store.append([Event(origin=ORIGIN, seq=seq, t=store.state.now(), body=body)])


def _clean(path: Path, vault: Vault, milliseconds: Callable[[], int]) -> None:
    """Write the derived tables anew and leave no old page behind."""
    with EventStore.writer(path, milliseconds, vault) as store, readable(path):
        store.connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        store.connection.execute("VACUUM")
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _in_clear(store: EventStore, person: str) -> int:
    """How many events name the person outside of what is sealed."""
    # Within what is left of a sealed body quotes are escaped.
    found = store.connection.execute(
        "SELECT COUNT(*) FROM event WHERE instr(body, ?) OR instr(body, ?)",
        (f'"{person}"', f'\\"{person}\\"'),
    )
    return int(found.fetchone()[0])


def _sealed_with(store: EventStore, aliases: set[str]) -> int:
    return sum(any(alias in row[6] for alias in aliases) for row in store.entries())


def _tainted(book: CubeProjection, person: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cached prefixes, and adapters, of cubes that ever held a fact of the person."""
    prefixes: set[str] = set()
    adapters: set[str] = set()
    for cube in book.cubes.values():
        items = [
            item
            for head in cube.heads
            for revision in book.history.line(head)
            for put in revision.put.values()
            for item in put
        ]
        if any(isinstance(i, FactItem) and i.thing == person for i in items):
            prefixes |= {i.blob for i in items if isinstance(i, PrefixItem)}
            adapters |= {i.blob for i in items if isinstance(i, AdapterItem)}
    return tuple(sorted(prefixes)), tuple(sorted(adapters))
