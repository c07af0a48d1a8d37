"""Why a file can not be written, and what helps: one sentence for whoever owns the disk.

SQLite and the operating system tell the same causes in words of their own. A full disk, a disk that
is mounted for reading and a missing right leave the file as it was: it needs no copy, it needs room.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

from stem_memory.errors import StoreUnwritable

_MAKE_ROOM = "make room there and try again"
_GET_RIGHTS = "make the file and its folder writable, or use another folder"
_CLOSE_FILES = "close other programs, or raise the limit (ulimit -n)"
# Why, and what to do, by the cause as the operating system names it.
_CAUSES = {
    errno.ENOSPC: ("the disk is full", _MAKE_ROOM),
    errno.EDQUOT: ("this user may fill no more of the disk", _MAKE_ROOM),
    errno.EFBIG: ("files may not grow so large here", "raise the limit (ulimit -f)"),
    errno.EROFS: ("the disk is mounted for reading only", "mount it for writing, or use another"),
    errno.EACCES: ("this user has no right to", _GET_RIGHTS),
    errno.EPERM: ("this user has no right to", _GET_RIGHTS),
    errno.EIO: ("the disk reports a fault", "check the disk and try again"),
    errno.EMFILE: ("too many files are open", _CLOSE_FILES),
    errno.ENFILE: ("too many files are open", _CLOSE_FILES),
    errno.ENOENT: ("its folder is not there", "make the folder first"),
    errno.ENOTDIR: ("a part of its path is a file", "name another place"),
    errno.EEXIST: ("a part of its path is a file", "name another place"),
    errno.EISDIR: ("there is a folder of that name", "name another file"),
    errno.ENAMETOOLONG: ("its name is too long", "name it shorter"),
    errno.EBUSY: ("another program holds it", "end that program, or try again later"),
}
# SQLite's result codes; the low byte of those that it extends.
_PERM, _BUSY, _LOCKED, _READ_ONLY, _IO, _FULL, _CANT_OPEN = 3, 5, 6, 8, 10, 13, 14
# More than a page of a database, so that a disk with no room for one more page is found full.
_PROBE = 1 << 16


@contextlib.contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn the system's complaint that a file can not be written into one sentence.

    Raises:
        StoreUnwritable: The file, or one beside it, can not be written.
    """
    try:
        yield
    except OSError as error:
        raise StoreUnwritable(sentence(path, error)) from error


def sentence(path: Path, error: OSError) -> str:
    """Why the file can not be written, and what to do."""
    return _sentence(path, error.errno or 0, error.strerror or "")


def sqlite_sentence(path: Path, error: Exception) -> str | None:
    """The same for what SQLite raised; None: it complains of something else than writing."""
    code = getattr(error, "sqlite_errorcode", None)
    number = _errno_of(path, code) if isinstance(code, int) else None
    return None if number is None else _sentence(path, number, "")


def _sentence(path: Path, number: int, said: str) -> str:
    why, help_ = _CAUSES.get(number, (said.lower() or "no reason is given", "use another place"))
    return f"{path} can not be written: {why}; {help_}."


def _errno_of(path: Path, code: int) -> int | None:
    """The cause of one of SQLite's result codes as the system names it, if it is about writing."""
    kind = code & 0xFF
    if kind == _FULL:
        return errno.ENOSPC
    if kind in (_BUSY, _LOCKED):
        return errno.EBUSY
    if kind in (_PERM, _READ_ONLY):
        return _tried(path) or errno.EACCES
    # Of these SQLite does not say whether it was about to write.
    return _tried(path) if kind in (_IO, _CANT_OPEN) else None


def _tried(path: Path) -> int | None:
    """Why the system lets nobody write here, found out by trying; None: it does."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    beside = (path, path.with_name(path.name + "-wal"))
    if limit != resource.RLIM_INFINITY and any(_size(file) > limit - _PROBE for file in beside):
        return errno.EFBIG
    probe = path.with_name(path.name + ".probe")
    try:
        probe.write_bytes(b"\0" * _PROBE)
    except OSError as error:
        return error.errno
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    # Not opened: closing it would drop the locks that SQLite holds on it in this process.
    return errno.EACCES if path.exists() and not os.access(path, os.W_OK) else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
