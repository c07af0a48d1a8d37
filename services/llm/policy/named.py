"""Policies by their names, as commands and reports use them.

A policy is a value: the parts that `AgentPolicy` puts together. Packages offer theirs through the entry
points `retinue.retention`, and ours stand there, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from devices.installed import entry_points
from services.llm.policy import ordering, pressure, retention
from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import NEVER
from services.llm.policy.estimates import ReloadCost
from services.llm.policy.ordering import Order
from services.llm.policy.pressure import Pressure
from services.llm.policy.retention import FixedTtl, Retention
from services.llm.policy.waits import WaitModel

GROUP = "retinue.retention"


@dataclass(frozen=True)
class Policy:
    """Who goes first, how long KV is held, and who gives way; see `AgentPolicy` for each part."""

    retention: Retention
    order: Order = ordering.shortest_missing
    pressure: Pressure = pressure.expected_loss
    rent: float | None = NEVER
    patience: float | None = None


STOCK = Policy(retention.no_pins, ordering.fcfs, pressure.oldest_pin_first)
PROGRAM_FCFS = Policy(retention.no_pins, ordering.program_fcfs, pressure.oldest_pin_first)
CONTINUUM = Policy(
    retention.continuum, ordering.program_fcfs, pressure.latest_program_first, rent=-NEVER
)
SKI_RENTAL = Policy(retention.ski_rental, ordering.program_fcfs, pressure.latest_program_first)
INFERCEPT = Policy(retention.infercept, ordering.program_fcfs, pressure.oldest_pin_first)
KVFLOW = Policy(retention.until_pressure, ordering.fcfs, pressure.steps_to_execution)
OCCUPANCY = Policy(retention.occupancy, rent=None, patience=1.0)
RETINUE = Policy(retention.until_pressure, rent=None, patience=1.0)
ORACLE = Policy(retention.until_pressure, pressure=pressure.belady, rent=None, patience=1.0)


def fixed(ttl_s: float) -> Policy:
    """The policy that holds everything for the same time.

    Args:
        ttl_s: The time to live.
    """
    order, give_way = ordering.program_fcfs, pressure.latest_program_first
    return Policy(FixedTtl(ttl_s), order, give_way, rent=-NEVER)


def names() -> tuple[str, ...]:
    """The policies that are installed."""
    return tuple(sorted(entry.name for entry in entry_points(GROUP)))


def place_of(name: str) -> str:
    """A policy's name as a process understands it that sees no installed packages: where it is made.

    Raises:
        ValueError: If there is no policy of this name.
    """
    policy_of(name)
    return _place(name)


def policy_of(name: str) -> Policy:
    """The policy of a name.

    Args:
        name: One that is installed, ``ttl-<seconds>s`` for a fixed time to live, or ``module:object``.

    Raises:
        ValueError: If there is no policy of this name.
    """
    if name.startswith("ttl-") and name.endswith("s"):
        try:
            return fixed(float(name[4:-1]))
        except ValueError:
            raise ValueError(
                f"{name!r} is no policy: write a fixed time to live as ttl-2s or ttl-0.5s."
            ) from None
    place = _place(name)
    if ":" not in place:
        raise ValueError(f"There is no policy {name!r}; choose one of {', '.join(names())}.")
    return _loaded(place)


def build(name: str, reload_s: ReloadCost, waits: WaitModel | None = None) -> AgentPolicy:
    """Make a policy by its name.

    Args:
        name: As `policy_of` takes it.
        reload_s: Engine seconds to bring back a context of so many tokens.
        waits: The learned waits; by default an empty model.

    Raises:
        ValueError: If there is no policy of this name.
    """
    policy = policy_of(name)
    return AgentPolicy(
        name if ":" not in name else name.rpartition(":")[2].lower().replace("_", "-"),
        policy.order,
        policy.retention,
        policy.pressure,
        reload_s,
        waits,
        rent=policy.rent,
        patience=policy.patience,
    )


def _place(name: str) -> str:
    """Where the policy of a name stands, if a package offers one; else the name."""
    return next((entry.value for entry in entry_points(GROUP) if entry.name == name), name)


@lru_cache
def _loaded(place: str) -> Policy:
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{place!r} is no policy: {error}.") from None
    if not isinstance(found, Policy):
        raise ValueError(f"{place!r} is a {type(found).__name__} and no policy.")
    return found
