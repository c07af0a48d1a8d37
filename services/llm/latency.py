"""How long a step takes, learned online, with how wrong that may be.

A step's time is nearly linear in what it does: the tokens that it schedules, the context that they read, the
pairs of prefilled tokens and tokens before them, and the requests in it (the idea of a learned cost
model, arXiv 2302.11405, over the terms that serving laws share). `LatencyModel` fits these
coefficients by recursive least squares with forgetting, and keeps quantiles of its relative error.

Time and tokens only; units are seconds.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """What one engine step does.

    Attributes:
        prefill_tokens: Prompt tokens computed.
        decodes: Sequences that generate a token.
        context_tokens: Context that the decoding sequences read, summed.
        pairs: Prefilled tokens times tokens before each, summed.
    """

    prefill_tokens: float
    decodes: float
    context_tokens: float
    pairs: float

    def features(self) -> Floats:
        """The terms of the law, scaled to about one."""
        return np.array(
            [
                1.0,
                self.prefill_tokens * 1e-3,
                self.decodes * 1e-1,
                self.context_tokens * 1e-5,
                self.pairs * 1e-7,
            ]
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A predicted duration.

    Attributes:
        seconds: The best guess.
        low_s: A tenth of the durations are shorter.
        high_s: A tenth are longer.
    """

    seconds: float
    low_s: float
    high_s: float


class LatencyModel:
    """Predicts the time of steps and of requests from what was measured.

    Args:
        half_life: Number of newer steps after which a step counts half.
        window: Relative errors that the quantiles are taken over.
    """

    def __init__(self, half_life: float = 2000.0, window: int = 512) -> None:
        self._keep = 0.5 ** (1.0 / half_life)
        self._errors = ErrorWindow(window)
        size = len(Step(0, 0, 0, 0).features())
        self._weights = np.zeros(size)
        self._spread = np.eye(size) * 1e4
        self.steps = 0

    def observe(self, step: Step, seconds: float) -> None:
        """Learn from one measured step. Steps of no time, or of nonsense, are ignored."""
        if not 0.0 < seconds < 3600.0:
            return
        if self.steps >= len(self._weights):
            self._errors.add(seconds / max(1e-9, self.seconds(step)) - 1.0)
        # Weighted by 1 / seconds, so that relative errors count, not the long steps alone.
        x = step.features() / seconds
        gain = self._spread @ x / (self._keep + x @ self._spread @ x)
        self._weights = self._weights + gain * (1.0 - float(self._weights @ x))
        self._spread = (self._spread - np.outer(gain, x @ self._spread)) / self._keep
        # Forgetting blows up directions that are never seen; what is not known need not be less known.
        largest = float(np.trace(self._spread))
        if largest > 1e8:
            self._spread *= 1e8 / largest
        self.steps += 1

    def seconds(self, step: Step) -> float:
        """The predicted duration of a step; never negative."""
        return max(1e-6, float(self._weights @ step.features()))

    def estimate(self, step: Step) -> Estimate:
        """The predicted duration with its usual error."""
        seconds = self.seconds(step)
        low, high = self._errors.quantile(0.1), self._errors.quantile(0.9)
        return Estimate(seconds, max(0.0, seconds * (1.0 + low)), seconds * (1.0 + high))

    def request(
        self,
        prompt: int,
        cached: int,
        output: float,
        batch: int,
        batch_context: float,
        budget: int = 2048,
    ) -> Estimate:
        """The time of a whole request among others, from admission to its last token.

        Args:
            prompt: Tokens of its prompt.
            cached: Tokens of it that need no prefill.
            output: Tokens it is expected to generate.
            batch: Other requests that decode meanwhile.
            batch_context: Their context tokens, summed.
            budget: Tokens that a step may schedule.
        """
        total, position = 0.0, cached
        chunk = max(1, budget - batch)
        while position < prompt:
            size = min(chunk, prompt - position)
            pairs = size * (position + 0.5 * size)
            total += self.seconds(Step(size, batch, batch_context, pairs))
            position += size
        # Contexts grow while it decodes; the law is linear, so the middle step stands for all.
        growth = 0.5 * output * (batch + 1)
        middle = Step(0, batch + 1, batch_context + prompt + growth, 0)
        total += max(0.0, output - 1.0) * self.seconds(middle)
        low, high = self._errors.quantile(0.1), self._errors.quantile(0.9)
        return Estimate(total, max(0.0, total * (1.0 + low)), total * (1.0 + high))

    def prefill_s(self, tokens: int) -> float:
        """What prefilling a prompt from nothing adds to steps that happen anyway."""
        pairs = 0.5 * float(tokens) ** 2
        empty = self.seconds(Step(0, 1, 0, 0))
        return max(0.0, self.seconds(Step(tokens, 1, 0, pairs)) - empty)


class ErrorWindow:
    """Quantiles of the last values.

    Args:
        size: How many are remembered.
    """

    def __init__(self, size: int) -> None:
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._size = size

    def add(self, value: float) -> None:
        """Remember one more, forgetting the oldest if the window is full."""
        if len(self._order) == self._size:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]
        self._order.append(value)
        insort(self._sorted, value)

    def quantile(self, share: float) -> float:
        """The value below which this share lies; 0 before the first."""
        if not self._sorted:
            return 0.0
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean relative errors of predictions made before each step was seen.

    Attributes:
        model: Of `LatencyModel`.
        mean: Of the mean of the steps before.
        linear: Of a line over scheduled tokens, by least squares over the steps before.
        covered: Share of the steps that lay between the model's low and high.
    """

    model: float
    mean: float
    linear: float
    covered: float


def compare(steps: Sequence[tuple[Step, float]], warm: int = 50) -> Comparison:
    """Predict each measured step from those before it, by the model and by two baselines.

    Args:
        steps: Steps with their durations, in order.
        warm: Steps that only teach.

    Raises:
        ValueError: If there are not more steps than that.
    """
    if len(steps) <= warm:
        raise ValueError(f"A comparison needs more than {warm} steps.")
    model = LatencyModel()
    errors = np.zeros((len(steps) - warm, 3))
    inside = 0
    sums = np.zeros(5)
    for index, (step, seconds) in enumerate(steps):
        tokens = step.prefill_tokens + step.decodes
        if index >= warm:
            n, x, y, xx, xy = sums
            slope = (n * xy - x * y) / (n * xx - x * x) if n * xx > x * x else 0.0
            line = (y - slope * x) / n + slope * tokens
            guess = model.estimate(step)
            predicted = np.array([guess.seconds, y / n, line])
            errors[index - warm] = np.abs(predicted / seconds - 1.0)
            inside += guess.low_s <= seconds <= guess.high_s
        model.observe(step, seconds)
        sums += np.array([1.0, tokens, seconds, tokens * tokens, tokens * seconds])
    means = errors.mean(axis=0)
    return Comparison(
        float(means[0]), float(means[1]), float(means[2]), inside / (len(steps) - warm)
    )
