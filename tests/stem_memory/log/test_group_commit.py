"""Many callers, one commit: everyone is told only what is on the disk, and nobody pays for another."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_memory.contracts import Event, Spoken
from stem_memory.errors import EventConflict, EventUnfit, StoreClosed, StoreUnreadable
from stem_memory.log.group_commit import Gathering, GroupCommit
from stem_memory.log.store import EventStore

PATIENT = Gathering(window_s=1.0)


def spoken(origin, *numbers, text="hello"):
    body = Spoken(body=origin, to="ann", text=text)
    return [Event(origin=origin, seq=n, t=float(n), body=body) for n in numbers]


class Desk:
    """A group commit over a real store, with a window that ends when the test says so."""

    def __init__(self, folder, gathering=PATIENT):
        self.store = EventStore.writer(folder / "memory.db", lambda: self.now_ms)
        self.now_ms = 0
        self.sizes = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.window = asyncio.Event()
        self.group = GroupCommit(self.append, self.pause, gathering)

    async def append(self, events, now_ms):
        await self.gate.wait()
        self.now_ms = now_ms
        recorded = self.store.append(events)
        self.sizes.append(len(events))
        return recorded

    async def pause(self, seconds):
        await self.window.wait()

    def start(self, events, now_ms=0):
        return asyncio.create_task(self.group.record(events, now_ms))


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def played(tmp_path):
    """Play a story with a desk; its store verifies at the end."""

    def play(story, gathering=PATIENT):
        async def whole():
            desk = Desk(tmp_path, gathering)
            try:
                return await asyncio.wait_for(story(desk), 30)
            finally:
                assert desk.store.verify().events == desk.store.position()
                desk.store.close()

        return asyncio.run(whole())

    return play


def test_somebody_alone_waits_for_nobody(played):
    async def story(desk):
        for n in range(3):
            recorded = await desk.group.record(spoken("a", n), 5 + n)
            assert [(r.event.seq, r.tx_ms) for r in recorded] == [(n, 5 + n)]
        assert desk.sizes == [1, 1, 1]

    played(story)


def test_what_arrives_during_a_commit_is_committed_together(played):
    async def story(desk):
        desk.gate.clear()
        first = desk.start(spoken("a", 1, 2))
        await settle()
        others = [desk.start(spoken(name, 1, 2, 3)) for name in "bcd"]
        await settle()
        assert not first.done()
        desk.gate.set()
        desk.window.set()
        for name, answer in zip("bcd", await asyncio.gather(*others), strict=True):
            assert {(r.event.origin, r.hash != "") for r in answer} == {(name, True)}
        assert len(await first) == 2
        assert desk.sizes == [2, 9]
        counts = desk.group.counts
        assert (counts.calls, counts.rows, counts.commits, counts.refused) == (4, 11, 2, 0)

    played(story)


def test_it_waits_for_those_who_were_there_before_but_not_for_ever(played):
    async def story(desk):
        async def caller(name):
            for n in range(4):
                await desk.group.record(spoken(name, n), 0)

        desk.gate.clear()
        callers = [asyncio.create_task(caller(name)) for name in "abc"]
        await settle()
        desk.gate.set()
        await settle()
        # One of the three hurried ahead; from then on they go together, with no window at all.
        assert max(desk.sizes) == 3
        desk.window.set()
        await asyncio.gather(*callers)
        assert sum(desk.sizes) == 12

    played(story)


def test_enough_rows_end_the_window_and_a_commit_has_a_size(played):
    rule = Gathering(window_s=1.0, enough_rows=10, commit_rows=8)

    async def story(desk):
        desk.gate.clear()
        calls = [desk.start(spoken("a", 0))]
        await settle()
        calls += [desk.start(spoken(f"b{i}", *range(3))) for i in range(6)]
        calls.append(desk.start(spoken("large", *range(20))))
        await settle()
        desk.gate.set()
        desk.window.set()
        await asyncio.gather(*calls)
        # Calls are never torn apart, not even one that is larger than a commit should be.
        assert desk.sizes == [1, 6, 6, 6, 20]

    played(story, rule)


def test_too_many_rows_wait_outside_and_come_in_by_turns(played):
    rule = Gathering(window_s=1.0, waiting_rows=10)

    async def story(desk):
        desk.gate.clear()
        calls = [desk.start(spoken(f"c{i}", *range(4))) for i in range(5)]
        await settle()
        # The first is being committed, a second waits, the others are outside.
        assert desk.group.counts.rows == 0
        desk.gate.set()
        desk.window.set()
        await asyncio.gather(*calls)
        assert max(desk.sizes) <= 10
        order = [r.event.origin for r in desk.store.read()][::4]
        assert order == [f"c{i}" for i in range(5)]

    played(story, rule)


def test_a_poisoned_row_fails_only_its_own_caller(played):
    async def story(desk):
        await desk.group.record(spoken("a", 1), 0)
        desk.gate.clear()
        first = desk.start(spoken("z", 1))
        await settle()
        good = [desk.start(spoken(name, 7, 8)) for name in "bcde"]
        conflict = desk.start([*spoken("f", 1), *spoken("a", 1, text="other")])
        unfit = desk.start(spoken("g", 1, text="\ud800"))
        twin = desk.start(spoken("b", 7, 8))
        await settle()
        desk.gate.set()
        desk.window.set()
        for answer in await asyncio.gather(*good, first, twin):
            assert answer
        with pytest.raises(EventConflict, match="a/1"):
            await conflict
        with pytest.raises(EventUnfit, match="g/1"):
            await unfit
        assert (await twin) == (await good[0])
        # Nothing of a refused call is recorded.
        assert desk.store.last_seq("f") is None
        assert desk.store.position() == 10
        assert desk.group.counts.refused == 2

    played(story)


def test_a_broken_disk_fails_everybody_at_once(played, monkeypatch):
    tries = []

    def broken(self, events):
        tries.append(1)
        raise StoreUnreadable("the disk is full")

    async def story(desk):
        monkeypatch.setattr(EventStore, "append", broken)
        desk.gate.clear()
        calls = [desk.start(spoken(name, 1)) for name in "abcd"]
        await settle()
        desk.gate.set()
        desk.window.set()
        for failed in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(failed, StoreUnreadable)
        assert len(tries) == 1 or len(tries) == 2
        monkeypatch.undo()
        assert await desk.group.record(spoken("a", 1), 0)

    played(story)


def test_close_gives_everybody_who_is_in_an_answer_first(played):
    rule = Gathering(window_s=1.0, waiting_rows=4)

    async def story(desk):
        desk.gate.clear()
        calls = [desk.start(spoken(f"c{i}", 1, 2, 3)) for i in range(4)]
        await settle()
        closing = asyncio.create_task(desk.group.close())
        await settle()
        assert not closing.done()
        with pytest.raises(StoreClosed):
            await desk.group.record(spoken("late", 1), 0)
        desk.gate.set()
        await closing
        assert all(call.done() for call in calls)
        assert desk.store.position() == 12
        await desk.group.close()

    played(story, rule)


def test_a_caller_who_gives_up_harms_nobody(played):
    async def story(desk):
        desk.gate.clear()
        gone, stays = desk.start(spoken("a", 1)), desk.start(spoken("b", 1))
        await settle()
        gone.cancel()
        await settle()
        desk.gate.set()
        desk.window.set()
        assert await stays
        assert await desk.group.record(spoken("c", 1), 0)
        await desk.group.close()

    played(story)


@given(
    sizes=st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=6),
        min_size=1,
        max_size=5,
    ),
    rule=st.builds(
        Gathering,
        window_s=st.just(0.0),
        enough_rows=st.integers(1, 30),
        commit_rows=st.integers(1, 30),
        waiting_rows=st.integers(1, 30),
    ),
    repeats=st.booleans(),
)
def test_every_call_gets_its_own_answer_and_each_row_is_there_once(sizes, rule, repeats):
    log, known, running = [], {}, []

    async def append(events, now_ms):
        assert not running
        running.append(1)
        await asyncio.sleep(0)
        running.pop()
        if any(event.body.text == "poison" for event in events):
            raise EventUnfit("poison")
        for event in events:
            if (event.origin, event.seq) not in known:
                known[event.origin, event.seq] = event
                log.append(event)
        return tuple(events)

    async def caller(group, name, calls):
        seq = 0
        for rows, poisoned in calls:
            events = spoken(name, *range(seq, seq + rows))
            if poisoned:
                with pytest.raises(EventUnfit):
                    await group.record([*events, *spoken(name, -1, text="poison")], 0)
                continue
            seq += rows
            for _ in range(1 + repeats):
                assert await group.record(events, 0) == tuple(events)

    async def whole():
        group = GroupCommit(append, asyncio.sleep, rule)
        callers = [caller(group, f"c{i}", calls) for i, calls in enumerate(sizes)]
        await asyncio.wait_for(asyncio.gather(*callers), 30)
        await group.close()
        assert group.counts.refused == sum(poisoned for calls in sizes for _, poisoned in calls)

    asyncio.run(whole())
    for i, calls in enumerate(sizes):
        good = sum(rows for rows, poisoned in calls if not poisoned)
        assert [e.seq for e in log if e.origin == f"c{i}"] == list(range(good))
