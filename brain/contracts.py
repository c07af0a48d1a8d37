"""What the brain decides. It reads memory and returns these; it never acts and never waits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.facts import Condition
from devices.noun import Noun
from devices.skill import SkillEvent, SkillRequest
from stem_memory.contracts import Event
from stem_memory.instructions import Instruction
from stem_memory.tasks import Assignment, Query, TaskStep


class Understood(Noun):
    """A wish as conditions over things memory knows (not yet bound, see devices.facts.bind).

    `queries` are what it asks: they want an answer, not only that somebody looked. `within_s`
    (seconds from when it was said) and `priority` are what the words say of time and urgency; None:
    nothing.
    """

    kind: Literal["understood"] = "understood"
    conditions: tuple[Condition, ...]
    summary: str
    by: Literal["grammar", "encoder", "model", "operator"] = "grammar"
    confidence: float = 1.0
    queries: tuple[Query, ...] = ()
    within_s: float | None = None
    priority: int | None = None


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


class Instruct(Noun):
    """The words tell the fleet what to do with goals or bodies. `reply`: what was understood.

    `rest` are words beyond it ("cancel the coffees and bring two teas"): a wish of their own.
    """

    kind: Literal["instruct"] = "instruct"
    instructions: tuple[Instruction, ...]
    reply: str
    rest: str = ""


class Unheeded(Noun):
    """The words are an instruction, but not clear which. `reply`: what is unclear, what to say."""

    kind: Literal["unheeded"] = "unheeded"
    reply: str


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
    """Send this request to its body now, with where memory believes the named things to be."""

    request: SkillRequest
    whereabouts: dict[str, tuple[str | None, float, float]] = {}
    role: Literal["step", "approach", "errand"] = "step"


class News(Noun):
    """What reached the brain since it was last asked: new log entries and the bodies' words."""

    now: float
    events: tuple[Event, ...] = ()
    skill_events: tuple[SkillEvent, ...] = ()


class BrainStep(Noun):
    """The brain's answer to the news: events to record, requests to send and to stop.

    `events` are already part of the brain's own memory, in this order. `wake_s` is when the brain
    wants to be asked again even if nothing happens; None: only when something does.
    """

    events: tuple[Event, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    cancels: tuple[tuple[str, str], ...] = ()
    wake_s: float | None = None
