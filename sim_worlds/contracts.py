"""The scenario file and what a world tells at each step. SI units, times in seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from devices.contracts import BodyCard, BodySpec, Command, Observation, Receipt
from devices.facts import Category, ClassCard, Condition, Relation, Selector, Thing, Value
from devices.noun import Noun
from devices.process import Process
from devices.site import Point, SitePlan
from sim_worlds.faults.installed import AnyInstalled
from sim_worlds.faults.kind import Fault


class ScenarioThing(Noun):
    """An object at the start: `at` is a fixture, body, person or room. `count` > 1 numbers ids.

    `surveyed` False: nobody told memory about it. `believed_at`: memory was told a wrong place.
    """

    id: str
    cls: str
    at: str
    count: int = 1
    names: tuple[str, ...] = ()
    attrs: dict[str, Value] = {}
    states: dict[str, Value] = {}
    surveyed: bool = True
    believed_at: str | None = None


class ScenarioPerson(Noun):
    """A person: where they are at the start, and how fast they walk."""

    id: str
    cls: str = "person"
    names: tuple[str, ...] = ()
    at: str
    speed_m_s: float = 1.1


class Walk(Noun):
    """A person goes to a fixture or room (they arrive as their walking speed allows)."""

    kind: Literal["walk"] = "walk"
    t: float
    who: str
    to: str


class Says(Noun):
    """A person says a wish aloud: it is posted as a goal. `expect` is what the author expects."""

    kind: Literal["says"] = "says"
    t: float
    who: str
    text: str
    deadline_s: float | None = None
    priority: int = 0
    expect: Literal["satisfied", "refused", "needs_answer"] = "satisfied"
    success: tuple[Condition, ...] = ()


class Changes(Noun):
    """States change by themselves: the guest finishes the soup, the lamp burns out.

    Of one `thing`, or of everything that `what` means at that moment: a file can not know which
    cup a guest will get. States that a thing does not have stay away from it.
    """

    kind: Literal["changes"] = "changes"
    t: float
    thing: str = ""
    what: Selector | None = None
    states: dict[str, Value]

    @model_validator(mode="after")
    def _one_of_two(self) -> Changes:
        if bool(self.thing) == (self.what is not None):
            raise ValueError("a change is of one `thing` or of `what` a selector means; give one")
        return self


class Moves(Noun):
    """A person moves an object from one holder to another, unseen unless a body looks."""

    kind: Literal["moves"] = "moves"
    t: float
    thing: str
    to: str
    relation: Relation = "on"


class Appears(Noun):
    """A new object comes into the world (delivery, spill, used plate)."""

    kind: Literal["appears"] = "appears"
    t: float
    thing: ScenarioThing


class Vanishes(Noun):
    """An object leaves the world (eaten, bought)."""

    kind: Literal["vanishes"] = "vanishes"
    t: float
    thing: str


Happening = Annotated[
    Walk | Says | Changes | Moves | Appears | Vanishes, Field(discriminator="kind")
]


class NoRecord(Noun):
    """A place where nothing is recorded: a room, or a polygon (metres in the map frame).

    What is within `margin_m` of it counts as inside. `categories` limits it to people or objects
    (empty: everything that moves or is said). It holds from `from_s` until `to_s` (None: for good).
    """

    id: str
    room: str = ""
    polygon: tuple[Point, ...] = ()
    margin_m: float = Field(default=0.25, ge=0.0, le=5.0)
    categories: tuple[Category, ...] = ()
    from_s: float = Field(default=0.0, ge=0.0)
    to_s: float | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> NoRecord:
        if bool(self.room) == bool(self.polygon):
            raise ValueError("a place is a `room` or a `polygon`; give one")
        return self


class Keep(Noun):
    """Reports of things of class `cls` seen at `place` are kept `keep_s` seconds.

    A place is a room, a fixture or a class of them; an empty `cls` or `place` means any. Of several
    rules that fit, the shortest holds.
    """

    cls: str = ""
    place: str = ""
    keep_s: float = Field(gt=0.0)


class Privacy(Noun):
    """What is never recorded, and how long the rest is kept."""

    no_record: tuple[NoRecord, ...] = ()
    keep: tuple[Keep, ...] = ()


class Scenario(Noun):
    """A whole world as one file. `operator` is the person who types wishes on the console.

    `classes` and `cards` add to (or replace by name) the shipped catalogue of classes and body
    kinds. `bodies` come in the order they join: `--bodies N` takes the first N. A site without them is
    one that devices join.
    """

    # Which kinds of faults there are is asked of installed packages, which may need this module.
    model_config = ConfigDict(defer_build=True)

    name: str
    title: str
    plan: SitePlan
    classes: tuple[ClassCard, ...] = ()
    cards: tuple[BodyCard, ...] = ()
    processes: tuple[Process, ...] = ()
    states: dict[str, dict[str, Value]] = {}
    things: tuple[ScenarioThing, ...] = ()
    people: tuple[ScenarioPerson, ...] = ()
    operator: str
    bodies: tuple[BodySpec, ...] = ()
    happenings: tuple[Happening, ...] = ()
    faults: tuple[Annotated[Fault, AnyInstalled], ...] = ()
    privacy: Privacy = Privacy()
    limit_s: float = 3600.0


class Wish(Noun):
    """A wish a person said in the world at time `t`."""

    t: float
    who: str
    text: str
    deadline_s: float | None = None
    priority: int = 0


class WorldStep(Noun):
    """What came out of the world while it ran up to `now`.

    `observations` are the reports that reached the fleet, `receipts` the commands that ended.
    `heard` are the bodies whose radio answered at `now`. `wishes` were said aloud. `idle`: no
    command runs and nothing is due before `next_s` (None: never).
    """

    now: float
    observations: tuple[Observation, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    heard: tuple[str, ...] = ()
    wishes: tuple[Wish, ...] = ()
    next_s: float | None = None
    idle: bool = False


class Commands(Noun):
    """The commands of one body for the next step."""

    body: str
    commands: tuple[Command, ...]


class Verdict(Noun):
    """The world's own judgement of a goal's conditions, against the truth."""

    goal: str
    satisfied: bool
    unmet: tuple[str, ...] = ()


class Survey(Noun):
    """What a person could tell the fleet before it starts: map, classes, things, states."""

    plan: SitePlan
    classes: tuple[ClassCard, ...]
    things: tuple[Thing, ...]
    states: dict[str, dict[str, Value]] = {}
    bodies: tuple[BodySpec, ...]
    cards: tuple[BodyCard, ...]
    operator: str


class TrackPoint(Noun):
    """A moving thing (body or person) is at (x, y), metres, at time t; straight in between."""

    t: float
    x: float
    y: float


class FilmCut(Noun):
    """Something visible changed at time `t`: a thing's holder, its states, or a caption.

    `spot` is where a thing lies that is on a room's floor, metres. A body's state `battery` (0..1)
    is shown beside it.
    """

    t: float
    thing: str
    cls: str = ""
    holder: str | None = None
    spot: Point | None = None
    states: dict[str, Value] = {}
    caption: str = ""
    gone: bool = False


class Film(Noun):
    """Everything a renderer needs to replay a run from above, and nothing else.

    `tracks` hold the path of every body and person; `cuts` are in time order and begin with the
    state at time 0. `marks` name bodies that died or came back: (t, body, "offline"|"online").
    """

    plan: SitePlan
    bodies: tuple[BodySpec, ...]
    cards: tuple[BodyCard, ...]
    people: tuple[str, ...]
    tracks: dict[str, tuple[TrackPoint, ...]]
    cuts: tuple[FilmCut, ...]
    marks: tuple[tuple[float, str, str], ...] = ()
    duration_s: float


class Banner(Noun):
    """A line shown beside the replay from `t` to `until` (None: to its end), seconds.

    With `who`, what a body does, shown at its name; without, a wish and how it stands.
    """

    t: float
    until: float | None = None
    text: str
    who: str = ""
    mark: Literal["open", "done", "failed", "refused", "asked", "note"] = "open"
