"""The KV blocks of one request: which a later turn can find, and which nobody else holds."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any


def findable(groups: Any) -> list[Any]:
    """Blocks that a later request can find: full ones have a hash, the last one may have none.

    Args:
        groups: The request's blocks by KV group, in the order of their tokens.
    """
    if len(groups) == 1:
        return _of_group(groups[0])
    return [block for group in groups for block in _of_group(group)]


def own(blocks: list[Any], groups: int) -> int:
    """How many of a request's blocks would come free with it.

    Args:
        blocks: Its findable blocks.
        groups: KV groups that they are of.
    """
    if groups > 1:
        return sum(map(_alone, blocks))
    # What others hold as well is the beginning, if anything.
    return len(blocks) - bisect_left(blocks, True, key=_alone)


def without(whole: list[Any], kept: list[Any]) -> list[Any]:
    """The blocks of a request that a pin does not keep; usually the one at the end."""
    count = len(kept)
    if not kept or (whole[0] is kept[0] and whole[count - 1] is kept[-1]):
        return whole[count:]
    held = {block.block_id for block in kept}
    return [block for block in whole if block.block_id not in held]


def _of_group(blocks: Any) -> list[Any]:
    end = len(blocks)
    while end and blocks[end - 1].block_hash is None:
        end -= 1
    if end and blocks[0].is_null:
        # A sliding window has let go of the beginning.
        return [b for b in blocks[:end] if not b.is_null and b.block_hash is not None]
    return list(blocks[:end])


def _alone(block: Any) -> bool:
    held: int = block.ref_cnt
    return held == 1
