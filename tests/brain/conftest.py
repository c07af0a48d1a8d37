"""Sites, fleets and memories that the brain's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from brain.config import BrainConfig
from brain.contracts import BrainStep, Interpretation, News, Refuse
from brain.language.instructing.halt import is_stop
from brain.mind import Brain
from cerebellum.catalogue import skill_kinds
from devices.contracts import BodyCard, BodySpec, Pose, Sighting
from devices.facts import ClassCard, Condition, StateSpec, Thing, Value, bind
from devices.roadmap import Roadmap
from devices.robots import CARDS
from devices.site import Door, Fixture
from devices.skill import Cancelled, Failed, SkillCard, SkillEvent, SkillRequest, Succeeded
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import BodyBack, BodyLost, Event, Instructed, Payload, Said
from stem_memory.instructions import Stop
from stem_memory.tasks import Goal, GoalRecord, StepStatus
from stem_memory.testing import events_of, observed, plan_of, sighting, start_of, thing
from stem_memory.view import MemoryView

P = TypeVar("P")

_CLEAN = StateSpec(values=(True, False), default=True)
_NO = StateSpec(values=(True, False), default=False)
_DISH = ("tableware", "washable", "clearable")
CLASSES = (
    ClassCard(
        cls="cup",
        parents=("vessel", *_DISH),
        states={
            "clean": _CLEAN,
            "fill": StateSpec(values=("none", "coffee", "water"), default="none"),
        },
        home=("shelf",),
        dirty_home=("sink",),
    ),
    ClassCard(
        cls="plate",
        parents=_DISH,
        states={"clean": _CLEAN},
        home=("shelf",),
        dirty_home=("sink",),
        mass_kg=0.5,
    ),
    ClassCard(cls="soup", parents=("heatable", "food"), states={"hot": _NO}, home=("fridge",)),
    ClassCard(cls="bread", parents=("sliceable", "food"), states={"sliced": _NO}, home=("shelf",)),
    ClassCard(cls="crate", mass_kg=7.0, hands=2, size_m=0.5),
    ClassCard(
        cls="can", attrs={}, states={"fill": StateSpec(values=("none", "water"), default="water")}
    ),
    ClassCard(cls="spill", parents=("wipeable",), states={"clean": _NO}, attrs={"fixed": True}),
    ClassCard(cls="table", category="fixture", parents=("wipeable",), states={"clean": _CLEAN}),
    ClassCard(cls="fridge", category="fixture", states={"open": _NO}),
    ClassCard(cls="lamp", category="fixture", parents=("switchable",), states={"power": _NO}),
    ClassCard(cls="coffee_machine", category="fixture", parents=("dispenser",)),
    ClassCard(cls="plant", category="fixture", states={"watered": _NO}),
)
FLEET = {
    "waiter-1": ("server", 7.0, 2.0),
    "waiter-2": ("server", 8.0, 2.6),
    "barista": ("arm", 1.3, 1.35),
    "chef": ("dual_arm", 3.0, 5.0),
    "host": ("humanoid", 9.0, 1.0),
}


def _fixture(id_: str, room: str, x: float, y: float, cls: str = "", **more: object) -> Fixture:
    fields = {"capacity": 8, "height_m": 0.9, "size_m": (0.8, 0.6)} | more
    cls = cls or id_.rstrip("0123456789").rstrip("-").replace("-", "_")
    return Fixture.model_validate({"id": id_, "cls": cls, "room": room, "x": x, "y": y, **fields})


# A bar behind a counter (only the arm gets to the machine), a kitchen, a hall, a cellar with a door.
SITE = plan_of(
    {"bar": (0, 0, 4, 3), "kitchen": (0, 3, 6, 8), "hall": (4, 0, 12, 3), "cellar": (6, 3, 12, 8)},
    {
        f.id: f
        for f in (
            _fixture("machine", "bar", 0.4, 1.35, "coffee_machine", capacity=1, offers=("coffee",)),
            _fixture("pass", "bar", 2.2, 1.5, "counter", size_m=(0.6, 3.0)),
            _fixture("shelf", "kitchen", 0.5, 7.6, capacity=40, height_m=1.2),
            _fixture("top-shelf", "kitchen", 2.5, 7.6, "rack", height_m=2.4),
            _fixture("sink", "kitchen", 4.5, 7.6, capacity=4, offers=("wash",)),
            _fixture("tap", "kitchen", 5.6, 6.0, "dispenser", capacity=1, offers=("water",)),
            _fixture("fridge", "kitchen", 0.5, 4.0, inside=True, closable=True),
            _fixture("stove", "kitchen", 0.5, 5.6, offers=("heat",)),
            _fixture("board", "kitchen", 3.2, 5.8, offers=("cut",)),
            _fixture("table-1", "hall", 6.0, 0.7, height_m=0.75, attrs={"seats": 2}),
            _fixture("table-2", "hall", 9.5, 2.2, height_m=0.75, capacity=2, attrs={"seats": 2}),
            _fixture("lamp", "hall", 11.7, 0.3, capacity=0, size_m=(0.3, 0.3)),
            _fixture("plant", "hall", 11.7, 2.5, capacity=0, size_m=(0.3, 0.3)),
            _fixture("rack", "cellar", 11.5, 7.0),
        )
    },
    [
        Door(id="bar-hall", rooms=("bar", "hall"), at=(4.0, 1.5), width_m=1.4),
        Door(id="kitchen-bar", rooms=("bar", "kitchen"), at=(3.3, 3.0), width_m=1.1),
        Door(id="hall-kitchen", rooms=("hall", "kitchen"), at=(5.2, 3.0), width_m=1.2),
        Door(id="cellar-door", rooms=("hall", "cellar"), at=(7.5, 3.0), width_m=1.2, leaf=True),
    ],
)


class Case:
    """A memory of the site, its roadmap, and goals bound to it."""

    def __init__(self, view: MemoryState) -> None:
        self.view = view
        self.roadmap = Roadmap(view.plan())

    def goal(self, *conditions: Condition, **steps: StepStatus) -> GoalRecord:
        """The goal "g1" with its conditions bound now."""
        return GoalRecord(
            goal=Goal(id="g1", text="a wish", who="ann", t=self.view.now()),
            status="planned",
            conditions=tuple(bind(c, self.view, self.view.now()) for c in conditions),
            steps=dict(steps),
        )


CaseOf = Callable[..., Case]


def start(
    things: Mapping[str, str] | Iterable[Thing] = (),
    fleet: Iterable[str] = tuple(FLEET),
    states: Mapping[str, Mapping[str, Value]] | None = None,
    cards: Iterable[BodyCard] = CARDS,
    skills: Iterable[SkillCard] = tuple(kind.card for kind in skill_kinds().values()),
) -> tuple[Payload, ...]:
    """What memory is told of the site: things in words, names of the fleet, states of anything."""
    if isinstance(things, Mapping):
        things = [thing(id_, text) for id_, text in things.items()]
    bodies = [
        BodySpec(id=name, kind=FLEET[name][0], pose=Pose(x=FLEET[name][1], y=FLEET[name][2]))
        for name in fleet
    ]
    return start_of(
        SITE,
        CLASSES,
        [*things, thing("ann", "person at hall")],
        bodies,
        cards,
        skills,
        {"fridge": {"open": False}, "cellar-door": {"open": True}} | dict(states or {}),
    )


def make(*args: Any, then: Iterable[Payload | tuple[float, Payload]] = (), **more: Any) -> Case:
    """A case from what `start` takes, and whatever happened `then`."""
    return Case(MemoryState.of(events_of((*start(*args, **more), *then))))


@pytest.fixture
def case() -> CaseOf:
    """Makes a case, see `make`."""
    return make


class Scripted:
    """Understands what stands in its script, by the words; nothing else."""

    def __init__(self, script: Mapping[str, Interpretation]) -> None:
        self._script = script

    def interpret(self, goal: Goal, view: MemoryView) -> Interpretation:
        """The meaning of a wish."""
        return self._script.get(goal.text, Refuse(reason="nobody knows what that is"))

    def answer(self, record: GoalRecord, text: str, view: MemoryView) -> Interpretation | None:
        """The meaning of a wish together with an answer."""
        return self._script.get(f"{record.goal.text} / {text}")


class Fleet:
    """A brain, the log around it, and bodies that do what they are told when the test says so.

    What is true stands in `truth` (holder by thing) and `states`; bodies report it, and nothing else.
    """

    def __init__(
        self, script: Mapping[str, Interpretation], things: Mapping[str, str], **more: Any
    ) -> None:
        self.script = script
        self.brain = self.new_brain()
        self.log: list[Event] = []
        # What the log adds up to.
        self.memory = MemoryState()
        self.now = 0.0
        self.wake: float | None = None
        # Requests that bodies work on, and the bodies that are out of touch.
        self.open: dict[str, SkillRequest] = {}
        self.recalled: set[str] = set()
        self.lost: set[str] = set()
        self.truth = {id_: text.rpartition(" ")[2] for id_, text in things.items()}
        self.classes = {id_: text.partition(" ")[0] for id_, text in things.items()}
        self.states: dict[str, dict[str, Value]] = {}
        self.near: dict[str, str] = {}
        self.opening = start(things, **more)
        self.told(*self.opening)

    def new_brain(self) -> Brain:
        """A brain that knows nothing yet."""
        return Brain(BrainConfig(), Scripted(self.script))

    def told(
        self, *payloads: Payload, words: Sequence[SkillEvent] = (), after: float = 0.0
    ) -> BrainStep:
        """Give the brain news, `after` some seconds; what it decides is recorded and begun."""
        self.now = round(self.now + after, 3)
        events = tuple(self._event(payload) for payload in payloads)
        self._record(*events)
        answer = self.brain.step(News(now=self.now, events=events, skill_events=tuple(words)))
        self._record(*answer.events)
        self.wake = answer.wake_s
        for item in answer.dispatches:
            assert item.request.body not in {r.body for r in self.open.values()}
            self.open[item.request.id] = item.request
        self.recalled |= {request for _, request in answer.cancels}
        return answer

    def say(self, text: str, who: str = "ann") -> BrainStep:
        """Somebody says something; a stop acts before anybody thinks about it."""
        said = Said(id=f"u{len(self.log)}", who=who, text=text)
        if not is_stop(text):
            return self.told(said, after=0.5)
        halted = [
            Failed(request=id_, body=r.body, t=self.now, reason="stopped")
            for id_, r in self.open.items()
        ]
        self.open.clear()
        order = Instructed(instruction=Stop(), by=who, cause=said.id)
        return self.told(said, order, words=halted, after=0.5)

    def think(self) -> BrainStep:
        """Let time pass until the brain wants to be asked."""
        after = 0.0 if self.wake is None else max(self.wake - self.now, 0.0)
        return self.told(after=after)

    def end(self, request: str, how: str = "done", after: float = 2.0) -> BrainStep:
        """A body ends a request: `done`, `failed`, `cancelled`, or `lies` (nothing has happened)."""
        asked = self.open.pop(request)
        t = round(self.now + after, 3)
        if how == "done":
            self._perform(asked)
        word: SkillEvent = Succeeded(request=request, body=asked.body, t=t)
        if how == "failed":
            word = Failed(request=request, body=asked.body, t=t, reason="tool_failed")
        elif how == "cancelled":
            word = Cancelled(request=request, body=asked.body, t=t)
        return self.told(self._seen_by(asked.body, t), words=(word,), after=after)

    def lose(self, body: str) -> BrainStep:
        """A body falls silent, with whatever it does and holds."""
        self.lost.add(body)
        self.open = {id_: r for id_, r in self.open.items() if r.body != body}
        return self.told(BodyLost(body=body, last_heard_s=self.now), after=4.0)

    def find(self, body: str) -> BrainStep:
        """A lost body is heard again."""
        self.lost.discard(body)
        return self.told(BodyBack(body=body), self._seen_by(body, self.now))

    def work(self, limit: int = 200) -> None:
        """Let everybody do what they are told until nothing is left to be done."""
        for _ in range(limit):
            if self.open:
                self.end(min(self.open))
            elif self.wake is not None:
                self.think()
            else:
                return
        raise AssertionError("it does not come to an end")

    def until(self, skill: str, limit: int = 80) -> str:
        """Let everybody work until somebody is told to do this; the request."""
        for _ in range(limit):
            found = [id_ for id_, r in self.open.items() if r.skill == skill]
            if found:
                return found[0]
            if self.open:
                self.end(min(self.open))
            else:
                self.think()
        raise AssertionError(f"nobody is told to {skill}")

    def end_recalled(self) -> None:
        """Whoever is asked to stop does."""
        while asked := sorted(self.recalled & self.open.keys()):
            self.end(asked[0], "cancelled")

    def of(self, kind: type[P]) -> list[P]:
        """What the log says of a kind, in order."""
        return [event.body for event in self.log if isinstance(event.body, kind)]

    def record(self, goal: str = "g1") -> GoalRecord:
        """What memory knows of a goal."""
        return self.memory.goals()[goal]

    def _record(self, *events: Event) -> None:
        self.log += events
        for event in events:
            self.memory.apply(event)

    def _perform(self, asked: SkillRequest) -> None:
        args, body = asked.args, asked.body
        if asked.skill == "navigate":
            self.near[body] = str(args["to"])
        elif asked.skill == "pick":
            self.truth[str(args["obj"])] = body
        elif asked.skill in ("place", "hand_over"):
            self.truth[str(args["obj"])] = str(args["to"])
        elif asked.skill == "switch":
            self.states.setdefault(str(args["target"]), {})["power"] = args["value"]
        elif asked.skill in ("open", "close"):
            self.states.setdefault(str(args["target"]), {})["open"] = asked.skill == "open"

    def _seen_by(self, body: str, t: float) -> Payload:
        """What a body reports: where it is, what it holds, and all there is to see."""
        seen = []
        for id_, holder in sorted(self.truth.items()):
            how = "held by" if holder in FLEET or holder == "ann" else "on"
            seen.append(sighting(id_, f"{self.classes[id_]} {how} {holder}", *_spot(holder)))
        seen += [
            Sighting(id=id_, cls=id_, category="fixture", states=dict(now), x=0.0, y=0.0)
            for id_, now in sorted(self.states.items())
        ]
        held = [id_ for id_, holder in sorted(self.truth.items()) if holder == body]
        place = self.near.get(body)
        spot = _spot(place) if place is not None else (FLEET[body][1], FLEET[body][2])
        return observed(body, t, *seen, holding=held, near=place, at=spot, room="")

    def _event(self, payload: Payload) -> Event:
        return Event(origin="site", seq=len(self.log), t=self.now, body=payload)


def _spot(place: str) -> tuple[float, float]:
    fixtures = {fixture.id: (fixture.x, fixture.y) for fixture in SITE.fixtures}
    return fixtures.get(place, (8.0, 1.5))


@pytest.fixture
def fleet() -> Callable[..., Fleet]:
    """Makes a brain with a fleet, see `Fleet`."""
    return Fleet
