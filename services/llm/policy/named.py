"""Policies by their names, as commands and reports use them."""

from __future__ import annotations

from collections.abc import Callable

from services.llm.policy import ordering, pressure, retention
from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import NEVER
from services.llm.policy.estimates import ReloadCost
from services.llm.policy.waits import WaitModel

Maker = Callable[[ReloadCost, WaitModel], AgentPolicy]


def _stock(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "stock", ordering.fcfs, retention.no_pins, pressure.oldest_pin_first, reload_s, waits
    )


def _program_fcfs(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "program-fcfs",
        ordering.program_fcfs,
        retention.no_pins,
        pressure.oldest_pin_first,
        reload_s,
        waits,
    )


def _continuum(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "continuum",
        ordering.program_fcfs,
        retention.continuum,
        pressure.latest_program_first,
        reload_s,
        waits,
        rent=-NEVER,
    )


def _ski_rental(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "ski-rental",
        ordering.program_fcfs,
        retention.ski_rental,
        pressure.latest_program_first,
        reload_s,
        waits,
    )


def _infercept(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "infercept",
        ordering.program_fcfs,
        retention.infercept,
        pressure.oldest_pin_first,
        reload_s,
        waits,
    )


def _kvflow(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "kvflow",
        ordering.fcfs,
        retention.until_pressure,
        pressure.steps_to_execution,
        reload_s,
        waits,
    )


def _occupancy(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "occupancy",
        ordering.shortest_missing,
        retention.occupancy,
        pressure.expected_loss,
        reload_s,
        waits,
        rent=None,
        patience=1.0,
    )


def _retinue(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "retinue",
        ordering.shortest_missing,
        retention.until_pressure,
        pressure.expected_loss,
        reload_s,
        waits,
        rent=None,
        patience=1.0,
    )


def _oracle(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
    return AgentPolicy(
        "oracle",
        ordering.shortest_missing,
        retention.until_pressure,
        pressure.belady,
        reload_s,
        waits,
        rent=None,
        patience=1.0,
    )


def fixed(ttl_s: float) -> Maker:
    """A maker of the policy that holds everything for the same time.

    Args:
        ttl_s: The time to live.
    """

    def make(reload_s: ReloadCost, waits: WaitModel) -> AgentPolicy:
        return AgentPolicy(
            f"ttl-{ttl_s:g}s",
            ordering.program_fcfs,
            retention.FixedTtl(ttl_s),
            pressure.latest_program_first,
            reload_s,
            waits,
            rent=-NEVER,
        )

    return make


MAKERS: dict[str, Maker] = {
    "stock": _stock,
    "program-fcfs": _program_fcfs,
    "ttl-2s": fixed(2.0),
    "ski-rental": _ski_rental,
    "continuum": _continuum,
    "infercept": _infercept,
    "kvflow": _kvflow,
    "occupancy": _occupancy,
    "retinue": _retinue,
    "oracle": _oracle,
}


def build(name: str, reload_s: ReloadCost, waits: WaitModel | None = None) -> AgentPolicy:
    """Make a policy by its name.

    Args:
        name: One of `MAKERS`, or ``ttl-<seconds>s`` for any fixed time to live.
        reload_s: Engine seconds to bring back a context of so many tokens.
        waits: The learned waits; by default an empty model.

    Raises:
        ValueError: If there is no policy of this name.
    """
    model = waits if waits is not None else WaitModel()
    if name in MAKERS:
        return MAKERS[name](reload_s, model)
    if name.startswith("ttl-") and name.endswith("s"):
        try:
            return fixed(float(name[4:-1]))(reload_s, model)
        except ValueError:
            raise ValueError(
                f"{name!r} is no policy: write a fixed time to live as ttl-2s or ttl-0.5s."
            ) from None
    raise ValueError(f"There is no policy {name!r}; choose one of {', '.join(sorted(MAKERS))}.")
