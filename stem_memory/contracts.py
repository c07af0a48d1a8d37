"""The event schema: the only truth of STEM memory. Views are folds of these.

An event says who recorded it (`origin`, `seq`: the idempotency key), when it was true (`t`, valid
time in seconds of the run) and what happened (`body`). The store adds transaction time and the
hash chain. New kinds may be added; a kind never changes its meaning.
"""

from __future__ import annotations

import operator
from typing import Annotated, Literal, get_args

from pydantic import Field

from devices.contracts import BodyCard, BodySpec, Observation
from devices.facts import ClassCard, Condition, Relation, Thing, Value
from devices.noun import Noun
from devices.site import SitePlan
from devices.skill import SkillCard
from stem_memory.cubes.contracts import CubeChanged
from stem_memory.instructions import Instruction
from stem_memory.notes.contracts import NoteBrought, NoteJudged, NoteProposed, NoteTried
from stem_memory.privacy.contracts import PrivacyChanged, Sealed
from stem_memory.taskgraph.contracts import TaskChanged
from stem_memory.tasks import Answer, Assignment, Goal, Query, TaskStep
from stem_memory.view import Performance


class SiteSurveyed(Noun):
    """The map, the classes, and the things known before the run (a survey may be wrong)."""

    kind: Literal["site_surveyed"] = "site_surveyed"
    plan: SitePlan
    classes: tuple[ClassCard, ...]
    things: tuple[Thing, ...]
    states: dict[str, dict[str, bool | int | float | str]] = {}


class SkillsDeclared(Noun):
    """The skills the fleet's software knows."""

    kind: Literal["skills_declared"] = "skills_declared"
    cards: tuple[SkillCard, ...]


class BodyEnrolled(Noun):
    """A body joined the fleet (or came with a new card: an embodiment revision)."""

    kind: Literal["body_enrolled"] = "body_enrolled"
    spec: BodySpec
    card: BodyCard


class Observed(Noun):
    """A body's report of itself and of what it saw and did not see."""

    kind: Literal["observed"] = "observed"
    observation: Observation


class BodyLost(Noun):
    """No sign of life from the body since `last_heard_s`; `reason`: why, where its driver knows."""

    kind: Literal["body_lost"] = "body_lost"
    body: str
    last_heard_s: float
    reason: str = ""


class BodyBack(Noun):
    """A lost body was heard again."""

    kind: Literal["body_back"] = "body_back"
    body: str


class Asserted(Noun):
    """A person says what is or was so: adds a fact, corrects one, or takes one back (value None).

    It holds from `from_s` until `to_s` (None or later than the event: until there is evidence of
    something else), whatever was believed of that time before.
    The value of "location" is the holder's id, with its `relation`.
    """

    kind: Literal["asserted"] = "asserted"
    thing: str
    attr: str
    value: Value | None
    relation: Relation | None = None
    from_s: float
    to_s: float | None = None
    by: str
    reason: str = ""


class IdentitiesMerged(Noun):
    """Two ids mean one thing, which is called `into` from now on. It can be taken back."""

    kind: Literal["identities_merged"] = "identities_merged"
    thing: str
    into: str
    by: str
    reason: str = ""


class IdentityParted(Noun):
    """An id that was merged into another is a thing of its own after all."""

    kind: Literal["identity_parted"] = "identity_parted"
    thing: str
    by: str
    reason: str = ""


class FrameAligned(Noun):
    """What is at p in `frame` is at R(yaw) p + (x, y) in `parent` (metres, radians) from now on.

    With "map" as both, the map was made anew: what was measured in the old one lies there.
    """

    kind: Literal["frame_aligned"] = "frame_aligned"
    frame: str
    parent: str = "map"
    x: float
    y: float
    yaw: float = 0.0
    by: str
    reason: str = ""


class Said(Noun):
    """Somebody said something to the fleet: a wish, a question, an answer, an instruction.

    `id` ("u1") is what comes of it as `cause`. A deadline (a time, seconds) or a priority given
    along with the words is for the goal that they may be. `channel` is how they came; `key` marks
    them for whoever has to say them again, so that they are heard once. `goal` is the one whose
    question they answer, where somebody says so. `conditions` are the wish itself, where a program
    says what it wants; its words then only tell people.
    """

    kind: Literal["said"] = "said"
    id: str
    who: str
    text: str
    deadline_s: float | None = None
    priority: int = 0
    channel: Literal["typed", "spoken", "glasses", "api"] = "typed"
    key: str = ""
    goal: str = Field(default="", exclude_if=operator.not_)
    conditions: tuple[Condition, ...] = Field(default=(), exclude_if=operator.not_)


class Replied(Noun):
    """The brain says something back to words that are no goal: what was done, or what is unclear."""

    kind: Literal["replied"] = "replied"
    cause: str
    to: str
    text: str
    heeded: bool


class Instructed(Noun):
    """Goals or bodies are told to stop, go on, or change. `cause`: the words it was said in.

    `key` is as that of words.
    """

    kind: Literal["instructed"] = "instructed"
    instruction: Instruction
    by: str
    cause: str = ""
    key: str = ""


