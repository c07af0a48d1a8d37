"""Skills as data: what a skill needs, what it makes true, who asked for it and how it went.

A `SkillCard` is an operator in the sense of classical planning (STRIPS: preconditions and effects
over parameters). The brain plans with it, the cerebellum performs it, the memory learns its
durations; none of them knows the others. Times in seconds.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.facts import Value
from devices.noun import Noun

ParamKind = Literal[
    "object", "fixture", "door", "person", "room", "body", "place", "thing", "text", "value"
]


class Param(Noun):
    """One argument of a skill. `cls`: allowed classes; `offers`: what a fixture must offer.

    A `place` is a fixture, door, room, person, body or object: anything one can stand at. A `thing`
    is any of them but a room: what one can look at from there.
    """

    name: str
    kind: ParamKind
    cls: tuple[str, ...] = ()
    offers: str | None = None


class Atom(Noun):
    """One atomic fact over parameters ("$obj") or ids, negated if `negated`.

    | pred | args | meaning |
    |---|---|---|
    | at | thing, holder | the thing is on, in or held by the holder (one holder at a time) |
    | holding | thing | the body that performs the step holds the thing |
    | be | thing, attribute | has `value`; value None in an effect: the value of param "$value" |
    | near | place | the body that performs the step stands at the place |
    | hand_free | | the body has a hand free |
    | reachable | holder | what the holder carries can be reached (it is open, if it closes) |
    | room_on | holder | the holder has space for one more |
    | clear | holder | nothing clearable is on the holder |
    | told | person, text | the person was told |
    | known | thing, attribute | somebody has looked since the goal was posted |
    """

    pred: Literal[
        "at", "holding", "be", "near", "hand_free", "reachable", "room_on", "clear", "told", "known"
    ]
    args: tuple[str, ...] = ()
    value: Value | None = None
    negated: bool = False


class SkillCard(Noun):
    """A skill as the planner and the allocator see it.

    `at` names the parameter whose place the body must stand at (None: anywhere). `base_s` is the
    nominal duration without travel on a body of rate 1; the world may differ and the memory learns
    it. `hands` free hands are needed besides what is held; `team` bodies act together.
    `process` is the physical process a manipulation triggers, for the skills that have one.
    `pre` must hold before, `post` holds after; an `at`, `be` or `near` replaces the old one.
    `verbs` are words people use who want the effect ("water", "irrigate"): by them a wish for a
    skill that Retinue never heard of is understood.
    """

    name: str
    title: str
    params: tuple[Param, ...]
    at: str | None = None
    pre: tuple[Atom, ...] = ()
    post: tuple[Atom, ...] = ()
    base_s: float = 5.0
    hands: int = 0
    team: int = 1
    process: str | None = None
    plannable: bool = True
    verbs: tuple[str, ...] = ()


class SkillRequest(Noun):
    """An order to one body: do this skill with these arguments before the deadline.

    `id` is unique per attempt and makes delivery idempotent: the same id twice is one request.
    `partner` is the other body of a team skill. `deadline_s` is a time, not a duration.
    """

    id: str
    goal: str
    step: str
    skill: str
    body: str
    args: dict[str, Value] = {}
    partner: str | None = None
    deadline_s: float


class Started(Noun):
    """The body accepted the request and begins."""

    kind: Literal["started"] = "started"
    request: str
    body: str
    t: float


class Progress(Noun):
    """The body still works; `phase` is a word for people ("approach", "retry 1")."""

    kind: Literal["progress"] = "progress"
    request: str
    body: str
    t: float
    phase: str


class Succeeded(Noun):
    """The body believes it is done. The brain still asks memory for evidence."""

    kind: Literal["succeeded"] = "succeeded"
    request: str
    body: str
    t: float


class Failed(Noun):
    """The body gave up after its local retries. `reason` is a code, `detail` a sentence."""

    kind: Literal["failed"] = "failed"
    request: str
    body: str
    t: float
    reason: str
    detail: str = ""


class Cancelled(Noun):
    """The body stopped on request and is in a safe state."""

    kind: Literal["cancelled"] = "cancelled"
    request: str
    body: str
    t: float


SkillEvent = Annotated[
    Started | Progress | Succeeded | Failed | Cancelled, Field(discriminator="kind")
]
