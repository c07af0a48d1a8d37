"""What the words of bodies mean: done is what memory shows, everything else is looked at or failed."""

from __future__ import annotations

from brain.acting.running import LOOK
from devices.skill import Failed, Progress
from stem_memory.contracts import GoalClosed, GraphPlanned, Spoken, StepEnded, StepStarted


def ends(team):
    return [(end.skill, end.role, end.outcome, end.reason) for end in team.of(StepEnded)]


def test_who_says_to_have_come_and_has_not_failed(team):
    team.say("cup")
    team.end(team.until("navigate"), "lies")
    assert ends(team) == [("navigate", "approach", "failed", "not_arrived")]


def test_a_step_that_shows_nothing_is_looked_at_once_then_failed(team):
    team.say("cup")
    team.end(team.until("pick"), "lies")
    look = team.until("look")
    assert look.endswith(LOOK)
    team.end(look)
    assert ends(team)[-2:] == [
        ("look", "errand", "done", ""),
        ("pick", "step", "failed", "no_evidence"),
    ]


def test_a_look_that_shows_it_makes_the_step_done(team):
    team.say("cup")
    team.end(team.until("pick"), "lies")
    look = team.until("look")
    team.truth["cup-1"] = "waiter-1"
    team.end(look)
    assert ends(team)[-1] == ("pick", "step", "done", "")
    assert team.of(StepEnded)[-1].evidenced


def test_a_look_that_fails_fails_what_it_was_for(team):
    team.say("cup")
    team.end(team.until("pick"), "lies")
    team.end(team.until("look"), "failed")
    assert ends(team)[-2:] == [
        ("look", "errand", "failed", "tool_failed"),
        ("pick", "step", "failed", "no_evidence"),
    ]
    assert "nobody could see whether it worked" in team.of(StepEnded)[-1].detail


def test_who_was_told_to_hold_still_did_not_fail(team):
    team.say("cup")
    request = team.until("navigate")
    team.open.pop(request)
    team.told(words=[Failed(request=request, body="waiter-1", t=team.now, reason="stopped")])
    assert ends(team) == [("navigate", "approach", "cancelled", "stopped")]


def test_what_was_said_beside_somebody_is_told(team):
    team.say("tell")
    team.work()
    assert [(said.to, said.text) for said in team.of(Spoken)] == [("ann", "tea is ready")]
    assert [closed.status for closed in team.of(GoalClosed)] == ["satisfied"]


def test_words_about_nothing_that_is_under_way_change_nothing(team):
    team.say("cup")
    request = team.until("navigate")
    before = len(team.log)
    team.told(
        words=[
            Progress(request=request, body="waiter-1", t=team.now, phase="approach"),
            Failed(request="g9.s1.1@waiter-1", body="waiter-1", t=team.now, reason="late"),
        ]
    )
    assert len(team.log) == before


def test_everything_that_a_lost_body_does_lapses(pair):
    pair.say("cup")
    pair.end(pair.until("pick"), "lies")
    look = pair.until("look")
    body = pair.open[look].body
    pair.lose(body)
    assert [end[2:] for end in ends(pair)[-2:]] == [("lapsed", "body_lost")] * 2


def test_who_holds_something_for_a_goal_goes_on_with_it(pair):
    pair.say("cup")
    pair.until("place")
    (holder,) = {body for thing, body in pair.truth.items() if thing == "cup-1"}
    pair.work()
    places = [step for step in pair.of(StepStarted) if step.skill == "place"]
    assert {step.body for step in places} == {holder}
    assert [plan.revision for plan in pair.of(GraphPlanned)] == [1]
