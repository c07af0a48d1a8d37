"""What goals wait for, told to the LLM backend as memory records it.

A goal that the language model was asked about is an agent job at the model's backend. What it waits for is
known only after the model's answer: the plan with its durations, a person's reply, or nothing any
more. These are hints about time; no answer and no decision depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from brain.model import AgentBackend, ProgramWait
from stem_memory.contracts import (
    Event,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GraphPlanned,
    StepAssigned,
    StepEnded,
)
from stem_memory.tasks import Assignment

#: What a goal waits for whose question a person has to answer.
ANSWER = "answer"
# A planned end that moves by less than this share of what is left is no news.
_SAME = 0.2
_LEAST_NEWS_S = 1.0


@dataclass
class _Job:
    who: str
    skills: dict[str, str] = field(default_factory=dict)
    open: dict[str, Assignment] = field(default_factory=dict)
    told: tuple[str, str, float] | None = None


class Hints:
    """Follows the log and tells a backend what the goals wait for.

    Durations are planned in seconds of the world. Where that runs faster than the backend's clock, the
    backend learns the ratio like any other error of an estimate.

    Args:
        backend: Who is told.
        asked: Whether a goal was put to the language model.
    """

    def __init__(self, backend: AgentBackend, asked: Callable[[str], bool]) -> None:
        self._backend = backend
        self._asked = asked
        self._jobs: dict[str, _Job] = {}

    def follow(self, now: float, events: Iterable[Event]) -> None:
        """Read news at this time (world seconds) and tell what it changes."""
        planned: dict[str, None] = {}
        for event in events:
            what = event.body
            if isinstance(what, GoalPosted):
                self._jobs[what.goal.id] = _Job(what.goal.who)
            elif isinstance(what, GraphPlanned):
                job = self._jobs.setdefault(what.goal, _Job(""))
                job.skills = {step.id: step.skill for step in what.steps}
                job.open = {step: a for step, a in job.open.items() if step in job.skills}
            elif isinstance(what, StepAssigned):
                item = what.assignment
                self._jobs.setdefault(item.goal, _Job("")).open[item.step] = item
                planned[item.goal] = None
            elif isinstance(what, StepEnded):
                if what.outcome == "done" and what.role == "step" and what.goal in self._jobs:
                    self._jobs[what.goal].open.pop(what.step, None)
            elif isinstance(what, GoalQuestioned):
                self._questioned(what.goal)
            elif isinstance(what, GoalClosed):
                self._closed(what.goal)
        for goal in planned:
            self._planned(goal, now)

    def _questioned(self, goal: str) -> None:
        job = self._jobs.get(goal)
        if job is not None and self._asked(goal):
            # Nobody plans how long a person thinks; the backend learns it.
            self._backend.waits(ProgramWait(program=goal, tool=ANSWER, body=job.who))
            job.told = None

    def _closed(self, goal: str) -> None:
        if self._jobs.pop(goal, None) is not None and self._asked(goal):
            self._backend.ended(goal)

    def _planned(self, goal: str, now: float) -> None:
        job = self._jobs.get(goal)
        if job is None or not job.open or not self._asked(goal):
            return
        last = max(job.open.values(), key=lambda a: (a.end_s, a.step))
        tool, left = job.skills.get(last.step, ""), max(0.0, last.end_s - now)
        if job.told is not None:
            known_tool, known_body, end_s = job.told
            moved = abs(last.end_s - end_s)
            same = moved < max(_LEAST_NEWS_S, _SAME * left)
            if same and (known_tool, known_body) == (tool, last.body):
                return
        job.told = (tool, last.body, last.end_s)
        self._backend.waits(
            ProgramWait(program=goal, tool=tool, body=last.body, expected_s=round(left, 3))
        )
