"""What scheduling costs per step, ours and vLLM's own told apart."""

from __future__ import annotations

import statistics
import time
from typing import Any

# A step that takes more than so many times the usual was interrupted by other work of the machine.
_INTERRUPTED = 10.0
_INTERRUPTED_S = 1e-3


class Cost:
    """Watches a scheduler while it is entered.

    Args:
        scheduler: vLLM's.
        ours: Whether it has the plug-in, which times its own hooks.
    """

    def __init__(self, scheduler: Any, ours: bool) -> None:
        self._scheduler, self._ours = scheduler, ours
        self._inner = scheduler.schedule
        self._seen_s = 0.0
        self._schedule_s: list[float] = []
        self._own_s: list[float] = []
        self._wall_s = 0.0

    def __enter__(self) -> Cost:
        self._seen_s = self._spent_s() if self._ours else 0.0
        self._scheduler.schedule = self._timed
        self._wall_s -= time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._wall_s += time.perf_counter()
        self._scheduler.schedule = self._inner

    def told(self) -> dict[str, Any]:
        """Means over the steps that nothing else interrupted, in microseconds; and how many were."""
        steps = list(zip(self._schedule_s, self._own_s, strict=True))
        limit = _INTERRUPTED * statistics.median(self._schedule_s)
        kept = [(engine, own) for engine, own in steps if engine < limit and own < _INTERRUPTED_S]
        return {
            "steps": len(steps),
            "interrupted": len(steps) - len(kept),
            "step_us": 1e6 * self._wall_s / len(steps),
            "schedule_us": 1e6 * statistics.fmean(engine for engine, _ in kept),
            "own_us": 1e6 * statistics.fmean(own for _, own in kept),
            "own_median_us": 1e6 * statistics.median(own for _, own in kept),
        }

    def _timed(self, *args: Any, **kwargs: Any) -> Any:
        scheduler = self._scheduler
        if not self._ours:
            began = time.perf_counter()
            result = self._inner(*args, **kwargs)
            self._schedule_s.append(time.perf_counter() - began)
            self._own_s.append(0.0)
            return result
        before_s = scheduler.engine_seconds
        result = self._inner(*args, **kwargs)
        self._schedule_s.append(scheduler.engine_seconds - before_s)
        # All hooks since the step before: those of arrivals and of ends, too.
        spent_s = self._spent_s()
        self._own_s.append(spent_s - self._seen_s)
        self._seen_s = spent_s
        return result

    def _spent_s(self) -> float:
        return float(self._scheduler.agent_seconds + self._scheduler.waiting.seconds)
