"""Idle bodies with a low battery go to a free dock by themselves."""

from __future__ import annotations

from brain.acting.dispatch import errand, travel_s
from brain.acting.evidence import at_place
from brain.acting.turn import Turn
from brain.config import BrainConfig
from devices.roadmap import Roadmap
from stem_memory.view import BodyRecord


def send_to_charge(turn: Turn, roadmap: Roadmap, config: BrainConfig) -> None:
    """Send each idle, empty-handed body below the threshold to the nearest dock nobody uses."""
    for body_id in sorted(turn.memory.bodies()):
        body = turn.memory.bodies()[body_id]
        if body.is_out or body_id in turn.ledger.busy() or "charge" not in body.card.skills:
            continue
        if body.state.battery >= config.charge_below or body.state.holding:
            continue
        dock = _nearest_dock(turn, roadmap, body)
        if dock is None:
            continue
        if at_place(body, dock, turn.memory, roadmap):
            missing_wh = (config.charge_target - body.state.battery) * body.card.battery_wh
            hours = missing_wh / max(body.card.charge_w, 1.0)
            errand(turn, config, body, "charge", dock, hours * 3600.0)
        else:
            errand(turn, config, body, "navigate", dock, travel_s(turn, roadmap, body, dock))


def _nearest_dock(turn: Turn, roadmap: Roadmap, body: BodyRecord) -> str | None:
    taken = {r.target for r in turn.ledger.requests.values() if r.role == "errand"}
    taken |= {
        other.state.near
        for other in turn.memory.bodies().values()
        if other.spec.id != body.spec.id and other.state.near is not None
    }
    docks = [
        fixture.id
        for fixture in turn.memory.plan().fixtures
        if "charge" in fixture.offers and fixture.id not in taken
    ]
    return min(docks, key=lambda dock: (travel_s(turn, roadmap, body, dock), dock), default=None)
