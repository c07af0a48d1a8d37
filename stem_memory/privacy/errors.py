"""What can go wrong with privacy."""

from __future__ import annotations

from stem_memory.errors import MemoryFault


class KeysUnreadable(MemoryFault):
    """The file of keys is damaged, or it is none."""


class NotSealed(MemoryFault):
    """The log names the subject in events that were recorded without sealing."""


class AuditBroken(MemoryFault):
    """The audit was changed after it was written."""


class AuditUnwritable(MemoryFault):
    """The audit can not take a note, so nothing may be read."""
