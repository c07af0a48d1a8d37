"""Time is passed in, never looked up: the core takes a Clock and asks it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since the start of a run, never going back."""

    def now(self) -> float:
        """Return the present time in seconds."""
        ...


class WallClock:
    """Real time, from the moment the clock was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        """Return seconds since the clock was made."""
        return time.monotonic() - self._start


class ManualClock:
    """Time that moves only when told to: for simulation, replay and tests."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Return the time last set."""
        return self._now

    def advance_to(self, t: float) -> None:
        """Move forward to `t` seconds. Raises ValueError if that is in the past."""
        if t < self._now:
            raise ValueError(f"time cannot go back from {self._now} s to {t} s")
        self._now = t
