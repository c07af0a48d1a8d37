"""Times of the log as the clock of the run shows them: 0:00 is when its world began.

A memory that goes on from run to run counts on, and so do the times in it; the film, the page and
whoever watched the run count from its own beginning.
"""

from __future__ import annotations

from typing import Any, TypeVar

from devices.noun import Noun

# The fields that say when something was or is to be; what lasts has other names.
_TIMES = {"t", "deadline_s", "last_heard_s", "seen_s", "start_s", "end_s", "closed_s"}

NounT = TypeVar("NounT", bound=Noun)


class RunTime:
    """Turns times of the log into times of one run.

    Args:
        base_s: The log's time, in seconds, at the run's 0:00.
    """

    def __init__(self, base_s: float = 0.0) -> None:
        self._base_s = base_s

    def at(self, t: float) -> float:
        """A time (s) of the log as the clock of the run shows it."""
        return round(t - self._base_s, 3)

    def of(self, noun: NounT) -> NounT:
        """An event, or what it says, with every time in it as the run's clock shows it."""
        if not self._base_s:
            return noun
        changes = {}
        for name, value in noun:
            new = self.at(value) if name in _TIMES and value is not None else self._inside(value)
            if new is not value:
                changes[name] = new
        return noun.model_copy(update=changes) if changes else noun

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Noun):
            return self.of(value)
        if isinstance(value, tuple) and any(isinstance(one, Noun) for one in value):
            return tuple(map(self._inside, value))
        return value
