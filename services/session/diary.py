"""What a run comes to, folded from its own events: words, goals, requests, bodies, and counts.

The session, its result, whoever watches and the report read the same fold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devices.contracts import BodyState
from services.session.contracts import BodyStatus, GoalProgress
from sim_worlds.contracts import Verdict
from stem_memory import contracts as log
from stem_memory.instructions import (
    Activate,
    Cancel,
    Change,
    Drain,
    Instruction,
    Pause,
    Release,
    Resume,
    Retire,
    Stop,
)
from stem_memory.tasks import Answer, Assignment, Goal

# The world judges a goal by what was understood, and by what the scenario's author meant.
AUTHOR = "#author"
# What was answered is judged, too.
ANSWER = "#answer"


@dataclass
class Utterance:
    """Words of somebody at time `t` (seconds); None: a program instructed.

    `goals` are the wishes that they became, `answers` the wishes whose question they answered.
    """

    t: float
    who: str
    text: str | None
    goals: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    replies: list[log.Replied] = field(default_factory=list)


@dataclass
class Attempt:
    """One request to one body, from lease to end. `end_s` is None if it never ended."""

    started: log.StepStarted
    start_s: float
    end_s: float | None = None
    ended: log.StepEnded | None = None

    @property
    def outcome(self) -> str:
        """How it ended: done, failed, cancelled, lapsed, or open."""
        return self.ended.outcome if self.ended is not None else "open"


@dataclass
class Story:
    """One goal from its posting to its end, or to where the log ends.

    `stage` is how it stands in one word, `asks` the question that waits for an answer, `is_paused`
    whether somebody paused it while something could be done. `late_s` is when its deadline passed
    (seconds), `answer` what was said if it was a question.
    """

    goal: Goal
    stage: str = "posted"
    asks: str | None = None
    is_paused: bool = False
    understood: log.GoalUnderstood | None = None
    questions: list[log.GoalQuestioned] = field(default_factory=list)
    answers: list[log.GoalAnswered] = field(default_factory=list)
    plans: list[tuple[float, log.GraphPlanned]] = field(default_factory=list)
    assigned: list[tuple[float, Assignment]] = field(default_factory=list)
    answer: Answer | None = None
    late_s: float | None = None
    closed: log.GoalClosed | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether something may still be done for it."""
        return self.closed is None and self.asks is None and not self.is_paused

    @property
    def touched(self) -> set[str]:
        """What its plans were about: every argument of their steps."""
        steps = (step for _, plan in self.plans for step in plan.steps)
        return {str(value) for step in steps for value in step.args.values()}

    @property
    def progress(self) -> GoalProgress:
        """The goal at a glance."""
        goal = self.goal
        asks = self.asks if self.stage == "needs_answer" else None
        return GoalProgress(
            id=goal.id, text=goal.text, who=goal.who, status=self.stage, asks=asks or ""
        )


