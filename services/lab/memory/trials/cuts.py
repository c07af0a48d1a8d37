"""Power that fails while a writer works, on a simulated disk: the only file that imports apsw.

The writer's SQLite runs on a disk that remembers which writes were synced. At random moments the
disk is written down as a power failure could leave it: what was synced is there; of what was not,
nothing, a beginning, or any part of it, torn at sectors. The method is that of T. S. Pillai et al.,
"All File Systems Are Not Created Equal", OSDI 2014, for one file and its write-ahead log.

Run as a program (`python -m services.lab.memory.trials.cuts FOLDER CUTS SEED SYNC`) it tells of each cut, as
one line of JSON, where its file is and what had been acknowledged. It must be a process of its own:
a file must not be open in two SQLite libraries of one process, and this one uses apsw's.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, cast

import apsw

from services.lab.memory.trials.verdict import Verdict, batch, judge, told
from stem_memory.log import migrations
from stem_memory.log.store import EventStore

_SECTOR = 512
_KEPT = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL
# Operations of the disk that the cuts spread over, and the least there are between two on average.
_SPREAD, _APART = 3_000, 10


def cuts(folder: Path, number: int, seed: int = 1, sync: str = "FULL") -> Iterator[Verdict]:
    """Cut the power of a writer at random moments and look at what each cut left.

    Args:
        folder: An empty folder for the files.
        number: How many cuts.
        seed: When they come, and what of the unsynced survives, is drawn by chance.
        sync: SQLite's synchronous mode. FULL is the store's; NORMAL shows that the disk does lose.
    """
    for cut in islice(told(__name__, (folder, number, seed, sync)), number):
        yield judge(Path(cut["file"]), cut["acknowledged"])


class Track:
    """What one file has on the disk for sure, and what only hangs in the air."""

    def __init__(self) -> None:
        self.synced = bytearray()
        self.exists = False
        # Data and where it goes, or None: the file is cut there.
        self.pending: list[tuple[int, bytes | None]] = []

    def sync(self) -> None:
        """Everything written is there for sure."""
        for offset, data in self.pending:
            _put(self.synced, offset, data)
        self.pending.clear()
        self.exists = True

    def after_failure(self, chance: random.Random) -> bytearray:
        """What a failure of power may leave."""
        left = bytearray(self.synced)
        kind = chance.choice(("none", "beginning", "parts"))
        pending = self.pending
        if kind == "none":
            return left
        if kind == "beginning":
            pending = pending[: chance.randint(0, len(pending))]
        for offset, data in pending:
            if data is None:
                _put(left, offset, None)
                continue
            for start in range(0, len(data), _SECTOR):
                if kind == "beginning" or chance.random() < 0.5:
                    _put(left, offset + start, data[start : start + _SECTOR])
        return left


class Disk(apsw.VFS):
    """A disk on top of the real one that knows what was synced."""

    def __init__(self, folder: Path, apart: int, chance: random.Random) -> None:
        self.files: dict[str, Track] = {}
        self.acknowledged = self.cuts = 0
        self._folder, self._apart, self._chance = folder, apart, chance
        self._left = chance.randint(1, 2 * apart)
        super().__init__("power", "")

    def xOpen(self, name: Any, flags: list[int]) -> DiskFile:  # noqa: N802
        """Open a file of this disk."""
        return DiskFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Delete a file."""
        super().xDelete(filename, syncdir)
        self.files.pop(Path(filename).name, None)

    def operated(self) -> None:
        """Something is about to change: power may fail now."""
        self._left -= 1
        if not self._left:
            self.fail()
            self._left = self._chance.randint(1, 2 * self._apart)

    def fail(self) -> None:
        """Write down what the failure leaves, and tell of it."""
        place = self._folder / f"cut-{self.cuts}"
        self.cuts += 1
        place.mkdir()
        for name, track in self.files.items():
            if track.exists:
                (place / name).write_bytes(track.after_failure(self._chance))
        told_of = {"file": str(place / "memory.db"), "acknowledged": self.acknowledged}
        sys.stdout.write(json.dumps(told_of) + "\n")
        sys.stdout.flush()


class DiskFile(apsw.VFSFile):
    """A file of the disk."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._track: Track | None = None
        if flags[0] & _KEPT:
            path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
            if path.name not in disk.files:
                track = disk.files[path.name] = Track()
                # What was there before the disk was watched is on it.
                track.synced[:] = path.read_bytes() if path.exists() else b""
                track.exists = bool(track.synced)
            self._track = disk.files[path.name]

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        """Write; it hangs in the air."""
        super().xWrite(data, offset)
        if self._track is not None:
            self._track.pending.append((offset, bytes(data)))
            self._disk.operated()

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        """Cut the file; that hangs in the air, too."""
        super().xTruncate(newsize)
        if self._track is not None:
            self._track.pending.append((newsize, None))
            self._disk.operated()

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Have everything on the disk for sure."""
        if self._track is not None:
            self._disk.operated()
        super().xSync(flags)
        if self._track is not None:
            self._track.sync()


class Cursor:
    """The rows of a statement."""

    def __init__(self, rows: Sequence[Any], lastrowid: int) -> None:
        self._rows, self.lastrowid = iter(rows), lastrowid
        self.description = () if rows else None

    def fetchone(self) -> Any:
        """The next row."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class Connection:
    """As much of a DB-API connection as the store uses, over apsw and the simulated disk."""

    def __init__(self, path: Path) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._apsw = apsw.Connection(str(path), flags=flags, vfs="power")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._apsw.in_transaction

    def execute(self, sql: str, parameters: Any = ()) -> Cursor:
        """Run one statement."""
        rows = list(self._apsw.execute(sql, parameters))
        return Cursor(rows, self._apsw.last_insert_rowid())

    def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        """Run one statement for each row of parameters."""
        for given in parameters:
            self._apsw.execute(sql, given)

    def close(self) -> None:
        """Close it."""
        self._apsw.close()


def _put(content: bytearray, offset: int, data: bytes | None) -> None:
    """Write data, or cut the file there."""
    if data is None:
        del content[offset:]
        return
    content.extend(b"\0" * (offset - len(content)))
    content[offset : offset + len(data)] = data


def main() -> None:
    """A writer at work while the power fails again and again."""
    folder, number, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    path = folder / "memory.db"
    migrations.create(path)
    chance = random.Random(seed)
    disk = Disk(folder, max(_APART, _SPREAD // number), chance)
    migrations.opener = lambda file, mode: cast(Any, Connection(file))
    with EventStore.writer(path, lambda: 0) as store:
        # Empty the write-ahead log often, so that failures fall into checkpoints too.
        store.connection.execute("PRAGMA wal_autocheckpoint=40")
        store.connection.execute(f"PRAGMA synchronous={sys.argv[4]}")
        for done in count():
            if disk.cuts >= number:
                break
            store.append(batch(done))
            disk.acknowledged = store.position()


if __name__ == "__main__":
    main()
