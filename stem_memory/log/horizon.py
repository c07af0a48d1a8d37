"""Up to where a log was compacted, and questions that would reach behind it."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from stem_memory.errors import MemoryFault
from stem_memory.history.row import Connection


class BehindHorizon(MemoryFault):
    """The question is about what was known at a position that was compacted away."""


class BaseOutdated(MemoryFault):
    """The base of a compacted log may hold what was to be forgotten since."""


def horizon(connection: Connection) -> int:
    """The newest position that was compacted; 0: the log is whole."""
    found: int = connection.execute("SELECT COALESCE(MAX(position), 0) FROM compaction").fetchone()[
        0
    ]
    return found


def require_forgotten(connection: Connection, path: Path, destroyed: Collection[str]) -> None:
    """See that no base was made while keys were there that are destroyed now.

    Raises:
        BaseOutdated: If one was.
    """
    for (gone,) in connection.execute("SELECT gone FROM compaction"):
        if not set(destroyed) <= set(json.loads(gone)):
            raise BaseOutdated(
                f"Keys were destroyed since {path} was compacted, and what they sealed may still "
                f"stand in its snapshot; bring the archive back (retinue memory restore {path} "
                "ARCHIVE) and compact again."
            )


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
