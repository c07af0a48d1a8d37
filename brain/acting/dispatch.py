"""Which requests go out now: ready steps to idle bodies that stand at the right place.

A body that is elsewhere gets an approach first. Nothing is sent whose preconditions memory does not
hold to be true; it waits, and its goal is planned anew when patience runs out.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from brain.acting.evidence import at_place, by_hand, unmet
from brain.acting.running import StepKey
from brain.acting.turn import Turn
from brain.config import BrainConfig
from devices.roadmap import Roadmap
from devices.skill import Atom, SkillCard
from stem_memory.contracts import StepEnded, StepStarted
from stem_memory.tasks import Assignment, GoalRecord, TaskStep
from stem_memory.view import BodyRecord

OPEN = ("pending", "assigned")
# Moments closer together than this are one.
_SAME_S = 1e-6


@dataclass
class Waiting:
    """Since when steps wait for a precondition, and what they lack; until when bodies rest from some."""

    since: dict[StepKey, float] = field(default_factory=dict)
    rests: dict[StepKey, float] = field(default_factory=dict)
    why: dict[StepKey, str] = field(default_factory=dict)

    def note(self, key: StepKey, now: float, why: str) -> None:
        """Remember that the step lacks something."""
        self.since.setdefault(key, now)
        self.why[key] = why

    def clear(self, key: StepKey) -> None:
        """The step lacks nothing any more."""
        self.since.pop(key, None)
        self.why.pop(key, None)

    def overdue(self, now: float, patience_s: float) -> list[StepKey]:
        """Steps that waited longer than patience allows."""
        return [key for key, t in self.since.items() if now - t >= patience_s - _SAME_S]

    def next_s(self, patience_s: float, beyond: Container[str] = ()) -> float | None:
        """When the first of them runs out of patience, or has rested.

        Args:
            patience_s: How long steps may wait.
            beyond: Goals that wait for a new plan as it is.
        """
        times = [t + patience_s for (goal, _), t in self.since.items() if goal not in beyond]
        return min([*times, *self.rests.values()], default=None)


def dispatch(
    turn: Turn,
    roadmap: Roadmap,
    config: BrainConfig,
    assigned: Iterable[Assignment],
    waiting: Waiting,
) -> bool:
    """Send what can be sent. Bodies are looked at in order of their earliest planned step.

    Returns:
        Whether steps turned out to be needless: they are done, and what waited for them may go on.
    """
    waiting.rests.clear()
    needless = len(turn.needless)
    queues: dict[str, list[Assignment]] = {}
    for item in sorted(assigned, key=lambda a: (a.start_s, a.goal, a.step)):
        queues.setdefault(item.body, []).append(item)
    for body_id, queue in sorted(queues.items(), key=lambda kv: (kv[1][0].start_s, kv[0])):
        body = turn.memory.bodies()[body_id]
        if body.is_out or body_id in turn.ledger.busy():
            continue
        for item in queue:
            record = turn.memory.goals()[item.goal]
            if _try(turn, roadmap, config, record, item, body, waiting):
                break
    return len(turn.needless) > needless


def _try(
    turn: Turn,
    roadmap: Roadmap,
    config: BrainConfig,
    record: GoalRecord,
    item: Assignment,
    body: BodyRecord,
    waiting: Waiting,
) -> bool:
    """Send one step (or its approach) if it is ready; False: the body may look further."""
    assert record.graph is not None
    key = (item.goal, item.step)
    step = record.graph.step(item.step)
    if not _is_due(turn, record, step) or (team := _team(turn, item, body)) is None:
        return False
    pre = tuple(atom for atom in step.pre if atom.pred != "near")
    if _is_needless(step, body, turn, roadmap):
        turn.needless.append(key)
        turn.record(_needless(record, step, body))
        return False
    lacking = [a for b in team for a in unmet(pre, b, turn.memory, roadmap, record.goal.t)]
    if lacking:
        since = turn.now if _may_come_true(lacking, turn) else turn.now - config.patience_s
        waiting.note(key, since, ", ".join(f"{a.pred} {' '.join(a.args)}" for a in lacking))
        return False
    waiting.clear(key)
    place, hands = step.place, by_hand(step)
    away = [
        b
        for b in team
        if place and (_is_astray(b, turn) or not at_place(b, place, turn.memory, roadmap, hands))
    ]
    skill = "navigate" if away else step.skill
    failed = [turn.ledger.failed(b.spec.id, skill, item.goal) for b in away or team]
    rest = max(f.rest_until(config.rest_s, config.most_rest_s) for f in failed)
    if rest > turn.now + _SAME_S:
        waiting.rests[key] = rest
        return False
    for member in away:
        _approach(turn, roadmap, config, record, step, member)
    if not away:
        _start(turn, config, record, step, team)
    return True


def _is_due(turn: Turn, record: GoalRecord, step: TaskStep) -> bool:
    """Whether a step is open, nobody is at it, and all that it comes after is done."""
    is_open = record.steps.get(step.id, "pending") in OPEN
    is_free = (record.goal.id, step.id) not in turn.ledger.steps()
    return is_open and is_free and all(record.steps.get(b) == "done" for b in step.after)


def _team(turn: Turn, item: Assignment, body: BodyRecord) -> list[BodyRecord] | None:
    """Who does the step; None: the partner can not now."""
    if item.partner is None:
        return [body]
    partner = turn.memory.bodies()[item.partner]
    if partner.is_out or partner.spec.id in turn.ledger.busy() - {body.spec.id}:
        return None
    return [body, partner]


def _is_astray(body: BodyRecord, turn: Turn) -> bool:
    """Whether it has to come again, though memory has it there already."""
    return body.spec.id in turn.ledger.astray and body.card.mobility != "fixed"


def _is_needless(step: TaskStep, body: BodyRecord, turn: Turn, roadmap: Roadmap) -> bool:
    """Whether the world already is as the step would make it, so that nobody has to do it."""
    facts = [atom for atom in step.post if atom.pred in ("at", "be")]
    return (
        bool(facts)
        and len(facts) == len(step.post)
        and not unmet(tuple(facts), body, turn.memory, roadmap)
    )


def _needless(record: GoalRecord, step: TaskStep, body: BodyRecord) -> StepEnded:
    return StepEnded(
        request=f"{record.goal.id}.{step.id}.none",
        goal=record.goal.id,
        step=step.id,
        skill=step.skill,
        body=body.spec.id,
        outcome="done",
        reason="already_so",
        duration_s=0.0,
        evidenced=True,
    )


def _may_come_true(lacking: list[Atom], turn: Turn) -> bool:
    """Whether what is missing may still be brought about by a step of any open goal.

    Space, free hands and the like come and go; where a thing is and what state it has do not.
    """
    coming = {
        (atom.pred, atom.args, atom.value)
        for record in turn.memory.goals().values()
        if record.graph is not None and record.closed_s is None
        for step in record.graph.steps
        if record.steps.get(step.id) in (*OPEN, "running")
        for atom in step.post
    }
    return all(
        atom.pred not in ("at", "be", "holding") or (atom.pred, atom.args, atom.value) in coming
        for atom in lacking
    )


def _approach(
    turn: Turn,
    roadmap: Roadmap,
    config: BrainConfig,
    record: GoalRecord,
    step: TaskStep,
    body: BodyRecord,
) -> None:
    assert step.place is not None
    turn.send(
        StepStarted(
            request=_request_id(turn, record.goal.id, step.id, body.spec.id),
            goal=record.goal.id,
            step=step.id,
            skill="navigate",
            body=body.spec.id,
            deadline_s=_deadline(turn, config, travel_s(turn, roadmap, body, step.place)),
            role="approach",
            target=step.place,
        ),
        {"to": step.place},
    )


def _start(
    turn: Turn, config: BrainConfig, record: GoalRecord, step: TaskStep, team: list[BodyRecord]
) -> None:
    for index, body in enumerate(team):
        partner = team[1 - index].spec.id if len(team) > 1 else None
        card = turn.memory.skills()[step.skill]
        turn.send(
            StepStarted(
                request=_request_id(turn, record.goal.id, step.id, body.spec.id),
                goal=record.goal.id,
                step=step.id,
                skill=step.skill,
                body=body.spec.id,
                deadline_s=_deadline(turn, config, work_s(turn, card, body)),
                target=step.place or "",
            ),
            dict(step.args),
            partner,
        )


def work_s(turn: Turn, card: SkillCard, body: BodyRecord) -> float:
    """Expected seconds of the skill on this body: learned if there is experience, else nominal."""
    known = turn.memory.performance(body.spec.id, card.name)
    if known is not None and known.successes >= 3:
        return known.mean_s
    return card.base_s / body.card.skills.get(card.name, 1.0)


def travel_s(turn: Turn, roadmap: Roadmap, body: BodyRecord, place: str) -> float:
    """Expected seconds to the place; straight distance where the roadmap knows no stand."""
    if body.card.speed_m_s <= 0:
        return 0.0
    pose, card = body.state.pose, body.card
    metres: float | None = None
    if turn.memory.category(place) in ("fixture", "door", "room"):
        metres = roadmap.way_m(pose, card, place)
    if metres is None:
        there = turn.memory.position(place) or (pose.x, pose.y)
        metres = 1.5 * math.hypot(there[0] - pose.x, there[1] - pose.y)
    return metres / card.speed_m_s


def errand(
    turn: Turn, config: BrainConfig, body: BodyRecord, skill: str, target: str, expected_s: float
) -> None:
    """Send a body on business of its own (to a dock, to charge)."""
    arg = {"navigate": "to", "charge": "dock", "look": "target"}[skill]
    turn.send(
        StepStarted(
            request=_request_id(turn, "", skill, body.spec.id),
            goal="",
            step="",
            skill=skill,
            body=body.spec.id,
            deadline_s=_deadline(turn, config, expected_s),
            role="errand",
            target=target,
        ),
        {arg: target},
    )


def _deadline(turn: Turn, config: BrainConfig, expected_s: float) -> float:
    return round(turn.now + max(config.least_deadline_s, config.slack * expected_s), 3)


def _request_id(turn: Turn, goal: str, step: str, body: str) -> str:
    return f"{goal or 'errand'}.{step}.{turn.ledger.count + 1}@{body}"
