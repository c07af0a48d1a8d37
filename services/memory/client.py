"""The one way to a memory, for one program or several of a host: all record, each reads.

```python
from services.memory.client import MemoryClient
from services.runtime.ray_runtime import RayRuntime

runtime = RayRuntime()                      # the Ray that RAY_ADDRESS names, else one of our own
memory = MemoryClient.join("house.db", runtime)
memory.append(events)                       # returns when they are on the disk
print(memory.state.location("mug-1"))
memory.close()
runtime.close()
```
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from services.errors import ActorDied
from services.memory.writer import MemoryWriter, Receipt
from services.runtime.local import Pending, Port, Runtime
from stem_memory.answers.words import Hit
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Recorded, Verified
from stem_memory.errors import EventUnfit, StoreClosed
from stem_memory.history.query import FactReader
from stem_memory.log.group_commit import Counts, Gathering
from stem_memory.log.store import EventStore
from stem_memory.notes.contracts import NoteProposed
from stem_memory.notes.overview import fresh_lessons
from stem_memory.privacy.vault import Vault


def open_writer(path: Path | str, runtime: Runtime, gathering: Gathering | None = None) -> Port:
    """The one writer of a memory on this host: the one that runs, else a new one.

    Args:
        path: The memory's file; made if there is none.
        runtime: Where it lives. Programs on one Ray share it; else it is this process's alone.
        gathering: When it commits, should it be new.

    Raises:
        MemoryFault: The file can not be written, or somebody outside this runtime writes to it.
    """
    file = Path(path).resolve()
    name = f"memory of {socket.gethostname()}:{file}"
    rule = gathering or Gathering()
    port = runtime.share(name, MemoryWriter, str(file), rule, runtime.is_shared)
    port.answer(port.begin("position"))
    return port


class MemoryClient:
    """An `EventLog` that others write to, too. It belongs to one thread of one program.

    What this program was told is recorded it reads back at once; so does everybody else.

    Args:
        path: The memory's file, on this host.
        port: Its writer, see `open_writer`. An actor that is given the port makes its own.
        in_flight: How many calls `append_soon` lets be under way.
    """

    def __init__(self, path: Path | str, port: Port, in_flight: int = 4) -> None:
        self.path = Path(path)
        self._port = port
        self._in_flight = in_flight
        self._calls: deque[Pending] = deque()
        self._vault = Vault.beside(self.path)
        self._reader = EventStore.reader(self.path, self._vault)
        self._state: MemoryState | None = None
        self._folded = 0

    @classmethod
    def join(
        cls, path: Path | str, runtime: Runtime, gathering: Gathering | None = None
    ) -> MemoryClient:
        """Open a memory together with every program on the same runtime. See `open_writer`."""
        return cls(path, open_writer(path, runtime, gathering))

    @property
    def port(self) -> Port:
        """The writer, to pass on to an actor."""
        return self._port

    def append(self, events: Iterable[Event], now_ms: int | None = None) -> tuple[Recorded, ...]:
        """Record events, all or none, and return once they are on the disk.

        What is returned is what is in the log: what no-record zones hide is taken out of it, and a
        retry of the same events (same origin and number, same content) is harmless.

        Args:
            events: What to record. Give every program origins of its own.
            now_ms: Transaction time in milliseconds, on the clock of the events. Unless given: the
                latest of their times.

        Raises:
            EventConflict, EventUnfit: Something is wrong with these events; none is recorded.
            StoreClosed: The program that held the writer has ended.
        """
        given = tuple(events)
        answer = self._answer(self._begin(given, now_ms, True))
        if self._port.is_here:
            recorded: tuple[Recorded, ...] = answer
            return recorded
        receipts: list[Receipt] = answer
        return tuple(
            Recorded(
                id=id_,
                tx_ms=tx_ms,
                hash=hash_,
                event=event if kept is None else Event.model_validate_json(kept),
            )
            for event, (id_, tx_ms, hash_, kept) in zip(given, receipts, strict=True)
        )

    def append_soon(self, events: Iterable[Event], now_ms: int | None = None) -> None:
        """Begin to record events. They are on the disk when `settle` has returned.

        Calls under way have no order among them. Waits for the oldest while `in_flight` are; what
        went wrong with an earlier call is raised then, or by `settle`.
        """
        while len(self._calls) >= self._in_flight:
            self._answer(self._calls.popleft())
        self._calls.append(self._begin(tuple(events), now_ms, False))

    def settle(self) -> None:
        """Wait until everything that was begun is on the disk."""
        while self._calls:
            self._answer(self._calls.popleft())

    def counts(self) -> Counts:
        """What the writer has done for everybody."""
        counts: Counts = self._ask("counts")
        return counts

    def read(
        self, after: int = 0, until: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[Recorded]:
        """Events in the order of the log: positions `after` < id <= `until`, of these kinds."""
        self._refresh()
        return self._reader.read(after, until, kinds)

    def replay(self, as_of: float | None = None, position: int | None = None) -> MemoryState:
        """Fold what happened up to `as_of` (seconds), as known at `position`."""
        self._refresh()
        return self._reader.replay(as_of, position)

    @property
    def state(self) -> MemoryState:
        """What is believed after the newest event of anybody. It goes on changing."""
        self._refresh()
        if self._state is None:
            self._folded = self._reader.position()
            self._state = self._reader.state_at(self._folded)
        for entry in self._reader.read(after=self._folded):
            self._state.apply(entry.event)
            self._folded = entry.id
        return self._state

    @property
    def facts(self) -> FactReader:
        """What was so at any time, see `stem_memory.history.query.FactReader`."""
        return self._reader.facts

    def search(self, words: str, at_most: int = 20) -> tuple[Hit, ...]:
        """What was said, wanted, seen or went wrong, by words; best matches first."""
        return self._reader.search(words, at_most)

    def position(self) -> int:
        """The id of the newest event; 0 for an empty log."""
        return self._reader.position()

    def last_time(self) -> float:
        """The newest valid time in the log, in seconds; 0 for an empty log."""
        return self._reader.last_time()

    def last_seq(self, origin: str) -> int | None:
        """The highest number of an origin, so that it can go on counting; None: never heard of."""
        return self._reader.last_seq(origin)

    def history(self, kinds: Collection[str] | None = None) -> tuple[Event, ...]:
        """Every event from the first on, or those of some kinds.

        Raises:
            BehindHorizon: Some are in an archive.
        """
        self._refresh()
        self._reader.require_whole()
        return tuple(entry.event for entry in self._reader.read(kinds=kinds))

    def believed(self) -> MemoryState:
        """A copy of what is believed now, to be kept and changed by somebody else."""
        self._refresh()
        return self._reader.state_at(self._reader.position())

    def digest(self) -> tuple[int, str]:
        """Number of events, and the hash of the state that replaying the file gives."""
        position = self.position()
        return position, self.replay(position=position).digest()

    def lessons(self) -> tuple[NoteProposed, ...]:
        """What the failures in the log teach, unless it is known already."""
        self._refresh()
        return fresh_lessons(self._reader)

    def expire(self, now_s: float) -> int:
        """Destroy the keys of what was to be kept until `now_s` (seconds) at the longest.

        Returns:
            How many events can no longer be read in full, by anybody.
        """
        gone: int = self._ask("expire", now_s)
        return gone

    def verify(self) -> Verified:
        """Check the whole log; an exception says what is wrong with it."""
        return self._reader.verify()

    def close(self) -> None:
        """Wait for what is under way, and leave. The writer stays for the others."""
        self.settle()
        self._reader.close()

    def __enter__(self) -> MemoryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, events: tuple[Event, ...], now_ms: int | None, receipts: bool) -> Pending:
        if now_ms is None:
            now_ms = round(max((event.t for event in events), default=0.0) * 1000)
        if self._port.is_here:
            return self._port.begin("take", events, now_ms)
        try:
            text = to_json(events)
        except (PydanticSerializationError, ValueError):
            raise EventUnfit(
                "An event has text that is not Unicode; mend it before recording."
            ) from None
        return self._port.begin("record", text, now_ms, receipts)

    def _ask(self, method: str, *args: Any) -> Any:
        return self._answer(self._port.begin(method, *args))

    def _answer(self, pending: Pending) -> Any:
        try:
            return self._port.answer(pending)
        except ActorDied:
            raise StoreClosed(
                f"The program that held the writer of {self.path} has ended; record again, or "
                f"have it held for all: retinue memory serve {self.path}"
            ) from None

    def _refresh(self) -> None:
        """See keys that were made or destroyed meanwhile."""
        if self._vault is not None and self._vault.keys.refresh():
            # What they sealed must not be known any longer: fold what is left, from its start.
            self._state = None
