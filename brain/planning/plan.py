"""A graph that is proved before anything moves: proposed by a model or made by the planner.

Whoever proposes gets the verifier's counter-examples back, a few times; then the planner decides.
"""

from __future__ import annotations

from collections.abc import Callable

from brain.contracts import Decomposition, Impossible, Planned, Violation
from brain.planning.decompose import decompose
from brain.planning.sketch import numbered
from brain.planning.unseen import unseen
from brain.planning.verify import verify
from devices.facts import Condition
from devices.roadmap import Roadmap
from stem_memory.tasks import GoalRecord, TaskStep
from stem_memory.view import MemoryView

# Proposes steps, given what was wrong with the last proposal; None: has no proposal.
Propose = Callable[[tuple[Violation, ...]], tuple[TaskStep, ...] | None]


def plan(
    goal: GoalRecord,
    conditions: tuple[Condition, ...],
    view: MemoryView,
    roadmap: Roadmap,
    *,
    keep: tuple[TaskStep, ...] = (),
    revision: int = 0,
    propose: Propose | None = None,
    k: int = 2,
) -> Decomposition:
    """A verified graph for the goal, or why there is none.

    Args:
        goal: Whose wish it is.
        conditions: Bound conditions.
        view: What memory believes.
        roadmap: The ways of the site.
        keep: Steps under way; the answer comes on top of them.
        revision: Which plan of the goal this is, from 1.
        propose: A second opinion to be asked first; its steps need ids, skills, arguments and
            order, the rest is filled in.
        k: How often it may try again after counter-examples.

    Returns:
        New steps without those in `keep`, in an order that respects `after`.
    """
    wrong: tuple[Violation, ...] = ()
    for _ in range(k + 1 if propose is not None else 0):
        assert propose is not None
        steps = propose(wrong)
        if steps is None:
            break
        wrong = verify(steps, view, roadmap, conditions, keep=keep)
        if not wrong:
            return Planned(steps=numbered(steps, view, keep, revision))
    made = decompose(goal, conditions, view, roadmap, keep=keep, revision=revision)
    if isinstance(made, Impossible):
        return made
    wrong = verify(made.steps, view, roadmap, conditions, keep=keep)
    if wrong:
        index = min((i for s in made.steps if s.id == wrong[0].step for i in s.serves), default=0)
        return Impossible(condition=index, reason=f"No plan holds: {wrong[0].message}.")
    for step in made.steps:
        why = unseen(step, view)
        if why is not None:
            reason = f"{why[:1].upper()}{why[1:]}."
            return Impossible(condition=min(step.serves, default=0), reason=reason)
    return made
