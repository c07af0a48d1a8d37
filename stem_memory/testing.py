"""For tests, ours and those of third parties: memories from a few words, and what memory promises.

`memory_of` makes a `MemoryState` by folding real events, so what it holds is what a run would hold.
`MemoryContract` is the conformance class of anything that answers as a `MemoryView`, `LogContract`
that of anything that keeps an `EventLog`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from devices.contracts import BodyCard, BodySpec, BodyState, Observation, Pose, Sighting, Utterance
from devices.facts import Category, ClassCard, Location, Relation, StateSpec, Thing, Value
from devices.site import Door, Fixture, Point, Room, SitePlan
from devices.skill import SkillCard
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import (
    BodyEnrolled,
    Event,
    Observed,
    Payload,
    SiteSurveyed,
    SkillsDeclared,
    Spoken,
)
from stem_memory.errors import EventConflict
from stem_memory.log.event_log import EventLog
from stem_memory.view import MemoryView

Box = tuple[float, float, float, float]
_RELATIONS: Mapping[str, Relation] = {"on": "on", "in": "in", "held by": "held", "at": "at"}


def plan_of(
    rooms: Mapping[str, Box],
    fixtures: Mapping[str, str | Fixture] | None = None,
    doors: Iterable[tuple[str, str, Point] | Door] = (),
) -> SitePlan:
    """A floor plan from boxes.

    Args:
        rooms: Room id to (x1, y1, x2, y2) in metres; the class is the id without its number.
        fixtures: Fixture id to a `Fixture`, or to "CLS ROOM X Y": a surface for 8 objects.
        doors: `Door` or (room, room, point); a plain opening with id "ROOM-ROOM".
    """
    spots = (fixtures or {}).items()
    return SitePlan(
        name="test site",
        rooms=tuple(
            Room(id=id_, cls=_stem(id_), polygon=((x1, y1), (x2, y1), (x2, y2), (x1, y2)))
            for id_, (x1, y1, x2, y2) in rooms.items()
        ),
        doors=tuple(
            d if isinstance(d, Door) else Door(id=f"{d[0]}-{d[1]}", rooms=(d[0], d[1]), at=d[2])
            for d in doors
        ),
        fixtures=tuple(f if isinstance(f, Fixture) else _fixture(id_, f) for id_, f in spots),
    )


def flat() -> SitePlan:
    """A kitchen and a hall with a table, a counter and a shelf: enough for most tests."""
    return plan_of(
        {"kitchen": (0, 0, 4, 4), "hall": (4, 0, 10, 4)},
        {
            "counter-1": "counter kitchen 1 1",
            "shelf-1": "shelf kitchen 3 1",
            "table-1": "table hall 6 2",
            "table-2": "table hall 8 2",
        },
        [("kitchen", "hall", (4, 2))],
    )


def thing(id_: str, text: str, **states: Value) -> Thing:
    """A thing from "CLS on HOLDER" (or in, at, held by); "person at hall" is a person."""
    cls, _, rest = text.partition(" ")
    word = next(word for word in _RELATIONS if rest.startswith(word + " "))
    place = Location(relation=_RELATIONS[word], holder=rest.removeprefix(word + " "))
    category: Category = "person" if cls == "person" else "object"
    return Thing(id=id_, cls=cls, category=category, states=states, location=place)


def card(kind: str = "waiter", **fields: object) -> BodyCard:
    """A body card on wheels with one hand; any field can be given."""
    given = {"kind": kind, "title": kind, "mobility": "wheels", "speed_m_s": 1.0} | fields
    return BodyCard.model_validate(given)


def body(id_: str, x: float, y: float, kind: str | None = None) -> BodySpec:
    """A body at (x, y) metres; its kind is its id without the number unless given."""
    return BodySpec(id=id_, kind=kind or _stem(id_), pose=Pose(x=x, y=y))


def sighting(id_: str, text: str, x: float = 0.0, y: float = 0.0, **states: Value) -> Sighting:
    """What a sensor saw, from the same words as `thing`."""
    seen = thing(id_, text, **states)
    return Sighting(
        id=id_,
        cls=seen.cls,
        category=seen.category,
        states=states,
        location=seen.location,
        x=x,
        y=y,
    )


def observed(
    body_id: str,
    t: float,
    *sightings: Sighting,
    viewed: Sequence[str] = (),
    holding: Sequence[str] = (),
    room: str = "hall",
    near: str | None = None,
    at: Point = (5.0, 1.0),
    heard: Sequence[tuple[str, str]] = (),
) -> Observed:
    """A body's report at `t` seconds, standing at `at` metres."""
    state = BodyState(
        pose=Pose(x=at[0], y=at[1]), room=room, near=near, battery=1.0, holding=tuple(holding)
    )
    return Observed(
        observation=Observation(
            body=body_id,
            t=t,
            state=state,
            sightings=sightings,
            viewed=tuple(viewed),
            heard=tuple(Utterance(who=who, text=text) for who, text in heard),
        )
    )


