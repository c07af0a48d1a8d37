"""Keys in a file of their own, so that a copy of the log is no copy of the keys.

What a destroyed key sealed is unreadable for ever, in every copy of the log. That holds as far as
no copy of the key file is left: back it up for shorter than anybody may wait to be forgotten.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from stem_memory.log.disk import written
from stem_memory.privacy.box import forget_keys
from stem_memory.privacy.errors import KeysUnreadable

_FORMAT = "retinue-keys-1"
_BYTES = 64


class Keyring:
    """Random keys by name, on the disk before they are used and gone from it when destroyed.

    Args:
        path: The file; made, for its owner only, with the first key. One process may write.
        draw: Where random bytes come from.
    """

    def __init__(self, path: Path, draw: Callable[[int], bytes] = os.urandom) -> None:
        self.path = path
        self._draw = draw
        self._seen = _version(path)
        self._keys = _read(path)
        self._names = {pseudonym(key): name for name, key in self._keys.items()}

    @classmethod
    def beside(cls, store: Path) -> Keyring:
        """The keys of a memory file."""
        return cls(store.with_name(store.name + ".keys"))

    def refresh(self) -> bool:
        """Take over what the process that writes has made or destroyed meanwhile.

        Returns:
            Whether a key that was here is gone.

        Raises:
            KeysUnreadable: If the file can not be read.
        """
        before = self._keys
        while (now := _version(self.path)) != self._seen:
            try:
                self._keys = _read(self.path)
            except KeysUnreadable:
                # A file that is replaced while it is read is blanked: read the one that is there.
                if _version(self.path) == now:
                    raise
                continue
            self._names = {pseudonym(key): name for name, key in self._keys.items()}
            self._seen = now
            forget_keys()
        return not before.items() <= self._keys.items()

    def establish(self) -> None:
        """Put the file there, though it holds no key yet: what it lies beside is a sealed memory."""
        if not self.path.exists():
            self._write({})

    def key(self, name: str) -> bytes | None:
        """The key of this name, if there is one."""
        return self._keys.get(name)

    def make(self, name: str) -> bytes:
        """The key of this name, new if there is none."""
        if name not in self._keys:
            key = self._draw(_BYTES)
            self._write(self._keys | {name: key})
            self._names[pseudonym(key)] = name
        return self._keys[name]

    def named(self, alias: str) -> bytes | None:
        """The key with this pseudonym; None: it is destroyed, or was never here."""
        name = self._names.get(alias)
        return self._keys[name] if name is not None else None

    def names(self) -> tuple[str, ...]:
        """Names of all keys."""
        return tuple(sorted(self._keys))

    def alias(self, name: str) -> str | None:
        """The pseudonym of the key of this name."""
        key = self._keys.get(name)
        return pseudonym(key) if key is not None else None

    def destroy(self, aliases: Iterable[str]) -> tuple[str, ...]:
        """Destroy the keys with these pseudonyms; returns the names of those that were here.

        The old file is overwritten before it is removed. On a drive that writes elsewhere in truth
        (most flash drives) only the drive's own erasure reaches every old copy.
        """
        gone = tuple(sorted(self._names[alias] for alias in set(aliases) if alias in self._names))
        if gone:
            self._write({name: key for name, key in self._keys.items() if name not in gone})
            self._names = {pseudonym(key): name for name, key in self._keys.items()}
            forget_keys()
        return gone

    def _write(self, keys: dict[str, bytes]) -> None:
        texts = {name: base64.b64encode(key).decode() for name, key in sorted(keys.items())}
        draft = self.path.with_name(self.path.name + ".new")
        with written(self.path):
            try:
                self._replace(draft, texts)
            finally:
                # What could not be written whole holds keys: it must not stay.
                draft.unlink(missing_ok=True)
        self._keys = keys
        self._seen = _version(self.path)

    def _replace(self, draft: Path, texts: dict[str, str]) -> None:
        """Write the draft durably and put it in the place of the file, whose blocks are blanked."""
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"format": _FORMAT, "keys": texts}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        stale = os.open(self.path, os.O_WRONLY) if self.path.exists() else None
        draft.replace(self.path)
        if stale is not None:
            # The replaced file still has its blocks while it is open: blank them.
            os.pwrite(stale, b"\0" * os.fstat(stale).st_size, 0)
            os.fsync(stale)
            os.close(stale)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)


def pseudonym(key: bytes) -> str:
    """A name that only who holds the key can link to whom it stands for."""
    return f"anon-{hmac.digest(key, b'pseudonym', hashlib.sha256).hex()[:16]}"


def _version(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever the file is written; None: there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> dict[str, bytes]:
    if not path.exists():
        return {}
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["format"] != _FORMAT:
            raise ValueError(held["format"])
        keys = {name: base64.b64decode(text, validate=True) for name, text in held["keys"].items()}
        if any(len(key) != _BYTES for key in keys.values()):
            raise ValueError("a key has another length")
    except OSError as error:
        raise KeysUnreadable(
            f"{path} can not be read ({error.strerror}); ask its owner for the right."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysUnreadable(
            f"{path} holds no keys that can be read ({error}); restore it from a copy."
        ) from None
    return keys
