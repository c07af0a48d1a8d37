"""Sites, fleets and memories that the brain's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest

from cerebellum.cards import CARDS as SKILLS
from devices.contracts import BodyCard, BodySpec, Pose
from devices.facts import ClassCard, Condition, StateSpec, Thing, Value, bind
from devices.roadmap import Roadmap
from devices.robots import CARDS
from devices.site import Door, Fixture
from devices.skill import SkillCard
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Payload
from stem_memory.tasks import Goal, GoalRecord, StepStatus
from stem_memory.testing import memory_of, plan_of, thing

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


def make(
    things: Mapping[str, str] | Iterable[Thing] = (),
    fleet: Iterable[str] = tuple(FLEET),
    states: Mapping[str, Mapping[str, Value]] | None = None,
    then: Iterable[Payload | tuple[float, Payload]] = (),
    cards: Iterable[BodyCard] = CARDS,
    skills: Iterable[SkillCard] = SKILLS,
) -> Case:
    """A case from things in words, names of the fleet and states of anything."""
    if isinstance(things, Mapping):
        things = [thing(id_, text) for id_, text in things.items()]
    bodies = [
        BodySpec(id=name, kind=FLEET[name][0], pose=Pose(x=FLEET[name][1], y=FLEET[name][2]))
        for name in fleet
    ]
    return Case(
        memory_of(
            SITE,
            CLASSES,
            [*things, thing("ann", "person at hall")],
            bodies,
            cards,
            skills,
            states={"fridge": {"open": False}, "cellar-door": {"open": True}} | dict(states or {}),
            then=then,
        )
    )


@pytest.fixture
def case() -> CaseOf:
    """Makes a case, see `make`."""
    return make