def events_of(
    payloads: Iterable[Payload | tuple[float, Payload]], origin: str = "test", first: int = 1
) -> tuple[Event, ...]:
    """Events numbered from `first`. A payload's time is its observation's, else the one before."""
    events: list[Event] = []
    t = 0.0
    for seq, item in enumerate(payloads, first):
        t, payload = item if isinstance(item, tuple) else (_time(item, t), item)
        events.append(Event(origin=origin, seq=seq, t=t, body=payload))
    return tuple(events)


def start_of(
    plan: SitePlan | None = None,
    classes: Iterable[ClassCard] = (),
    things: Mapping[str, str] | Iterable[Thing] = (),
    bodies: Iterable[BodySpec] = (),
    cards: Iterable[BodyCard] = (),
    skills: Iterable[SkillCard] = (),
    states: Mapping[str, Mapping[str, Value]] | None = None,
) -> tuple[Payload, ...]:
    """The payloads a run starts with: survey, skills, bodies (see `memory_of`)."""
    if isinstance(things, Mapping):
        things = [thing(id_, text) for id_, text in things.items()]
    by_kind = {c.kind: c for c in cards}
    survey = SiteSurveyed(
        plan=plan or flat(),
        classes=tuple(classes),
        things=tuple(things),
        states={id_: dict(values) for id_, values in (states or {}).items()},
    )
    joined = (BodyEnrolled(spec=b, card=by_kind.get(b.kind) or card(b.kind)) for b in bodies)
    return (survey, SkillsDeclared(cards=tuple(skills)), *joined)


def memory_of(
    plan: SitePlan | None = None,
    classes: Iterable[ClassCard] = (),
    things: Mapping[str, str] | Iterable[Thing] = (),
    bodies: Iterable[BodySpec] = (),
    cards: Iterable[BodyCard] = (),
    skills: Iterable[SkillCard] = (),
    states: Mapping[str, Mapping[str, Value]] | None = None,
    then: Iterable[Payload | tuple[float, Payload]] = (),
) -> MemoryState:
    """A memory after a survey and whatever happened `then`.

    Args:
        plan: The floor plan; `flat()` unless given.
        classes: Class cards.
        things: Id to words ("mug on table-1"), or `Thing`s for those with more to say.
        bodies: Bodies that joined, see `body`.
        cards: Body cards by kind; `card(kind)` for a kind without one.
        skills: Skill cards.
        states: States of anything by id, as surveyed.
        then: Further payloads, or (time, payload).
    """
    start = start_of(plan, classes, things, bodies, cards, skills, states)
    return MemoryState.of(events_of((*start, *then)))


class MemoryContract(ABC):
    """What every memory promises. Subclass it in a test module and say how to make one."""

    @abstractmethod
    def make(self, events: Sequence[Event]) -> MemoryView:
        """A memory that has taken in these events in this order."""

    def _made(self, *then: Payload | tuple[float, Payload]) -> MemoryView:
        start = start_of(
            classes=[
                ClassCard(
                    cls="mug",
                    parents=("clearable",),
                    states={"clean": StateSpec(values=(True, False), default=True)},
                )
            ],
            things={"mug-1": "mug on table-1", "mug-2": "mug on table-2", "ann": "person at hall"},
            bodies=[body("waiter-1", 5, 1), body("waiter-2", 1, 2)],
        )
        return self.make(events_of((*start, *then)))

    def test_a_survey_is_believed_but_is_not_evidence(self) -> None:
        """What people told is believed, and yet nobody has seen it."""
        memory = self._made()
        assert memory.location("mug-1") == Location(relation="on", holder="table-1")
        assert memory.room_of("mug-1") == "hall"
        assert memory.learnt_at("mug-1", "location") is None
        belief = memory.belief("mug-1", "location")
        assert belief is not None
        assert belief.source == "survey"

    def test_a_sighting_moves_a_thing(self) -> None:
        """The last sighting wins, and says who saw it and when."""
        memory = self._made(observed("waiter-1", 7.0, sighting("mug-1", "mug on counter-1", 1, 1)))
        belief = memory.belief("mug-1", "location")
        assert belief is not None
        assert (belief.value, belief.since_s, belief.source) == ("counter-1", 7.0, "waiter-1")
        assert memory.contents("table-1") == ()
        assert memory.contents("counter-1") == ("mug-1",)
        assert memory.learnt_at("mug-1", "location") == 7.0

    def test_looked_and_not_there_is_remembered(self) -> None:
        """A thing missing from a holder in full view has no known place any more."""
        memory = self._made(observed("waiter-1", 3.0, viewed=["table-1"]))
        belief = memory.belief("mug-1", "location")
        assert memory.location("mug-1") is None
        assert belief is not None
        assert (belief.value, belief.source) == (None, "waiter-1")
        assert memory.location("mug-2") is not None
        assert memory.learnt_at("table-1", "location") == 3.0

    def test_what_is_held_follows_the_body(self) -> None:
        """An object in a hand is where the body is."""
        memory = self._made(
            observed("waiter-1", 1.0, holding=["mug-1"]),
            observed("waiter-1", 5.0, holding=["mug-1"], room="kitchen", at=(2.0, 2.0)),
        )
        assert memory.location("mug-1") == Location(relation="held", holder="waiter-1")
        assert memory.position("mug-1") == (2.0, 2.0)
        assert memory.room_of("mug-1") == "kitchen"

    def test_a_late_report_changes_nothing_newer(self) -> None:
        """Valid time decides, not the order of arrival."""
        memory = self._made(
            observed("waiter-1", 9.0, sighting("mug-1", "mug on counter-1")),
            (9.5, observed("waiter-2", 4.0, sighting("mug-1", "mug on table-2"))),
        )
        assert memory.location("mug-1") == Location(relation="on", holder="counter-1")

    def test_ids_are_in_one_order(self) -> None:
        """The same ids come in the same order, and every id has a category."""
        memory = self._made()
        ids = list(memory.ids())
        assert ids == list(self._made().ids())
        assert len(ids) == len(set(ids))
        assert all(memory.category(id_) is not None for id_ in ids)
        assert list(memory.ids("object")) == ["mug-1", "mug-2"]

    def test_what_is_unknown_is_none(self) -> None:
        """Asking for the unknown is no error, except for its class."""
        memory = self._made()
        assert memory.category("dragon") is None
        assert memory.location("dragon") is None
        assert memory.attr("dragon", "clean") is None
        assert memory.belief("dragon", "clean") is None
        assert memory.position("dragon") is None
        assert memory.names("dragon") == ()
        assert memory.performance("waiter-1", "fly") is None


