"""The line that each event is worth to somebody who watches, and how all stands then."""

from __future__ import annotations

from collections.abc import Callable

from brain.language.words.plural import counted
from services.report.words import instruction_words
from services.session.contracts import Tick
from services.session.diary import Diary
from stem_memory.contracts import (
    AnswerGiven,
    BodyBack,
    BodyLost,
    DeadlinePassed,
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    GraphPlanned,
    Instructed,
    Payload,
    Replied,
    StepAssigned,
    StepEnded,
)
from stem_memory.instructions import Release, Stop
from stem_memory.notes.contracts import NoteProposed


class Ticker:
    """Turns events into ticks.

    Args:
        on_tick: Whom to tell, if anybody.
        base_s: The time (s) that is shown as 0.
    """

    def __init__(self, on_tick: Callable[[Tick], None] | None, base_s: float = 0.0) -> None:
        self._on_tick = on_tick
        self._base_s = base_s

    def show(self, now: float, events: tuple[Event, ...], diary: Diary) -> None:
        """Tell about the events of one instant, and how everything stands after them."""
        if self._on_tick is None:
            return
        lines = [headline(event.body, self._base_s) for event in events]
        told = [line for line in lines if line is not None]
        if not told and events:
            return
        closed = diary.closed_goals
        standing = Tick(
            t=round(now - self._base_s, 3),
            goals_open=len(diary.goals) - closed,
            goals_done=closed,
            bodies=dict(diary.bodies),
            goals=tuple(story.progress for story in diary.goals.values()),
        )
        for kind, line in told or [("time", "")]:
            self._on_tick(standing.model_copy(update={"kind": kind, "line": line}))


def headline(what: Payload, base_s: float = 0.0) -> tuple[str, str] | None:
    """Kind and text of the line an event is worth to a person who watches, if any.

    Words that somebody said are shown by what came of them.

    Args:
        what: The event.
        base_s: The time (s) that is shown as 0.
    """
    told = _told(what, base_s)
    if told is not None:
        return told
    if isinstance(what, GoalPosted):
        return "goal", f"{what.goal.id} {what.goal.who}: “{what.goal.text}”"
    if isinstance(what, GoalUnderstood):
        return "goal", f"{what.goal} understood ({what.by}): {what.summary}"
    if isinstance(what, GoalQuestioned):
        return "goal", f"{what.goal} asks: {what.question}"
    if isinstance(what, GraphPlanned):
        again = f" (revision {what.revision}: {what.reason})" if what.revision > 1 else ""
        return "plan", f"{what.goal} planned, {counted(len(what.steps), 'step')}{again}"
    if isinstance(what, StepAssigned):
        item = what.assignment
        return "assign", f"{item.goal}/{item.step} to {item.body}: {item.explain.sentence}"
    if isinstance(what, StepEnded):
        if what.outcome in ("failed", "lapsed"):
            return "fault", f"{what.body} {what.skill} {what.outcome}: {what.detail or what.reason}"
        if what.role == "step" and what.outcome == "done":
            return "step", f"{what.goal}/{what.step} {what.skill} done by {what.body}"
    if isinstance(what, BodyLost):
        why = f": {what.reason}" if what.reason else ""
        return (
            "fault",
            f"{what.body} is lost, last heard at {what.last_heard_s - base_s:.1f} s{why}",
        )
    if isinstance(what, BodyBack):
        return "fault", f"{what.body} is back"
    if isinstance(what, NoteProposed):
        return "note", f"learnt: {what.note.symptom}; {what.note.fix.text}"
    if isinstance(what, GoalClosed):
        return "closed", f"{what.goal} {what.status}{': ' + what.reason if what.reason else ''}"
    return None


def _told(what: Payload, base_s: float) -> tuple[str, str] | None:
    """The line for what people and the brain tell each other about goals, if it is that."""
    if isinstance(what, GoalAnswered):
        return "goal", f"{what.goal} is told: “{what.text}”"
    if isinstance(what, AnswerGiven):
        return "goal", f"{what.goal} answer: {what.answer.text}"
    if isinstance(what, DeadlinePassed):
        return (
            "fault",
            f"{what.goal} is late: it was to be done by {what.deadline_s - base_s:.0f} s",
        )
    if isinstance(what, Replied):
        return "goal" if what.heeded else "note", f"to {what.to}: {what.text}"
    if isinstance(what, Instructed):
        halts = isinstance(what.instruction, Stop | Release)
        return "fault" if halts else "goal", f"{what.by} {instruction_words(what.instruction)}"
    return None
