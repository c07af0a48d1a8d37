"""The one writer of a memory: an actor of coroutines, for one program or for all of a host."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from stem_memory.contracts import Event, Recorded
from stem_memory.errors import EventUnfit
from stem_memory.log.group_commit import Counts, Gathering, GroupCommit
from stem_memory.log.store import EventStore
from stem_memory.privacy.contracts import PrivacyChanged
from stem_memory.privacy.erase import expire
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.privacy.zones import allowed

_EVENTS: TypeAdapter[tuple[Event, ...]] = TypeAdapter(tuple[Event, ...])
# How much is made before Python looks for garbage: of the young, the old, and the oldest.
_GARBAGE = (20_000, 20, 100)
# What a caller is told of each event: position, transaction time (ms), hash, and the event as JSON
# where it is not recorded as it was given, because a zone hides some of it.
Receipt = tuple[int, int, str, bytes | None]


class MemoryWriter:
    """Records what many callers hand in at the same time; every answer means "on the disk".

    What no-record zones hide is left out. What is personal is sealed from a memory's first event
    on; one that was begun in clear stays so.

    Args:
        path: The memory's file; made if there is none.
        gathering: When to commit.
        apart: It has a process of its own. Commits then run in a thread beside the calls, so that
            calls come in meanwhile, and garbage is looked for less often. Else a call commits at
            once, in the thread that makes it.
    """

    def __init__(self, path: str, gathering: Gathering, apart: bool) -> None:
        self._now_ms = 0
        self._path = Path(path)
        if not self._path.exists() and self._path.parent.is_dir():
            # Whether it is sealed must not hang on when the first person is seen.
            Keyring.beside(self._path).establish()
        self._store = self._open()
        self._thread = (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit") if apart else None
        )
        self._group = GroupCommit(self._commit, asyncio.sleep, gathering)
        if apart:
            # Nearly all that is made here stays; looking through it so often costs a tenth.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_GARBAGE)

    async def record(
        self, events: bytes, now_ms: int, receipts: bool = True
    ) -> list[Receipt] | None:
        """Record events of another process (a JSON list) and return when they are on the disk.

        Args:
            events: What to record.
            now_ms: Transaction time in milliseconds.
            receipts: Whether the caller wants to be told of each event.

        Raises:
            EventUnfit, EventConflict: Something is wrong with these events; none is recorded.
            StoreClosed: The writer ends.
        """
        try:
            given = _EVENTS.validate_json(events)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise EventUnfit(
                f"What came to be recorded is not a list of events ({where}: {first['msg']}); "
                "see that all programs run the same version of retinue."
            ) from None
        recorded = await self._group.record(given, now_ms)
        if not receipts:
            return None
        return [
            (entry.id, entry.tx_ms, entry.hash, None if kept else _as_json(entry.event))
            for entry, kept in zip(recorded, map(_same, recorded, given), strict=True)
        ]

    async def take(self, events: tuple[Event, ...], now_ms: int) -> tuple[Recorded, ...]:
        """Record events of this process, as `record` does: what is recorded of each."""
        return await self._group.record(events, now_ms)

    async def expire(self, now_s: float) -> int:
        """Destroy the keys of what was to be kept until `now_s` (seconds) at the longest.

        Returns:
            How many events can no longer be read in full.
        """
        gone: int = await self._in_thread(self._expire, now_s)
        return gone

    async def last_seq(self, origin: str) -> int | None:
        """The highest number of an origin; None: never heard of."""
        found: int | None = await self._in_thread(self._store.last_seq, origin)
        return found

    async def position(self) -> int:
        """The id of the newest event; 0 for an empty log."""
        return self._store.position()

    async def counts(self) -> Counts:
        """What was done since the process started."""
        return self._group.counts

    async def process(self) -> int:
        """The id of this process."""
        return os.getpid()

    async def close(self) -> None:
        """Answer everybody who is in, then close the file. Closing twice is harmless."""
        await self._group.close()
        await self._in_thread(self._store.close)

    async def _commit(self, events: Sequence[Event], now_ms: int) -> tuple[Recorded, ...]:
        recorded: tuple[Recorded, ...] = await self._in_thread(self._append, events, now_ms)
        return recorded

    def _append(self, events: Sequence[Event], now_ms: int) -> tuple[Recorded, ...]:
        self._now_ms = now_ms
        return self._store.append(self._admitted(events))

    def _admitted(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events without what no-record zones hide, those drawn among them included."""
        state = self._store.state
        if not any(isinstance(event.body, PrivacyChanged) for event in events[:-1]):
            rules = state.projections.privacy
            return [allowed(event, rules, state) for event in events] if rules.zones else events
        # A fold of its own: what is not recorded yet must not be in the store's.
        state, kept = self._store.state_at(self._store.position()), []
        for event in events:
            kept.append(allowed(event, state.projections.privacy, state))
            state.apply(kept[-1])
        return kept

    def _expire(self, now_s: float) -> int:
        vault = Vault.beside(self._path)
        if vault is None or not self._store.state.projections.privacy.retention:
            return 0
        self._now_ms = round(now_s * 1000)
        # Old pages are written anew, which nobody may have open for writing meanwhile.
        self._store.close()
        try:
            return expire(self._path, vault, now_s, lambda: self._now_ms).sealed_events
        finally:
            self._store = self._open()

    def _open(self) -> EventStore:
        return EventStore.writer(self._path, lambda: self._now_ms, Vault.beside(self._path))

    async def _in_thread(self, work: Any, *args: Any) -> Any:
        if self._thread is None:
            return work(*args)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def _same(entry: Recorded, given: Event) -> bool:
    return entry.event is given or entry.event == given


def _as_json(event: Event) -> bytes:
    return event.model_dump_json().encode()
