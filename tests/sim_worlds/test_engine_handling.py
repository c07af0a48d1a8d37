"""Hands take what they reach, machines do what they can, and people hear what is said to them."""

import pytest

from devices.contracts import CarryTogether, Grasp, Halt, Operate, Release, Sense, Speak
from devices.facts import At, Be, Known, Selector, Told

SWITCH = {"skill": "switch", "process": "switch"}


def pick(p, body, thing, source):
    return p.do(body, Grasp, skill="pick", object=thing, source=source)


def place(p, body, thing, to):
    return p.do(body, Release, skill="place", object=thing, to=to)


def test_a_cup_goes_from_the_counter_to_the_table(play):
    p = play()
    p.go("waiter", "counter")
    assert pick(p, "waiter", "cup-1", "counter").outcome == "done"
    assert p.state("waiter").holding == ("cup-1",)
    assert p.at("cup-1") == "waiter"
    p.go("waiter", "table")
    assert place(p, "waiter", "cup-1", "table").outcome == "done"
    assert p.at("cup-1") == "table"
    assert p.seen("waiter")["cup-1"].location.holder == "table"
    assert "table" in p.last("waiter").viewed


def test_what_is_far_is_out_of_reach(play):
    assert pick(play(), "waiter", "cup-1", "counter").reason == "out_of_reach"


def test_what_is_too_low_is_out_of_reach(play):
    p = play(replace={"cls: apple, at: rack": "cls: apple, at: lounge"})
    x, y = p.world.truth.spot("apple")
    pose = p.roadmap.stand_near((x, y), radius_m=0.26, mobility="wheels", reach_m=0.75)[0]
    p.go("waiter", "apple", path=p.path("waiter", (pose.x, pose.y)))
    assert pick(p, "waiter", "apple", "lounge").reason == "out_of_reach"
    pose = p.roadmap.stand_near((x, y), radius_m=0.3, mobility="wheels", reach_m=0.8)[2]
    p.go("mate", "apple", path=p.path("mate", (pose.x, pose.y)))
    assert pick(p, "mate", "apple", "lounge").outcome == "done"


def test_what_is_not_there_is_not_there_and_the_report_shows_it(play):
    p = play()
    p.go("waiter", "counter")
    assert pick(p, "waiter", "plate", "counter").reason == "not_there"
    assert "counter" in p.last("waiter").viewed
    assert "plate" not in p.seen("waiter")


def test_two_hands_for_one_cup_the_later_one_finds_nothing(play):
    p = play()
    p.go("waiter", "counter")
    p.go("helper", "counter")
    first = p.give("waiter", Grasp, skill="pick", object="cup-1", source="counter")
    second = p.give("helper", Grasp, skill="pick", object="cup-1", source="counter")
    ends = sorted([p.wait(first), p.wait(second)], key=lambda receipt: receipt.t)
    assert [receipt.outcome for receipt in ends] == ["done", "failed"]
    assert ends[1].reason == "not_there"


def test_a_closed_fridge_keeps_and_hides_the_milk(play):
    p = play()
    p.go("helper", "fridge")
    assert "milk" not in p.seen("helper")
    assert "fridge" not in p.last("helper").viewed
    assert pick(p, "helper", "milk", "fridge").reason == "closed"
    assert p.do("helper", Operate, skill="open", process="open", target="fridge").outcome == "done"
    assert p.seen("helper")["fridge"].states == {"open": True}
    assert "milk" in p.seen("helper")
    assert pick(p, "helper", "milk", "fridge").outcome == "done"
    assert p.seen("helper")["milk"].location.holder == "helper"


def test_hands_and_weight_have_limits(play):
    p = play(
        replace={
            "{id: cup, cls: cup, at: counter, count: 2}": "{id: cup, cls: cup, at: counter, count: 3}"
        }
    )
    p.go("helper", "counter")
    for cup in ("cup-1", "cup-2"):
        assert pick(p, "helper", cup, "counter").outcome == "done"
    assert pick(p, "helper", "cup-3", "counter").reason == "hands_full"
    p.go("waiter", "armchair", path=p.path("waiter", _beside(p, "armchair", 0.26, 0.75)))
    assert pick(p, "waiter", "armchair", "lounge").reason == "too_heavy"


def _beside(p, thing, radius, reach, k=0):
    spot = p.world.truth.spot(thing)
    pose = p.roadmap.stand_near(spot, radius_m=radius, mobility="wheels", reach_m=reach)[k]
    return pose.x, pose.y


def test_a_full_fixture_takes_no_more(play):
    p = play(
        replace={
            "y: 3.2, size_m: [0.5, 0.5], height_m: 1.0, capacity: 1": "y: 3.2, size_m: [0.5, 0.5], height_m: 1.0, capacity: 0"
        }
    )
    p.go("waiter", "counter")
    pick(p, "waiter", "cup-1", "counter")
    p.go("waiter", "coffee-machine")
    assert place(p, "waiter", "cup-1", "coffee-machine").reason == "occupied"


