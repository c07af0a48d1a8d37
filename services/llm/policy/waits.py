"""How long programs stay away: learned per tool and body, from what callers expect and what happens.

Where the caller names an expected duration, its error is learned: the ratio actual/expected. Where it
does not, the duration itself is. Each is kept at several levels, from everything down to this tool on
this body, and a level with few samples leans on the one above it (a Dirichlet prior of `LEAN` samples),
so an unknown tool starts from the average of all tools and an empty server from a broad prior.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from services.llm.policy.contracts import Wait
from services.llm.policy.survival import (
    DurationHistogram,
    Floats,
    Forecast,
    SurvivalCurve,
    lognormal,
)

# Samples that the level above is worth.
LEAN = 8.0
# Before anything is known: tools take seconds, with a tail of hours; estimates are roughly right.
_DURATION_PRIOR = lognormal(median=5.0, sigma=2.0)
_RATIO_PRIOR = lognormal(median=1.0, sigma=0.4)
# An expected duration below this is taken as this: a ratio to nothing says nothing.
SHORTEST_EXPECTED_S = 0.05
# A program's usual wait, in seconds, that separates the quick from the steady and the slow ones.
_PACES_S = (6.0, 20.0)

Key = tuple[str, ...]


class WaitModel:
    """Learns waits and forecasts them.

    Args:
        half_life: Number of newer samples after which a sample counts half.
        by_pace: Whether to tell programs apart by their own earlier waits, too.
    """

    def __init__(self, half_life: float = 2000.0, by_pace: bool = True) -> None:
        self._half_life = half_life
        self._by_pace = by_pace
        self._histograms: dict[Key, DurationHistogram] = {}
        self._curves: dict[Key, tuple[int, SurvivalCurve]] = {}

    def observe(self, wait: Wait, seconds: float, pace_s: float | None = None) -> None:
        """Learn how long a wait took.

        Args:
            wait: What had been announced.
            seconds: How long it took until the program's next turn arrived.
            pace_s: The program's usual wait before this one; None if this was its first.
        """
        expected = self._expected(wait)
        value = seconds if expected is None else seconds / expected
        for key in self._keys(wait, pace_s):
            histogram = self._histograms.get(key)
            if histogram is None:
                histogram = self._histograms[key] = DurationHistogram(self._half_life)
            histogram.add(value)

    def forecast(self, wait: Wait, pace_s: float | None = None) -> Forecast:
        """The distribution of a wait that begins now."""
        expected = self._expected(wait)
        prior = _DURATION_PRIOR if expected is None else _RATIO_PRIOR
        return Forecast(
            self._curve(self._keys(wait, pace_s), prior), 1.0 if expected is None else expected
        )

    def samples(self, tool: str, body: str = "") -> int:
        """How many waits for this tool (on this body) have been learned from, either way."""
        found = 0
        for kind in ("wait", "ratio"):
            histogram = self._histograms.get((kind, tool, body) if body else (kind, tool))
            found += histogram.samples if histogram else 0
        return found

    @staticmethod
    def _expected(wait: Wait) -> float | None:
        # NaN and infinity are no estimates.
        if wait.expected_s is None or not math.isfinite(wait.expected_s):
            return None
        return max(SHORTEST_EXPECTED_S, wait.expected_s)

    def _keys(self, wait: Wait, pace_s: float | None) -> list[Key]:
        kind = "wait" if self._expected(wait) is None else "ratio"
        keys: list[Key] = [(kind,), (kind, wait.tool)]
        if wait.body:
            keys.append((kind, wait.tool, wait.body))
        if self._by_pace and kind == "wait" and pace_s is not None:
            pace = sum(pace_s >= bound for bound in _PACES_S)
            keys.append((kind, wait.tool, wait.body, f"pace {pace}"))
        return keys

    def _curve(self, keys: list[Key], prior: Floats) -> SurvivalCurve:
        # A curve is rebuilt when its own level has grown by a twentieth, so that a busy server does
        # not spend its time on what hardly changes.
        known = [key for key in keys if key in self._histograms]
        name = known[-1] if known else keys[0][:1]
        samples = self._histograms[name].samples if known else 0
        cached = self._curves.get(name)
        if cached is not None and samples < cached[0] + max(1, cached[0] // 20):
            return cached[1]
        found = [self._histograms[key].snapshot() for key in known]
        curve = SurvivalCurve(partial(_mixed, prior, found))
        self._curves[name] = (samples, curve)
        return curve


def _mixed(prior: Floats, levels: list[tuple[list[float], float, float]]) -> Floats:
    """Each level leans on the one above it."""
    probabilities = prior
    for raw, unit, weight in levels:
        probabilities = (np.array(raw) / unit + LEAN * probabilities) / (weight + LEAN)
    return probabilities
