"""Which model and which tokenizer a GGUF file holds, as hashes.

The format: "GGUF", a version, the numbers of tensors and of metadata; then the metadata, each a name,
a type and a value (https://github.com/ggml-org/ggml, docs/gguf.md). Little endian.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import BinaryIO

from brain.model import ModelUnavailable

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_CHUNK = 1 << 20


def model_sha256(path: Path) -> str:
    """The SHA-256 of the whole file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def tokenizer_sha256(path: Path) -> str:
    """The SHA-256 of everything the file says of its tokenizer, in the order of its names.

    Raises:
        ModelUnavailable: The file is no GGUF, or it is cut off.
    """
    said: dict[bytes, bytes] = {}
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelUnavailable(f"{path} is no GGUF file; name another one.")
            _, _, count = struct.unpack("<IQQ", _read(file, 20))
            for _ in range(count):
                name = _text(file)
                (kind,) = struct.unpack("<I", _read(file, 4))
                value = _value(file, kind)
                if name.startswith(b"tokenizer."):
                    said[name] = value
    except (struct.error, EOFError, KeyError):
        raise ModelUnavailable(f"{path} is cut off or damaged; name another file.") from None
    digest = hashlib.sha256()
    for name, value in sorted(said.items()):
        digest.update(struct.pack("<QQ", len(name), len(value)) + name + value)
    return digest.hexdigest()


def _value(file: BinaryIO, kind: int) -> bytes:
    """The bytes of a value."""
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        return _read(file, _SIZES[kind])
    head = _read(file, 12)
    inner, count = struct.unpack("<IQ", head)
    if inner in _SIZES:
        return head + _read(file, _SIZES[inner] * count)
    return head + b"".join(struct.pack("<Q", len(v)) + v for v in _values(file, inner, count))


def _values(file: BinaryIO, kind: int, count: int) -> list[bytes]:
    return [_value(file, kind) for _ in range(count)]


def _text(file: BinaryIO) -> bytes:
    (length,) = struct.unpack("<Q", _read(file, 8))
    return _read(file, length)


def _read(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise EOFError
    return found
