"""What the news of bodies means: done with evidence, one more look, or failed.

Evidence-based completion: a body's "succeeded" only opens the question. If memory does not hold
the post-conditions, the same body looks once more; if they are still not evidenced, the step failed.
"""

from __future__ import annotations

from brain.acting.evidence import at_place, by_hand, evidenced
from brain.acting.running import LOOK, Running
from brain.acting.turn import Turn
from brain.config import BrainConfig
from devices.roadmap import Roadmap
from devices.skill import Cancelled, Failed, SkillEvent, Succeeded
from stem_memory.contracts import Spoken, StepEnded, StepStarted
from stem_memory.tasks import GoalRecord, TaskStep


def hear(event: SkillEvent, turn: Turn, roadmap: Roadmap, config: BrainConfig) -> StepEnded | None:
    """Judge one word of a body. Returns how a request ended, if one did (already recorded)."""
    running = turn.ledger.requests.get(event.request)
    if running is None:
        return None
    if isinstance(event, Failed):
        # Who was told to hold still did not fail: nothing is learnt from it.
        outcome = "cancelled" if event.reason == "stopped" else "failed"
        return _end_all(turn, running, outcome, event.reason, event.detail)
    if isinstance(event, Cancelled):
        return _end_all(turn, running, "cancelled")
    if not isinstance(event, Succeeded):
        return None
    if running.request.endswith(LOOK):
        _end(turn, running, "done")
        parent = turn.ledger.requests.get(running.request.removesuffix(LOOK))
        return _judge(turn, parent, roadmap, config) if parent else None
    return _judge(turn, running, roadmap, config)


def _judge(turn: Turn, running: Running, roadmap: Roadmap, config: BrainConfig) -> StepEnded | None:
    """A body says it is done: believe it if memory shows it, else look again, else fail."""
    body = turn.memory.bodies()[running.body]
    if running.role == "errand":
        return _end(turn, running, "done", evidenced=True)
    step = step_of(turn, running)
    if running.role == "approach":
        hands = step is not None and by_hand(step)
        if at_place(body, running.target, turn.memory, roadmap, hands):
            return _end(turn, running, "done", evidenced=True)
        return _end(turn, running, "failed", "not_arrived", f"{running.body} is not at the place")
    if step is None:
        return _end(turn, running, "done", "superseded")
    for atom in step.post:
        if atom.pred == "told":
            # What left the loudspeaker beside the person is all the evidence there can be.
            turn.record(Spoken(body=running.body, to=atom.args[0], text=atom.args[1]))
    since = turn.memory.goals()[running.goal].goal.t
    if evidenced(step, body, turn.memory, roadmap, since):
        return _end(turn, running, "done", evidenced=True)
    if running.looks < config.evidence_looks and "look" in body.card.skills and step.place:
        turn.send(
            StepStarted(
                request=running.request + LOOK,
                goal=running.goal,
                step=running.step,
                skill="look",
                body=running.body,
                deadline_s=round(turn.now + config.least_deadline_s, 3),
                role="errand",
                target=step.place,
            ),
            {"target": step.place},
        )
        return None
    return _end(
        turn, running, "failed", "no_evidence", f"nothing shows that {step.title or step.id} worked"
    )


def step_of(turn: Turn, running: Running) -> TaskStep | None:
    """The step a request works for, if its goal's present graph still has it."""
    record = turn.memory.goals().get(running.goal)
    if record is None or record.graph is None:
        return None
    return next((s for s in record.graph.steps if s.id == running.step), None)


def holds_for(record: GoalRecord, ended: StepEnded) -> bool:
    """Whether the body already did a step that binds this one to it (it holds something)."""
    if record.graph is None:
        return False
    group = {s.bind for s in record.graph.steps if s.id == ended.step} - {None}
    return any(
        step.bind in group
        and record.steps.get(step.id) == "done"
        and record.bodies.get(step.id) == ended.body
        for step in record.graph.steps
    )


def lapse(turn: Turn) -> list[StepEnded]:
    """End everything that lost bodies worked on, so that it can be given to others."""
    gone = [r for r in turn.ledger.requests.values() if r.body in turn.ledger.lost]
    return [
        _end(turn, running, "lapsed", "body_lost", f"{running.body} gives no sign of life")
        for running in gone
    ]


def _end_all(
    turn: Turn, running: Running, outcome: str, reason: str = "", detail: str = ""
) -> StepEnded:
    """End a request; with a look for evidence that came to nothing, also the one it was for."""
    ended = _end(turn, running, outcome, reason, detail)
    parent = turn.ledger.requests.get(running.request.removesuffix(LOOK))
    if parent is None:
        return ended
    if outcome == "failed":
        reason, detail = "no_evidence", f"nobody could see whether it worked: {detail or reason}"
    return _end(turn, parent, outcome, reason, detail)


def _end(
    turn: Turn,
    running: Running,
    outcome: str,
    reason: str = "",
    detail: str = "",
    evidenced: bool = False,
) -> StepEnded:
    ended = StepEnded.model_validate(
        {
            "request": running.request,
            "goal": running.goal,
            "step": running.step,
            "skill": running.skill,
            "body": running.body,
            "outcome": outcome,
            "reason": reason,
            "detail": detail,
            "duration_s": round(turn.now - running.started_s, 3),
            "evidenced": evidenced,
            "role": running.role,
        }
    )
    turn.record(ended)
    return ended
