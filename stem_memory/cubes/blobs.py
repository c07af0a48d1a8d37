"""Blobs by the SHA-256 of their bytes: files beside the memory, complete or not there at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from stem_memory.cubes.errors import BlobDamaged
from stem_memory.log.disk import written

_CHUNK = 1 << 20


class BlobStore:
    """A folder of blobs. Any process may add; the same bytes are kept once.

    A blob that was acknowledged is on the disk; a writer that dies leaves at most a file that
    `collect` removes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def beside(cls, store: Path) -> BlobStore:
        """The blobs of a memory file."""
        return cls(store.with_name(store.name + ".blobs"))

    def put(self, chunks: bytes | Iterable[bytes]) -> tuple[str, int]:
        """Store bytes durably; returns their hash and their number.

        Raises:
            StoreUnwritable: The disk is full, or the like.
        """
        with written(self.folder):
            return self._put((chunks,) if isinstance(chunks, bytes) else chunks)

    def _put(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        self.folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(prefix="draft-", dir=self.folder)
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            place = self._place(digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            draft.replace(place)
            _sync(place.parent)
            _sync(self.folder)
        finally:
            draft.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def put_file(self, path: Path) -> tuple[str, int]:
        """Store a copy of a file durably; returns its hash and its size."""
        with path.open("rb") as file:
            return self.put(iter(lambda: file.read(_CHUNK), b""))

    def has(self, sha256: str) -> bool:
        """Whether there is such a blob."""
        return self._place(sha256).is_file()

    def read(self, sha256: str) -> Iterator[bytes]:
        """The bytes in chunks, checked: the last chunk comes only if all were right.

        Raises:
            BlobDamaged: If the blob is missing or its bytes are not those of its name.
        """
        digest = hashlib.sha256()
        held = b""
        try:
            with self._place(sha256).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    if held:
                        yield held
                    held = chunk
        except FileNotFoundError:
            raise BlobDamaged(f"The blob {sha256} is missing; import it again.") from None
        if digest.hexdigest() != sha256:
            raise BlobDamaged(f"The blob {sha256} is damaged; restore it from a copy.")
        yield held

    def get(self, sha256: str) -> bytes:
        """All bytes of a blob. BlobDamaged as in `read`."""
        return b"".join(self.read(sha256))

    def names(self) -> tuple[str, ...]:
        """The hashes of all blobs."""
        return tuple(sorted(path.name for path in self.folder.glob("??/*")))

    def collect(self, live: Collection[str]) -> tuple[str, ...]:
        """Delete every blob that is not live, and drafts of the dead; returns what was deleted.

        Only the writer of the memory may call it, when nobody is putting.
        """
        for draft in self.folder.glob("draft-*"):
            draft.unlink(missing_ok=True)
        gone = tuple(name for name in self.names() if name not in live)
        for name in gone:
            self._place(name).unlink()
        return gone

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
