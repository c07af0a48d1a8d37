"""What the brain decides. It reads memory and returns these; it never acts and never waits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.facts import Condition
from devices.noun import Noun
from devices.skill import SkillRequest
from stem_memory.contracts import Payload
from stem_memory.tasks import Assignment, TaskStep


class Understood(Noun):
    """A wish as conditions over things memory knows (not yet bound, see devices.facts.bind)."""

    kind: Literal["understood"] = "understood"
    conditions: tuple[Condition, ...]
    summary: str
    by: Literal["grammar", "encoder", "model", "operator"] = "grammar"
    confidence: float = 1.0


class Ask(Noun):
    """The wish has several readings, or a word is unknown: ask before anything moves."""

    kind: Literal["ask"] = "ask"
    question: str
    options: tuple[str, ...] = ()


class Refuse(Noun):
    """The wish can not be carried out here, and why."""

    kind: Literal["refuse"] = "refuse"
    reason: str


Interpretation = Annotated[Understood | Ask | Refuse, Field(discriminator="kind")]


class Planned(Noun):
    """Steps, in an order that respects `after`, that make every condition true."""

    kind: Literal["planned"] = "planned"
    steps: tuple[TaskStep, ...]


class Impossible(Noun):
    """No sequence of skills of this fleet makes the condition true, and the reason in words."""

    kind: Literal["impossible"] = "impossible"
    condition: int
    reason: str


Decomposition = Annotated[Planned | Impossible, Field(discriminator="kind")]


class Violation(Noun):
    """A counter-example of the verifier: which step fails, which rule, and one sentence."""

    step: str
    rule: Literal[
        "unknown_skill",
        "unknown_thing",
        "argument",
        "precondition",
        "reach",
        "embodiment",
        "payload",
        "capacity",
        "order",
        "goal",
    ]
    message: str


class Schedule(Noun):
    """Who does which open step when. `unassigned` steps have no able body now, with the reason."""

    assignments: tuple[Assignment, ...]
    unassigned: dict[str, str] = {}
    makespan_s: float = 0.0
    by: Literal["cp-sat", "greedy"] = "greedy"


class Dispatch(Noun):
    """Send this request to its body (and its partner) now."""

    request: SkillRequest
    role: Literal["step", "approach", "errand"] = "step"


class Thought(Noun):
    """Something the brain worked out that counts only once the thinking time has passed."""

    ready_s: float
    payloads: tuple[Payload, ...]


class BrainStep(Noun):
    """The brain's answer to what happened: facts to record, requests to send or to stop.

    `payloads` are recorded at once, in order. `thoughts` are recorded when their time comes.
    `wake_s` is when the brain wants to be asked again even if nothing happens.
    """

    payloads: tuple[Payload, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    cancels: tuple[str, ...] = ()
    wake_s: float | None = None
