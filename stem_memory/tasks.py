"""Task memory nouns: a goal, its graph of steps, and how each came out. Times in seconds."""

from __future__ import annotations

import operator
from typing import Literal

from pydantic import Field

from devices.facts import Condition, Known, Selector, Value
from devices.noun import Noun
from devices.skill import Atom

GoalStatus = Literal[
    "posted",  # recorded, not yet understood
    "planned",  # understood, has a graph
    "needs_answer",  # waits for a person
    "paused",  # nothing is done for it until somebody says so
    "satisfied",
    "answered",  # a question, and it was answered
    "failed",
    "missed",  # reached, but after its deadline
    "refused",
    "cancelled",
]
StepStatus = Literal["pending", "assigned", "running", "done", "failed", "cancelled"]


class Goal(Noun):
    """A wish: who asked for what, when, until when, and how urgent (higher first).

    `cause` is what it came from: the words somebody said ("u3"), or the goal ("g1") that left
    something to be put down or put back.
    """

    id: str
    text: str
    who: str
    t: float
    deadline_s: float | None = None
    priority: int = 0
    cause: str = ""


class Query(Noun):
    """What a question wants to know of the things that its goal's condition selects.

    | ask | the answer |
    |---|---|
    | where | where each of them is |
    | what | what is on, in or at it; of a body or person: what it holds |
    | how_many | how many there are, `within` a place if one is given, whose `attr` is `value` |
    | which | which of them are `within` that place, or whose `attr` is `value` |
    | whether | yes or no: `attr` is `value`; for "location": it is `within` that place, or there is one |
    | state | the value of `attr` |

    `condition` is the index of that condition among the goal's. `what` is as it was said.
    """

    ask: Literal["where", "what", "how_many", "which", "whether", "state"]
    condition: int
    what: Selector
    attr: str = "location"
    value: Value | None = None
    within: str | None = None


class Finding(Noun):
    """One belief behind an answer: of what, what is so, who saw it and when, how sure (0..1)."""

    thing: str
    attr: str
    value: Value | None
    relation: str = ""
    source: str
    seen_s: float
    confidence: float


class Answer(Noun):
    """What is said in answer to a question, and the beliefs it rests on."""

    text: str
    findings: tuple[Finding, ...] = ()


class Heeded(Noun):
    """A note that spoke to a step: what it said, and whether it was followed.

    It may have been left out to learn what it is worth; `episode` is the trial that counts.
    """

    note: str
    episode: str
    applied: bool
    says: str = ""


class TaskStep(Noun):
    """One node of a task graph: a skill request not yet given to a body.

    `after` lists step ids (of the same goal) that must be done first. Steps that share `bind` must
    go to one body, because it holds something from the first to the last of them. `place` is where
    the body must stand; `body` is set where only one body will do (it holds the object already).
    `serves` are indices into the goal's conditions. `pre` and `post` are
    ground atoms; "near" and "holding" are about the performing body. `notes` were read when the
    step was planned.
    """

    id: str
    skill: str
    args: dict[str, Value] = {}
    place: str | None = None
    pre: tuple[Atom, ...] = ()
    post: tuple[Atom, ...] = ()
    after: tuple[str, ...] = ()
    bind: str | None = None
    body: str | None = None
    team: int = 1
    serves: tuple[int, ...] = ()
    title: str = ""
    notes: tuple[Heeded, ...] = ()


class TaskGraph(Noun):
    """One revision of the plan of one goal. Steps are in an order that respects `after`."""

    goal: str
    revision: int
    steps: tuple[TaskStep, ...]
    reason: str = ""

    def step(self, step_id: str) -> TaskStep:
        """Return the step, or raise KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


class Candidate(Noun):
    """One body considered for a step: its estimated cost, or why it can not do it."""

    body: str
    able: bool
    travel_s: float = 0.0
    work_s: float = 0.0
    wait_s: float = 0.0
    energy: float = 0.0
    success: float = 1.0
    cost: float = 0.0
    why: str = ""


class Explain(Noun):
    """Why this body does this step: every candidate with its figures, and one sentence.

    `notes` were read when the body was chosen.
    """

    step: str
    chosen: str
    by: Literal["cp-sat", "greedy", "only", "operator"]
    candidates: tuple[Candidate, ...]
    sentence: str
    notes: tuple[Heeded, ...] = ()


class Assignment(Noun):
    """A step given to a body, with planned times (seconds)."""

    goal: str
    step: str
    body: str
    partner: str | None = None
    start_s: float
    end_s: float
    explain: Explain


class GoalRecord(Noun):
    """All that task memory knows of one goal now.

    `replies` are the questions that were asked about it, each with what was answered, in order. `only`
    and `never` say who may work for it (`stem_memory.instructions.Restrict`).
    """

    goal: Goal
    status: GoalStatus = "posted"
    conditions: tuple[Condition, ...] = ()
    reason: str = ""
    question: str = ""
    options: tuple[str, ...] = ()
    graph: TaskGraph | None = None
    steps: dict[str, StepStatus] = {}
    bodies: dict[str, str] = {}
    closed_s: float | None = None
    queries: tuple[Query, ...] = ()
    answer: Answer | None = None
    is_late: bool = False
    replies: tuple[tuple[str, str], ...] = ()
    only: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)
    never: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)

    def allows(self, body: str) -> bool:
        """Whether the body may work for it."""
        return body not in self.never and (not self.only or body in self.only)

    @property
    def is_question(self) -> bool:
        """Whether it asks, and wants nothing else."""
        return bool(self.queries) and all(isinstance(c, Known) for c in self.conditions)
