"""Transaction time: a hybrid logical clock, so that learning has an order on one host and many.

S. Kulkarni et al., "Logical Physical Clocks and Consistent Snapshots in Globally Distributed
Databases", OPODIS 2014: physical milliseconds in the high bits, a counter in the low 16.
"""

from __future__ import annotations

from collections.abc import Callable

_COUNTER_BITS = 16


class HybridClock:
    """Strictly increasing stamps that stay close to the milliseconds they are given.

    Args:
        milliseconds: The physical clock; a simulation passes its own time, so that a run repeats.
        last: The newest stamp already given, from this host or another.
    """

    def __init__(self, milliseconds: Callable[[], int], last: int = 0) -> None:
        self._milliseconds = milliseconds
        self._last = last

    def tick(self) -> int:
        """A new stamp, greater than every one given or witnessed before."""
        self._last = max(self._milliseconds() << _COUNTER_BITS, self._last + 1)
        return self._last

    def witness(self, stamp: int) -> None:
        """Note a stamp from elsewhere: later ticks come after it."""
        self._last = max(self._last, stamp)


def stamp_ms(stamp: int) -> int:
    """The milliseconds of a stamp."""
    return stamp >> _COUNTER_BITS


def first_of_ms(milliseconds: int) -> int:
    """The smallest stamp of a millisecond."""
    return milliseconds << _COUNTER_BITS
