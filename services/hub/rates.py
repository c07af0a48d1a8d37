"""How often somebody may call: a bucket of calls each, which fills again with time (token bucket)."""

from __future__ import annotations

import math

from devices.clock import Clock
from services.errors import ServiceError

# So many calls at once, and so many per second for ever: more than any person or page needs.
BURST, PER_S = 200.0, 50.0


class TooOften(ServiceError):
    """Somebody calls too often. `wait_s`: until when nothing is heard of them."""

    def __init__(self, name: str, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__(
            f"{name} calls more than {PER_S:g} times a second: try again in {self.wait_s} s"
        )


class Rates:
    """The buckets of everybody who called.

    Args:
        clock: The machine's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def count(self, name: str) -> None:
        """Take note of a call.

        Raises:
            TooOften: Their bucket is empty.
        """
        now = self._clock.now()
        left, since = self._left.get(name, (BURST, now))
        left = min(BURST, left + (now - since) * PER_S)
        if left < 1.0:
            raise TooOften(name, (1.0 - left) / PER_S)
        self._left[name] = (left - 1.0, now)
