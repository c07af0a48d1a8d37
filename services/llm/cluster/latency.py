"""How long a step takes, learned online, with how wrong that may be.

A step's time is nearly linear in what it does: the tokens that it schedules, the context that they read, the
pairs of prefilled tokens and tokens before them, and the requests in it (the idea of a learned cost
model, arXiv 2302.11405, over the terms that serving laws share). `LatencyModel` fits these
coefficients by recursive least squares with forgetting, follows the machine's pace by the median of the last
ratios, and keeps quantiles of its relative error.

Time and tokens only; units are seconds.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Steps that tell how fast the machine is now.
_LATELY = 16
# Before so many requests the errors of steps stand for theirs.
_LEAST_REQUESTS = 10


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
        self._request_errors = ErrorWindow(window)
        size = len(Step(0, 0, 0, 0).features())
        # How much slower or faster than the law the last steps were: what else the machine does changes
        # within seconds, the law does not.
        self._lately: deque[float] = deque(maxlen=_LATELY)
        self._pace: float | None = None
        self._weights = np.zeros(size)
        self._spread = np.eye(size) * 1e4
        self.steps = 0

    def observe(self, step: Step, seconds: float) -> None:
        """Learn from one measured step. Steps of no time, or of nonsense, are ignored."""
        if not 0.0 < seconds < 3600.0:
            return
        if self.steps >= len(self._weights):
            law = self._law(step)
            self._errors.add(seconds / (law * self._usual()) - 1.0)
            self._lately.append(seconds / law)
            self._pace = None
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
        return self._law(step) * self._usual()

    def _law(self, step: Step) -> float:
        return max(1e-6, float(self._weights @ step.features()))

    def _usual(self) -> float:
        if self._pace is None:
            enough = len(self._lately) == _LATELY
            self._pace = statistics.median(self._lately) if enough else 1.0
        return self._pace

    def estimate(self, step: Step) -> Estimate:
        """The predicted duration with its usual error."""
        seconds = self.seconds(step)
        low, high = self._errors.quantile(0.1), self._errors.quantile(0.9)
        return Estimate(seconds, max(0.0, seconds * (1.0 + low)), seconds * (1.0 + high))

    def request_s(
        self,
        prompt: int,
        cached: int,
        output: float,
        batch: int,
        batch_context: float,
        budget: int = 2048,
    ) -> float:
        """The time of a whole request among others, from admission to its last token, by the law of steps.

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
        return total + max(0.0, output - 1.0) * self.seconds(middle)

    def observe_request(self, predicted_s: float, seconds: float) -> None:
        """Learn what became of a request of which `request_s` predicted this."""
        if predicted_s > 0.0 and 0.0 < seconds < 3600.0:
            self._request_errors.add(seconds / predicted_s - 1.0)

    def request(self, predicted_s: float) -> Estimate:
        """What `request_s` predicted, corrected by what became of the last requests.

        A request is more than its steps (it is parsed, it waits for the step under way), and its steps share
        their errors: so it has residuals of its own, once there are some.
        """
        errors = self._request_errors
        if len(errors) < _LEAST_REQUESTS:
            errors, middle = self._errors, 0.0
        else:
            middle = errors.quantile(0.5)
        low, high = errors.quantile(0.1), errors.quantile(0.9)
        return Estimate(
            max(0.0, predicted_s * (1.0 + middle)),
            max(0.0, predicted_s * (1.0 + low)),
            predicted_s * (1.0 + high),
        )

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

    def __len__(self) -> int:
        return len(self._order)

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


class Line:
    """The baselines of a prediction: the mean so far, and a line by least squares over what is so far."""

    def __init__(self) -> None:
        self._sums = np.zeros(5)

    def add(self, x: float, y: float) -> None:
        """Learn one value."""
        self._sums += np.array([1.0, x, y, x * x, x * y])

    def mean(self) -> float:
        """The mean of what was learned; 0 before the first."""
        return float(self._sums[2] / max(1.0, self._sums[0]))

    def at(self, x: float) -> float:
        """The line at this place; the mean where all places so far were the same."""
        n, sx, sy, sxx, sxy = (float(value) for value in self._sums)
        spread = n * sxx - sx * sx
        slope = (n * sxy - sx * sy) / spread if spread > 0.0 else 0.0
        return (sy - slope * sx) / max(1.0, n) + slope * x


@dataclass(frozen=True, slots=True)
class Errors:
    """How wrong predictions were that were made before each value was seen.

    Attributes:
        relative: Mean of |predicted / true - 1|.
        absolute_s: Mean of |predicted - true|, in seconds.
    """

    relative: float
    absolute_s: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> Errors:
        """From (predicted, true) pairs, at least one."""
        both = np.array(pairs)
        off = np.abs(both[:, 0] - both[:, 1])
        return cls(float((off / both[:, 1]).mean()), float(off.mean()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A learned time beside two baselines.

    Attributes:
        count: Values that were predicted.
        seconds: Their mean.
        model: Errors of `LatencyModel`.
        mean: Of the mean of the values before.
        linear: Of a line over tokens, by least squares over the values before.
        covered: Share of the values that lay between the model's low and high, which is to be 0.8.
    """

    count: int
    seconds: float
    model: Errors
    mean: Errors
    linear: Errors
    covered: float


@dataclass(frozen=True, slots=True)
class Guess:
    """A value and what was predicted of it.

    Attributes:
        tokens: What a line is drawn over.
        predicted: By the model; None if it was not warm and the value only teaches the baselines.
        seconds: The truth.
    """

    tokens: float
    predicted: Estimate | None
    seconds: float


def compare(guesses: Iterable[Guess]) -> Comparison:
    """The model's predictions beside those of the baselines, each made before its value was seen.

    Raises:
        ValueError: If nothing was predicted.
    """
    line = Line()
    pairs: list[tuple[float, float, float, float]] = []
    inside = 0
    for guess in guesses:
        if guess.predicted is not None and guess.seconds > 0.0:
            told = guess.predicted
            pairs.append((told.seconds, line.mean(), line.at(guess.tokens), guess.seconds))
            inside += told.low_s <= guess.seconds <= told.high_s
        line.add(guess.tokens, guess.seconds)
    if not pairs:
        raise ValueError("A comparison needs at least one prediction.")
    by = [Errors.of([(row[i], row[3]) for row in pairs]) for i in range(3)]
    seconds = float(np.mean([row[3] for row in pairs]))
    return Comparison(len(pairs), seconds, by[0], by[1], by[2], inside / len(pairs))


def guesses_of(steps: Sequence[tuple[Step, float]], warm: int = 50) -> Iterator[Guess]:
    """Predict each measured step from those before it.

    Args:
        steps: Steps with their durations, in order.
        warm: Steps that only teach.
    """
    model = LatencyModel()
    for index, (step, seconds) in enumerate(steps):
        told = model.estimate(step) if index >= warm else None
        yield Guess(step.prefill_tokens + step.decodes, told, seconds)
        model.observe(step, seconds)
