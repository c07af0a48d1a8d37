"""People walk, speak and carry things as the scenario says; the film keeps it all."""

import math

import pytest


def test_a_person_walks_at_their_speed_and_arrives(play):
    p = play("happenings: [{kind: walk, t: 2, who: bob, to: table}]\n")
    start = p.world.film().tracks["bob"][0]
    p.step(until=3.0)
    a = p.world.film().tracks["bob"][-1]
    assert math.dist((start.x, start.y), (a.x, a.y)) == pytest.approx(1.1, abs=0.01)
    assert p.at("bob") == "kitchen"
    while p.now < 60.0:
        p.step(until=60.0)
    assert p.at("bob") == "table"
    assert p.at("ann") == "table"
    ann, bob = (p.world.film().tracks[name][-1] for name in ("ann", "bob"))
    assert math.dist((ann.x, ann.y), (bob.x, bob.y)) > 0.3


def test_a_person_opens_the_door_in_the_way(play):
    p = play("happenings: [{kind: walk, t: 0, who: bob, to: rack}]\n")
    p.step(until=60.0)
    while p.now < 60.0:
        p.step(until=60.0)
    assert p.world.truth.attr("store-door", "open") is True
    assert p.at("bob") == "rack"


def test_things_come_go_and_change(play):
    p = play(
        "happenings:\n"
        "  - {kind: appears, t: 1, thing: {id: egg, cls: eggs, at: rack, count: 2}}\n"
        "  - {kind: moves, t: 2, thing: egg-1, to: bob}\n"
        "  - {kind: vanishes, t: 3, thing: egg-1}\n"
        "  - {kind: vanishes, t: 4, thing: egg-1}\n"
        "  - {kind: changes, t: 5, what: {cls: cup}, states: {clean: false, hot: true}}\n"
    )
    while p.now < 2.5:
        p.step(until=2.5)
    assert p.at("egg-1") == "bob"
    assert p.at("egg-2") == "rack"
    while p.now < 10.0:
        p.step(until=10.0)
    truth = p.world.truth
    assert truth.category("egg-1") is None
    assert (truth.attr("cup-2", "clean"), truth.attr("cup-2", "hot")) == (False, None)


def test_what_finds_no_place_lies_on_the_floor(play):
    p = play(
        "happenings:\n"
        "  - {kind: moves, t: 1, thing: cup-1, to: coffee-machine}\n"
        "  - {kind: moves, t: 2, thing: cup-2, to: coffee-machine}\n"
    )
    while p.now < 3.0:
        p.step(until=3.0)
    assert p.at("cup-1") == "coffee-machine"
    assert p.at("cup-2") == "kitchen"


def test_the_film_begins_with_everything_and_shows_every_change(play):
    p = play(
        "happenings: [{kind: vanishes, t: 3, thing: milk}, {kind: says, t: 4, who: ann, text: Hi}]\n"
    )
    while p.now < 5.0:
        p.step(until=5.0)
    film = p.world.film()
    first = {cut.thing: cut for cut in film.cuts if cut.t == 0.0}
    assert first["milk"].holder == "fridge"
    assert first["table"].states == {"clean": False}
    assert [cut.thing for cut in film.cuts if cut.gone] == ["milk"]
    assert [cut.caption for cut in film.cuts if cut.caption] == ["Hi"]
    assert film.people == ("ann", "bob")
    assert film.duration_s == 5.0
    assert film == p.world.film()


def test_a_quiet_world_is_idle_and_knows_what_comes_next(play):
    p = play("happenings: [{kind: says, t: 40, who: ann, text: Hi}]\n")
    assert p.log[0].idle
    assert p.log[0].next_s == 40.0
    p.drive("waiter", "lounge", path=[(10.0, 0.6)])
    assert not p.log[-1].idle
