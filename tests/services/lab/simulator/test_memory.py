"""Extents of blocks add up, and evict as a paged engine's free list would."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.lab.simulator.memory import KvMemory

OWNERS = st.sampled_from("abcdef")


class Blocks(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.memory = KvMemory(100, 16)
        self.held: dict[str, int] = {}

    @rule(owner=OWNERS, blocks=st.integers(1, 60), reuse=st.integers(0, 60))
    def hold(self, owner: str, blocks: int, reuse: int) -> None:
        if self.held.get(owner):
            return
        if self.memory.missing(owner, blocks) > self.memory.available:
            with pytest.raises(MemoryError):
                self.memory.hold(owner, blocks, reuse)
            self.memory = KvMemory(100, 16)
            self.held.clear()
            return
        self.memory.hold(owner, blocks, reuse)
        self.held[owner] = 1
        assert self.memory.resident(owner) == blocks

    @precondition(lambda self: self.held)
    @rule(data=st.data(), more=st.integers(1, 5))
    def grow(self, data: st.DataObject, more: int) -> None:
        owner = data.draw(st.sampled_from(sorted(self.held)))
        if more <= self.memory.available:
            before = self.memory.resident(owner)
            self.memory.grow(owner, more)
            assert self.memory.resident(owner) == before + more

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        owner = data.draw(st.sampled_from(sorted(self.held)))
        self.memory.release(owner)
        del self.held[owner]

    @rule(owner=OWNERS)
    def drop(self, owner: str) -> None:
        self.memory.drop(owner)
        assert owner in self.held or self.memory.resident(owner) == 0

    @invariant()
    def sums_add_up(self) -> None:
        self.memory.check()
        for owner in self.held:
            assert self.memory.is_held(owner)


TestBlocks = Blocks.TestCase
TestBlocks.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_the_least_recently_released_loses_its_tail_first() -> None:
    memory = KvMemory(10, 16)
    for owner in "ab":
        memory.hold(owner, 4, 0)
    memory.release("a")
    memory.release("b")
    memory.hold("c", 4, 0)
    assert (memory.resident("a"), memory.resident("b")) == (2, 4)


def test_a_prefix_is_kept_while_anybody_holds_it() -> None:
    memory = KvMemory(10, 16)
    memory.hold("prefix", 3, 3)
    memory.hold("prefix", 3, 3)
    memory.release("prefix")
    memory.hold("c", 7, 0)
    assert memory.resident("prefix") == 3
    assert memory.available == 0
