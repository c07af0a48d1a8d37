"""The worlds that ship: large enough, walkable, and everything their wishes need is there."""

import math
from importlib.resources import files

import pytest

from devices.facts import At, Be, Clear
from devices.roadmap import Roadmap
from sim_worlds.contracts import Says, Walk
from sim_worlds.evening import evening
from sim_worlds.loader import builtin, catalogue, installed
from sim_worlds.loading.ontology import Ontology

PLACES = ("restaurant", "household", "supermarket")
WORLDS = (*PLACES, "restaurant-evening")


@pytest.fixture(scope="module", params=WORLDS)
def scenario(request):
    return builtin(request.param)


@pytest.fixture(scope="module")
def roadmap(scenario):
    return Roadmap(scenario.plan)


def shut(scenario):
    doors = {door.id for door in scenario.plan.doors if door.leaf}
    return {door for door in doors if scenario.states.get(door, {}).get("open") is False}


def test_the_worlds_that_ship_are_installed():
    assert set(WORLDS) <= set(installed())


def test_a_world_is_large(scenario):
    assert len(scenario.plan.rooms) >= 5
    assert len(scenario.things) >= 40
    assert len(scenario.people) >= 4
    assert len(scenario.bodies) >= 8
    assert len({body.kind for body in scenario.bodies}) >= 6


def test_bodies_that_come_first_are_of_different_kinds(scenario):
    assert len({body.kind for body in scenario.bodies[:5]}) >= 4


def test_rooms_join_into_one(scenario):
    reached, front = set(), {scenario.plan.rooms[0].id}
    while front:
        reached |= front
        front = {r for d in scenario.plan.doors if front & set(d.rooms) for r in d.rooms} - reached
    assert reached == {room.id for room in scenario.plan.rooms}


def test_somebody_can_work_at_every_fixture(scenario, roadmap):
    """With every door open, by at least two moving bodies: one may die."""
    cards = {card.kind: card for card in scenario.cards}
    movers = [(b, cards[b.kind]) for b in scenario.bodies if cards[b.kind].speed_m_s > 0]
    for fixture in scenario.plan.fixtures:
        able = [
            body.id
            for body, card in movers
            if card.low_m <= fixture.height_m <= card.high_m
            and roadmap.travel_m(
                (body.pose.x, body.pose.y),
                fixture.id,
                radius_m=card.radius_m,
                mobility=card.mobility,
                reach_m=card.reach_m,
            )
            is not None
        ]
        assert len(able) >= 2, f"{fixture.id}: only {able}"


def test_every_body_that_drives_can_leave_its_room_or_open_its_door(scenario, roadmap):
    cards = {card.kind: card for card in scenario.cards}
    for body in scenario.bodies:
        card = cards[body.kind]
        if card.speed_m_s == 0 or "open" in card.skills:
            continue
        docks = [f.id for f in scenario.plan.fixtures if "charge" in f.offers]
        ways = [
            roadmap.travel_m(
                (body.pose.x, body.pose.y),
                dock,
                radius_m=card.radius_m,
                mobility=card.mobility,
                reach_m=card.reach_m,
                shut=frozenset(shut(scenario)),
            )
            for dock in docks
        ]
        assert any(way is not None for way in ways), f"{body.id} cannot reach a dock"


def test_arms_reach_what_they_work_with(scenario, roadmap):
    cards = {card.kind: card for card in scenario.cards}
    for body in scenario.bodies:
        if cards[body.kind].mobility == "fixed":
            within = [
                f.id
                for f in scenario.plan.fixtures
                if roadmap.in_reach(body.pose, cards[body.kind], f.id)
            ]
            assert len(within) >= 3, f"{body.id} reaches only {within}"


def test_the_barista_brews_and_serves_alone():
    world = builtin("restaurant")
    arm = next(body for body in world.bodies if body.kind == "arm")
    card = next(card for card in world.cards if card.kind == "arm")
    roadmap = Roadmap(world.plan)
    for fixture in ("cup-shelf", "coffee-machine", "drinks-dispenser", "pass-counter"):
        assert roadmap.in_reach(arm.pose, card, fixture)


def test_memory_starts_with_something_to_find_out():
    for name in PLACES:
        things = builtin(name).things
        assert any(not thing.surveyed for thing in things)
        assert any(thing.believed_at for thing in things)
        assert shut(builtin(name))


def test_no_fixture_is_fuller_than_it_can_be(scenario):
    for fixture in scenario.plan.fixtures:
        held = sum(thing.at == fixture.id for thing in scenario.things)
        assert held <= fixture.capacity, fixture.id


