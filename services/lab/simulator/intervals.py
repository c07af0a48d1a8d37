"""Means and intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Student's t for two-sided 95 % by degrees of freedom; beyond the table the normal's 1.96 plus a little.
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval.

    Attributes:
        mean: The mean (geometric for ratios).
        low: Lower end; equal to the mean if there is only one value.
        high: Upper end.
    """

    mean: float
    low: float
    high: float


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies, interpolated; 0 if there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def interval(values: Sequence[float]) -> Interval:
    """Mean of independent values with Student's 95 % interval."""
    count = len(values)
    mean = sum(values) / count
    if count < 2:
        return Interval(mean, mean, mean)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (count - 1))
    t = _T95[count - 2] if count - 2 < len(_T95) else 2.05
    half = t * deviation / math.sqrt(count)
    return Interval(mean, mean - half, mean + half)


def ratio(above: Sequence[float], below: Sequence[float]) -> Interval:
    """Geometric mean of paired ratios with its 95 % interval."""
    logs = interval([math.log(a / b) for a, b in zip(above, below, strict=True)])
    return Interval(math.exp(logs.mean), math.exp(logs.low), math.exp(logs.high))
