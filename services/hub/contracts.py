"""What the API of a site takes and gives. Times in seconds of the site's clock."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from cerebellum.daemon.messages import Id
from devices.facts import Condition
from devices.noun import Noun
from stem_memory.tasks import Explain, GoalStatus, StepStatus

Role = Literal["device", "viewer", "agent", "operator", "admin"]
# What each role may do besides what those before it may; a device may only be one.
ROLES: tuple[Role, ...] = ("device", "viewer", "agent", "operator", "admin")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Problem(Noun):
    """Why something was refused, in one sentence that says what to do."""

    detail: str


class SayBody(Noun):
    """Words to the fleet: a wish, a question, an answer, or an instruction such as "stop"."""

    text: Text
    within_s: Annotated[float, Field(gt=0.0)] | None = None
    priority: int = 0


class WantBody(Noun):
    """What shall be true, as conditions (`devices.facts.Condition`). `text` tells people what it is."""

    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=50)]
    text: Text | None = None
    within_s: Annotated[float, Field(gt=0.0)] | None = None
    priority: int = 0


class AnswerBody(Noun):
    """The answer to what a goal asks."""

    text: Text


class RestrictBody(Noun):
    """Who may work for a goal: only these (none: anybody), and never those."""

    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class CancelBody(Noun):
    """How a goal is to be called off. `roll_back`: what was moved for it is put back."""

    roll_back: bool = False


class ChangeBody(Noun):
    """What is to be different about a goal. `within_s`: its deadline, seconds from now."""

    text: Text | None = None
    within_s: Annotated[float, Field(gt=0.0)] | None = None
    priority: int | None = None


class BodiesBody(Noun):
    """The bodies that are meant; none: all."""

    bodies: tuple[str, ...] = ()


class StopBody(BodiesBody):
    """The bodies that are meant, and those in these rooms as far as anybody knows; none of both: all."""

    rooms: tuple[str, ...] = ()


class WhatIfBody(Noun):
    """Bodies to be thought away: from one goal, or from everything."""

    without: Annotated[tuple[str, ...], Field(min_length=1)]
    goal: str = ""


class StepShift(Noun):
    """A step as it is planned, and as it would be; `body_then` "": nobody would do it now."""

    goal: str
    step: str
    body: str
    end_s: float
    body_then: str = ""
    end_then_s: float | None = None


class WhatIfView(Noun):
    """What would change. `stuck`: steps that nobody could do, as "GOAL/STEP", with the reason."""

    makespan_s: float
    makespan_then_s: float
    steps: tuple[StepShift, ...] = ()
    stuck: dict[str, str] = {}


class CodeView(Noun):
    """A code with which one device can enrol once, within so many seconds."""

    code: str
    valid_s: float


class EnrolBody(Noun):
    """A device that wants to take part under an id."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]
    id: Id


class KeyView(Noun):
    """The key by which a device is known from now on. It is shown once and kept nowhere."""

    id: str
    key: str


class StepView(Noun):
    """One step of a goal's newest plan: who does it, since when, until when."""

    id: str
    title: str
    status: StepStatus
    body: str = ""
    start_s: float | None = None
    end_s: float | None = None
    trouble: str = ""


class GoalView(Noun):
    """One goal at a glance. `understood` is what its words were taken to mean."""

    id: str
    text: str
    who: str
    status: GoalStatus
    posted_s: float
    priority: int = 0
    deadline_s: float | None = None
    understood: str = ""
    asks: str = ""
    options: tuple[str, ...] = ()
    answer: str | None = None
    reason: str = ""
    closed_s: float | None = None
    cause: str = ""


class GoalStory(GoalView):
    """One goal whole: its plan, and for each step the body chosen, and everybody considered."""

    steps: tuple[StepView, ...] = ()
    why: tuple[Explain, ...] = ()


class SaidView(Noun):
    """What came of words: the goals they became, the goals whose question they answered, replies."""

    id: str
    who: str
    text: str
    goals: tuple[GoalView, ...] = ()
    answered: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


class BodyView(Noun):
    """One body at a glance: battery 0..1, and when it fell silent if it is lost.

    `drained`: it takes nothing new on. `stop_latency_s`: how long the last stop took until a daemon said
    that its body holds still; `silent_s`: for how long its daemon has said nothing. Both are None for
    bodies without a daemon.
    """

    id: str
    kind: str
    doing: str
    where: str
    battery: float | None
    stopped: bool
    lost: bool
    drained: bool = False
    lost_since_s: float | None = None
    stop_latency_s: float | None = None
    silent_s: float | None = None


class SiteView(Noun):
    """The site at a glance."""

    name: str
    version: str
    now_s: float
    speed: float
    events: int
    bodies: int
    lost: tuple[str, ...]
    stopped: tuple[str, ...]
    drained: tuple[str, ...] = ()
    goals_open: int
    goals_done: int


class EventView(Noun):
    """One event of the log: `id` is its position, `line` what it is worth to somebody who watches."""

    id: int
    t: float
    kind: str
    line: str
    body: dict[str, Any]