class LogContract(ABC):
    """What every log of events promises. Subclass it in a test module and say how to make one."""

    @abstractmethod
    def make(self) -> EventLog:
        """An empty log."""

    def _events(self, *texts: str) -> tuple[Event, ...]:
        said = (Spoken(body="waiter-1", to="ann", text=text) for text in texts)
        return events_of([(float(i), line) for i, line in enumerate(said, 1)])

    def test_events_come_back_in_order(self) -> None:
        """Positions count from one, without gaps, across batches."""
        log, events = self.make(), self._events("a", "b", "c")
        recorded = (*log.append(events[:2]), *log.append(events[2:]))
        assert [r.id for r in recorded] == [1, 2, 3]
        assert tuple(log.read()) == recorded
        assert [r.id for r in log.read(after=1, until=2)] == [2]
        assert [r.id for r in log.read(kinds={"observed"})] == []
        assert (log.position(), log.last_seq("test"), log.last_seq("nobody")) == (3, 3, None)
        log.close()

    def test_a_retry_is_the_same_event(self) -> None:
        """The same origin, number and content are one event."""
        log, events = self.make(), self._events("a", "b")
        first = log.append(events)
        assert log.append(events) == first
        assert log.position() == 2
        log.close()

    def test_a_batch_is_recorded_whole_or_not_at_all(self) -> None:
        """Other content under a known number is refused, with everything beside it."""
        log = self.make()
        log.append(self._events("a"))
        new = events_of([Spoken(body="waiter-1", to="ann", text="new")], first=7)
        try:
            log.append([*new, *self._events("other")])
            refused = False
        except EventConflict:
            refused = True
        assert refused
        assert log.position() == 1
        assert log.append(new)[0].id == 2
        log.close()

    def test_replay_is_the_fold_of_what_was_recorded(self) -> None:
        """Of all of it, of a position, and of a time."""
        log, events = self.make(), self._events("a", "b", "c")
        log.append(events)
        assert log.replay().digest() == MemoryState.of(events).digest()
        assert log.replay(position=2).digest() == MemoryState.of(events[:2]).digest()
        assert log.replay(as_of=1.5).digest() == MemoryState.of(events[:1]).digest()
        log.close()

    def test_a_sound_log_verifies(self) -> None:
        """The count is right and the head is that of the last entry."""
        log = self.make()
        assert log.verify().events == 0
        recorded = log.append(self._events("a", "b"))
        assert log.verify().head == recorded[-1].hash
        log.close()
        log.close()


def _stem(id_: str) -> str:
    return id_.rstrip("0123456789").rstrip("-")


def _fixture(id_: str, text: str) -> Fixture:
    cls, room, x, y = text.split()
    return Fixture(id=id_, cls=cls, room=room, x=float(x), y=float(y), capacity=8)


def _time(payload: Payload, t: float) -> float:
    return payload.observation.t if isinstance(payload, Observed) else t
