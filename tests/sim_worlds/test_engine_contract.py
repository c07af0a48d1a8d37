"""The engine keeps the contract of worlds, and loses, doubles and teleports nothing."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_worlds.contracts import Commands
from sim_worlds.engine import SimWorld
from sim_worlds.loader import builtin, installed, read
from sim_worlds.testing import Wanderer, WorldContract

HAPPENINGS = """\
happenings:
  - {kind: walk, t: 5, who: ann, to: counter}
  - {kind: says, t: 20, who: ann, text: "A coffee, please."}
  - {kind: appears, t: 30, thing: {id: mess, cls: spill, at: lounge}}
  - {kind: moves, t: 40, thing: cup-1, to: ann}
  - {kind: vanishes, t: 90, thing: cup-1}
  - {kind: walk, t: 60, who: bob, to: rack}
  - {kind: moves, t: 200, thing: cup-2, to: coffee-machine}
faults:
  - {kind: offline, body: waiter, t: 35, lasts_s: 50}
  - {kind: slow, body: mate, t: 20, factor: 2.5}
  - {kind: tool_fail, skill: pick, probability: 0.3}
"""


class TestFlat(WorldContract):
    @pytest.fixture(autouse=True)
    def _scenario(self, flat):
        self.scenario = flat(HAPPENINGS)

    def open(self):
        return SimWorld(self.scenario, seed=5)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(installed()))
def test_shipped_worlds_keep_the_contract(name):
    scenario = builtin(name)

    class _Shipped(WorldContract):
        steps = 60

        def open(self):
            return SimWorld(scenario, seed=3)

    contract = _Shipped()
    for test in dir(WorldContract):
        if test.startswith("test_"):
            getattr(contract, test)()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), steps=st.integers(20, 120))
def test_random_commands_lose_nothing_and_teleport_nobody(flat_text, seed, steps):
    scenario = read(flat_text + HAPPENINGS, "flat.yaml")
    world = SimWorld(scenario, seed=seed)
    step = world.reset()
    wanderer = Wanderer(world.survey(), seed)
    alive = set(world.truth.ids("object"))
    for _ in range(steps):
        step = world.step(wanderer.commands(step), step.now + 5.0)
        alive = _check_things(world.truth, alive, step.now)
    _check_tracks(world, scenario)


def _check_things(truth, before, now):
    things = set(truth.ids("object"))
    allowed = {"cup-1"} if now >= 90 else set()
    assert before - things <= allowed
    holders = (*truth.ids("fixture"), *truth.ids("room"), *truth.ids("person"), *truth.ids("body"))
    placed = [thing for holder in holders for thing in truth.contents(holder)]
    assert sorted(placed) == sorted(things)
    for fixture in truth.plan.fixtures:
        assert len(truth.contents(fixture.id)) <= fixture.capacity
    return things


def _check_tracks(world, scenario):
    cards = {card.kind: card for card in scenario.cards}
    film = world.film()
    limits = {body.id: cards[body.kind].speed_m_s for body in scenario.bodies}
    limits |= {person.id: person.speed_m_s for person in scenario.people}
    free = world._ground.free(0.02, "wheels")
    for name, track in film.tracks.items():
        for a, b in pairwise(track):
            # Times are in whole milliseconds, places in millimetres.
            assert math.dist((a.x, a.y), (b.x, b.y)) <= limits[name] * (b.t - a.t + 0.002) + 0.004
        if name in {body.id for body in scenario.bodies}:
            assert all(free.distance(_point(q)) < 0.01 for q in track)


def _point(q):
    from shapely import Point

    return Point(q.x, q.y)


def test_the_order_of_bodies_in_a_call_changes_nothing(flat):
    scenario = flat(HAPPENINGS)
    outcomes = []
    for turn in (1, -1):
        world = SimWorld(scenario, seed=1)
        step = world.reset()
        wanderer = Wanderer(world.survey(), 4)
        log = []
        for _ in range(80):
            step = world.step(wanderer.commands(step)[::turn], step.now + 3.0)
            log.append(step)
        outcomes.append(log)
    assert outcomes[0] == outcomes[1]


def test_the_seed_changes_chance_and_nothing_else(flat):
    scenario = flat()
    first = [SimWorld(scenario, seed=seed).reset() for seed in (1, 2)]
    assert first[0] == first[1]


def test_commands_for_nobody_are_a_misuse(flat):
    from sim_worlds.errors import WorldMisuse

    world = SimWorld(flat())
    with pytest.raises(WorldMisuse, match="reset it"):
        world.step((), 1.0)
    world.reset()
    with pytest.raises(WorldMisuse, match="no body `robbie`"):
        world.step((Commands(body="robbie", commands=()),), 1.0)
    with pytest.raises(WorldMisuse, match="run it with 1 to 3"):
        SimWorld(flat(), bodies=4)