def test_homes_exist_for_what_lies_about(scenario):
    """Whatever can be dirty has a place to go to in this world."""
    ontology = Ontology(scenario.classes)
    kinds = {fixture.cls for fixture in scenario.plan.fixtures}
    for thing in scenario.things:
        if thing.states.get("clean") is False and not ontology.is_a(thing.cls, "wipeable"):
            homes = ontology.card(thing.cls).dirty_home
            assert any(ontology.is_a(kind, home) for kind in kinds for home in homes), thing.id


def test_wishes_come_with_conditions_that_can_come_true(scenario):
    ontology = Ontology(scenario.classes)
    offered = {offer for f in scenario.plan.fixtures for offer in f.offers}
    for says in (h for h in scenario.happenings if isinstance(h, Says)):
        assert says.success or says.expect != "satisfied", says.text
        for condition in says.success:
            if isinstance(condition, At):
                fill = condition.what.having.get("fill")
                assert fill is None or fill in offered, says.text
                pool = [
                    thing
                    for thing in scenario.things
                    if thing.id in condition.what.ids
                    or (condition.what.cls and ontology.is_a(thing.cls, condition.what.cls))
                ]
                assert len(pool) >= (condition.count or 1), says.text
            else:
                assert isinstance(condition, Be | Clear)


def test_people_walk(scenario):
    assert any(isinstance(happening, Walk) for happening in scenario.happenings)


def test_restock_has_a_level_and_a_store():
    world = builtin("supermarket")
    for fixture in world.plan.fixtures:
        for cls, level in fixture.stock.items():
            there = sum(t.cls == cls and t.at == fixture.id for t in world.things)
            stored = sum(t.cls == cls and t.at != fixture.id for t in world.things)
            assert there + stored >= level, f"{fixture.id} can never hold {level} {cls}"
    apples = world.plan.fixture("apple-crate")
    assert sum(t.cls == "apple" and t.at == apples.id for t in world.things) < apples.stock["apple"]


def test_a_heavy_parcel_needs_two():
    world = builtin("supermarket")
    parcel = Ontology(world.classes).card("heavy_parcel")
    able = [card for card in world.cards if card.hands >= parcel.hands]
    assert all(card.payload_kg < parcel.mass_kg for card in able)
    carriers = sorted(card.payload_kg for card in able if "carry_together" in card.skills)
    assert carriers[0] * 2 >= parcel.mass_kg


def test_the_evening_is_written_by_its_author():
    folder = files("sim_worlds") / "scenarios"
    restaurant = (folder / "restaurant.yaml").read_text(encoding="utf-8")
    assert evening(restaurant) == (folder / "restaurant-evening.yaml").read_text(encoding="utf-8")


def test_another_place_is_no_restaurant():
    with pytest.raises(ValueError, match="another layout"):
        evening("name: elsewhere\n")


def test_the_evening_is_long():
    world = builtin("restaurant-evening")
    wishes = [h for h in world.happenings if isinstance(h, Says)]
    assert len(wishes) == 60
    assert len(world.bodies) == 8
    assert 5400 < max(wish.t for wish in wishes) < 7200


def test_no_two_parties_share_a_table_in_the_evening():
    world = builtin("restaurant-evening")
    at: dict[str, str] = {person.id: person.at for person in world.people}
    for walk in sorted((h for h in world.happenings if isinstance(h, Walk)), key=lambda h: h.t):
        if walk.to.startswith("table"):
            assert at[walk.who] == "street"
        at[walk.who] = walk.to
    assert all(math.isfinite(walk.t) for walk in world.happenings)


def test_the_catalogue_knows_enough_things():
    classes, processes = catalogue()
    known = {card.cls for card in classes}
    assert sum(card.category == "object" for card in classes) >= 60
    assert {process.name for process in processes} >= {
        "open", "close", "switch", "pour", "wash", "wipe", "heat", "slice", "charge",
    }  # fmt: skip
    for card in classes:
        assert {*card.parents, *card.home, *card.dirty_home} <= known, card.cls


def test_ancestors_are_complete():
    cards = {card.cls: card for card in catalogue()[0]}
    for card in cards.values():
        for parent in card.parents:
            assert set(cards[parent].parents) <= set(card.parents), f"{card.cls} < {parent}"


def test_words_for_objects_mean_one_class():
    """A cup is a cup: two classes share a word only where one is above the other."""
    seen: dict[str, str] = {}
    cards = {card.cls: card for card in catalogue()[0] if card.category == "object"}
    for card in cards.values():
        for word in card.names:
            other = seen.setdefault(word, card.cls)
            related = other in card.parents or card.cls in cards[other].parents
            assert other == card.cls or related, f"{word}: {other} and {card.cls}"
