"""One writer a store: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from stem_memory.errors import StoreInUse, StoreUnwritable
from stem_memory.log.disk import sentence


class WriterLock:
    """An exclusive lock on `PATH.lock`, held until `release` or the end of the process.

    The lock file is a file of its own: closing a second descriptor of the database would drop the
    POSIX locks that SQLite holds on it.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".lock")
        self._handle = self._acquire(store)

    def release(self) -> None:
        """Let another writer in."""
        if self._handle >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1

    def _acquire(self, store: Path) -> int:
        while True:
            try:
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise StoreUnwritable(sentence(store, error)) from None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The last writer may have removed the file between our open and our lock.
                if self._path.exists() and os.fstat(handle).st_ino == self._path.stat().st_ino:
                    return handle
                os.close(handle)
            except BlockingIOError:
                os.close(handle)
                raise StoreInUse(
                    f"Another process writes to {store}; stop it, or open the memory read-only."
                ) from None
