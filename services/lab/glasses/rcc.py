"""Qt's binary resource files (.rcc), read without Qt.

The layout is that of Qt's `QResource`: a header with the offsets of a tree, of the names and of the data.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_COMPRESSED, _DIRECTORY, _ZSTANDARD = 1, 2, 4


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        magic, version, tree, body, names = struct.unpack_from(">4sIIII", data)
        if magic != b"qres":
            raise ValueError("it is no Qt resource file")
        self.tree, self.body, self.names = tree, body, names
        self.node_size = 14 if version < 2 else 22

    def name(self, offset: int) -> str:
        at = self.names + offset
        (length,) = struct.unpack_from(">H", self.data, at)
        return self.data[at + 6 : at + 6 + 2 * length].decode("utf-16-be")

    def files(self, node: int, path: str) -> Iterator[tuple[str, bytes]]:
        at = self.tree + node * self.node_size
        name, flags = struct.unpack_from(">IH", self.data, at)
        here = f"{path}/{self.name(name)}" if node else ""
        if flags & _DIRECTORY:
            count, first = struct.unpack_from(">II", self.data, at + 6)
            for child in range(first, first + count):
                yield from self.files(child, here)
            return
        (offset,) = struct.unpack_from(">I", self.data, at + 10)
        begin = self.body + offset
        (size,) = struct.unpack_from(">I", self.data, begin)
        packed = self.data[begin + 4 : begin + 4 + size]
        if flags & _ZSTANDARD:
            raise ValueError(f"{here} is packed with Zstandard, which is not read here")
        yield here.lstrip("/"), zlib.decompress(packed[4:]) if flags & _COMPRESSED else packed


def resources(path: Path) -> dict[str, bytes]:
    """Every file inside, by its path.

    Raises:
        ValueError: It is no such file, or it is packed in a way not read here.
        OSError: It cannot be read.
    """
    return dict(_Reader(path.read_bytes()).files(0, ""))
