"""Paged KV memory of one replica, counted by extents.

A program's blocks are freed and evicted together, tail first, so the list of free blocks of a paged engine
with a prefix cache is an ordered list of extents: (owner, blocks). Counting extents gives the same hits and
evictions as moving single blocks, at a small part of the work. Prefixes that programs share are extents of
their own with a reference count.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class Extent:
    """Blocks of one owner (a program, or a shared prefix).

    Attributes:
        blocks: Blocks resident, from the owner's start on.
        references: Running requests and pins that hold them; evictable at 0.
    """

    blocks: int = 0
    references: int = 0


class KvMemory:
    """Blocks of a replica: held by requests and pins, cached and evictable, or empty.

    Args:
        blocks: How many there are.
        block_tokens: Tokens of a block.
    """

    def __init__(self, blocks: int, block_tokens: int) -> None:
        self.blocks = blocks
        self.block_tokens = block_tokens
        self.empty = blocks
        self.cached = 0
        self._extents: dict[str, Extent] = {}
        self._evictable: OrderedDict[str, None] = OrderedDict()

    @property
    def available(self) -> int:
        """Blocks that can be had without breaking a pin."""
        return self.empty + self.cached

    def resident(self, owner: str) -> int:
        """Blocks of this owner that hold valid KV."""
        extent = self._extents.get(owner)
        return extent.blocks if extent is not None else 0

    def is_held(self, owner: str) -> bool:
        """Whether a request or a pin holds the owner's blocks."""
        extent = self._extents.get(owner)
        return extent is not None and extent.references > 0

    def missing(self, owner: str, blocks: int) -> int:
        """By how much holding so many of an owner's blocks would shrink what is available."""
        extent = self._extents.get(owner)
        if extent is not None and extent.references > 0:
            return blocks - extent.blocks
        return blocks

    def hold(self, owner: str, blocks: int, reuse: int) -> None:
        """Take a reference and resize the owner's extent, evicting others as needed.

        Args:
            owner: The program or prefix.
            blocks: Blocks wanted in all.
            reuse: Resident blocks to keep; the rest is given back first (its content differs).

        Raises:
            MemoryError: If there are not enough blocks.
        """
        extent = self._extents.setdefault(owner, Extent())
        if extent.references == 0 and owner in self._evictable:
            del self._evictable[owner]
            self.cached -= extent.blocks
        extent.references += 1
        keep = min(reuse, extent.blocks, blocks)
        self.empty += extent.blocks - keep
        extent.blocks = keep
        self._take(blocks - keep)
        extent.blocks = blocks

    def grow(self, owner: str, more: int) -> None:
        """Add blocks to a held extent, evicting others as needed.

        Raises:
            MemoryError: If there are not enough blocks.
        """
        self._take(more)
        self._extents[owner].blocks += more

    def trim(self, owner: str, blocks: int) -> None:
        """Give back all but the first blocks of a held extent."""
        extent = self._extents[owner]
        if extent.blocks > blocks:
            self.empty += extent.blocks - blocks
            extent.blocks = blocks

    def release(self, owner: str) -> None:
        """Drop a reference; with the last one the blocks become evictable, last in line."""
        extent = self._extents[owner]
        extent.references -= 1
        if extent.references == 0:
            if extent.blocks == 0:
                del self._extents[owner]
                return
            self._evictable[owner] = None
            self.cached += extent.blocks

    def drop(self, owner: str) -> None:
        """Forget the owner's blocks unless somebody holds them."""
        extent = self._extents.get(owner)
        if extent is None or extent.references > 0:
            return
        self._evictable.pop(owner, None)
        self.cached -= extent.blocks
        self.empty += extent.blocks
        del self._extents[owner]

    def check(self) -> None:
        """Raise AssertionError unless the sums add up; for tests."""
        total = sum(extent.blocks for extent in self._extents.values())
        idle = sum(e.blocks for e in self._extents.values() if e.references == 0)
        assert self.empty >= 0
        assert self.empty + total == self.blocks
        assert idle == self.cached
        assert {o for o, e in self._extents.items() if e.references == 0} == set(self._evictable)

    def _take(self, blocks: int) -> None:
        while self.empty < blocks:
            if not self._evictable:
                raise MemoryError("The replica has no block left to evict.")
            owner = next(iter(self._evictable))
            extent = self._extents[owner]
            taken = min(extent.blocks, blocks - self.empty)
            extent.blocks -= taken
            self.cached -= taken
            self.empty += taken
            if extent.blocks == 0:
                del self._evictable[owner]
                del self._extents[owner]
        self.empty -= blocks
