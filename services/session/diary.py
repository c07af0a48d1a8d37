"""What a session learns for its result, from its own events: a fold, like everything shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.session.conversation import Conversation
from sim_worlds.contracts import Verdict
from stem_memory.contracts import (
    AnswerGiven,
    BodyEnrolled,
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    GraphPlanned,
    Instructed,
)
from stem_memory.instructions import Change, Instruction, Pause, Release, Resume, Stop
from stem_memory.tasks import Answer, Goal

# The world judges a goal by what was understood, and by what the scenario's author meant.
AUTHOR = "#author"
# What was answered is judged, too.
ANSWER = "#answer"


@dataclass
class Diary:
    """Goals and words of one run, in the order they came, and how they stand."""

    goals: dict[str, Goal] = field(default_factory=dict)
    closed: dict[str, GoalClosed] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    understood: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    talk: Conversation = field(default_factory=Conversation)
    touched: dict[str, set[str]] = field(default_factory=dict)
    # Every body, and whether it holds still because somebody said so.
    stopped: dict[str, bool] = field(default_factory=dict)
    now: float = 0.0

    def take(self, event: Event) -> None:
        """Take an event in."""
        what = event.body
        self.talk.take(event)
        if isinstance(what, GoalPosted):
            self.goals[what.goal.id] = what.goal
        elif isinstance(what, GoalUnderstood):
            self.understood[what.goal] = what.summary
        elif isinstance(what, GoalQuestioned):
            self.questions[what.goal] = what.question
        elif isinstance(what, GoalAnswered):
            self.questions.pop(what.goal, None)
        elif isinstance(what, AnswerGiven):
            self.answers[what.goal] = what.answer
        elif isinstance(what, GoalClosed):
            self.closed[what.goal] = what
            self.questions.pop(what.goal, None)
        elif isinstance(what, GraphPlanned):
            things = {str(v) for step in what.steps for v in step.args.values()}
            self.touched.setdefault(what.goal, set()).update(things)
        elif isinstance(what, BodyEnrolled):
            self.stopped[what.spec.id] = False
        elif isinstance(what, Instructed):
            self._instruct(what.instruction)

    def _instruct(self, instruction: Instruction) -> None:
        if isinstance(instruction, Pause):
            self.paused.update(g for g in instruction.goals if g in self.under_way())
        elif isinstance(instruction, Resume):
            self.paused.difference_update(instruction.goals)
        elif isinstance(instruction, Stop | Release):
            holds = isinstance(instruction, Stop)
            self.stopped |= dict.fromkeys(instruction.bodies or self.stopped, holds)
        elif isinstance(instruction, Change) and instruction.goal in self.goals:
            goal = self.goals[instruction.goal]
            if instruction.text is not None:
                self.questions.pop(goal.id, None)
                self.goals[goal.id] = goal.model_copy(update={"text": instruction.text})

    def under_way(self) -> list[str]:
        """Goals that something may still be done for."""
        settled = self.closed.keys() | self.questions.keys() | self.paused
        return [goal for goal in self.goals if goal not in settled]

    @property
    def is_settled(self) -> bool:
        """Whether every goal has come to its end."""
        return self.closed.keys() >= self.goals.keys()

    def aftermath(self, goal: str) -> list[str]:
        """The goals that tidied up after this one."""
        return [other.id for other in self.goals.values() if other.cause == goal]
