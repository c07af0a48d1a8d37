"""What can go wrong between hosts."""

from __future__ import annotations

from stem_memory.errors import MemoryFault


class LogDiverged(MemoryFault):
    """A peer's log is not the one that was known: it was restored, rewritten or mixed up."""


class DatabaseUnreachable(MemoryFault):
    """The PostgreSQL database does not answer, or refuses."""


class LogArchived(MemoryFault):
    """Old events were moved into an archive, and somebody needs them."""
