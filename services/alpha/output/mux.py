"""Adding a sound track to an MP4 file, so that a film with speech is one file.

OpenCV writes pictures only. An MP4 file is a tree of boxes (ISO/IEC 14496-12); this appends the
samples as a second `mdat` and a second `trak` to `moov`. Sound is uncompressed 16-bit PCM (`sowt`,
little-endian, as QuickTime defines it), which the common players and decoders read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from devices.errors import Refused
from devices.glasses.voice import RATE, Samples

_CHUNK = RATE // 2  # samples in a chunk: half a second
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4  # the language "und"


def add_sound(path: Path, samples: Samples) -> None:
    """Add mono samples, 22050 a second, to the film in place.

    Raises:
        Refused: the file is no MP4 file as OpenCV writes them.
    """
    data = path.read_bytes()
    boxes = {kind: (start, size) for kind, start, size in _boxes(data, 0, len(data))}
    if b"moov" not in boxes or b"mdat" not in boxes:
        raise Refused(f"{path} is no MP4 film: no sound was added")
    start, size = boxes[b"moov"]
    if start + size != len(data):
        raise Refused(f"{path} has its index at the front: no sound was added")
    moov = data[start : start + size]
    sound = samples.astype("<i2").tobytes()
    first = start + 8
    film = data[:start] + _box(b"mdat", sound) + _with_sound(moov, first, len(samples))
    path.write_bytes(film)


def _with_sound(moov: bytes, first: int, count: int) -> bytes:
    """The index with one more track, whose samples lie in the file from `first` on."""
    body = bytearray(moov[8:])
    header, timescale, number = 0, 1000, 2
    for kind, start, _ in _boxes(moov, 8, len(moov)):
        if kind == b"mvhd":
            header = start - 8
            timescale = struct.unpack_from(">I", moov, start + 20)[0]
    duration = round(count / RATE * timescale)
    # A movie lasts as long as its longest track; and it tells the number of its next track.
    old = struct.unpack_from(">I", body, header + 24)[0]
    struct.pack_into(">I", body, header + 24, max(old, duration))
    struct.pack_into(">I", body, header + 104, number + 1)
    return _box(b"moov", bytes(body) + _track(number, duration, first, count))


def _track(number: int, duration: int, first: int, count: int) -> bytes:
    head = struct.pack(">IIIIII", 7, 0, 0, number, 0, duration) + bytes(8)
    head += struct.pack(">HHHH", 0, 0, 0x0100, 0) + _MATRIX + struct.pack(">II", 0, 0)
    media = struct.pack(">IIIIIHH", 0, 0, 0, RATE, count, _UNDETERMINED, 0)
    handler = bytes(8) + b"soun" + bytes(12) + b"Retinue speech\0"
    reference = _box(b"dref", struct.pack(">II", 0, 1) + _box(b"url ", struct.pack(">I", 1)))
    return _box(
        b"trak",
        _box(b"tkhd", head)
        + _box(
            b"mdia",
            _box(b"mdhd", media)
            + _box(b"hdlr", handler)
            + _box(
                b"minf",
                _box(b"smhd", bytes(8)) + _box(b"dinf", reference) + _sample_table(first, count),
            ),
        ),
    )


def _sample_table(first: int, count: int) -> bytes:
    """Where the samples are: chunks of half a second, one after the other."""
    chunks, rest = divmod(count, _CHUNK)
    runs = [(1, _CHUNK)] if chunks else []
    if rest:
        runs.append((chunks + 1, rest))
    offsets = [first + k * _CHUNK * 2 for k in range(chunks + bool(rest))]
    entry = bytes(6) + struct.pack(">HHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, RATE << 16)
    return _box(
        b"stbl",
        _box(b"stsd", struct.pack(">II", 0, 1) + _box(b"sowt", entry))
        + _box(b"stts", struct.pack(">IIII", 0, 1, count, 1))
        + _box(
            b"stsc",
            struct.pack(">II", 0, len(runs))
            + b"".join(struct.pack(">III", chunk, n, 1) for chunk, n in runs),
        )
        + _box(b"stsz", struct.pack(">III", 0, 2, count))
        + _box(b"stco", struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets)),
    )


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size of the boxes that follow one another."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size == 1:
            size = struct.unpack_from(">Q", data, start + 8)[0]
        elif size == 0:
            size = end - start
        if size < 8:
            return
        yield kind, start, size
        start += size
