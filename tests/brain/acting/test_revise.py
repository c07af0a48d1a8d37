"""A new plan touches only what has to change, and there are not endlessly many."""

from __future__ import annotations

from stem_memory.contracts import GoalClosed, GraphPlanned


def test_finished_steps_keep_their_ids_in_a_new_plan(team):
    team.say("cup")
    team.end(team.until("place"), "failed")
    first, *_, last = team.of(GraphPlanned)
    assert last.revision == 2
    done = [step for step in first.steps if step.skill == "pick"]
    assert [step for step in last.steps if step.skill == "pick"] == done
    assert len({step.id for step in last.steps}) == len(last.steps)
    team.work()
    assert team.record().status == "satisfied"


def test_a_plan_says_why_it_was_made_anew(team):
    team.say("cup")
    team.end(team.until("pick"), "failed")
    reasons = [plan.reason for plan in team.of(GraphPlanned)]
    assert reasons == ["first plan", "tool_failed"]


def test_a_goal_is_given_up_after_so_many_plans(team):
    team.say("cup")
    while not team.of(GoalClosed):
        team.end(team.until("pick"), "failed")
    (closed,) = team.of(GoalClosed)
    assert closed.status == "failed"
    assert closed.reason == "given up after 12 new plans; last: tool_failed"
    assert len(team.of(GraphPlanned)) == 13
