"""Small online estimates that retention rules share: memoryfulness, queueing delay, reload cost."""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol


class EtaTracker:
    """How well turns done foretell turns to come: eta = -Corr(k, N - k) over finished programs.

    1 where all programs have the same number of turns N, 0 where N is geometric, negative for heavy
    tails (Continuum, arXiv 2511.02230, section 4). It is taken as 1 until programs of two different
    lengths have finished, and clipped at 0 below.
    """

    def __init__(self) -> None:
        self._lengths: set[int] = set()
        self._n = 0.0
        self._k = 0.0
        self._rest = 0.0
        self._kk = 0.0
        self._rest_rest = 0.0
        self._k_rest = 0.0

    def finished(self, turns: int) -> None:
        """Learn that a program ended after so many turns."""
        n = float(turns)
        ones, linear, square = n, n * (n + 1) / 2, n * (n + 1) * (2 * n + 1) / 6
        self._lengths.add(turns)
        self._n += ones
        self._k += linear
        self._rest += n * n - linear
        self._kk += square
        self._rest_rest += n * n * n - 2 * n * linear + square
        self._k_rest += n * linear - square

    @property
    def value(self) -> float:
        """The present estimate, in [0, 1]."""
        if len(self._lengths) < 2:
            return 1.0
        cov = self._k_rest / self._n - self._k * self._rest / self._n**2
        var_k = self._kk / self._n - (self._k / self._n) ** 2
        var_rest = self._rest_rest / self._n - (self._rest / self._n) ** 2
        if var_k <= 0.0 or var_rest <= 0.0:
            return 1.0
        return min(1.0, max(0.0, -cov / math.sqrt(var_k * var_rest)))


class WindowMean:
    """Mean of the last values; 0 before the first.

    Args:
        window: How many values are remembered.
    """

    def __init__(self, window: int = 100) -> None:
        self._values: deque[float] = deque(maxlen=window)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Remember one more value, forgetting the oldest if the window is full."""
        if len(self._values) == self._values.maxlen:
            self._sum -= self._values[0]
        self._values.append(value)
        self._sum += value

    @property
    def value(self) -> float:
        """The present mean."""
        return self._sum / len(self._values) if self._values else 0.0


class MemoryRent:
    """The shadow price of KV memory: engine seconds that a block earns per second if others use it.

    With B blocks of running requests and a share p of the engine's time going into prefill, one more
    engine second of prefill stalls everything that runs, which keeps B / (1 - p) block seconds occupied
    for nothing. An engine second is worth that much memory, so memory is worth (1 - p) / B: little while
    many run or the engine is busy with prefill, much while pins leave few to run.

    Args:
        memory_s: Time constant of the averages.
    """

    def __init__(self, memory_s: float = 60.0) -> None:
        self._memory_s = memory_s
        self._running: dict[str, int] = {}
        self._blocks_now = 0
        self._blocks = 0.0
        self._prefill = 0.0
        self._time = 0.0

    @property
    def running(self) -> int:
        """How many turns run now."""
        return len(self._running)

    def started(self, turn_id: str, now: float, prefill_s: float, blocks: int) -> None:
        """A turn began to run; it needs so much prefill and holds so many blocks."""
        self._pass_time(now)
        self.stopped(turn_id, now)
        self._running[turn_id] = blocks
        self._blocks_now += blocks
        self._prefill += prefill_s / self._memory_s

    def stopped(self, turn_id: str, now: float) -> None:
        """A turn runs no longer; unknown ones are ignored."""
        self._pass_time(now)
        self._blocks_now -= self._running.pop(turn_id, 0)

    def price(self, now: float) -> float:
        """Engine seconds per block and second."""
        self._pass_time(now)
        # An engine that does nothing but prefill still has to end a step now and then.
        return max(0.05, 1.0 - self._prefill) / max(1.0, self._blocks)

    def _pass_time(self, now: float) -> None:
        keep = math.exp(-max(0.0, now - self._time) / self._memory_s)
        self._prefill *= keep
        self._blocks = self._blocks * keep + self._blocks_now * (1.0 - keep)
        self._time = max(self._time, now)


class ReloadCost(Protocol):
    """Engine seconds to get a dropped context back: by prefill, or by copy where there is a tier."""

    def __call__(self, tokens: int) -> float:
        """Seconds for a context of this many tokens."""
        ...


class PrefillCurve:
    """Reload by prefill: linear in tokens, plus attention, which grows with their square.

    It starts from a given law and corrects its scale by the prefills that are observed.

    Args:
        per_token_s: Engine seconds per prefilled token.
        per_pair_s: Engine seconds per pair of a prefilled token and a token before it.
    """

    def __init__(self, per_token_s: float = 1e-4, per_pair_s: float = 1e-9) -> None:
        self._per_token_s = per_token_s
        self._per_pair_s = per_pair_s
        self._expected = 0.0
        self._measured = 0.0

    def __call__(self, tokens: int) -> float:
        """Engine seconds to prefill this many tokens from nothing."""
        return self._scale * self._law(0, tokens)

    def observe(self, cached_tokens: int, prompt_tokens: int, seconds: float) -> None:
        """Learn what a prefill cost that started after a cached prefix."""
        self._expected = 0.98 * self._expected + self._law(cached_tokens, prompt_tokens)
        self._measured = 0.98 * self._measured + seconds

    @property
    def _scale(self) -> float:
        # One second of the law is believed before anything is measured.
        return (1.0 + self._measured) / (1.0 + self._expected)

    def _law(self, start: int, end: int) -> float:
        pairs = 0.5 * (float(end) ** 2 - float(start) ** 2)
        return self._per_token_s * (end - start) + self._per_pair_s * pairs
