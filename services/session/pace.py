"""How a session's time passes: as fast as it can, or with the clock of the host."""

from __future__ import annotations

import math
from typing import Protocol

from devices.clock import Clock
from services.session.inputs import Inputs


class Pace(Protocol):
    """Says how far time may go on. Seconds of the session."""

    @property
    def is_host(self) -> bool:
        """Whether the world outside goes on by itself."""
        ...

    def reach(self, until: float, inputs: Inputs) -> float:
        """Wait for `until`, or for news that comes before; returns the time that may be reached."""
        ...


class VirtualTime:
    """Time that passes at once: a run is as fast as its parts, and its result is always the same."""

    is_host = False

    def reach(self, until: float, inputs: Inputs) -> float:
        """There is nothing to wait for."""
        return until


class HostTime:
    """Time that passes with a clock, `speed` seconds of the session in each of its seconds.

    What happens by plan happens at its planned time, however late this machine is, so a run that
    nobody disturbs gives the same result as in virtual time.
    """

    is_host = True

    def __init__(self, clock: Clock, speed: float = 1.0, base_s: float = 0.0) -> None:
        self._clock = clock
        self._speed = speed
        self._base_s = base_s

    def now(self) -> float:
        """The session's time by the clock."""
        return self._base_s + self._clock.now() * self._speed

    def reach(self, until: float, inputs: Inputs) -> float:
        """Wait on the clock; news ends the wait."""
        while (now := self.now()) < until:
            if inputs.has_news:
                # On the millisecond: that is how finely worlds tell time.
                return min(until, math.floor(now * 1000) / 1000)
            inputs.wait(min((until - now) / self._speed, 1.0))
        return until
