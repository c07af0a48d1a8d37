"""The one writer of a memory that many programs of a host share: an actor of coroutines."""

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
from stem_memory.group_commit import Counts, Gathering, GroupCommit
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.privacy.zones import allowed
from stem_memory.store import EventStore

_EVENTS: TypeAdapter[tuple[Event, ...]] = TypeAdapter(tuple[Event, ...])
# How much is made before Python looks for garbage: of the young, the old, and the oldest.
_GARBAGE = (20_000, 20, 100)
# What a caller is told of each event: position, transaction time (ms), hash, and the event as JSON
# where it is not recorded as it was given, because a zone hides some of it.
Receipt = tuple[int, int, str, bytes | None]


class WriterNode:
    """Records what many callers hand in at the same time; every answer means "on the disk".

    Commits run in a thread of their own, so that calls come in meanwhile. What no-record zones
    hide is left out; what is personal is sealed, unless the memory is kept in clear.

    Args:
        path: The memory's file; made if there is none.
        gathering: When to commit.
    """

    def __init__(self, path: str, gathering: Gathering) -> None:
        self._now_ms = 0
        file = Path(path)
        vault = Vault.beside(file) if file.exists() else Vault(Keyring.beside(file))
        self._store = EventStore.writer(file, lambda: self._now_ms, vault)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._group = GroupCommit(self._commit, asyncio.sleep, gathering)
        # Nearly all that is made here stays; looking through it for garbage so often costs a tenth.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)

    async def record(
        self, events: bytes, now_ms: int, receipts: bool = True
    ) -> list[Receipt] | None:
        """Record events (a JSON list) and return when they are on the disk.

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
        state = self._store.state
        rules = state.annexes.privacy
        if rules.zones:
            events = [allowed(event, rules, state) for event in events]
        return self._store.append(events)

    async def _in_thread(self, work: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def _same(entry: Recorded, given: Event) -> bool:
    return entry.event is given or entry.event == given


def _as_json(event: Event) -> bytes:
    return event.model_dump_json().encode()
