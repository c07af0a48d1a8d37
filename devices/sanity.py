"""Whether a report can be true at all. What comes from outside is asked before it is believed."""

from __future__ import annotations

import math

from devices.contracts import BodyCard, Observation


def nonsense(report: Observation, card: BodyCard) -> str | None:
    """What a body with this card cannot be like, in a few words; None if it can."""
    state = report.state
    numbers = (
        report.t,
        *(state.pose.x, state.pose.y, state.pose.z, state.pose.yaw),
        *(value for sighting in report.sightings for value in (sighting.x, sighting.y)),
    )
    if not all(math.isfinite(number) for number in numbers):
        return "a time or a place that is no number"
    if not 0.0 <= state.battery <= 1.0:
        return f"a battery of {state.battery:g}: give 0 to 1"
    if len(state.holding) > card.carry:
        return f"that it holds {len(state.holding)} things, and its card says {card.carry}"
    return None
