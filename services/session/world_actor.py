"""The simulated world as an actor. A module of its own: whoever hosts it loads no brain."""

from __future__ import annotations

from sim_worlds.contracts import Fault, Scenario
from sim_worlds.engine import SimWorld


def make_world(
    scenario: Scenario, seed: int, bodies: int | None, faults: tuple[Fault, ...]
) -> SimWorld:
    """A simulated world, not yet reset. Takes plain data only, so that it can be made elsewhere."""
    return SimWorld(scenario, seed, bodies=bodies, faults=faults)
