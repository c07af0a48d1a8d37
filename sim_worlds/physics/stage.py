"""The state of a running world, shared by all that happens in it, and the ways it is changed.

Every change of truth goes through here, so that the film, the reports and the judge agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from devices.contracts import BodyCard, Observation, Pose, Receipt
from devices.facts import ClassCard, Value
from devices.process import Process
from devices.roadmap import Roadmap
from devices.site import Point
from sim_worlds.contracts import Scenario, ScenarioThing, Wish
from sim_worlds.errors import WorldMisuse
from sim_worlds.loading.ontology import Ontology
from sim_worlds.physics.actors import SimBody, SimPerson, Task
from sim_worlds.physics.agenda import Agenda
from sim_worlds.physics.film import Recorder
from sim_worlds.physics.ground import Ground
from sim_worlds.physics.truth import Truth

# Distance at which a body or person stands at somebody, and hands things over.
BESIDE_M = 0.35


@dataclass
class Outbox:
    """What came out of the world since the last step."""

    observations: list[Observation] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.observations or self.receipts or self.wishes)


@dataclass
class ToolRule:
    """A skill fails on a body (None: on all) in a span: so often, or each time by chance."""

    skill: str
    body: str | None
    from_s: float
    to_s: float
    times: int | None
    probability: float
    struck: int = 0


@dataclass
class Stage:
    """Everything a part of the engine may need."""

    scenario: Scenario
    seed: int
    ontology: Ontology
    ground: Ground
    roadmap: Roadmap
    truth: Truth
    agenda: Agenda
    recorder: Recorder
    processes: dict[str, Process]
    bodies: dict[str, SimBody] = field(default_factory=dict)
    people: dict[str, SimPerson] = field(default_factory=dict)
    outbox: Outbox = field(default_factory=Outbox)
    tool_rules: list[ToolRule] = field(default_factory=list)

    @property
    def now(self) -> float:
        """The present time, seconds."""
        return self.agenda.now

    def body(self, name: str) -> SimBody:
        """The body of this name.

        Raises:
            WorldMisuse: There is none.
        """
        if name not in self.bodies:
            known = ", ".join(self.bodies)
            raise WorldMisuse(f"there is no body `{name}` in this world; command one of {known}")
        return self.bodies[name]

    def random(self, *key: str) -> Random:
        """A stream of random numbers of its own, so that the order of events cannot change it."""
        return Random("/".join((str(self.seed), *key)))

    def where(self, name: str) -> Point | None:
        """Where anything is, on the map: its centre, or that of what holds it."""
        ground = self.ground
        if name in self.bodies:
            return self.bodies[name].mover.where(self.now)
        if name in self.people:
            return self.people[name].mover.where(self.now)
        if name in ground.fixtures:
            return ground.fixtures[name].x, ground.fixtures[name].y
        if name in ground.gates:
            return ground.gates[name].at
        if name in ground.rooms:
            centre = ground.rooms[name].centroid
            return centre.x, centre.y
        place = self.truth.location(name)
        if place is None:
            return None
        return self.truth.spot(name) or self.where(place.holder)

    def room_of(self, body: SimBody) -> str:
        """The room a body is in."""
        return self.ground.room_at(body.mover.where(self.now))

    def pose(self, body: SimBody) -> Pose:
        """Where a body is and faces, rounded for reports."""
        x, y = body.mover.where(self.now)
        yaw = body.mover.facing(self.now)
        return Pose(x=round(x, 3), y=round(y, 3), yaw=round(yaw, 3))

    def held(self, body: SimBody) -> list[ClassCard]:
        """The class cards of what the body holds."""
        return [self.class_card(thing) for thing in self.truth.contents(body.id)]

    def class_card(self, thing: str) -> ClassCard:
        """The card of a thing's class."""
        return self.ontology.card(self.truth.cls(thing))

    def is_at(self, body: SimBody, place: str) -> bool:
        """Whether a body is close enough to a place to reach it. Heights do not matter here."""
        return self.is_near(body, body.mover.where(self.now), place)

    def is_near(self, body: SimBody, here: Point, place: str) -> bool:
        """Whether a body that stood `here` could reach the place: near, and no wall between."""
        card, ground = body.card, self.ground
        reach_m = card.radius_m + card.reach_m + 0.02
        if place in ground.rooms:
            return ground.room_at(here) == place
        if place in ground.gates:
            return ground.door_gap_m(here, place) <= reach_m
        fixture = ground.fixtures.get(place)
        if fixture is not None:
            near = ground.gap_m(here, fixture) <= reach_m
            touch: Point | None = ground.nearest(here, fixture)
        else:
            touch = self.where(place)
            # People and bodies reach out, too.
            beside_m = BESIDE_M if place in self.people or place in self.bodies else 0.0
            near = touch is not None and math.dist(here, touch) <= reach_m + beside_m
        if not near or touch is None:
            return False
        return ground.sees(here, (touch,), self.truth.shut_doors())[0]

    def reaches(self, body: SimBody, place: str) -> bool:
        """Whether a body's hands reach a place: distance and height."""
        return self.is_at(body, place) and self.height_fits(body.card, place)

    def height_fits(self, card: BodyCard, place: str) -> bool:
        """Whether the height of a fixture, or the floor under an object, is one for the hands."""
        if place in self.ground.fixtures:
            return card.low_m <= self.ground.fixtures[place].height_m <= card.high_m
        if place in self.ground.rooms:
            return card.low_m <= 0.0
        return True

    def put(self, thing: str, holder: str, spot: Point | None = None) -> None:
        """Move an object, and let the film see it."""
        self.truth.put(thing, holder, spot)
        self.film_thing(thing)

    def add(self, thing: ScenarioThing, spot: Point | None = None) -> None:
        """Bring a new object into the world."""
        self.truth.add(thing, spot)
        self.film_thing(thing.id)

    def remove(self, thing: str) -> None:
        """Take an object out of the world."""
        cls = self.truth.cls(thing)
        self.truth.remove(thing)
        self.recorder.gone(self.now, thing, cls)

    def set_states(self, thing: str, states: dict[str, Value]) -> None:
        """Change those of the states that the thing has."""
        known = self.truth.states(thing)
        for name, value in states.items():
            if name in known:
                self.truth.set_state(thing, name, value)
        self.film_thing(thing)

    def film_thing(self, thing: str) -> None:
        """Record a thing as it is now."""
        truth = self.truth
        place = truth.location(thing)
        holder = place.holder if place and truth.category(thing) == "object" else None
        on_floor = holder is not None and truth.category(holder) == "room"
        spot = truth.spot(thing) if on_floor else None
        self.recorder.thing(self.now, thing, truth.cls(thing), holder, truth.states(thing), spot)

    def receipt(
        self, body: SimBody, command: str, outcome: str, reason: str = "", detail: str = ""
    ) -> None:
        """Tell the fleet how a command ended."""
        self.outbox.receipts.append(
            Receipt.model_validate(
                {
                    "command": command,
                    "body": body.id,
                    "t": self.now,
                    "outcome": outcome,
                    "reason": reason,
                    "detail": detail,
                }
            )
        )

    def occupy(self, body: SimBody, task: Task) -> None:
        """The body now works on the task."""
        body.task = task
        self.power(body)

    def end(self, body: SimBody) -> Task:
        """The body's task is over; it is free. There must be one."""
        task = body.task
        assert task is not None
        if task.due is not None:
            task.due.cancel()
        body.task = None
        self.power(body)
        return task

    def power(self, body: SimBody) -> None:
        """Draw from the battery what the body does now, and be there when it is empty."""
        watts = 0.0
        if not body.off:
            watts = body.card.idle_w + (body.task.watts if body.task else 0.0)
        body.battery.draw(watts, self.now)
        empty_s = body.battery.empty_s(self.now)
        check = body.battery_check
        # A later check than needed would be wrong; an earlier one only looks again.
        if empty_s is not None and (check is None or check.cancelled or check.t > empty_s + 0.001):
            if check is not None:
                check.cancel()
            body.battery_check = self.agenda.at(
                empty_s + 0.001, body.id, lambda: self.check_battery(body)
            )

    def check_battery(self, body: SimBody) -> None:
        """Switch the body off if its battery is empty, else look again in time."""
        body.battery_check = None
        if body.off:
            return
        if body.battery.level(self.now) <= 1e-6:
            self.switch_off(body, "battery_empty")
        else:
            self.power(body)

    def switch_off(self, body: SimBody, reason: str) -> None:
        """The body stops as it stands, keeps what it holds and says no more.

        A battery that runs empty is noticed by the body, which tells how its command ended.
        """
        for task in (body.task, body.voice):
            if task is None:
                continue
            if task.due is not None:
                task.due.cancel()
            if task.drop is not None:
                task.drop(reason)
            if reason == "battery_empty":
                self.receipt(body, task.command.id, "failed", reason, "the battery is empty")
        body.task = body.voice = None
        body.mover.stop(self.now)
        body.off = reason
        self.power(body)
        self.recorder.mark(self.now, body.id, "offline")
