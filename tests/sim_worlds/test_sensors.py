"""Reports show what a camera could see from there, and nothing else."""

import math

import pytest

from devices.contracts import BodyCard, Drive, Operate, Sense, Sensor
from devices.facts import At, Known, Selector


def test_walls_and_closed_doors_hide(play):
    p = play(replace={"cls: armchair, at: lounge": "cls: armchair, at: store"})
    assert "armchair" not in p.seen("helper")
    p.go("helper", "store-door")
    p.do("helper", Sense, skill="look", mode="look", target="store-door")
    assert "apple" not in p.seen("helper")
    p.do("helper", Operate, skill="open", process="open", target="store-door")
    p.do("helper", Sense, skill="look", mode="look", target="store-door")
    assert "apple" in p.seen("helper")


def test_nothing_is_seen_behind_the_back(play):
    # The helper looks to the right (yaw 0); the sink is at its left, the arch before it.
    p = play(
        replace={"{id: milk, cls: milk, at: fridge}": "{id: mug, cls: mug, at: sink}"},
    )
    assert "mug" not in p.seen("helper")
    p.do("helper", Sense, skill="look", mode="look", target="sink")
    assert "mug" in p.seen("helper")


def test_a_camera_has_a_range(play):
    near = BodyCard(
        kind="server", title="near", mobility="wheels", speed_m_s=1, sensors=(Sensor(range_m=0.5),)
    )
    p = play(f"cards: [{near.model_dump_json()}]\n")
    assert p.seen("waiter") == {}
    assert p.last("waiter").viewed == ()


def test_a_body_without_a_camera_sees_nothing_but_itself(play):
    blind = BodyCard(kind="server", title="b", mobility="wheels", speed_m_s=1, sensors=())
    p = play(f"cards: [{blind.model_dump_json()}]\n")
    assert p.seen("waiter") == {}
    assert p.do("waiter", Sense, skill="look", mode="look", target="table").reason == "not_able"


def test_a_place_in_full_view_lists_what_is_there_and_who(play):
    p = play()
    p.go("mate", "table")
    assert "table" in p.last("mate").viewed
    assert {"plate", "ann", "table"} <= p.seen("mate").keys()
    assert p.seen("mate")["plate"].states == {"clean": False}


def test_the_survey_tells_what_people_believe(play):
    survey = play().world.survey()
    things = {thing.id: thing for thing in survey.things}
    assert "apple" not in things
    assert things["plate"].location.holder == "counter"
    assert things["ann"].category == "person"
    assert survey.states["store-door"] == {"open": False}
    assert survey.states["table"] == {"clean": False}
    assert "open" not in survey.states.get("arch", {})
    assert {card.kind for card in survey.cards} == {"humanoid", "dual_arm", "server"}


def test_what_nobody_looked_at_is_not_known(play):
    p = play()
    p.step(until=1.0)
    p.world.watch("k", (Known(what=Selector(ids=("apple",))),))
    p.world.watch("open", (At(what=Selector(ids=("apple",)), where="rack"),))
    p.step(until=100.0)
    assert not p.world.judge("k").satisfied
    assert p.world.judge("open").satisfied


def test_ears_hear_within_their_range(play):
    p = play("happenings: [{kind: says, t: 3, who: ann, text: Water please}]\n")
    step = p.step(until=10.0)
    assert [(w.who, w.text, w.t) for w in step.wishes] == [("ann", "Water please", 3.0)]
    heard = {o.body: o.heard[0].text for o in step.observations if o.heard}
    assert heard.keys() == {"mate", "waiter"}


def test_bodies_at_rest_notice_what_people_change_before_their_eyes(play):
    p = play(
        "happenings:\n"
        "  - {kind: changes, t: 3, thing: table, states: {clean: true}}\n"
        "  - {kind: appears, t: 4, thing: {id: spot, cls: spill, at: store}}\n",
        replace={
            "kind: dual_arm, pose: {x: 6.0, y: 3.0}": "kind: dual_arm, pose: {x: 6.0, y: 2.0}"
        },
    )
    step = p.step(until=100.0)
    assert step.now == 3.0
    assert [o.body for o in step.observations] == ["mate", "waiter"]
    assert [s.id for s in step.observations[0].sightings] == ["table"]
    assert p.step(until=100.0).observations == ()


def test_a_dead_body_is_silent_but_can_be_seen(play):
    p = play("faults: [{kind: offline, body: waiter, t: 1}]\n")
    step = p.step(until=2.0)
    assert step.heard == ("helper", "mate")
    p.do("mate", Sense, skill="scan", mode="scan", target="lounge")
    assert p.seen("mate")["waiter"].category == "body"


@pytest.mark.parametrize("mode", ["look", "scan"])
def test_a_look_faces_its_target_and_a_scan_sees_all_around(play, mode):
    p = play()
    target = "table" if mode == "look" else "lounge"
    p.do("waiter", Sense, skill=mode, mode=mode, target=target)
    assert "plate" in p.seen("waiter")
    if mode == "look":
        pose = p.state("waiter").pose
        assert pose.yaw == pytest.approx(math.atan2(2.0 - 0.6, 8.5 - 7.0), abs=0.01)


def test_the_report_of_a_moving_body_looks_ahead(play):
    p = play()
    command = p.give(
        "waiter", Drive, skill="navigate", to="kitchen", path=((6.0, 2.0), (3.0, 2.0)), speed_m_s=1
    )
    p.step(until=100.0)
    assert p.receipt(command) is None
    assert abs(p.state("waiter").pose.yaw) == pytest.approx(math.pi, abs=0.01)
