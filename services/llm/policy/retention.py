"""How long to hold a program's KV after a turn: one rule a class, all on the same facts.

A rule returns a time-to-live in seconds: 0 to let the engine's own cache order decide. Rules see one pin at a time; who gives way under pressure is `pressure`'s business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from services.llm.policy.programs import Program
from services.llm.policy.survival import EDGES, Forecast

# Continuum's cold start: below this many samples of a tool the rule does not trust its distribution.
COLD_SAMPLES = 100


@dataclass(slots=True)
class HoldCase:
    """What is known when a turn ends and its program goes to wait.

    Attributes:
        program: The program.
        blocks: Blocks its KV occupies.
        forecast: How long it may stay away.
        samples: Waits for this tool that the forecast has learned from.
        reload_s: Engine seconds to bring the KV back once dropped.
        queue_s: Recent mean queueing delay of turns that came back without their KV.
        eta: Memoryfulness of the turn count.
        rent: Shadow price of memory: engine seconds that a block would earn elsewhere, per second.
        running_blocks: Blocks of the requests that run now.
        returns_in_s: The true wait, for oracles; None elsewhere.
    """

    program: Program
    blocks: int
    forecast: Forecast
    samples: int
    reload_s: float
    queue_s: float
    eta: float
    rent: float
    running_blocks: int
    returns_in_s: float | None


class Retention(Protocol):
    """A rule that says how long to hold."""

    def __call__(self, case: HoldCase) -> float:
        """Seconds to hold the KV; 0 for not at all."""
        ...


def no_pins(case: HoldCase) -> float:
    """Stock servers: finished requests go to the LRU cache."""
    return 0.0


# No pin is made for longer, so that owners who never come back are forgotten.
LONGEST_S = 3600.0


class FixedTtl:
    """The same time for everyone (Continuum's released code: 2 s).

    Args:
        ttl_s: The time to live.
    """

    def __init__(self, ttl_s: float) -> None:
        self.ttl_s = ttl_s

    def __call__(self, case: HoldCase) -> float:
        """The fixed time."""
        return self.ttl_s


#: Hold everything; price and order of giving way decide, again and again.
until_pressure = FixedTtl(LONGEST_S)


def ski_rental(case: HoldCase) -> float:
    """Hold as long as coming back without KV would cost: at most twice the oracle's cost per pin."""
    return case.queue_s * case.eta + case.reload_s


def continuum(case: HoldCase) -> float:
    """Continuum's rule (arXiv 2511.02230, section 4): argmax P(X <= t) * (T * eta + reload) - t.

    It charges the whole time to live even if the program is back before. Its cold start holds for the
    optimum under Exp(1) tools, ln(T + reload).
    """
    if case.samples <= COLD_SAMPLES:
        worth = case.queue_s + case.reload_s
        return max(0.0, math.log(worth)) if worth > 0.0 else 0.0
    worth = case.queue_s * case.eta + case.reload_s
    below = 1.0 - case.forecast.curve.survival
    gain = below * worth - EDGES * case.forecast.scale
    best = int(gain.argmax())
    return float(EDGES[best]) * case.forecast.scale if gain[best] > 0.0 else 0.0


def infercept(case: HoldCase) -> float:
    """InferCept (arXiv 2402.01869) without a swap tier: preserve while its waste is the smaller one.

    Preserving wastes (time away) * own memory; discarding wastes (recomputation) * (own memory and the
    memory of those who run meanwhile). The time away is taken as the time already away.
    """
    if case.blocks <= 0:
        return 0.0
    return case.reload_s * (1.0 + case.running_blocks / case.blocks)


def occupancy(case: HoldCase) -> float:
    """The time that maximises expected saving minus true occupancy at the going price, fixed at once.

        argmax_t  P(X <= t) * reload - rent * blocks * E[min(X, t)]

    A pin whose owner returns early is charged only until then. It is optimal stopping: hold while the
    chance of return per second, times the reload, exceeds the rent.
    """
    curve, scale = case.forecast.curve, case.forecast.scale
    rent = case.rent * case.blocks * scale
    gain = (1.0 - curve.survival) * case.reload_s - rent * curve.occupancy_at_edges
    best = int(gain.argmax())
    return min(LONGEST_S, float(EDGES[best]) * scale) if gain[best] > 0.0 else 0.0
