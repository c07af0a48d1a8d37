"""What becomes of words: an instruction, the answer to an open question, or a goal of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brain.acting.turn import Turn
from brain.contracts import Ask, Instruct, Interpretation, Unheeded
from devices.facts import Condition
from stem_memory.contracts import (
    Event,
    GoalAnswered,
    GoalPosted,
    Instructed,
    Replied,
    Said,
)
from stem_memory.instructions import Instruction
from stem_memory.tasks import Goal, GoalRecord
from stem_memory.view import MemoryView

# How an instruction in words is read; None: they are none.
ReadInstruction = Callable[[str, str, MemoryView, float], Instruct | Unheeded | None]
# The wish of a record together with an answer to its question; None: the text is no answer.
ReadAnswer = Callable[[GoalRecord, str, MemoryView], Interpretation | None]

# What is said back to a stop, which is followed before anybody thinks about it.
STOPPED = 'Everybody stops. Say "go on" when it is safe.'


@dataclass(frozen=True)
class Heard:
    """What words came to: instructions to follow, or a goal to think about.

    `meant` is what the goal means together with an answer to its question, where it was one.
    """

    instructions: tuple[Instruction, ...] = ()
    goal: Goal | None = None
    meant: Interpretation | None = None


class Ears:
    """Words that nothing has come of yet: a fold of the log, so that a new brain goes on from there."""

    def __init__(self) -> None:
        self._unheard: dict[str, Said] = {}
        # Wishes that were said as conditions, by the words and their id: other words are another wish.
        self.wanted: dict[tuple[str, str], tuple[Condition, ...]] = {}

    def absorb(self, event: Event) -> Said | None:
        """Take an entry into account; returns the words that it settles, if it does."""
        what = event.body
        if isinstance(what, Said):
            self._unheard[what.id] = what
            if what.conditions:
                self.wanted[what.id, what.text] = what.conditions
            return None
        if isinstance(what, GoalPosted):
            return self._unheard.pop(what.goal.cause, None)
        if isinstance(what, GoalAnswered | Instructed | Replied):
            return self._unheard.pop(what.cause, None)
        return None

    def take(self) -> list[Said]:
        """The words that are to be dealt with, in the order they were said."""
        waiting = list(self._unheard.values())
        self._unheard.clear()
        return waiting


def listen(
    said: Said, turn: Turn, read_instruction: ReadInstruction, read_answer: ReadAnswer
) -> Heard:
    """Decide what the words are, and record it."""
    if said.conditions:
        return _posted(said, turn)
    if said.goal:
        return _answered(said, turn, read_answer) or _unheeded(said, turn)
    told = read_instruction(said.text, said.who, turn.memory, turn.now)
    if isinstance(told, Instruct):
        for instruction in told.instructions:
            turn.record(Instructed(instruction=instruction, by=said.who, cause=said.id))
        turn.record(Replied(cause=said.id, to=said.who, text=told.reply, heeded=True))
        beyond = said.model_copy(update={"text": told.rest})
        goal = _posted(beyond, turn).goal if told.rest else None
        return Heard(instructions=told.instructions, goal=goal)
    if isinstance(told, Unheeded):
        turn.record(Replied(cause=said.id, to=said.who, text=told.reply, heeded=False))
        return Heard()
    return _answered(said, turn, read_answer) or _posted(said, turn)


def _answered(said: Said, turn: Turn, read_answer: ReadAnswer) -> Heard | None:
    """The newest question to this person that the words answer, if there is one."""
    asked = [
        record
        for record in turn.memory.goals().values()
        if record.status == "needs_answer"
        and (record.goal.id == said.goal if said.goal else record.goal.who == said.who)
    ]
    again: GoalRecord | None = None
    for record in reversed(asked):
        meant = read_answer(record, said.text, turn.memory)
        if meant is None:
            continue
        if isinstance(meant, Ask) and meant.question == record.question:
            again = again or record
            continue
        turn.record(GoalAnswered(goal=record.goal.id, text=said.text, cause=said.id))
        return Heard(goal=record.goal, meant=meant)
    if again is None:
        return None
    text = f"That does not answer my question. {again.question}"
    turn.record(Replied(cause=said.id, to=said.who, text=text, heeded=False))
    return Heard()


def _unheeded(said: Said, turn: Turn) -> Heard:
    text = f"{said.goal} asks nothing that this could answer."
    turn.record(Replied(cause=said.id, to=said.who, text=text, heeded=False))
    return Heard()


def _posted(said: Said, turn: Turn) -> Heard:
    goal = Goal(
        id=next_goal(turn.memory),
        text=said.text,
        who=said.who,
        t=turn.now,
        deadline_s=said.deadline_s,
        priority=said.priority,
        cause=said.id,
    )
    turn.record(GoalPosted(goal=goal))
    return Heard(goal=goal)


def next_goal(memory: MemoryView) -> str:
    """An id that no goal has."""
    number = len(memory.goals()) + 1
    while f"g{number}" in memory.goals():
        number += 1
    return f"g{number}"
