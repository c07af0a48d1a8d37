"""What the brain is thinking about: what wishes mean, known at once and said when its time is over."""

from __future__ import annotations

from brain.config import BrainConfig
from brain.contracts import Interpretation, Understood

_SAME_S = 1e-9


class Hints:
    """Interpretations that wait for the time that thinking takes (`BrainConfig.think_s`)."""

    def __init__(self, config: BrainConfig) -> None:
        self._config = config
        self._waiting: list[tuple[float, str, Interpretation]] = []

    def add(self, goal: str, meant: Interpretation, now: float) -> None:
        """Begin to think at this time (seconds); what will come of it is known already."""
        way = meant.by if isinstance(meant, Understood) else "grammar"
        ready = round(now + self._config.think_s[way] + self._config.think_s["plan"], 3)
        self._waiting.append((ready, goal, meant))

    def forget(self, goal: str) -> None:
        """Its words were changed: what was thought of them does not matter any more."""
        self._waiting = [t for t in self._waiting if t[1] != goal]

    def take(self, now: float) -> list[tuple[str, Interpretation]]:
        """What has been thought through by now, in the order of its time."""
        ready = [t for t in self._waiting if t[0] <= now + _SAME_S]
        self._waiting = [t for t in self._waiting if t[0] > now + _SAME_S]
        return [(goal, meant) for _, goal, meant in sorted(ready, key=lambda t: (t[0], t[1]))]

    def times(self) -> list[float]:
        """When the next ones will be through (seconds)."""
        return [t[0] for t in self._waiting]
