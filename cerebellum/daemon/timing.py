"""The site's clock as a device knows it, and how long it waits before it calls again."""

from __future__ import annotations

from collections import deque
from random import Random

from cerebellum.daemon.messages import Sync, Welcome
from devices.clock import Clock

# Of so many answers the one that took least time is believed.
_SAMPLES = 8
_FIRST_S, _LONGEST_S = 0.1, 10.0


class SiteClock:
    """Estimates the site's time from the answers to beats (F. Cristian, "Probabilistic clock
    synchronization", Distributed Computing 3, 1989). It never goes back.

    Args:
        clock: The device's own clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._speed = 1.0
        # How long each answer took, and the site's time when the own clock showed 0.
        self._samples: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)
        self._latest = 0.0

    def welcome(self, word: Welcome) -> None:
        """A connection begins; what was known of an older one may be of a site that was restarted."""
        self._samples.clear()
        self._speed = word.speed
        self._samples.append((float("inf"), word.now_s - self._clock.now() * self._speed))

    def sync(self, word: Sync) -> None:
        """Take an answer in."""
        now = self._clock.now()
        took = now - word.local_s
        if took >= 0.0:
            zero = word.now_s + took / 2 * self._speed - now * self._speed
            self._samples.append((took, zero))

    def now(self) -> float:
        """The site's time (s)."""
        if self._samples:
            zero = min(self._samples)[1]
            self._latest = max(self._latest, zero + self._clock.now() * self._speed)
        return round(self._latest, 3)


class BackOff:
    """How long to wait before the next try: longer each time, and by chance, so that a fleet does not
    call all at once when its site comes back.

    Args:
        random: Decides the chance.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._limit_s = _FIRST_S

    def next_s(self) -> float:
        """Seconds until the next try."""
        wait = self._random.uniform(0.5, 1.0) * self._limit_s
        self._limit_s = min(2 * self._limit_s, _LONGEST_S)
        return wait

    def reset(self) -> None:
        """A try went well."""
        self._limit_s = _FIRST_S
