"""Group commit: what many callers record at about the same time becomes one durable transaction.

A commit costs a sync of the disk whatever it holds, so callers share one: D. DeWitt et al.,
"Implementation Techniques for Main Memory Database Systems", SIGMOD 1984, section 5.2. Nobody is
told that anything is recorded before the commit that holds it is on the disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from devices.noun import Noun
from stem_memory.contracts import Event, Recorded
from stem_memory.errors import EventConflict, EventUnfit, MemoryFault, StoreClosed

# Faults of what one caller wants recorded. Any other fault of memory befalls everybody.
_OWN_FAULTS = (EventConflict, EventUnfit)


class Gathering(Noun):
    """When a commit begins and what it takes along.

    It begins when as many calls wait as were last under way, when `enough_rows` wait, or when the
    first of them has waited for `window_s`; somebody who records alone waits for nobody. It takes
    at most `commit_rows`, but never part of a call. Calls beyond `waiting_rows` unacknowledged rows
    are let in, in order, as others are acknowledged.
    """

    window_s: float = 0.005
    enough_rows: int = 200
    commit_rows: int = 2_000
    waiting_rows: int = 10_000


class Counts(Noun):
    """What a writer has done so far: calls and rows acknowledged, commits, calls refused."""

    calls: int = 0
    rows: int = 0
    commits: int = 0
    refused: int = 0


@dataclass
class _Call:
    """What one caller wants recorded, and where its answer goes."""

    events: tuple[Event, ...]
    now_ms: int
    answer: asyncio.Future[tuple[Recorded, ...]]


class GroupCommit:
    """Gathers calls and commits them together. It belongs to one event loop.

    Args:
        append: Commits events, all or none, at a transaction time (milliseconds), and returns once
            they are on the disk: one entry for each event. Never called while it still works.
        pause: Waits for seconds (`asyncio.sleep`).
        gathering: When to commit.
    """

    def __init__(
        self,
        append: Callable[[Sequence[Event], int], Awaitable[tuple[Recorded, ...]]],
        pause: Callable[[float], Awaitable[object]],
        gathering: Gathering | None = None,
    ) -> None:
        self._append = append
        self._pause = pause
        self._rule = gathering or Gathering()
        self._waiting: deque[_Call] = deque()
        self._waiting_rows = 0
        self._unacknowledged = 0
        self._under_way = 0
        # How many calls were under way at once since the last commit began.
        self._crowd = 0
        self._door = asyncio.Lock()
        self._room = asyncio.Event()
        self._ready = asyncio.Event()
        self._rest = asyncio.Event()
        self._window: asyncio.Future[Any] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._closing = False
        self.counts = Counts()

    async def record(self, events: Iterable[Event], now_ms: int) -> tuple[Recorded, ...]:
        """Record events, all or none, and return once they are on the disk.

        Args:
            events: What to record; what is recorded already is returned as it was.
            now_ms: The caller's transaction time, in milliseconds; a commit has the latest of its
                callers'.

        Raises:
            EventConflict, EventUnfit: Something is wrong with these events. Nobody else is harmed.
            StoreClosed: The writer is about to end.
            MemoryFault: The commit failed; nothing in it is recorded.
        """
        call = _Call(tuple(events), now_ms, asyncio.get_running_loop().create_future())
        if self._closing:
            raise StoreClosed("The writer of this memory has been closed; open it anew.")
        self._under_way += 1
        self._crowd = max(self._crowd, self._under_way)
        try:
            await self._enter(call)
            return await call.answer
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._rest.set()

    async def close(self) -> None:
        """Let nobody in any more, and return when all who are in have their answers."""
        self._closing = True
        self._ready.set()
        while self._under_way:
            self._rest.clear()
            await self._rest.wait()

    async def _enter(self, call: _Call) -> None:
        """Queue a call: first come, first served, and only so many rows at a time."""
        rows = len(call.events)
        async with self._door:
            while self._unacknowledged and self._unacknowledged + rows > self._rule.waiting_rows:
                self._room.clear()
                await self._room.wait()
            self._unacknowledged += rows
        self._waiting.append(call)
        self._waiting_rows += rows
        if self._is_ready():
            self._ready.set()
        elif len(self._waiting) == 1:
            self._window = asyncio.ensure_future(self._pause(self._rule.window_s))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    def _is_ready(self) -> bool:
        return (
            self._closing
            or len(self._waiting) >= self._crowd
            or self._waiting_rows >= self._rule.enough_rows
        )

    async def _work(self) -> None:
        """Commit until nobody waits."""
        try:
            while self._waiting:
                await self._gather()
                await self._commit(self._take())
        finally:
            self._worker = None

    async def _gather(self) -> None:
        """Wait until a commit is worth it, at most until the window is over."""
        window = self._window
        if not self._is_ready() and window is not None:
            self._ready.clear()
            ready: asyncio.Future[Any] = asyncio.ensure_future(self._ready.wait())
            await asyncio.wait({window, ready}, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
        if window is not None:
            window.cancel()
            self._window = None

    def _take(self) -> list[_Call]:
        calls = [self._waiting.popleft()]
        rows = len(calls[0].events)
        while self._waiting and rows + len(self._waiting[0].events) <= self._rule.commit_rows:
            calls.append(self._waiting.popleft())
            rows += len(calls[-1].events)
        self._waiting_rows -= rows
        if self._waiting:
            self._window = asyncio.ensure_future(self._pause(self._rule.window_s))
        self._crowd = self._under_way
        return calls

    async def _commit(self, calls: list[_Call]) -> None:
        """Commit calls together. Where that fails for what some want recorded, in halves."""
        events = [event for call in calls for event in call.events]
        try:
            recorded = await self._append(events, max(call.now_ms for call in calls))
        except Exception as error:  # noqa: BLE001 - it is the callers', who are told
            common = isinstance(error, MemoryFault) and not isinstance(error, _OWN_FAULTS)
            if common or len(calls) == 1:
                self._refuse(calls, error)
            else:
                half = len(calls) // 2
                await self._commit(calls[:half])
                await self._commit(calls[half:])
            return
        self._acknowledge(calls, recorded)

    def _acknowledge(self, calls: list[_Call], recorded: tuple[Recorded, ...]) -> None:
        start = 0
        for call in calls:
            end = start + len(call.events)
            if not call.answer.done():
                call.answer.set_result(recorded[start:end])
            start = end
        self._leave(len(recorded))
        self.counts = Counts(
            calls=self.counts.calls + len(calls),
            rows=self.counts.rows + len(recorded),
            commits=self.counts.commits + 1,
            refused=self.counts.refused,
        )

    def _refuse(self, calls: list[_Call], error: Exception) -> None:
        for call in calls:
            if not call.answer.done():
                call.answer.set_exception(error)
        self._leave(sum(len(call.events) for call in calls))
        refused = self.counts.refused + len(calls)
        self.counts = self.counts.model_copy(update={"refused": refused})

    def _leave(self, rows: int) -> None:
        self._unacknowledged -= rows
        self._room.set()