class GoalPosted(Noun):
    """Somebody wants something."""

    kind: Literal["goal_posted"] = "goal_posted"
    goal: Goal


class GoalUnderstood(Noun):
    """The wish as conditions; `by` names what understood it.

    They are stored as said; the fold binds them to what is believed at this moment
    (`devices.facts.bind`), so the same words can mean other things tomorrow.
    """

    kind: Literal["goal_understood"] = "goal_understood"
    goal: str
    conditions: tuple[Condition, ...]
    summary: str
    by: Literal["grammar", "encoder", "model", "operator", "brain"] = "grammar"
    queries: tuple[Query, ...] = ()


class GoalQuestioned(Noun):
    """The brain asks back instead of guessing."""

    kind: Literal["goal_questioned"] = "goal_questioned"
    goal: str
    question: str
    options: tuple[str, ...] = ()


class GoalAnswered(Noun):
    """A person answered the question of a goal."""

    kind: Literal["goal_answered"] = "goal_answered"
    goal: str
    text: str
    cause: str = ""


class AnswerGiven(Noun):
    """What people asked is answered, from what is believed now."""

    kind: Literal["answer_given"] = "answer_given"
    goal: str
    answer: Answer


class DeadlinePassed(Noun):
    """The goal was not reached by its deadline. It goes on, and will be late."""

    kind: Literal["deadline_passed"] = "deadline_passed"
    goal: str
    deadline_s: float


class GraphPlanned(Noun):
    """A (new revision of a) task graph. Steps kept from the last revision keep their ids."""

    kind: Literal["graph_planned"] = "graph_planned"
    goal: str
    revision: int
    steps: tuple[TaskStep, ...]
    reason: str = ""


class StepAssigned(Noun):
    """A body was chosen for a step, and why. A later one for the same step replaces it."""

    kind: Literal["step_assigned"] = "step_assigned"
    assignment: Assignment


class StepStarted(Noun):
    """A request for a step was leased to a body. `role`: the step itself or its approach."""

    kind: Literal["step_started"] = "step_started"
    request: str
    goal: str
    step: str
    skill: str
    body: str
    deadline_s: float
    role: Literal["step", "approach", "errand"] = "step"
    target: str = ""


class StepEnded(Noun):
    """A request ended. `evidenced`: memory itself holds the post-conditions to be true."""

    kind: Literal["step_ended"] = "step_ended"
    request: str
    goal: str
    step: str
    skill: str
    body: str
    outcome: Literal["done", "failed", "cancelled", "lapsed"]
    reason: str = ""
    detail: str = ""
    duration_s: float
    evidenced: bool = False
    role: Literal["step", "approach", "errand"] = "step"


class Tried(Noun):
    """What was learnt of one body (or kind of body) at a skill, with a class of object at a place.

    An empty `cls` or `place` stands for all of them together.
    """

    who: str
    is_kind: bool = False
    skill: str
    cls: str = ""
    place: str = ""
    known: Performance


class ExperienceBrought(Noun):
    """Experience from an earlier memory, whose state had the hash `source`. What is new adds to it."""

    kind: Literal["experience_brought"] = "experience_brought"
    source: str
    tried: tuple[Tried, ...]


class Spoken(Noun):
    """A body told a person something."""

    kind: Literal["spoken"] = "spoken"
    body: str
    to: str
    text: str


class GoalClosed(Noun):
    """The goal is over, one way or another."""

    kind: Literal["goal_closed"] = "goal_closed"
    goal: str
    status: Literal[
        "satisfied", "answered", "failed", "missed", "refused", "needs_answer", "cancelled"
    ]
    reason: str = ""


Payload = Annotated[
    SiteSurveyed
    | SkillsDeclared
    | BodyEnrolled
    | Observed
    | BodyLost
    | BodyBack
    | Asserted
    | IdentitiesMerged
    | IdentityParted
    | FrameAligned
    | Said
    | Replied
    | Instructed
    | GoalPosted
    | GoalUnderstood
    | GoalQuestioned
    | GoalAnswered
    | AnswerGiven
    | DeadlinePassed
    | GraphPlanned
    | StepAssigned
    | StepStarted
    | StepEnded
    | ExperienceBrought
    | Spoken
    | GoalClosed
    | CubeChanged
    | NoteProposed
    | NoteBrought
    | NoteTried
    | NoteJudged
    | TaskChanged
    | PrivacyChanged
    | Sealed,
    Field(discriminator="kind"),
]


# Every kind of entry, and those that tell more than what a body reports of itself and what it sees: few
# of many, and all that anybody needs besides what is believed.
KINDS: frozenset[str] = frozenset(
    body.model_fields["kind"].default for body in get_args(get_args(Payload)[0])
)
NEWS = KINDS - {Observed.model_fields["kind"].default}


class Event(Noun):
    """One entry of the log as its origin wrote it."""

    origin: str
    seq: int
    t: float
    body: Payload


class Recorded(Noun):
    """An event in the log: its position, transaction time and place in the hash chain."""

    id: int
    tx_ms: int
    hash: str
    event: Event


class Verified(Noun):
    """A log found whole: how many events it holds and the hash of the last one."""

    events: int
    head: str
