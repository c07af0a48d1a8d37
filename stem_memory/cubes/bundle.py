"""A memory, or some cubes of it, as one file: events, blobs, and a checksum of everything.

The file is a ZIP archive, so any tool can look into it. `manifest.json` names every member with its
SHA-256; `events.jsonl` has one event a line with the stamp of its first recording; `blobs/` holds
caches and adapters. Bodies are as they lie in the log: what is sealed stays sealed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from devices.noun import Noun
from stem_memory.contracts import Event, Payload
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import (
    AdapterItem,
    CubeAct,
    CubeChanged,
    EventItem,
    FactItem,
    NoteItem,
    PrefixItem,
)
from stem_memory.cubes.errors import BundleUnreadable, CubeFault, NotGranted
from stem_memory.cubes.projection import CubeProjection
from stem_memory.log.disk import sentence
from stem_memory.log.ledger import Row
from stem_memory.log.store import EventStore
from stem_memory.notes.contracts import Note
from stem_memory.privacy.vault import is_whole
from stem_memory.sync.replica import SqliteReplica, adopt

FORMAT = "retinue-memory"
VERSION = 1
_MANIFEST, _EVENTS, _BLOBS = "manifest.json", "events.jsonl", "blobs/"
_CHUNK = 1 << 20
_THEN = (1980, 1, 1, 0, 0, 0)  # the same memory makes the same file, whenever it is exported
_BODY: TypeAdapter[Payload] = TypeAdapter(Payload)


class Member(Noun):
    """One file in the archive."""

    name: str
    sha256: str
    size: int


class Manifest(Noun):
    """What an exported memory holds."""

    format: str
    version: int
    cubes: tuple[str, ...]
    events: int
    members: tuple[Member, ...]


class Line(Noun):
    """One event of the file; `stamp` is that of its first recording."""

    origin: str
    seq: int
    stamp: int
    t: float
    body: str


class Imported(Noun):
    """What an import brought: how many events and blobs were new.

    `closed` are sealed with keys that are not here, so what is personal in them can not be read.
    """

    events: int
    new_events: int
    new_blobs: int
    closed: int
    cubes: tuple[str, ...]


def export_memory(
    store: EventStore, blobs: BlobStore, target: Path, cubes: Iterable[str] = (), who: str = ""
) -> Manifest:
    """Write a memory, or only some of its cubes with all they refer to, into one file.

    Args:
        store: The memory.
        blobs: Its blobs.
        target: The file; it appears complete or not at all.
        cubes: Which cubes; none: the whole memory.
        who: In whose name: cubes must be readable for them ("": the operator, who reads all).

    Raises:
        CubeFault: A cube does not exist, or the file exists already or can not be written.
        NotGranted: `who` may not read one of the cubes.
        BlobDamaged: A blob is missing or damaged.
    """
    if target.exists():
        raise CubeFault(f"{target} exists already; name another file, nothing was changed.")
    replica, book = SqliteReplica(store), store.state.projections.cubes
    wanted = tuple(sorted(set(cubes)))
    for cube in wanted:
        if cube not in book.cubes:
            raise CubeFault(f"there is no cube {cube}")
        if who and not book.cubes[cube].allows(who, "read"):
            raise NotGranted(f"{who} may not read the cube {cube}")
    rows = replica.canonical_with_births()
    family = _family(book, wanted)
    if wanted:
        rows = _concerning(store, book, family, rows)
    draft = target.with_name(target.name + ".new")
    try:
        with draft.open("wb") as file:
            needed = _needed(book, family if wanted else set(book.cubes), blobs)
            manifest = _write(file, rows, blobs, needed, wanted)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise CubeFault(sentence(target, error)) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Check every byte of an exported memory and return what it holds.

    Raises:
        BundleUnreadable: The file is missing, damaged, foreign, or of a newer version.
    """
    with _opened(path) as archive:
        return _checked(path, archive)


def import_memory(store: EventStore, blobs: BlobStore, path: Path) -> Imported:
    """Bring an exported memory into this one. Doing so again changes nothing.

    The whole file is checked before anything is changed. Blobs come first, so that a crash leaves
    no event without its blob.

    Raises:
        BundleUnreadable: As `read_manifest`.
        EventConflict: Both memories have different events under one origin and number.
    """
    with _opened(path) as archive:
        manifest = _checked(path, archive)
        new_blobs = 0
        for member in manifest.members:
            if member.name.startswith(_BLOBS) and not blobs.has(member.sha256):
                with archive.open(member.name) as file:
                    blobs.put(iter(lambda file=file: file.read(_CHUNK), b""))  # type: ignore[misc]
                new_blobs += 1
        events, births = [], {}
        for line in _lines(path, archive):
            events.append(_event(path, line))
            births[line.origin, line.seq] = line.stamp
        new = adopt(store, events, births)
    return Imported(
        events=len(events),
        new_events=new,
        new_blobs=new_blobs,
        closed=sum(not is_whole(event, store.ledger.keys) for event in events),
        cubes=manifest.cubes,
    )


