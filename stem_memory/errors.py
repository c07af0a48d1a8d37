"""What can go wrong with memory, named after the cause. Every message is one sentence to act on."""

from __future__ import annotations


class MemoryFault(Exception):
    """The base of all errors of STEM memory."""


class UnsafeSqlite(MemoryFault):
    """The SQLite library at hand can corrupt a write-ahead log."""


class StoreUnreadable(MemoryFault):
    """The file is missing, truncated, corrupt or not a memory."""


class StoreUnwritable(MemoryFault):
    """The disk is full or can only be read, or a right is missing: the file is as it was."""


class StoreTooNew(MemoryFault):
    """The file was written by a newer version of this software."""


class StoreTooOld(MemoryFault):
    """The file was written by older software and has to be upgraded before it can be read."""


class StoreInUse(MemoryFault):
    """Another writer holds the store."""


class StoreReadOnly(MemoryFault):
    """The store was opened for reading and was asked to write."""


class StoreClosed(MemoryFault):
    """The writer was closed, or is about to be, and takes nothing more."""


class EventConflict(MemoryFault):
    """The same origin and number came twice with different content."""


class EventUnfit(MemoryFault):
    """The event can not be stored faithfully, for example because a number is not finite."""


class ChainBroken(MemoryFault):
    """The hash chain of the log does not add up: the log was changed after it was written."""
