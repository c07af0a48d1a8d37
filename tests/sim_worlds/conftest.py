"""A small flat that the engine's tests play in: two rooms and a store behind a door with a leaf."""

from __future__ import annotations

import pytest

from devices.contracts import Drive
from devices.roadmap import Roadmap
from sim_worlds.contracts import Commands
from sim_worlds.engine import SimWorld
from sim_worlds.loader import read

FLAT = """\
name: flat
title: A small flat
operator: ann
plan:
  name: flat
  rooms:
    - {id: kitchen, cls: kitchen, polygon: [[0, 0], [5, 0], [5, 4], [0, 4]]}
    - {id: lounge, cls: living_room, polygon: [[5, 0], [11, 0], [11, 4], [5, 4]]}
    - {id: store, cls: storage, polygon: [[0, 4], [5, 4], [5, 7], [0, 7]]}
  doors:
    - {id: arch, rooms: [kitchen, lounge], at: [5, 2], width_m: 1.2}
    - {id: store-door, rooms: [kitchen, store], at: [2.5, 4], width_m: 1.0, leaf: true}
  fixtures:
    - {id: counter, cls: counter, room: kitchen, x: 1.5, y: 0.3, size_m: [2.0, 0.6], height_m: 0.9, capacity: 6, offers: [cut]}
    - {id: fridge, cls: fridge, room: kitchen, x: 3.6, y: 0.35, size_m: [0.7, 0.7], height_m: 1.0, capacity: 4, inside: true, closable: true}
    - {id: sink, cls: sink, room: kitchen, x: 0.3, y: 2.0, size_m: [0.6, 0.8], height_m: 0.9, capacity: 3, inside: true, offers: [wash]}
    - {id: coffee-machine, cls: coffee_machine, room: kitchen, x: 0.3, y: 3.2, size_m: [0.5, 0.5], height_m: 1.0, capacity: 1, offers: [coffee]}
    - {id: table, cls: table, room: lounge, x: 8.5, y: 2.0, size_m: [1.2, 0.8], capacity: 6}
    - {id: lamp, cls: lamp, room: lounge, x: 10.6, y: 3.6, size_m: [0.3, 0.3], height_m: 1.0}
    - {id: dock, cls: dock, room: lounge, x: 10.6, y: 0.3, size_m: [0.5, 0.4], height_m: 0.3, offers: [charge], solid: false}
    - {id: rack, cls: storage_rack, room: store, x: 2.5, y: 6.7, size_m: [2.0, 0.5], height_m: 1.0, capacity: 8}
states:
  store-door: {open: false}
  table: {clean: false}
things:
  - {id: cup, cls: cup, at: counter, count: 2}
  - {id: milk, cls: milk, at: fridge}
  - {id: apple, cls: apple, at: rack, surveyed: false}
  - {id: armchair, cls: armchair, at: lounge}
  - {id: plate, cls: plate, at: table, states: {clean: false}, believed_at: counter}
people:
  - {id: ann, at: table}
  - {id: bob, at: kitchen}
bodies:
  - {id: helper, kind: humanoid, pose: {x: 2.5, y: 2.0}}
  - {id: mate, kind: dual_arm, pose: {x: 6.0, y: 3.0}}
  - {id: waiter, kind: server, pose: {x: 7.0, y: 0.6}}
"""


@pytest.fixture(scope="session")
def flat_text():
    return FLAT


@pytest.fixture
def flat():
    """Load the flat, with lines added at the end."""

    def _flat(more: str = "", replace: dict[str, str] | None = None):
        text = FLAT
        for old, new in (replace or {}).items():
            assert old in text
            text = text.replace(old, new)
        return read(text + more, "flat.yaml")

    return _flat


class Play:
    """A world with short words for commands; every call runs until the command has ended."""

    def __init__(self, scenario, **options):
        self.world = SimWorld(scenario, **options)
        self.roadmap = Roadmap(scenario.plan)
        self.cards = {b.id: c for b in scenario.bodies for c in scenario.cards if c.kind == b.kind}
        self.count = 0
        self.log = [self.world.reset()]

    @property
    def now(self):
        return self.log[-1].now

    def step(self, commands=(), until=None):
        self.log.append(self.world.step(tuple(commands), self.now if until is None else until))
        return self.log[-1]

    def give(self, body, kind, **fields):
        """Give a command and return its id; time does not move unless something fails at once."""
        self.count += 1
        command = kind(id=f"c{self.count}", **({"skill": kind.__name__.lower()} | fields))
        self.step([Commands(body=body, commands=(command,))])
        return command.id

    def receipt(self, command):
        return next((r for s in self.log for r in s.receipts if r.command == command), None)

    def wait(self, command, limit=2000.0):
        while self.receipt(command) is None:
            before = self.now
            step = self.step(until=limit)
            assert step.now > before or step.receipts, "the command never ended"
        return self.receipt(command)

    def do(self, body, kind, **fields):
        return self.wait(self.give(body, kind, **fields))

    def path(self, body, goal, shut=frozenset()):
        card = self.cards[body]
        here = self.position(body)
        return self.roadmap.route(
            here, goal, radius_m=card.radius_m, mobility=card.mobility, shut=shut
        ).points

    def stand(self, body, place):
        card = self.cards[body]
        pose = self.roadmap.stand(
            place, radius_m=card.radius_m, mobility=card.mobility, reach_m=card.reach_m
        )[0]
        return pose.x, pose.y

    def drive(self, body, to, path=None, speed_m_s=1.0):
        """Begin a drive; returns the command's id."""
        path = path or self.path(body, self.stand(body, to))
        return self.give(body, Drive, skill="navigate", to=to, path=path, speed_m_s=speed_m_s)

    def go(self, body, to, **more):
        return self.wait(self.drive(body, to, **more))

    def position(self, body):
        here = self.state(body).pose
        return here.x, here.y

    def state(self, body):
        return self.last(body).state

    def last(self, body):
        return next(
            o for s in reversed(self.log) for o in reversed(s.observations) if o.body == body
        )

    def seen(self, body):
        return {s.id: s for s in self.last(body).sightings}

    def at(self, thing):
        return self.world.truth.location(thing).holder


@pytest.fixture
def play(flat):
    """Make a flat, reset it, and play in it."""

    def _play(more="", replace=None, **options):
        return Play(flat(more, replace), **options)

    return _play