class Diary:
    """Goals, words, requests and bodies of one run, in the order they came, and how they stand.

    `steps` counts those of the plans that were done: the way to one is no step of its own. `replans`
    counts plans made anew. A step counts as `reassigned` when it is given to another body than before,
    or when its work was lost with a body and a later plan of the same goal gives it to somebody.
    What an earlier life of the same memory left open is closed now, and is no goal of this run.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.goals: dict[str, Story] = {}
        self.said: list[Utterance] = []
        self.attempts: dict[str, Attempt] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.bodies: dict[str, BodyStatus] = {}
        # Everybody who joined, and whether it holds still because somebody said so.
        self.stopped: dict[str, bool] = {}
        # When a body gave no sign of life: from, until; None: to the end.
        self.offline: dict[str, list[tuple[float, float | None]]] = {}
        self.steps = self.replans = self.reassigned = 0
        self._is_stopped = False
        self._by_id: dict[str, Utterance] = {}
        self._given: dict[tuple[str, str], str] = {}
        self._lapsed: set[tuple[str, str]] = set()

    def take(self, event: log.Event) -> None:
        """Take an event in."""
        heed = _HEED.get(event.body.kind)
        if heed is not None:
            heed(self, event.body, event.t)

    # -- how it stands -------------------------------------------------------------------------

    def under_way(self) -> list[str]:
        """Goals that something may still be done for."""
        return [id_ for id_, story in self.goals.items() if story.is_under_way]

    @property
    def closed_goals(self) -> int:
        """How many goals have come to their end."""
        return sum(story.closed is not None for story in self.goals.values())

    @property
    def is_settled(self) -> bool:
        """Whether every goal has come to its end."""
        return self.closed_goals == len(self.goals)

    def aftermath(self, goal: str) -> list[Story]:
        """The goals that tidied up after this one."""
        return [other for other in self.goals.values() if other.goal.cause == goal]

    # -- words and goals -----------------------------------------------------------------------

    def _said(self, what: log.Said, t: float) -> None:
        self._by_id[what.id] = self._utter(Utterance(t, what.who, what.text))

    def _replied(self, what: log.Replied, t: float) -> None:
        if what.cause in self._by_id:
            self._by_id[what.cause].replies.append(what)

    def _utter(self, heard: Utterance) -> Utterance:
        self.said.append(heard)
        return heard

    def _posted(self, what: log.GoalPosted, t: float) -> None:
        goal = what.goal
        self.goals.setdefault(goal.id, Story(goal))
        if goal.cause in self._by_id:
            self._by_id[goal.cause].goals.append(goal.id)

    def _answered(self, what: log.GoalAnswered, t: float) -> None:
        if what.cause in self._by_id:
            self._by_id[what.cause].answers.append(what.goal)
        story = self.goals.get(what.goal)
        if story is not None:
            story.answers.append(what)
            story.stage, story.asks = "posted", None

    def _on_goal(self, what: Any, t: float) -> None:
        """Add what an event says about a goal to its story."""
        story = self.goals.get(what.goal)
        if story is None:
            return
        if isinstance(what, log.GoalUnderstood):
            story.understood = what
        elif isinstance(what, log.GoalQuestioned):
            story.questions.append(what)
            story.stage, story.asks = "needs_answer", what.question
        elif isinstance(what, log.AnswerGiven):
            story.answer = what.answer
        elif isinstance(what, log.DeadlinePassed):
            story.late_s = what.deadline_s
        elif isinstance(what, log.GoalClosed):
            story.closed = what
            story.stage, story.asks = what.status, None

    def _instructed(self, what: log.Instructed, t: float) -> None:
        told = what.instruction
        heard = self._by_id.get(what.cause) or self._utter(Utterance(t, what.by, None))
        heard.instructions.append(told)
        if isinstance(told, Stop | Release):
            if not told.bodies:
                self._is_stopped = isinstance(told, Stop)
            named = told.bodies or tuple(self.stopped)
            self.stopped |= dict.fromkeys(named, isinstance(told, Stop))
            for body in named:
                self._body(body, doing=self._at_rest(body))
        elif isinstance(told, Drain | Activate):
            for body in told.bodies:
                self._body(body, drained=isinstance(told, Drain))
        elif isinstance(told, Retire):
            self.stopped.pop(told.body, None)
            self._body(told.body, retired=True, lost=False, doing="")
        elif isinstance(told, Change):
            story = self.goals.get(told.goal)
            if story is not None:
                story.goal = story.goal.model_copy(
                    update=told.model_dump(exclude={"kind", "goal"}, exclude_none=True)
                )
                if told.text is not None:
                    story.stage, story.asks = "posted", None
        elif isinstance(told, Cancel | Pause | Resume):
            for id_ in told.goals:
                if id_ in self.goals:
                    self._hold(self.goals[id_], told)

    def _hold(self, story: Story, told: Cancel | Pause | Resume) -> None:
        if isinstance(told, Pause):
            story.is_paused |= story.is_under_way
        elif isinstance(told, Resume):
            story.is_paused = False
        story.stage = {"cancel": "cancelled", "pause": "paused", "resume": "planned"}[told.kind]

    # -- plans, requests, bodies -----------------------------------------------------------------

    def _planned(self, what: log.GraphPlanned, t: float) -> None:
        self.replans += what.revision > 1
        story = self.goals.get(what.goal)
        if story is not None:
            story.plans.append((t, what))
            story.stage = "planned"
        kept = {(what.goal, step.id) for step in what.steps}
        # Steps that were lost with a body are planned anew under other names.
        lost = {key for key in self._lapsed if key[0] == what.goal} - kept
        self.reassigned += len(lost)
        self._lapsed -= lost

    def _assigned(self, what: log.StepAssigned, t: float) -> None:
        item = what.assignment
        if item.goal in self.goals:
            self.goals[item.goal].assigned.append((t, item))
        key = (item.goal, item.step)
        if self._given.setdefault(key, item.body) != item.body:
            self._given[key] = item.body
            self.reassigned += 1
            self._lapsed.discard(key)

    def _started(self, what: log.StepStarted, t: float) -> None:
        self.attempts[what.request] = Attempt(what, t)
        self._body(what.body, doing=f"{what.skill.replace('_', ' ')} {what.target}".strip())

    def _ended(self, what: log.StepEnded, t: float) -> None:
        attempt = self.attempts.get(what.request)
        if attempt is not None:
            attempt.end_s, attempt.ended = t, what
        self.steps += what.outcome == "done" and what.role == "step"
        if what.outcome == "lapsed" and what.goal:
            self._lapsed.add((what.goal, what.step))
        self._body(what.body, doing=self._at_rest(what.body))

    def _enrolled(self, what: log.BodyEnrolled, t: float) -> None:
        self.stopped.setdefault(what.spec.id, self._is_stopped)
        at_rest = self._at_rest(what.spec.id)
        self.bodies[what.spec.id] = BodyStatus(battery=what.spec.battery, doing=at_rest)

    def _observed(self, what: log.Observed, t: float) -> None:
        self.stand(what.observation.body, what.observation.state)

    def stand(self, body: str, state: BodyState) -> None:
        """What a body reported of itself last."""
        self._body(body, where=state.near or state.room, battery=state.battery)

    def _lost(self, what: log.BodyLost, t: float) -> None:
        self.offline.setdefault(what.body, []).append((what.last_heard_s, None))
        self._body(what.body, lost=True)

    def _back(self, what: log.BodyBack, t: float) -> None:
        spans = self.offline.get(what.body)
        if spans:
            spans[-1] = (spans[-1][0], t)
        self._body(what.body, lost=False)

    def _at_rest(self, body: str) -> str:
        return "stopped" if self.stopped.get(body) else ""

    def _body(self, body: str, **changes: object) -> None:
        self.bodies[body] = self.bodies.get(body, BodyStatus()).model_copy(update=changes)


# Who takes each kind of event; other kinds change nothing that is told.
_HEED: dict[str, Callable[[Diary, Any, float], None]] = {
    "said": Diary._said,
    "replied": Diary._replied,
    "instructed": Diary._instructed,
    "goal_posted": Diary._posted,
    "goal_answered": Diary._answered,
    "goal_understood": Diary._on_goal,
    "goal_questioned": Diary._on_goal,
    "answer_given": Diary._on_goal,
    "deadline_passed": Diary._on_goal,
    "goal_closed": Diary._on_goal,
    "graph_planned": Diary._planned,
    "step_assigned": Diary._assigned,
    "step_started": Diary._started,
    "step_ended": Diary._ended,
    "body_enrolled": Diary._enrolled,
    "observed": Diary._observed,
    "body_lost": Diary._lost,
    "body_back": Diary._back,
}