def test_coffee_is_poured_where_it_flows_and_only_into_what_is_empty(play):
    p = play()
    p.go("helper", "counter")
    pour = {"skill": "pour", "process": "pour", "target": "cup-1"}
    assert p.do("helper", Operate, value="coffee", **pour).reason == "not_able"
    pick(p, "helper", "cup-1", "counter")
    p.go("helper", "coffee-machine")
    place(p, "helper", "cup-1", "coffee-machine")
    assert p.do("helper", Operate, value="tea", **pour).reason == "not_able"
    assert p.do("helper", Operate, value="coffee", **pour).outcome == "done"
    assert p.seen("helper")["cup-1"].states["fill"] == "coffee"
    assert p.do("helper", Operate, value="coffee", **pour).reason == "wrong_state"


def test_a_body_does_only_what_its_card_says(play):
    p = play()
    p.go("waiter", "table")
    wipe = {"skill": "wipe", "process": "wipe", "target": "table"}
    assert p.do("waiter", Operate, **wipe).reason == "not_able"
    p.go("mate", "table")
    assert p.do("mate", Operate, **wipe).outcome == "done"
    assert p.world.truth.attr("table", "clean") is True


def test_a_lamp_is_switched(play):
    p = play()
    p.go("waiter", "lamp")
    assert p.do("waiter", Operate, target="lamp", value=True, **SWITCH).outcome == "done"
    assert p.do("waiter", Operate, target="lamp", value="blue", **SWITCH).reason == "bad_value"
    assert p.do("waiter", Operate, target="table", value=True, **SWITCH).reason == "not_able"
    assert p.world.truth.attr("lamp", "power") is True


def test_a_process_of_the_scenario_works_without_code(play):
    p = play(
        "processes: [{name: polish, target_cls: [lamp], needs: {power: false}, sets: {power: true},"
        " seconds: 9, spread: 0}]\n"
        "cards: [{kind: server, title: server, mobility: wheels, speed_m_s: 1, radius_m: 0.26,"
        " skills: {polish: 2.0}}]\n"
    )
    p.go("waiter", "lamp")
    start = p.now
    receipt = p.do("waiter", Operate, skill="polish", process="polish", target="lamp")
    assert receipt.t - start == pytest.approx(4.5)


def test_a_person_takes_what_is_handed_over_and_hears_what_is_said(play):
    p = play()
    hello = Told(who="ann", message="Here you are.")
    p.world.watch("say", (hello,))
    p.world.watch("give", (At(what=Selector(cls="cup"), where="ann", relation="held", count=1),))
    p.go("waiter", "counter")
    pick(p, "waiter", "cup-1", "counter")
    assert (
        p.do("waiter", Speak, skill="say", to="ann", text="Here you are.").reason == "out_of_reach"
    )
    p.go("waiter", "ann", path=p.path("waiter", _person(p, "ann")))
    assert p.do("waiter", Release, skill="hand_over", object="cup-1", to="ann").outcome == "done"
    assert p.at("cup-1") == "ann"
    assert p.world.judge("say").unmet == ("ann was told: Here you are.",)
    assert p.do("waiter", Speak, skill="say", to="ann", text="Here you are.").outcome == "done"
    assert p.world.judge("say").satisfied
    assert p.world.judge("give").satisfied


def _person(p, name):
    track = p.world.film().tracks[name][-1]
    pose = p.roadmap.stand_near((track.x, track.y), radius_m=0.26, mobility="wheels", reach_m=0.75)
    return pose[0].x, pose[0].y


def test_a_body_speaks_while_it_works(play):
    p = play()
    p.go("waiter", "ann", path=p.path("waiter", _person(p, "ann")))
    look = p.give("waiter", Sense, skill="look", mode="look", target="table")
    talk = p.give("waiter", Speak, skill="say", to="ann", text="Good evening, dear guest.")
    again = p.give("waiter", Speak, skill="say", to="ann", text="Hello")
    assert p.receipt(again).reason == "busy"
    assert p.wait(look).outcome == "done"
    assert p.wait(talk).outcome == "done"


def test_bodies_hand_things_to_each_other(play):
    p = play()
    p.go("helper", "counter")
    pick(p, "helper", "cup-1", "counter")
    pose = p.roadmap.stand_near(
        p.position("helper"), radius_m=0.26, mobility="wheels", reach_m=0.75
    )[0]
    p.go("waiter", "helper", path=p.path("waiter", (pose.x, pose.y)))
    assert place(p, "helper", "cup-1", "waiter").outcome == "done"
    assert p.at("cup-1") == "waiter"
    assert pick(p, "helper", "cup-1", "waiter").outcome == "done"