def _write(
    file: io.BufferedWriter,
    rows: Iterable[tuple[Row, int]],
    blobs: BlobStore,
    needed: Iterable[str],
    cubes: tuple[str, ...],
) -> Manifest:
    members: list[Member] = []
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        digest, size = hashlib.sha256(), 0
        with archive.open(zipfile.ZipInfo(_EVENTS, _THEN), "w", force_zip64=True) as out:
            for row, birth in rows:
                line = Line(origin=row[1], seq=row[2], stamp=birth, t=row[4], body=row[6])
                data = line.model_dump_json().encode() + b"\n"
                digest.update(data)
                size += len(data)
                count += 1
                out.write(data)
        members.append(Member(name=_EVENTS, sha256=digest.hexdigest(), size=size))
        for blob in sorted(needed):
            size = 0
            info = zipfile.ZipInfo(_BLOBS + blob, _THEN)
            with archive.open(info, "w", force_zip64=True) as out:
                for chunk in blobs.read(blob):
                    size += len(chunk)
                    out.write(chunk)
            members.append(Member(name=_BLOBS + blob, sha256=blob, size=size))
        manifest = Manifest(
            format=FORMAT, version=VERSION, cubes=cubes, events=count, members=tuple(members)
        )
        archive.writestr(zipfile.ZipInfo(_MANIFEST, _THEN), manifest.model_dump_json(indent=1))
    return manifest


def _needed(book: CubeProjection, cubes: Iterable[str], blobs: BlobStore) -> set[str]:
    """Blobs of these cubes. A cache that is gone can be computed again, an adapter can not."""
    kept: set[str] = set()
    for cube in cubes:
        for head in book.cubes[cube].heads:
            for revision in book.history.line(head):
                items = (item for put in revision.put.values() for item in put)
                kept |= {
                    item.blob
                    for item in items
                    if isinstance(item, AdapterItem)
                    or (isinstance(item, PrefixItem) and blobs.has(item.blob))
                }
    return kept & book.live_blobs()


def _family(book: CubeProjection, cubes: Iterable[str]) -> set[str]:
    """The cubes and all whose revisions theirs came from."""
    found = set(cubes)
    for cube in sorted(found):
        for head in book.cubes[cube].heads:
            found |= {revision.cube for revision in book.history.line(head)}
    return found


def _named(act: CubeAct) -> set[str]:
    if act.act == "revised":
        return {revision.cube for revision in act.revisions}
    return set(act.heads) if act.act == "snapped" else {act.cube}


def _concerning(
    store: EventStore, book: CubeProjection, family: set[str], rows: Iterable[tuple[Row, int]]
) -> Iterator[tuple[Row, int]]:
    """Rows about these cubes, and those that their entries refer to."""
    keys: set[tuple[str, int]] = set()
    notes: set[str] = set()
    for cube in sorted(family):
        for items in book.manifest(cube).values():
            for item in items:
                if isinstance(item, FactItem | EventItem):
                    keys.add((item.origin, item.seq))
                elif isinstance(item, NoteItem):
                    notes.add(item.note)
    for row, birth in rows:
        if (row[1], row[2]) in keys:
            yield row, birth
        elif row[5] == "cube_changed":
            body = store.ledger.recorded(row).event.body
            # An act on a cube outside the family would fail where that cube is unknown.
            if isinstance(body, CubeChanged) and _named(body.change) <= family:
                yield row, birth
        elif row[5].startswith("note_"):
            note = getattr(store.ledger.recorded(row).event.body, "note", "")
            if (note.id if isinstance(note, Note) else note) in notes:
                yield row, birth


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is damaged or of another format"
        raise _unreadable(path, why) from None


def _checked(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(archive.read(_MANIFEST))
    except KeyError:
        raise _unreadable(path, "it is an archive of something else") from None
    except (
        ValidationError,
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
    ):
        raise _unreadable(path, "its table of contents is damaged") from None
    if manifest.format != FORMAT or manifest.version > VERSION:
        raise _unreadable(path, f"it is of version {manifest.version}; update retinue")
    names = [member.name for member in manifest.members]
    if sorted([*names, _MANIFEST]) != sorted(archive.namelist()):
        raise _unreadable(path, "parts are missing or were added")
    for member in manifest.members:
        digest, size = hashlib.sha256(), 0
        try:
            with archive.open(member.name) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
        except (
            zipfile.BadZipFile,
            OSError,
            EOFError,
            ValueError,
            RuntimeError,
            zlib.error,
        ) as error:
            raise _unreadable(path, f"{member.name} is damaged") from error
        sound = (digest.hexdigest(), size) == (member.sha256, member.size)
        if not sound or member.name not in (_EVENTS, _BLOBS + member.sha256):
            raise _unreadable(path, f"{member.name} is damaged")
    if _EVENTS not in names or sum(1 for _ in _lines(path, archive)) != manifest.events:
        raise _unreadable(path, "events are missing")
    return manifest


def _lines(path: Path, archive: zipfile.ZipFile) -> Iterator[Line]:
    with archive.open(_EVENTS) as file:
        for number, text in enumerate(file, 1):
            try:
                yield Line.model_validate_json(text)
            except ValidationError:
                raise _unreadable(path, f"event {number} is damaged") from None


def _event(path: Path, line: Line) -> Event:
    try:
        body = _BODY.validate_json(line.body)
    except ValidationError:
        raise _unreadable(
            path, f"the event {line.origin}/{line.seq} is none this software knows; update retinue"
        ) from None
    return Event(origin=line.origin, seq=line.seq, t=line.t, body=body)


def _unreadable(path: Path, why: str) -> BundleUnreadable:
    return BundleUnreadable(
        f"{path} can not be read as an exported memory ({why}); nothing was changed."
    )
