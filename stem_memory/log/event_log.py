"""What every log of events can do, whatever keeps it. `stem_memory.log.store.EventStore` is one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Recorded, Verified


class EventLog(Protocol):
    """An append-only log. See `stem_memory.testing.LogContract` for what it promises."""

    def append(self, events: Iterable[Event]) -> tuple[Recorded, ...]:
        """Record events, all or none, and return once they will survive a power failure."""
        ...

    def read(
        self, after: int = 0, until: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[Recorded]:
        """Events in the order of the log: positions `after` < id <= `until`, of these kinds."""
        ...

    def replay(self, as_of: float | None = None, position: int | None = None) -> MemoryState:
        """Fold what happened up to `as_of` (seconds), as known at `position`."""
        ...

    def position(self) -> int:
        """The id of the newest event; 0 for an empty log."""
        ...

    def last_seq(self, origin: str) -> int | None:
        """The highest number of an origin; None: never heard of."""
        ...

    def verify(self) -> Verified:
        """Check the whole log; an exception says what is wrong with it."""
        ...

    def close(self) -> None:
        """Let go of it. Closing twice is harmless."""
        ...
