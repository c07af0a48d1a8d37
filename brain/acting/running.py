"""What is under way: a fold of the brain's own log entries, so a restarted brain knows it too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stem_memory.contracts import (
    BodyBack,
    BodyEnrolled,
    BodyLost,
    Event,
    GraphPlanned,
    StepAssigned,
    StepEnded,
    StepStarted,
)
from stem_memory.tasks import Assignment

# What the id of a look for evidence has behind that of the request it is for.
LOOK = "/look"
Role = Literal["step", "approach", "errand"]
StepKey = tuple[str, str]


@dataclass
class Running:
    """One request at one body. `looks` counts extra looks for evidence; `ended`: it reported."""

    request: str
    goal: str
    step: str
    skill: str
    body: str
    role: Role
    target: str
    started_s: float
    deadline_s: float
    looks: int = 0
    partner: str | None = None


@dataclass(frozen=True)
class Failures:
    """How often in a row a body failed at a skill for a goal, and when it last did."""

    count: int = 0
    last_s: float = 0.0

    def rest_until(self, rest_s: float, most_s: float) -> float:
        """When it may try again: at once after the first, then after twice as long each time."""
        if self.count < 2:
            return self.last_s
        return self.last_s + min(most_s, rest_s * 2.0 ** (self.count - 2))


@dataclass
class Ledger:
    """Requests under way, and how often goals and steps had to be tried again.

    `astray` are bodies that did not reach what they stand at, as far as memory knows, since they came.
    """

    requests: dict[str, Running] = field(default_factory=dict)
    count: int = 0
    revisions: dict[str, int] = field(default_factory=dict)
    failures: dict[tuple[str, str, str], Failures] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    astray: set[str] = field(default_factory=set)
    assigned: dict[StepKey, Assignment] = field(default_factory=dict)

    def absorb(self, event: Event) -> None:
        """Take one log entry into account."""
        what = event.body
        if isinstance(what, StepStarted):
            self.count += 1
            parent = self.requests.get(what.request.removesuffix(LOOK))
            if parent is not None and what.request.endswith(LOOK):
                parent.looks += 1
            self.requests[what.request] = Running(
                request=what.request,
                goal=what.goal,
                step=what.step,
                skill=what.skill,
                body=what.body,
                role=what.role,
                target=what.target,
                started_s=event.t,
                deadline_s=what.deadline_s,
            )
        elif isinstance(what, StepEnded):
            self.requests.pop(what.request, None)
            key = (what.body, what.skill, what.goal)
            if what.outcome == "failed":
                self.failures[key] = Failures(self.failed(*key).count + 1, event.t)
            elif what.outcome == "done":
                self.failures.pop(key, None)
            if what.reason == "out_of_reach":
                self.astray.add(what.body)
            elif what.skill == "navigate" and what.outcome == "done":
                self.astray.discard(what.body)
        elif isinstance(what, StepAssigned):
            item = what.assignment
            self.assigned[(item.goal, item.step)] = item
        elif isinstance(what, GraphPlanned):
            self.revisions[what.goal] = what.revision
        elif isinstance(what, BodyLost):
            self.lost.add(what.body)
        elif isinstance(what, BodyBack):
            self.lost.discard(what.body)
        elif isinstance(what, BodyEnrolled):
            self.lost.discard(what.spec.id)

    def failed(self, body: str, skill: str, goal: str) -> Failures:
        """How the body fared with the skill, for this goal, since it last succeeded."""
        return self.failures.get((body, skill, goal), Failures())

    def busy(self) -> set[str]:
        """Bodies that have a request now."""
        return {running.body for running in self.requests.values()}

    def of_goal(self, goal: str) -> list[Running]:
        """Requests that work for the goal, oldest first."""
        return [r for r in self.requests.values() if r.goal == goal]

    def steps(self) -> set[StepKey]:
        """Steps under way, their approaches included."""
        return {(r.goal, r.step) for r in self.requests.values() if r.role != "errand"}
