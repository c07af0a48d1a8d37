"""When each body that can be asked is free, where it is then, and whether its battery lets it work.

Times in seconds after now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brain.allocation.cost import charging_s, estimate
from brain.allocation.travel import Ways
from stem_memory.tasks import Assignment, TaskStep
from stem_memory.view import BodyRecord, MemoryView

StepKey = tuple[str, str]
# What a request that belongs to no open step (being cancelled, an errand) may still take.
LOOSE_END_S = 2.0
# A charging body is called away from its dock only if nobody else is there before this level.
CHARGED = 0.8
# A step that should have ended takes at least this share of its time from now.
OVERDUE = 0.2


@dataclass(frozen=True, slots=True)
class Availability:
    """One living body. `place` is where it will be when free (None: where it is now).

    `flat` says why its battery keeps it from new work, if it does.
    """

    body: BodyRecord
    free_s: float = 0.0
    place: str | None = None
    flat: str | None = None
    works_on: StepKey | None = None


def availabilities(
    view: MemoryView,
    now: float,
    under_way: Mapping[StepKey, Assignment],
    reserve: float,
    ways: Ways,
) -> dict[str, Availability]:
    """Every living body, in the order in which they joined."""
    result: dict[str, Availability] = {}
    for name, body in view.bodies().items():
        if not body.is_out:
            result[name] = _idle(body, reserve)
    for key in sorted(under_way):
        item, step = under_way[key], _step(view, key)
        team = [who for who in (item.body, item.partner) if who in result]
        left = max((_left(view, now, item, step, who, ways) for who in team), default=0.0)
        for who in team:
            place = leaves(step) or step.place if step is not None else None
            body = view.bodies()[who]
            result[who] = Availability(body, left, place, result[who].flat, key)
    return result


def leaves(step: TaskStep) -> str | None:
    """Where the step itself takes its body: "near" a place, or along with what it carries there."""
    for atom in step.post:
        if atom.pred == "near" and not atom.negated:
            return atom.args[0]
    for atom in step.post:
        if atom.pred == "at" and step.team > 1 and atom.args[1] != step.place:
            return atom.args[1]
    return None


def _idle(body: BodyRecord, reserve: float) -> Availability:
    charging = body.busy is not None and body.state.docked
    if charging:
        return Availability(body, charging_s(body, CHARGED))
    flat = None
    if body.state.battery <= reserve:
        level = f"{100 * body.state.battery:.0f} %"
        flat = f"{body.spec.id} has {level} battery left and must charge first"
    return Availability(body, LOOSE_END_S if body.busy is not None else 0.0, flat=flat)


def _step(view: MemoryView, key: StepKey) -> TaskStep | None:
    record = view.goals().get(key[0])
    if record is None or record.graph is None:
        return None
    return next((step for step in record.graph.steps if step.id == key[1]), None)


def _left(
    view: MemoryView,
    now: float,
    item: Assignment,
    step: TaskStep | None,
    who: str,
    ways: Ways,
) -> float:
    """Seconds until the body is done with a step under way, which may be its approach still."""
    body, planned = view.bodies()[who], max(0.0, item.end_s - now)
    card = view.skills().get(step.skill) if step is not None else None
    if step is None or card is None:
        return max(planned, LOOSE_END_S)
    carry = ways.between(body, step.place, leaves(step) or step.place) if step.place else 0.0
    work = estimate(card, body, view, carry or 0.0, step).once_s
    metres = ways.from_here(body, step.place) if step.place else 0.0
    if metres and body.card.speed_m_s > 0:
        return round(metres / body.card.speed_m_s + work, 3)
    return round(min(max(planned, OVERDUE * work), work), 3)