def test_charging_fills_the_battery_in_the_time_it_takes(play):
    p = play(replace={"pose: {x: 7.0, y: 0.6}}": "pose: {x: 7.0, y: 0.6}, battery: 0.5}"})
    p.go("waiter", "dock")
    assert p.state("waiter").docked
    start = p.now
    receipt = p.wait(
        p.give("waiter", Operate, skill="charge", process="charge", target="dock"), limit=90000.0
    )
    hours = (receipt.t - start) / 3600
    assert hours == pytest.approx(0.5 * 650 / (200 - 25), rel=0.02)
    assert p.state("waiter").battery == 1.0


def test_a_heavy_thing_takes_two(play):
    p = play()
    for body, k in (("helper", 0), ("mate", 1)):
        p.go(body, "armchair", path=p.path(body, _beside(p, "armchair", 0.3, 0.7, k)))
    together = {"skill": "carry_together", "object": "armchair", "to": "kitchen"}
    first = p.give("helper", CarryTogether, partner="mate", **together)
    p.step(until=p.now + 20)
    assert p.receipt(first) is None
    second = p.give("mate", CarryTogether, partner="helper", **together)
    assert p.wait(first).outcome == p.wait(second).outcome == "done"
    assert p.at("armchair") == "kitchen"
    assert p.receipt(first).t == p.receipt(second).t


def test_who_is_let_down_sets_the_load_down(play):
    p = play()
    for body, k in (("helper", 0), ("mate", 1)):
        p.go(body, "armchair", path=p.path(body, _beside(p, "armchair", 0.3, 0.7, k)))
    together = {"skill": "carry_together", "object": "armchair", "to": "kitchen"}
    first = p.give("helper", CarryTogether, partner="mate", **together)
    second = p.give("mate", CarryTogether, partner="helper", **together)
    p.step(until=p.now + 12)
    assert p.at("armchair") == "helper"
    p.do("mate", Halt)
    assert p.receipt(second).outcome == "stopped"
    assert p.receipt(first).reason == "partner_stopped"
    assert p.at("armchair") in {"lounge", "kitchen"}


def test_nobody_waits_for_ever_for_a_partner(play):
    p = play()
    p.go("helper", "armchair", path=p.path("helper", _beside(p, "armchair", 0.3, 0.7)))
    receipt = p.do(
        "helper",
        CarryTogether,
        skill="carry_together",
        object="armchair",
        partner="mate",
        to="kitchen",
    )
    assert receipt.reason == "no_partner"


def test_a_scan_views_the_room_and_answers_what_is_known(play):
    p = play()
    p.step(until=5.0)
    p.world.watch("know", (Known(what=Selector(ids=("lounge",))),))
    assert not p.world.judge("know").satisfied
    p.do("waiter", Sense, skill="scan", mode="scan", target="lounge")
    assert "lounge" in p.last("waiter").viewed
    assert {"plate", "armchair", "ann"} <= p.seen("waiter").keys()
    assert p.world.judge("know").satisfied
    assert p.do("waiter", Sense, skill="scan", mode="scan", target="store").reason == "not_there"
    assert p.do("waiter", Sense, skill="look", mode="look", target="sink").reason == "out_of_sight"


def test_the_judge_binds_to_the_moment_and_says_what_is_missing(play):
    p = play()
    p.world.watch("wash", (Be(what=Selector(cls="plate"), attr="clean", value=True),))
    verdict = p.world.judge("wash")
    assert not verdict.satisfied
    assert verdict.unmet == ("1 of plate has clean true",)
    with pytest.raises(KeyError):
        p.world.judge("nothing")


def test_times_do_not_depend_on_what_else_happens(play):
    alone, busy = play(seed=3), play(seed=3)
    for p in (alone, busy):
        p.go("waiter", "counter")
    alone.count, busy.count = 50, 60
    alone_s = -alone.now + pick(alone, "waiter", "cup-1", "counter").t
    busy.go("mate", "table")
    busy.count = 50
    busy_s = -busy.now + pick(busy, "waiter", "cup-1", "counter").t
    assert alone_s == pytest.approx(busy_s, abs=0.002)


def test_nobody_reaches_through_a_wall(play):
    # The waiter stands in the lounge, a hand's breadth from a counter in the kitchen.
    p = play(
        replace={
            "id: fridge, cls: fridge, room: kitchen, x: 3.6, y: 0.35": "id: fridge, cls: fridge, room: kitchen, x: 4.65, y: 0.6",
            "pose: {x: 7.0, y: 0.6}": "pose: {x: 5.4, y: 0.6}",
        }
    )
    assert pick(p, "waiter", "milk", "fridge").reason in {"out_of_reach", "closed"}
    assert (
        p.do("waiter", Operate, target="fridge", skill="charge", process="open").reason
        == "out_of_reach"
    )
