"""Connections between daemons and a site in virtual time, as a bad network makes them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from cerebellum.daemon.messages import (
    Accepted,
    Beat,
    Did,
    Do,
    Drop,
    FromDevice,
    Kept,
    Sync,
    ToDevice,
)

# What may arrive twice, or before what was said before it; the rest of a connection is in order.
_REPEATABLE = Accepted | Beat | Did | Do | Drop | Kept | Sync


@dataclass
class Weather:
    """How the network of one device is. Seconds.

    Attributes:
        delay_s: How long a frame takes, at most; half of it at least.
        is_deaf: The device hears nothing: frames to it wait.
        is_mute: It is not heard: frames from it wait.
        disorder: The chance that a frame comes twice, and that it overtakes others.
    """

    delay_s: float = 0.02
    is_deaf: bool = False
    is_mute: bool = False
    disorder: float = 0.0


@dataclass
class Line:
    """One connection. What is under way when it ends is lost.

    Args:
        weather: How the network is.
        random: Chance.
    """

    weather: Weather
    random: Random
    is_open: bool = True
    _up: list[tuple[float, int, FromDevice]] = field(default_factory=list)
    _down: list[tuple[float, int, ToDevice]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _latest: dict[bool, float] = field(default_factory=dict)

    def say(self, now: float, word: FromDevice) -> None:
        """The device says something."""
        for due in self._dues(now, word, is_up=True):
            heapq.heappush(self._up, (due, next(self._numbers), word))

    def tell(self, now: float, word: ToDevice) -> None:
        """The site says something."""
        for due in self._dues(now, word, is_up=False):
            heapq.heappush(self._down, (due, next(self._numbers), word))

    def deliver(
        self, now: float, up: Callable[[FromDevice], None], down: Callable[[ToDevice], None]
    ) -> None:
        """Hand over what has arrived until now."""
        while self.is_open and not self.weather.is_mute and self._up and self._up[0][0] <= now:
            up(heapq.heappop(self._up)[2])
        while self.is_open and not self.weather.is_deaf and self._down and self._down[0][0] <= now:
            down(heapq.heappop(self._down)[2])

    def _dues(self, now: float, word: FromDevice | ToDevice, is_up: bool) -> list[float]:
        """When it arrives; twice, if so."""
        due = now + self.weather.delay_s * self.random.uniform(0.5, 1.0)
        chance = self.weather.disorder if isinstance(word, _REPEATABLE) else 0.0
        dues = [due, due + self.random.random()] if self.random.random() < chance else [due]
        if self.random.random() >= chance:
            dues[0] = self._latest[is_up] = max(due, self._latest.get(is_up, 0.0))
        return dues
