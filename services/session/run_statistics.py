"""Counts over the log of a run, and the line that each event is worth on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from brain.language.words.plural import counted
from services.report.words import instruction_words
from services.session.contracts import Tick
from services.session.status import FleetStatus
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
    StepStarted,
)
from stem_memory.instructions import Release, Stop
from stem_memory.notes.contracts import NoteProposed


@dataclass
class RunStatistics:
    """How many steps were done, plans made anew and steps taken from one body for another.

    Steps are those of the plans: the way to one is no step of its own.

    A step counts as reassigned when it is given to another body than before, or when its work was
    lost with a body and a later plan of the same goal gives it to somebody.
    """

    steps: int = 0
    replans: int = 0
    reassigned: int = 0
    done_goals: int = 0
    busy: dict[str, str] = field(default_factory=dict)
    _given: dict[tuple[str, str], str] = field(default_factory=dict)
    _lapsed: set[tuple[str, str]] = field(default_factory=set)
    # What an earlier life of the same memory left open is closed now, and was never counted.
    _open: set[str] = field(default_factory=set)

    @property
    def open_goals(self) -> int:
        """How many goals are not closed yet."""
        return len(self._open)

    def count(self, what: Payload) -> None:
        """Take one event into account."""
        if isinstance(what, GoalPosted):
            self._open.add(what.goal.id)
        elif isinstance(what, GoalClosed):
            self.done_goals += what.goal in self._open
            self._open.discard(what.goal)
        elif isinstance(what, GraphPlanned):
            self.replans += what.revision > 1
            kept = {(what.goal, step.id) for step in what.steps}
            self._again({key for key in self._lapsed if key[0] == what.goal} - kept)
        elif isinstance(what, StepAssigned):
            item = what.assignment
            key = (item.goal, item.step)
            if self._given.setdefault(key, item.body) != item.body:
                self._given[key] = item.body
                self.reassigned += 1
                self._lapsed.discard(key)
        elif isinstance(what, StepStarted):
            self.busy[what.body] = f"{what.skill} {what.target}".strip()
        elif isinstance(what, StepEnded):
            self._ended(what)

    def _ended(self, what: StepEnded) -> None:
        self.busy.pop(what.body, None)
        self.steps += what.outcome == "done" and what.role == "step"
        if what.outcome == "lapsed" and what.goal:
            self._lapsed.add((what.goal, what.step))

    def _again(self, lost: set[tuple[str, str]]) -> None:
        """Steps that were lost with a body are planned anew under other names."""
        self.reassigned += len(lost)
        self._lapsed -= lost


class Ticker:
    """Turns events into ticks.

    Args:
        on_tick: Whom to tell, if anybody.
        base_s: The time (s) that is shown as 0.
    """

    def __init__(self, on_tick: Callable[[Tick], None] | None, base_s: float = 0.0) -> None:
        self.statistics = RunStatistics()
        self._glances = FleetStatus()
        self._on_tick = on_tick
        self._base_s = base_s

    def show(self, now: float, events: tuple[Event, ...]) -> None:
        """Count the events of one instant and tell about them."""
        for event in events:
            self.statistics.count(event.body)
            self._glances.take(event.body)
            line = headline(event.body, self._base_s)
            if line and self._on_tick is not None:
                self._on_tick(self._tick(now, *line))
        if not events and self._on_tick is not None:
            self._on_tick(self._tick(now, "time", ""))

    def _tick(self, now: float, kind: str, line: str) -> Tick:
        return Tick.model_validate(
            {
                "t": round(now - self._base_s, 3),
                "kind": kind,
                "line": line,
                "goals_open": self.statistics.open_goals,
                "goals_done": self.statistics.done_goals,
                "busy": dict(self.statistics.busy),
                "bodies": self._glances.bodies,
                "goals": tuple(self._glances.goals.values()),
            }
        )


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
