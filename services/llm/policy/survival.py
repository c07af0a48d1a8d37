"""Distributions of how long programs stay away, learned online and asked for by schedulers.

A `DurationHistogram` counts durations in geometric bins with exponential forgetting. A `SurvivalCurve`
is its immutable reading side: survival S(t), its integral, and the best saving rate at each age. The
saving rate is the Gittins index of the stopping problem "hold the KV or give it up" (Gittins 1979):

    rate(u) = max_h  P(X <= u + h | X > u) / E[min(X - u, h) | X > u]

returns per second of occupancy if held from age u for the best horizon. Times the reload cost, divided
by blocks, it is what a block earns by waiting on, whatever the price of memory turns out to be.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOWEST = 0.01
RATIO = 1.15
BINS = 120
# Bin 0 is [0, LOWEST); bin i is [LOWEST * RATIO**(i-1), LOWEST * RATIO**i); all beyond never return.
EDGES: Floats = np.concatenate(([0.0], LOWEST * RATIO ** np.arange(BINS)))
_LOG_RATIO = math.log(RATIO)
_WIDTHS: Floats = np.diff(EDGES)

# Two samples of this effective size must differ this much (Kolmogorov-Smirnov distance) for the
# recent past to replace the long memory. 0.35 at 40 samples is exceeded by chance about once in 10^4.
DRIFT_DISTANCE = 0.35
DRIFT_SAMPLES = 40.0


def bin_of(value: float) -> int:
    """Index of the bin that holds a duration (or a ratio of durations)."""
    if value < LOWEST:
        return 0
    return min(BINS, 1 + int(math.log(value / LOWEST) / _LOG_RATIO))


def lognormal(median: float, sigma: float) -> Floats:
    """Probabilities of the bins under a lognormal distribution, to be used as a prior."""
    scaled = [(math.log(edge) - math.log(median)) / (sigma * math.sqrt(2.0)) for edge in EDGES[1:]]
    below = np.array([0.0] + [0.5 * (1.0 + math.erf(z)) for z in scaled] + [1.0])
    return np.diff(below)


class DurationHistogram:
    """Counts of durations that forget the past, and forget it at once when the world changes.

    Args:
        half_life: Number of newer samples after which a sample counts half.
    """

    def __init__(self, half_life: float = 2000.0) -> None:
        self._slow = _Decaying(0.5 ** (1.0 / half_life))
        self._fast = _Decaying(0.5 ** (1.0 / (0.75 * DRIFT_SAMPLES)))
        self._slow_keep = self._slow.keep
        self.samples = 0
        self.drifts = 0

    @property
    def weight(self) -> float:
        """Effective number of samples remembered."""
        return self._slow.weight

    @property
    def counts(self) -> Floats:
        """Weighted counts of the bins; a copy."""
        return self._slow.counts()

    def snapshot(self) -> tuple[list[float], float, float]:
        """The counts at this moment, to be mixed later: raw ones, their unit, and their sum in units."""
        return self._slow.snapshot()

    def add(self, value: float) -> None:
        """Count one duration; negative ones count as zero."""
        index = bin_of(value)
        self._slow.add(index)
        self._fast.add(index)
        self.samples += 1
        # Looking every eighth sample keeps false alarms and work low.
        if self.samples % 8 == 0 and self.weight > 2.0 * DRIFT_SAMPLES and self._drifted():
            self._slow = self._fast.copy(self._slow_keep)
            self.drifts += 1

    def _drifted(self) -> bool:
        return self._fast.distance(self._slow) > DRIFT_DISTANCE


class _Decaying:
    """Counts of bins in which every newer one makes the older ones count less.

    Instead of shrinking all that is there, each new count is larger than the one before.

    Args:
        keep: What a count is worth after the next one.
    """

    def __init__(self, keep: float) -> None:
        self.keep = keep
        self._raw = [0.0] * (BINS + 1)
        self._sum = 0.0
        self._unit = 1.0

    @property
    def weight(self) -> float:
        """Sum of the counts."""
        return self._sum / self._unit

    def counts(self) -> Floats:
        """The counts; a copy."""
        return np.array(self._raw) / self._unit

    def snapshot(self) -> tuple[list[float], float, float]:
        """Raw counts, their unit, and their sum in units."""
        return self._raw.copy(), self._unit, self.weight

    def add(self, index: int) -> None:
        """Count one in this bin."""
        self._unit /= self.keep
        self._raw[index] += self._unit
        self._sum += self._unit
        if self._unit > 1e100:
            self._raw = [raw / self._unit for raw in self._raw]
            self._sum, self._unit = math.fsum(self._raw), 1.0

    def distance(self, other: _Decaying) -> float:
        """The Kolmogorov-Smirnov distance of the two distributions."""
        ours, theirs = 1.0 / self._sum, 1.0 / other._sum
        ahead = widest = 0.0
        for own, its in zip(self._raw, other._raw, strict=True):
            ahead += own * ours - its * theirs
            widest = max(widest, ahead, -ahead)
        return widest

    def copy(self, keep: float) -> _Decaying:
        """The same counts, which will decay at another pace."""
        made = _Decaying(keep)
        made._raw = [raw / self._unit for raw in self._raw]
        made._sum = math.fsum(made._raw)
        return made


class SurvivalCurve:
    """A distribution of durations, ready to be asked. It is worked out when it is first asked.

    Args:
        probabilities: Of the bins, the last one "never"; they need not be normalised. Or what makes them.

    Raises:
        ValueError: If the probabilities sum to nothing; by the first question if they are made then.
    """

    def __init__(self, probabilities: Floats | Callable[[], Floats]) -> None:
        self._make = probabilities if callable(probabilities) else None
        self._lists: tuple[list[float], list[float]] | None = None
        self._rates: list[float] | None = None
        if not callable(probabilities):
            self._work_out(probabilities)

    def _work_out(self, probabilities: Floats) -> None:
        total = float(probabilities.sum())
        if total <= 0.0:
            raise ValueError("A survival curve needs at least one duration.")
        survival = 1.0 - np.concatenate(([0.0], np.cumsum(probabilities[:BINS] / total)))
        self._survival = np.clip(survival, 0.0, 1.0)
        self._integral = np.concatenate(
            ([0.0], np.cumsum(0.5 * (self._survival[:-1] + self._survival[1:]) * _WIDTHS))
        )
        self._make = None

    def _ready(self) -> None:
        if self._make is not None:
            self._work_out(self._make())

    @property
    def survival(self) -> Floats:
        """S at the edges of the bins."""
        self._ready()
        return self._survival

    @property
    def occupancy_at_edges(self) -> Floats:
        """E[min(X, t)] at the edges of the bins."""
        self._ready()
        return self._integral

    def surviving(self, age: float) -> float:
        """P(X > age)."""
        return self._at(age)[0]

    def occupancy(self, horizon: float) -> float:
        """E[min(X, horizon)]: the time that a pin of this length really occupies memory."""
        return self._at(horizon)[1]

    def quantile(self, share: float) -> float:
        """The duration within which this share of the waits ends; the last edge if none is."""
        below = 1.0 - self.survival
        index = int(np.searchsorted(below, share))
        return float(EDGES[min(index, BINS)])

    def saving_rate(self, age: float) -> float:
        """Returns per second of occupancy from this age on, over the best horizon, in 1/s."""
        if self._rates is None:
            self._rates = self._saving_rates()
        index = bin_of(age)
        if index >= BINS:
            return self._rates[BINS - 1]
        low, high = float(EDGES[index]), float(EDGES[index + 1])
        share = (age - low) / (high - low) if index < BINS else 0.0
        return self._rates[index] * (1.0 - share) + self._rates[index + 1] * share

    def _at(self, age: float) -> tuple[float, float]:
        if self._lists is None:
            self._lists = (self.survival.tolist(), self.occupancy_at_edges.tolist())
        survival, integral = self._lists
        index = bin_of(age)
        if index >= BINS:
            last = survival[BINS]
            return last, integral[BINS] + last * (age - float(EDGES[BINS]))
        low, high = float(EDGES[index]), float(EDGES[index + 1])
        share = (age - low) / (high - low)
        here = survival[index] + share * (survival[index + 1] - survival[index])
        return here, integral[index] + 0.5 * (survival[index] + here) * (age - low)

    def _saving_rates(self) -> list[float]:
        """The steepest way up from each edge to a later one, over (occupancy, returned) points.

        From the last edge backwards, the later points worth going to form a concave hull, whose first
        point is the best for the edge before it (Andrew's monotone chain).
        """
        spent = self.occupancy_at_edges.tolist()
        gained = (1.0 - self.survival).tolist()
        # Beyond the last edge nothing is known to return.
        rates = [0.0] * (BINS + 1)
        hull = [BINS]
        for edge in range(BINS - 1, -1, -1):
            first = hull[-1]
            if spent[first] <= spent[edge]:
                rates[edge] = rates[first]
                continue
            rate = (gained[first] - gained[edge]) / (spent[first] - spent[edge])
            while len(hull) > 1 and rate <= rates[first]:
                hull.pop()
                first = hull[-1]
                rate = (gained[first] - gained[edge]) / (spent[first] - spent[edge])
            rates[edge] = max(0.0, rate)
            hull.append(edge)
        return rates


class Forecast:
    """A survival curve in the units of one wait: X = scale * (what the curve describes).

    Args:
        curve: The distribution, of durations or of actual over expected durations.
        scale: Seconds per unit of the curve: 1, or the caller's expected duration.
    """

    __slots__ = ("curve", "scale")

    def __init__(self, curve: SurvivalCurve, scale: float = 1.0) -> None:
        self.curve = curve
        self.scale = scale

    def returned_by(self, age_s: float) -> float:
        """P(X <= age)."""
        return 1.0 - self.curve.surviving(age_s / self.scale)

    def returns_within(self, horizon_s: float, age_s: float = 0.0) -> float:
        """P(X <= age + horizon | X > age); 0 if an age was reached that nothing survives."""
        alive = self.curve.surviving(age_s / self.scale)
        if alive <= 1e-12:
            return 0.0
        return 1.0 - self.curve.surviving((age_s + horizon_s) / self.scale) / alive

    def saving_rate(self, age_s: float) -> float:
        """Best returns per second of further occupancy, in 1/s (the module's Gittins index)."""
        return self.curve.saving_rate(age_s / self.scale) / self.scale

    def quantile_s(self, share: float) -> float:
        """The duration within which this share of the waits ends."""
        return self.scale * self.curve.quantile(share)
