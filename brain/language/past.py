"""What a speaker's earlier wishes were about, as far as memory keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from devices.facts import At, Clear, Condition, Told
from stem_memory.tasks import Goal, GoalRecord, Query
from stem_memory.view import MemoryView

# After this many seconds a wish no longer says what "it" is.
RECENT_S = 900.0


@dataclass(frozen=True)
class Past:
    """What earlier wishes of the speaker were about, and what was answered to questions.

    Attributes:
        things: Ids spoken of, the latest last.
        conditions: The conditions of the last wish that was understood.
        queries: What it asked.
        answers: Slot -> what was answered (see `brain.language.grounding.ground.slot_of`).
    """

    things: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    queries: tuple[Query, ...] = ()
    answers: tuple[tuple[str, tuple[str, ...]], ...] = ()


def past_of(goal: Goal, view: MemoryView) -> Past:
    """What the speaker's last wishes were about, without this one."""
    things: list[str] = []
    last: GoalRecord | None = None
    for name, record in view.goals().items():
        earlier = record.goal
        if name == goal.id or earlier.who != goal.who or earlier.t > goal.t:
            continue
        if earlier.cause in view.goals():
            continue  # nobody wished for it: it tidied up after a goal
        if goal.t - earlier.t > RECENT_S or not record.conditions:
            continue
        last = record
        for condition in record.conditions:
            things += spoken_of(condition)
    if last is None:
        return Past()
    conditions = tuple(unbound(c) for c in last.conditions)
    return Past(things=tuple(things), conditions=conditions, queries=last.queries)


def spoken_of(condition: Condition) -> list[str]:
    """The things a condition names, the most likely "it" last."""
    if isinstance(condition, Told):
        return [condition.who]
    if isinstance(condition, Clear):
        return [condition.where]
    things = list(condition.what.ids) if len(condition.what.ids) == 1 else []
    return [condition.where, *things] if isinstance(condition, At) else things


def unbound(condition: Condition) -> Condition:
    """The condition without what its posting excluded, to be wished again."""
    if isinstance(condition, At) and condition.fresh:
        return condition.model_copy(
            update={"what": condition.what.model_copy(update={"exclude": ()})}
        )
    return condition
