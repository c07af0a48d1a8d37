"""What can go wrong with task graphs."""

from __future__ import annotations

from stem_memory.errors import MemoryFault


class TaskFault(MemoryFault):
    """A change does not fit the task graph as it is."""


class TaskCycle(TaskFault):
    """The change would make tasks wait for each other for ever."""
