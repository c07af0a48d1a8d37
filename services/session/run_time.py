"""Times of the log as the clock of the run shows them: 0:00 is when its world began.

A memory that goes on from run to run counts on, and so do the times in it; the film, the page and
whoever watched the run count from its own beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stem_memory import contracts as log
from stem_memory.instructions import Change
from stem_memory.tasks import Answer, Goal, GoalRecord

Shift = Callable[[float], float]


class RunTime:
    """Turns times of the log into times of one run.

    Args:
        base_s: The log's time, in seconds, at the run's 0:00.
    """

    def __init__(self, base_s: float = 0.0) -> None:
        self._base_s = base_s

    def event(self, event: log.Event) -> log.Event:
        """The event with its times, and those in what it says, as the run's clock shows them."""
        if not self._base_s:
            return event
        moved = _MOVED.get(event.body.kind)
        body = event.body if moved is None else moved(event.body, self.at)
        return event.model_copy(update={"t": self.at(event.t), "body": body})

    def record(self, record: GoalRecord) -> GoalRecord:
        """What task memory knows of a goal, in times of the run."""
        if not self._base_s:
            return record
        return record.model_copy(
            update={
                "goal": _goal(record.goal, self.at),
                "closed_s": _maybe(record.closed_s, self.at),
                "answer": None if record.answer is None else self.answer(record.answer),
            }
        )

    def answer(self, answer: Answer) -> Answer:
        """What was said to a question, seen when by the clock of the run."""
        return _answer(answer, self.at) if self._base_s else answer

    def at(self, t: float) -> float:
        """A time (s) of the log as the clock of the run shows it."""
        return round(t - self._base_s, 3)


def _maybe(t: float | None, at: Shift) -> float | None:
    return None if t is None else at(t)


def _goal(goal: Goal, at: Shift) -> Goal:
    return goal.model_copy(update={"t": at(goal.t), "deadline_s": _maybe(goal.deadline_s, at)})


def _answer(answer: Answer, at: Shift) -> Answer:
    findings = tuple(f.model_copy(update={"seen_s": at(f.seen_s)}) for f in answer.findings)
    return answer.model_copy(update={"findings": findings})


def _assigned(body: log.StepAssigned, at: Shift) -> log.StepAssigned:
    given = body.assignment
    times = {"start_s": at(given.start_s), "end_s": at(given.end_s)}
    return body.model_copy(update={"assignment": given.model_copy(update=times)})


def _instructed(body: log.Instructed, at: Shift) -> log.Instructed:
    told = body.instruction
    if not isinstance(told, Change):
        return body
    later = told.model_copy(update={"deadline_s": _maybe(told.deadline_s, at)})
    return body.model_copy(update={"instruction": later})


# The kinds of events that speak of other times than their own, and are shown.
_MOVED: dict[str, Callable[[Any, Shift], log.Payload]] = {
    "body_lost": lambda b, at: b.model_copy(update={"last_heard_s": at(b.last_heard_s)}),
    "said": lambda b, at: b.model_copy(update={"deadline_s": _maybe(b.deadline_s, at)}),
    "instructed": _instructed,
    "goal_posted": lambda b, at: b.model_copy(update={"goal": _goal(b.goal, at)}),
    "answer_given": lambda b, at: b.model_copy(update={"answer": _answer(b.answer, at)}),
    "deadline_passed": lambda b, at: b.model_copy(update={"deadline_s": at(b.deadline_s)}),
    "step_assigned": _assigned,
    "step_started": lambda b, at: b.model_copy(update={"deadline_s": at(b.deadline_s)}),
}
