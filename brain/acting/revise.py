"""A new revision of one goal's task graph that touches only what has to change.

Steps that are under way, and steps bound to an object a living body holds for them, are kept with
their ids; the rest of the unfinished graph is planned anew from what memory believes now.
"""

from __future__ import annotations

from enum import Enum

from brain.acting.turn import Turn
from brain.config import BrainConfig
from brain.contracts import Impossible
from brain.planning.plan import plan
from devices.facts import Clear, Condition
from devices.roadmap import Roadmap
from stem_memory.contracts import GraphPlanned
from stem_memory.tasks import GoalRecord, TaskStep


class Revision(Enum):
    """What became of an attempt to revise: a new graph, or a later attempt."""

    DONE = "done"
    WAIT = "wait"


def revise(
    goal: str, reason: str, turn: Turn, roadmap: Roadmap, config: BrainConfig
) -> Revision | str:
    """Plan the goal anew and record the graph. A string says why the goal can not be reached."""
    record = turn.memory.goals()[goal]
    revision = turn.ledger.revisions.get(goal, 0) + 1
    if revision > config.revisions + 1:
        return f"given up after {config.revisions} new plans; last: {reason}"
    keep = _keep(record, turn)
    wanted = conditions_now(record)
    found = plan(record, wanted, turn.memory, roadmap, keep=keep, revision=revision)
    if isinstance(found, Impossible):
        return Revision.WAIT if turn.ledger.of_goal(goal) else found.reason
    done = _done(record)
    turn.record(
        GraphPlanned(
            goal=goal, revision=revision, steps=(*done, *keep, *found.steps), reason=reason
        )
    )
    return Revision.DONE


def conditions_now(record: GoalRecord) -> tuple[Condition, ...]:
    """The goal's conditions; what was found only later on a place to be cleared is put away as well."""
    return tuple(_with_found(c, record) if isinstance(c, Clear) else c for c in record.conditions)


def _with_found(condition: Clear, record: GoalRecord) -> Clear:
    found = _removed(condition, record) - set(condition.taken)
    if not found:
        return condition
    return condition.model_copy(update={"taken": (*condition.taken, *sorted(found))})


def _removed(condition: Clear, record: GoalRecord) -> set[str]:
    """What the goal's finished steps took from where it is to be clear."""
    return {
        atom.args[0]
        for step in _done(record)
        for atom in step.pre
        if atom.pred == "at" and not atom.negated and atom.args[1] == condition.where
    }


def _done(record: GoalRecord) -> tuple[TaskStep, ...]:
    steps = record.graph.steps if record.graph else ()
    return tuple(s for s in steps if record.steps.get(s.id) == "done")


def _keep(record: GoalRecord, turn: Turn) -> tuple[TaskStep, ...]:
    """Steps under way, and what is bound to them and still to come."""
    if record.graph is None:
        return ()
    under_way = {step for goal, step in turn.ledger.steps() if goal == record.goal.id}
    groups = {s.bind for s in record.graph.steps if s.id in under_way and s.bind is not None}
    kept = [
        s
        for s in record.graph.steps
        if record.steps.get(s.id) != "done" and (s.id in under_way or s.bind in groups)
    ]
    ids = {s.id for s in kept} | {s.id for s in _done(record)}
    return tuple(
        s.model_copy(update={"after": tuple(a for a in s.after if a in ids)}) for s in kept
    )
