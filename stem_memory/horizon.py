"""Up to where a log was compacted, and questions that would reach behind it."""

from __future__ import annotations

from stem_memory.errors import MemoryFault
from stem_memory.fact_row import Connection


class BehindHorizon(MemoryFault):
    """The question is about what was known at a position that was compacted away."""


def horizon(connection: Connection) -> int:
    """The newest position that was compacted; 0: the log is whole."""
    found: int = connection.execute("SELECT COALESCE(MAX(position), 0) FROM compaction").fetchone()[
        0
    ]
    return found


def require_known(connection: Connection, position: int | None) -> None:
    """Refuse to answer as known at a position before the horizon.

    Raises:
        BehindHorizon: If that was compacted away.
    """
    if position is None:
        return
    oldest = horizon(connection)
    if position < oldest:
        raise BehindHorizon(
            f"What was known before event {oldest} was put into an archive; "
            f"ask as known at event {oldest} or later, or restore the archive."
        )
