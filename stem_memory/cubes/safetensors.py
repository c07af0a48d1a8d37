"""Adapters are read as safetensors and as nothing else: the format holds numbers, never code.

The format: 8 bytes with the length of a JSON header (little endian), the header, then the tensors
one after the other without gaps. The library of that name is laxer than the format: it takes a name
that comes twice, which two readers may take for two tensors. So this reads by itself.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from devices.noun import Noun
from stem_memory.cubes.errors import NotSafetensors

_MOST_HEADER = 100_000_000  # bytes; the limit of the format itself
_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "I64": 64,
    "U64": 64,
    "F64": 64,
    "C64": 64,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}


class Tensor(Noun):
    """One tensor of a file: its type, shape, and where its bytes are, from the end of the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class TensorFile(Noun):
    """What a safetensors file says it holds."""

    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]
    size: int


def check_safetensors(path: Path) -> TensorFile:
    """Read the header of a safetensors file and see that the file is as the header says.

    Raises:
        NotSafetensors: If the file is missing, of another format, cut off or has gaps.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_MOST_HEADER, size - 8):
                raise _fault(path, "it has no header")
            raw = file.read(length)
    except OSError as error:
        raise _fault(path, error.strerror or "it can not be read") from None
    try:
        header = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _fault(path, "its header is not JSON with unique names") from None
    if not isinstance(header, dict) or raw[:1] != b"{":
        raise _fault(path, "its header is not an object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or any(not isinstance(v, str) for v in metadata.values()):
        raise _fault(path, "its metadata are not texts")
    tensors = [_tensor(path, name, entry) for name, entry in header.items()]
    tensors.sort(key=lambda tensor: (tensor.start, tensor.end, tensor.name))
    ends = [0, *(tensor.end for tensor in tensors)]
    if any(t.start != before for t, before in zip(tensors, ends, strict=False)):
        raise _fault(path, "its tensors overlap or leave gaps")
    if ends[-1] != size - 8 - length:
        raise _fault(path, "it is cut off or too long")
    return TensorFile(tensors=tuple(tensors), metadata=metadata, size=size)


def _tensor(path: Path, name: str, entry: Any) -> Tensor:
    try:
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = [*shape, start, end]
        sound = all(type(n) is int and n >= 0 for n in whole) and end >= start
        bits = _BITS[dtype] * prod(shape)
    except (KeyError, TypeError, ValueError):
        raise _fault(path, f"the entry of the tensor {name!r} is not understood") from None
    if not sound or bits != 8 * (end - start):
        raise _fault(path, f"the tensor {name!r} does not fill its place")
    return Tensor(name=name, dtype=dtype, shape=tuple(shape), start=start, end=end)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _fault(path: Path, why: str) -> NotSafetensors:
    return NotSafetensors(f"{path} is no safetensors file ({why}); name another file.")
