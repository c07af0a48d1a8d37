"""What is due when: the event queue of a discrete-event simulation. Times in seconds.

Events come out by time; at the same time by the name of whom they concern, then in the order they
were put in. So neither the order of bodies in a call nor of anything else changes a run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

Action = Callable[[], None]

# The world's clock has this many decimals: every time that is reported is exact.
DECIMALS = 3


@dataclass(order=True, slots=True)
class Due:
    """An entry of the agenda. `cancelled` ones are skipped."""

    t: float
    who: str
    order: int
    action: Action = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Never run it."""
        self.cancelled = True


class Agenda:
    """A heap of due actions, and the present time `now`."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[Due] = []
        self._count = 0

    def at(self, t: float, who: str, action: Action) -> Due:
        """Run `action` at time `t` (not before now, rounded to milliseconds)."""
        self._count += 1
        due = Due(max(round(t, DECIMALS), self.now), who, self._count, action)
        heapq.heappush(self._heap, due)
        return due

    def next_s(self) -> float | None:
        """When the next action is due; None: never."""
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].t if self._heap else None

    def run_next(self) -> None:
        """Go to the time of the next action and run it. There must be one."""
        due = heapq.heappop(self._heap)
        self.now = due.t
        due.action()
