"""Where an engine's KV files lie: a folder that does not outlive its owner by long.

KV files hold what people said. Whoever is killed cannot delete its folder, so each folder has a lock that ends with
the process that holds it, and the next folder made on this machine takes away those that nobody holds.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "retinue-kv-"
_LOCK = "owner.lock"
# A folder this young may be about to get its lock.
_YOUNG_S = 60.0


class KvFolder:
    """A new folder for KV files, for this user's eyes only."""

    def __init__(self) -> None:
        _sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Delete the folder. Does nothing the second time."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def _sweep() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Folders of other users cannot be looked into, and others may sweep at the same time.
        with suppress(OSError):
            if path.stat().st_uid == os.getuid() and _is_left(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_left(path: Path) -> bool:
    try:
        lock = os.open(path / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        # The wall clock of the file system: nobody's decision depends on it but this.
        return time.time() - path.stat().st_mtime > _YOUNG_S
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
