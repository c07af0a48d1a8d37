"""What a run comes to, folded from its events."""

import pytest

from services.session.diary import Diary
from stem_memory import contracts as log
from stem_memory.instructions import Cancel, Change, Pause, Resume, Stop
from stem_memory.tasks import Assignment, Explain, Goal, TaskStep
from stem_memory.testing import body, card, events_of


def diary_of(*happened):
    diary = Diary()
    for event in events_of(happened):
        diary.take(event)
    return diary


def posted(id_="g1", cause="u1"):
    return log.GoalPosted(goal=Goal(id=id_, text="tea", who="mia", t=0.0, cause=cause))


def told(instruction, cause=""):
    return log.Instructed(instruction=instruction, by="mia", cause=cause)


def joined(name):
    return log.BodyEnrolled(spec=body(name, 0, 0), card=card())


def planned(*steps, revision=1):
    made = tuple(TaskStep(id=id_, skill="pick", args={"obj": thing}) for id_, thing in steps)
    return log.GraphPlanned(goal="g1", revision=revision, steps=made)


def assigned(step, who):
    explain = Explain(step=step, chosen=who, by="greedy", candidates=(), sentence="nearest")
    given = Assignment(goal="g1", step=step, body=who, start_s=0.0, end_s=1.0, explain=explain)
    return log.StepAssigned(assignment=given)


def ended(outcome, step="s1", role="step", request="r1"):
    return log.StepEnded(
        request=request,
        goal="g1",
        step=step,
        skill="pick",
        body="a-1",
        outcome=outcome,
        duration_s=1.0,
        role=role,
    )


def test_words_stand_beside_what_came_of_them():
    diary = diary_of(
        log.Said(id="u1", who="mia", text="tea"),
        posted(),
        log.GoalQuestioned(goal="g1", question="which tea?"),
        log.Said(id="u2", who="mia", text="the green one"),
        log.GoalAnswered(goal="g1", text="the green one", cause="u2"),
        told(Stop(), cause="u3"),
        log.Replied(cause="u2", to="mia", text="Gladly.", heeded=True),
    )
    wish, answer, order = diary.said
    assert (wish.goals, answer.answers) == (["g1"], ["g1"])
    assert [reply.text for reply in answer.replies] == ["Gladly."]
    assert (order.text, order.instructions) == (None, [Stop()])


@pytest.mark.parametrize(
    ("happened", "stage", "is_under_way"),
    [
        ((), "posted", True),
        ((planned(("s1", "cup")),), "planned", True),
        ((log.GoalQuestioned(goal="g1", question="which?"),), "needs_answer", False),
        ((told(Pause(goals=("g1",))),), "paused", False),
        ((told(Pause(goals=("g1",))), told(Resume(goals=("g1",)))), "planned", True),
        ((told(Cancel(goals=("g1",))),), "cancelled", True),
        ((log.GoalClosed(goal="g1", status="failed"),), "failed", False),
        (
            (
                log.GoalQuestioned(goal="g1", question="which?"),
                told(Change(goal="g1", text="milk")),
            ),
            "posted",
            True,
        ),
    ],
)
def test_how_a_goal_stands(happened, stage, is_under_way):
    diary = diary_of(posted(), *happened)
    assert (diary.goals["g1"].stage, diary.under_way() == ["g1"]) == (stage, is_under_way)


def test_who_waits_for_an_answer_is_not_paused():
    question = log.GoalQuestioned(goal="g1", question="which?")
    diary = diary_of(posted(), question, told(Pause(goals=("g1",))))
    assert not diary.goals["g1"].is_paused
    assert diary.goals["g1"].asks == "which?"


def test_what_an_earlier_life_left_open_is_no_goal_of_this_run():
    diary = diary_of(log.GoalClosed(goal="g9", status="failed"), told(Pause(goals=("g9",))))
    assert diary.goals == {}
    assert diary.is_settled


def test_steps_of_plans_count_and_the_ways_to_them_do_not():
    diary = diary_of(
        posted(), ended("done"), ended("done", role="approach"), ended("failed", step="s2")
    )
    assert diary.steps == 1


def test_a_step_that_goes_to_another_body_is_reassigned_once():
    diary = diary_of(posted(), assigned("s1", "a-1"), assigned("s1", "a-1"), assigned("s1", "a-2"))
    assert diary.reassigned == 1


def test_a_step_lost_with_a_body_is_reassigned_when_it_is_planned_anew():
    lost = (planned(("s1", "cup")), assigned("s1", "a-1"), ended("lapsed"))
    again = planned(("s2", "cup"), revision=2)
    assert diary_of(posted(), *lost).reassigned == 0
    assert (diary_of(posted(), *lost, again).reassigned, diary_of(*lost, again).replans) == (1, 1)


def test_bodies_fall_silent_and_are_heard_again():
    diary = diary_of(
        (0.0, joined("a-1")),
        (5.0, log.BodyLost(body="a-1", last_heard_s=3.0)),
        (9.0, log.BodyBack(body="a-1")),
        (12.0, log.BodyLost(body="a-1", last_heard_s=11.0)),
    )
    assert diary.offline == {"a-1": [(3.0, 9.0), (11.0, None)]}
    assert diary.bodies["a-1"].lost


def test_a_stop_of_everybody_is_for_whoever_joins_before_the_release_too():
    diary = diary_of(joined("a-1"), joined("a-2"), told(Stop()), joined("a-3"))
    assert diary.stopped == {"a-1": True, "a-2": True, "a-3": True}
    assert [diary.bodies[name].doing for name in ("a-1", "a-3")] == ["stopped", "stopped"]


def test_a_goal_touched_what_its_plans_were_about():
    diary = diary_of(posted(), planned(("s1", "cup")), planned(("s2", "mug"), revision=2))
    assert diary.goals["g1"].touched == {"cup", "mug"}
    assert [s.goal.id for s in diary_of(posted(), posted("g2", "g1")).aftermath("g1")] == ["g2"]
