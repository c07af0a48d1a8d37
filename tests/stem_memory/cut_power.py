"""Cut the power of a writer and see what is on the disk: `cut_power.py FOLDER CUTS SEED [SYNC]`.

The writer's SQLite runs on a disk that remembers which writes were synced. At random moments the
disk is written down as a power failure could leave it: what was synced is there; of what was not,
nothing, a beginning, or any part of it, torn at sectors. Writes one JSON list: for each cut the
file and how many events had been acknowledged.

The writer uses one SQLite library on the file: apsw's, which lets a disk be put under it.
"""

import json
import random
import sys
from pathlib import Path

import apsw

from stem_memory import migrations
from stem_memory.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

BATCH = 5
SECTOR = 512
_KEPT = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL


class Track:
    """What one file has on the disk for sure, and what only hangs in the air."""

    def __init__(self):
        self.synced = bytearray()
        self.exists = False
        self.pending = []

    def sync(self):
        for offset, data in self.pending:
            put(self.synced, offset, data)
        self.pending.clear()
        self.exists = True

    def after_failure(self, chance):
        left = bytearray(self.synced)
        kind = chance.choice(("none", "beginning", "parts"))
        pending = self.pending
        if kind == "none":
            return left
        if kind == "beginning":
            pending = pending[: chance.randint(0, len(pending))]
        for offset, data in pending:
            if data is None:
                put(left, offset, None)
                continue
            for start in range(0, len(data), SECTOR):
                if kind == "beginning" or chance.random() < 0.5:
                    put(left, offset + start, data[start : start + SECTOR])
        return left


def put(content, offset, data):
    """Write data, or cut the file there."""
    if data is None:
        del content[offset:]
        return
    content.extend(b"\0" * (offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """A disk on top of the real one that knows what was synced."""

    def __init__(self, folder, cuts, chance):
        self.files, self.found, self.acknowledged = {}, [], 0
        self._folder, self._chance = folder, chance
        self._operations, self._moments = 0, set(cuts)
        super().__init__("power", "")

    def xOpen(self, name, flags):  # noqa: N802
        return DiskFile(self, name, flags)

    def xDelete(self, name, syncdir):  # noqa: N802
        super().xDelete(name, syncdir)
        self.files.pop(Path(name).name, None)

    def operated(self):
        self._operations += 1
        if self._operations in self._moments:
            self.fail()

    def fail(self):
        place = self._folder / f"cut-{len(self.found)}"
        place.mkdir()
        for name, track in self.files.items():
            if track.exists:
                (place / name).write_bytes(track.after_failure(self._chance))
        self.found.append({"file": str(place / "memory.db"), "acknowledged": self.acknowledged})


class DiskFile(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        super().__init__("", name, flags)
        self._disk, self._track = disk, None
        if flags[0] & _KEPT:
            path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
            if path.name not in disk.files:
                track = disk.files[path.name] = Track()
                # What was there before the disk was watched is on it.
                track.synced[:] = path.read_bytes() if path.exists() else b""
                track.exists = bool(track.synced)
            self._track = disk.files[path.name]

    def xWrite(self, data, offset):  # noqa: N802
        super().xWrite(data, offset)
        if self._track is not None:
            self._track.pending.append((offset, bytes(data)))
            self._disk.operated()

    def xTruncate(self, size):  # noqa: N802
        super().xTruncate(size)
        if self._track is not None:
            self._track.pending.append((size, None))
            self._disk.operated()

    def xSync(self, flags):  # noqa: N802
        if self._track is not None:
            self._disk.operated()
        super().xSync(flags)
        if self._track is not None:
            self._track.sync()


class Cursor:
    def __init__(self, rows, lastrowid):
        self._rows, self.lastrowid = iter(rows), lastrowid
        self.description = () if rows else None

    def fetchone(self):
        return next(self._rows, None)

    def fetchall(self):
        return list(self._rows)

    def __iter__(self):
        return self._rows


class Connection:
    """As much of a DB-API connection as the store uses, over apsw."""

    def __init__(self, path):
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._apsw = apsw.Connection(str(path), flags=flags, vfs="power")

    @property
    def in_transaction(self):
        return self._apsw.in_transaction

    def execute(self, sql, parameters=()):
        rows = list(self._apsw.execute(sql, parameters))
        return Cursor(rows, self._apsw.last_insert_rowid())

    def executemany(self, sql, parameters):
        for given in parameters:
            self._apsw.execute(sql, given)

    def close(self):
        self._apsw.close()


def story(batches):
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    looks = [
        observed("waiter-1", float(i), sighting("mug-1", f"mug on table-{i % 3}", i % 7, 1.0))
        for i in range(1, batches * BATCH + 1 - len(start))
    ]
    return events_of([*start, *looks])


def main():
    folder, cuts, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    path = folder / "memory.db"
    migrations.create(path)
    chance = random.Random(seed)
    disk = Disk(folder, chance.sample(range(1, 3800), cuts), chance)
    migrations._connect = lambda file, mode: Connection(file)
    # An empty WAL often, so that failures fall into checkpoints too.
    events = story(60)
    with EventStore.writer(path, lambda: 0) as store:
        store._db.execute("PRAGMA wal_autocheckpoint=40")
        if len(sys.argv) > 4:
            store._db.execute(f"PRAGMA synchronous={sys.argv[4]}")
        for i in range(0, len(events), BATCH):
            store.append(events[i : i + BATCH])
            disk.acknowledged = i + BATCH
    disk.fail()
    sys.stdout.write(json.dumps(disk.found))


if __name__ == "__main__":
    main()
