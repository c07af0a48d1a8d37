"""A disk that takes nothing more is told from a damaged file, and leaves the memory as it was."""

import errno
import os
import resource

import pytest

from stem_memory.contracts import Event, Spoken
from stem_memory.cubes.blobs import BlobStore
from stem_memory.errors import StoreUnreadable, StoreUnwritable
from stem_memory.log.disk import sentence, sqlite_sentence, written
from stem_memory.log.migrations import readable, sqlite3
from stem_memory.log.store import EventStore
from stem_memory.privacy.audit import Audit
from stem_memory.privacy.errors import AuditUnwritable
from stem_memory.privacy.keys import Keyring


def spoken(seq, text="hello"):
    return Event(origin="test", seq=seq, t=0.0, body=Spoken(body="waiter-1", to="ann", text=text))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.db"


@pytest.fixture
def small_files():
    """No file may grow beyond so many bytes until the test is over."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def full_disk(monkeypatch):
    """Nothing more reaches the disk: every sync fails for want of room."""

    def refuse(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr(os, "fsync", refuse)


def test_a_full_disk_is_no_damage_and_nothing_is_lost(path):
    with EventStore.writer(path, lambda: 0) as store:
        store.append([spoken(0)])
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreUnwritable, match="the disk is full; make room there") as told:
            store.append([spoken(1, "x" * 100_000)])
        assert "restore" not in str(told.value)
        store.connection.execute(f"PRAGMA max_page_count={1 << 30}")
        store.append([spoken(1, "there is room again")])
        assert store.verify().events == 2


def test_a_limit_of_file_sizes_is_told_as_what_it_is(path, small_files):
    with EventStore.writer(path, lambda: 0) as store:
        store.append([spoken(0)])
        small_files(path.stat().st_size + 200_000)
        with pytest.raises(StoreUnwritable, match="files may not grow so large here"):
            store.append([spoken(1, "x" * 500_000)])
        small_files(resource.RLIM_INFINITY)
        store.append([spoken(1)])
        assert store.verify().events == 2


def test_the_memory_closes_even_where_its_snapshot_finds_no_room(path, monkeypatch):
    store = EventStore.writer(path, lambda: 0)
    store.append([spoken(seq) for seq in range(1000)])

    def no_room():
        raise StoreUnwritable("the disk is full")

    monkeypatch.setattr(store, "snapshot", no_room)
    store.close()
    EventStore.writer(path, lambda: 0).close()


def test_keys_that_find_no_room_leave_the_old_ones_and_no_draft(path, full_disk):
    keys = Keyring.beside(path)
    first = keys.make("person/lily")
    full_disk()
    with pytest.raises(StoreUnwritable, match=r"m\.db\.keys can not be written: the disk is full"):
        keys.make("person/sam")
    assert keys.names() == ("person/lily",)
    assert Keyring.beside(path).key("person/lily") == first
    assert not keys.path.with_name("m.db.keys.new").exists()


def test_a_blob_that_finds_no_room_is_not_there_at_all(path, full_disk):
    blobs = BlobStore.beside(path)
    full_disk()
    with pytest.raises(StoreUnwritable, match="the disk is full"):
        blobs.put(b"some bytes")
    assert blobs.names() == ()
    assert list(blobs.folder.glob("draft-*")) == []


def test_nobody_reads_where_the_note_of_it_finds_no_room(path, full_disk):
    full_disk()
    with pytest.raises(AuditUnwritable, match="the disk is full; make room there and try again"):
        Audit.beside(path).note("ann", "where", "the mug", ("mug-1",), 0)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EDQUOT, "may fill no more"),
        (errno.EROFS, "mounted for reading only"),
        (errno.EACCES, "no right to; make the file and its folder writable"),
        (errno.ENOENT, "make the folder first"),
        (errno.ETXTBSY, "text file busy; use another place"),
    ],
)
def test_every_cause_has_its_own_sentence(path, number, says):
    told = sentence(path, OSError(number, os.strerror(number)))
    assert says in told
    assert told.endswith(".")
    with pytest.raises(StoreUnwritable, match=says), written(path):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_BUSY, "another program holds it"),
        (sqlite3.SQLITE_READONLY, "no right to"),
    ],
)
def test_sqlite_tells_the_same_causes(path, code, says):
    error = sqlite3.OperationalError("whatever it says")
    error.sqlite_errorcode = code
    told = sqlite_sentence(path, error)
    assert told is not None
    assert says in told
    with pytest.raises(StoreUnwritable, match=says), readable(path):
        raise error


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, None]
)
def test_a_damaged_file_still_asks_for_a_copy(path, code):
    error = sqlite3.DatabaseError("the file is malformed")
    if code is not None:
        error.sqlite_errorcode = code
    with pytest.raises(StoreUnreadable, match="restore it from a copy"), readable(path):
        raise error
