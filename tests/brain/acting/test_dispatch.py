"""Which requests go out: ready steps, to who stands at the right place, and only on firm ground."""

from __future__ import annotations

import itertools

import pytest

from brain.acting.dispatch import Waiting
from stem_memory.contracts import GoalClosed, GraphPlanned, StepEnded, StepStarted
from stem_memory.testing import observed


def begun(team):
    return [(step.skill, step.role, step.target) for step in team.of(StepStarted)]


def test_who_is_elsewhere_comes_first(team):
    team.say("cup")
    team.work()
    assert begun(team) == [
        ("navigate", "approach", "table-1"),
        ("pick", "step", "table-1"),
        ("navigate", "approach", "table-2"),
        ("place", "step", "table-2"),
    ]


def test_who_is_there_already_does_not_come_again(team):
    team.near["waiter-1"] = "table-1"
    team.told(observed("waiter-1", 0.0, near="table-1", at=(6.0, 1.5)))
    team.say("cup")
    team.think()
    assert begun(team) == [("pick", "step", "table-1")]


def test_what_somebody_did_meanwhile_nobody_does(team):
    team.say("cup")
    way = team.until("navigate")
    team.truth["cup-1"] = "table-2"
    team.end(way)
    team.work()
    assert {skill for skill, _, _ in begun(team)} == {"navigate"}
    assert [closed.status for closed in team.of(GoalClosed)] == ["satisfied"]


def test_a_step_whose_ground_is_gone_is_not_sent_but_planned_anew(team):
    team.say("cup")
    way = team.until("navigate")
    team.truth["cup-1"] = "shelf"
    team.end(way)
    team.work()
    assert ("pick", "step", "table-1") not in begun(team)
    assert ("pick", "step", "shelf") in begun(team)
    assert team.of(GraphPlanned)[-1].revision > 1
    assert team.truth["cup-1"] == "table-2"


def test_who_failed_twice_rests_before_the_next_try(team):
    team.say("cup")
    begun_s = []
    for _ in range(4):
        request = team.until("pick")
        begun_s.append(team.now)
        team.end(request, "failed", after=2.0)
    pauses = [round(b - a - 2.0, 3) for a, b in itertools.pairwise(begun_s)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 2.0


def test_a_deadline_leaves_slack(team):
    team.say("cup")
    team.think()
    (first,) = team.of(StepStarted)
    assert first.deadline_s >= team.now + 45.0


def test_nothing_is_sent_to_who_is_out(pair):
    pair.say("cup")
    pair.think()
    (first,) = {step.body for step in pair.of(StepStarted)}
    pair.lose(first)
    count = len(pair.of(StepStarted))
    pair.work()
    assert {step.body for step in pair.of(StepStarted)[count:]} == {"waiter-1", "waiter-2"} - {
        first
    }
    assert next(end.outcome for end in pair.of(StepEnded)) == "lapsed"


@pytest.mark.parametrize(("now", "late"), [(10.0, []), (29.9, []), (30.0, [("g1", "s1")])])
def test_patience_ends(now, late):
    waiting = Waiting()
    waiting.note(("g1", "s1"), 5.0, "room_on table-1")
    waiting.note(("g1", "s1"), 9.0, "room_on table-2")
    assert waiting.overdue(now, 25.0) == late
    assert waiting.why[("g1", "s1")] == "room_on table-2"
    assert waiting.next_s(25.0) == 30.0
    assert waiting.next_s(25.0, beyond={"g1"}) is None
    waiting.clear(("g1", "s1"))
    assert waiting.overdue(99.0, 25.0) == []
