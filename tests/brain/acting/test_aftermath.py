"""What is left to do when a goal ends: nothing stays in hand, open, or where it was not to be."""

from __future__ import annotations

from stem_memory.contracts import GoalClosed, GoalPosted, StepStarted


def statuses(team):
    return {closed.goal: closed.status for closed in team.of(GoalClosed)}


def causes(team):
    return [posted.goal.cause for posted in team.of(GoalPosted)][1:]


def test_who_holds_something_for_a_cancelled_goal_puts_it_down(team):
    team.say("cup")
    team.until("place")
    team.say("cancel everything")
    team.end_recalled()
    team.work()
    assert causes(team) == ["g1"]
    assert team.truth["cup-1"] != "waiter-1"
    assert statuses(team) == {"g1": "cancelled", "g2": "satisfied"}


def test_a_goal_that_left_nothing_behind_has_no_aftermath(team):
    team.say("cup")
    team.until("navigate")
    team.say("cancel everything")
    team.end_recalled()
    team.work()
    assert causes(team) == []


def test_what_was_opened_is_shut_again(house):
    house.say("soup")
    house.until("pick")
    assert house.states["fridge"]["open"] is True
    house.say("cancel everything")
    house.end_recalled()
    house.work()
    assert house.states["fridge"]["open"] is False
    assert house.truth["soup-1"] != "host"


def test_to_put_everything_back_brings_back_what_was_moved(team):
    team.say("cup")
    team.until("place")
    team.say("cancel everything and put everything back")
    team.end_recalled()
    team.work()
    assert team.truth["cup-1"] == "table-1"


def test_to_put_everything_back_switches_back(team):
    team.states["lamp"] = {"power": False}
    team.say("light")
    switch = team.until("switch")
    team.states["lamp"]["power"] = True
    team.say("cancel everything and put everything back")
    team.end(switch, "cancelled")
    team.work()
    assert team.states["lamp"]["power"] is False


def test_what_a_lost_body_holds_waits_until_it_is_back(team):
    team.say("cup")
    team.until("place")
    team.lose("waiter-1")
    team.say("cancel everything")
    team.work()
    assert causes(team) == []
    team.find("waiter-1")
    team.work()
    assert causes(team) == ["g1"]
    assert team.truth["cup-1"] != "waiter-1"


def test_what_tidies_up_leaves_no_aftermath_of_its_own(team):
    team.say("cup")
    team.until("place")
    team.say("cancel everything")
    team.end_recalled()
    team.until("place")
    team.say("cancel g2")
    team.end_recalled()
    team.work()
    assert causes(team) == ["g1"]
    assert statuses(team) == {"g1": "cancelled", "g2": "cancelled"}
    assert team.of(StepStarted)[-1].goal == "g2"
