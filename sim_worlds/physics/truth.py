"""What is really so: places and states of everything, as `devices.facts.Facts`.

Every object has exactly one location, always. Bodies and people have places, too; where they are
on their way is the movers' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devices.contracts import BodySpec, Observation
from devices.facts import Category, Location, Relation, Thing, Value
from devices.site import Point, SitePlan
from sim_worlds.contracts import Scenario, ScenarioThing
from sim_worlds.loading.ontology import Ontology
from sim_worlds.loading.population import all_things
from sim_worlds.physics.ground import Ground


@dataclass(slots=True)
class _Entry:
    """What is known of one id."""

    category: Category
    cls: str
    names: tuple[str, ...] = ()
    attrs: Mapping[str, Value] = field(default_factory=dict)
    states: dict[str, Value] = field(default_factory=dict)
    location: Location | None = None
    # Where an object on a floor lies, and which place of a fixture one takes.
    spot: Point | None = None
    slot: int = 0
    version: int = 0


class Truth:
    """The facts of a world; implements `devices.facts.Facts`."""

    def __init__(self, scenario: Scenario, ontology: Ontology, ground: Ground) -> None:
        self.ontology = ontology
        self.plan: SitePlan = scenario.plan
        self._ground = ground
        self._entries: dict[str, _Entry] = {}
        self._contents: dict[str, dict[str, None]] = {}
        self._told: dict[str, list[str]] = {}
        self._learnt: dict[tuple[str, str], float] = {}
        self._shut: frozenset[str] | None = None
        self._versions = 0
        self._add_plan(scenario)
        for person in scenario.people:
            attrs = ontology.card(person.cls).attrs
            self._entries[person.id] = _Entry("person", person.cls, person.names, attrs)
        for body in scenario.bodies:
            self.admit(body)

    def _add_plan(self, scenario: Scenario) -> None:
        for room in self.plan.rooms:
            self._entries[room.id] = _Entry("room", room.cls, room.names)
        for door in self.plan.doors:
            states = self.ontology.defaults("door") or {"open": True}
            entry = _Entry("door", "door", door.names, states=states if door.leaf else {})
            entry.states |= scenario.states.get(door.id, {}) if door.leaf else {}
            self._entries[door.id] = entry
        for fixture in self.plan.fixtures:
            states = self.ontology.defaults(fixture.cls) | scenario.states.get(fixture.id, {})
            if not fixture.closable:
                states.pop("open", None)
            attrs = {**self.ontology.card(fixture.cls).attrs, **fixture.attrs}
            place = Location(relation="in", holder=fixture.room)
            self._entries[fixture.id] = _Entry(
                "fixture", fixture.cls, fixture.names, attrs, states, place
            )

    def ids(self, category: Category | None = None) -> Iterable[str]:
        """All ids (of one category): the plan's, people, bodies, objects as they came."""
        if category is None:
            return tuple(self._entries)
        return tuple(k for k, entry in self._entries.items() if entry.category == category)

    def category(self, thing: str) -> Category | None:
        """The category, or None for an unknown id."""
        entry = self._entries.get(thing)
        return entry.category if entry else None

    def cls(self, thing: str) -> str:
        """The class name; KeyError for an unknown id."""
        return self._entries[thing].cls

    def is_a(self, thing: str, cls: str) -> bool:
        """Whether the thing is of the class or of one below it."""
        entry = self._entries.get(thing)
        return entry is not None and self.ontology.is_a(entry.cls, cls)

    def attr(self, thing: str, name: str) -> Value | None:
        """A present state or a static attribute; None where there is none."""
        entry = self._entries.get(thing)
        if entry is None:
            return None
        return entry.states[name] if name in entry.states else entry.attrs.get(name)

    def location(self, thing: str) -> Location | None:
        """Where the thing is; None for rooms, doors and unknown ids."""
        entry = self._entries.get(thing)
        return entry.location if entry else None

    def told(self, person: str) -> tuple[str, ...]:
        """Everything said to this person so far."""
        return tuple(self._told.get(person, ()))

    def learnt_at(self, thing: str, attr: str) -> float | None:
        """When a report last showed the state, where the thing is, or what is at the place."""
        return self._learnt.get((thing, attr))

    def names(self, thing: str) -> tuple[str, ...]:
        """The thing's own names."""
        return self._entries[thing].names

    def attrs(self, thing: str) -> dict[str, Value]:
        """The thing's own static attributes."""
        return dict(self._entries[thing].attrs)

    def states(self, thing: str) -> dict[str, Value]:
        """All present states of a thing."""
        return dict(self._entries[thing].states)

    def contents(self, holder: str) -> tuple[str, ...]:
        """Objects directly on, in or held by the holder, in the order they came."""
        return tuple(self._contents.get(holder, ()))

    def spot(self, thing: str) -> Point | None:
        """Where an object lies that is on a fixture or a floor; None while it is held."""
        entry = self._entries[thing]
        place = entry.location
        if place is None or place.relation == "held":
            return None
        if place.relation == "at":
            return entry.spot
        return self._ground.slot(place.holder, entry.slot)

    def relation_to(self, holder: str) -> Relation:
        """How an object would be there: on or in a fixture, held, or on a room's floor."""
        category = self.category(holder)
        if category == "fixture":
            return "in" if self._ground.fixtures[holder].inside else "on"
        return "held" if category in ("body", "person") else "at"

    def room_on(self, holder: str) -> bool:
        """Whether a fixture has a place left. Floors and people always have."""
        fixture = self._ground.fixtures.get(holder)
        return fixture is None or len(self._contents.get(holder, ())) < fixture.capacity

    def is_shut(self, holder: str) -> bool:
        """Whether a closed lid hides and keeps what is in the fixture."""
        fixture = self._ground.fixtures.get(holder)
        return fixture is not None and fixture.closable and not self.attr(holder, "open")

    def shut_doors(self) -> frozenset[str]:
        """The doors whose leaf is closed."""
        if self._shut is None:
            leaves = (door.id for door in self.plan.doors if door.leaf)
            self._shut = frozenset(door for door in leaves if not self.attr(door, "open"))
        return self._shut

    def admit(self, body: BodySpec) -> None:
        """A body is in the world; where, `stand` says."""
        self._entries[body.id] = _Entry("body", body.kind, body.names)

    def version(self, thing: str) -> int:
        """A number that changes whenever the thing's place or a state of it changes."""
        return self._entries[thing].version

    def add(self, thing: ScenarioThing, spot: Point | None = None) -> None:
        """A new object comes into being at its place. Its id must be new."""
        card = self.ontology.card(thing.cls)
        self._entries[thing.id] = _Entry(
            "object",
            thing.cls,
            thing.names,
            {**card.attrs, **thing.attrs},
            {**self.ontology.defaults(thing.cls), **thing.states},
        )
        self.put(thing.id, thing.at, spot)

    def put(self, thing: str, holder: str, spot: Point | None = None) -> None:
        """Move an object to a holder; `spot` says where on a room's floor."""
        entry = self._entries[thing]
        entry.version = self._next_version()
        self._lift(thing)
        entry.location = Location(relation=self.relation_to(holder), holder=holder)
        if entry.location.relation == "at":
            entry.spot = spot or self._ground.spot_in(holder, thing)
        taken = {self._entries[other].slot for other in self._contents.get(holder, ())}
        entry.slot = next(k for k in range(len(taken) + 1) if k not in taken)
        self._contents.setdefault(holder, {})[thing] = None

    def remove(self, thing: str) -> None:
        """The object leaves the world."""
        self._lift(thing)
        del self._entries[thing]

    def stand(self, who: str, place: str, relation: Relation = "at") -> None:
        """A person or body is now at this fixture or room."""
        self._entries[who].location = Location(relation=relation, holder=place)

    def set_state(self, thing: str, name: str, value: Value) -> None:
        """Change a state."""
        self._entries[thing].states[name] = value
        self._entries[thing].version = self._next_version()
        if self._entries[thing].category == "door":
            self._shut = None

    def tell(self, person: str, text: str) -> None:
        """The person has heard the text."""
        self._told.setdefault(person, []).append(text)

    def note(self, observation: Observation) -> None:
        """Remember what a report that reached the fleet made known, and when."""
        for seen in observation.sightings:
            if seen.category in ("object", "person", "body"):
                self._learnt[seen.id, "location"] = observation.t
            for name in seen.states:
                self._learnt[seen.id, name] = observation.t
        for holder in observation.viewed:
            self._learnt[holder, "location"] = observation.t

    def _next_version(self) -> int:
        self._versions += 1
        return self._versions

    def _lift(self, thing: str) -> None:
        place = self._entries[thing].location
        if place is not None:
            del self._contents[place.holder][thing]


def surveyed(scenario: Scenario, truth: Truth) -> tuple[Thing, ...]:
    """Objects and people as the fleet is told of them before the run; a survey may be wrong."""
    things = []
    for thing in all_things(scenario.things):
        place = truth.location(thing.id)
        if not thing.surveyed or place is None:
            continue
        if thing.believed_at is not None:
            believed = thing.believed_at
            place = Location(relation=truth.relation_to(believed), holder=believed)
        things.append(
            Thing(
                id=thing.id,
                cls=thing.cls,
                names=thing.names,
                attrs=thing.attrs,
                states=truth.states(thing.id),
                location=place,
            )
        )
    for person in scenario.people:
        things.append(
            Thing(
                id=person.id,
                cls=person.cls,
                category="person",
                names=person.names,
                location=Location(relation="at", holder=person.at),
            )
        )
    return tuple(things)
