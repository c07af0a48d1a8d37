"""Who gives way when memory is short: pins in the order in which they are broken.

A rule scores each pin; the lowest score is broken first. A pin whose owner has already come back and
queues is about to be used, so engines break it only when nothing else is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.llm.policy.contracts import NEVER, Pin
from services.llm.policy.programs import Program


@dataclass(slots=True)
class Holding:
    """A pin that might be broken.

    Attributes:
        pin: The pin.
        program: Its owner.
        reload_s: Engine seconds to bring the KV back.
    """

    pin: Pin
    program: Program
    reload_s: float


class Pressure(Protocol):
    """A rule that scores pins."""

    def __call__(self, holding: Holding, now: float) -> float:
        """The score; the lowest is broken first."""
        ...


def latest_program_first(holding: Holding, now: float) -> float:
    """Continuum's deadlock rule: the program that arrived last gives way first."""
    return -holding.program.arrived_s


def oldest_pin_first(holding: Holding, now: float) -> float:
    """Least recently used."""
    return holding.pin.since_s


def expected_loss(holding: Holding, now: float) -> float:
    """Retinue's rule: engine seconds that a block saves per second of further holding.

    The best rate of return from the pin's present age on (a Gittins index) times the reload cost, per
    block. It falls as a wait grows longer than such waits usually are, so pins of programs that are
    overdue go first, and a robot that is about to arrive keeps its own.
    """
    forecast = holding.program.forecast
    if forecast is None:
        return 0.0
    age = max(0.0, now - holding.pin.since_s)
    return forecast.saving_rate(age) * holding.reload_s / max(1, holding.pin.blocks)


def steps_to_execution(holding: Holding, now: float) -> float:
    """KVFlow (arXiv 2507.07400): the agent whose next step is farthest away gives way first.

    Its steps are taken as seconds: the caller's expected duration, or the usual one of the tool, less
    the time already away.
    """
    wait, forecast = holding.program.wait, holding.program.forecast
    if wait is not None and wait.expected_s is not None:
        expected = wait.expected_s
    else:
        expected = forecast.quantile_s(0.5) if forecast is not None else 0.0
    return -max(0.0, expected - (now - holding.pin.since_s))


def belady(holding: Holding, now: float) -> float:
    """The oracle: reload saved per block and second until the true return; for simulations only."""
    wait = holding.program.wait
    if wait is None or wait.returns_s is None:
        return NEVER
    remaining = max(1e-3, wait.returns_s - now)
    return holding.reload_s / (max(1, holding.pin.blocks) * remaining)
