"""The brain as the session sees it: news in, events and requests out, whatever happens to whom."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from brain.contracts import Ask, Refuse, Understood
from devices.facts import At, Be, Known, Selector
from stem_memory.contracts import (
    AnswerGiven,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    GraphPlanned,
    Instructed,
    Replied,
    StepEnded,
    StepStarted,
)
from stem_memory.instructions import Change
from stem_memory.tasks import Query
from tests.brain.conftest import Fleet

THINGS = {"cup-1": "cup on table-1", "plate-1": "plate on shelf", "soup-1": "soup in fridge"}
BODIES = ("waiter-1", "waiter-2", "host")


def at(thing, where):
    return At(what=Selector(ids=(thing,)), where=where, count=1)


def understood(*conditions, **more):
    return Understood(conditions=conditions, summary="a wish", **more)


SCRIPT = {
    "the cup on table 2": understood(at("cup-1", "table-2")),
    "the cup on the shelf": understood(at("cup-1", "shelf")),
    "the plate on table 2": understood(at("plate-1", "table-2")),
    "the soup on table 1": understood(at("soup-1", "table-1")),
    "light": understood(Be(what=Selector(ids=("lamp",)), attr="power", value=True)),
    "quick, the cup on table 2": understood(at("cup-1", "table-2"), within_s=30.0, priority=2),
    "the thing": Ask(question="Which thing?", options=("cup", "plate")),
    "the thing / the cup": understood(at("cup-1", "table-2")),
    "the moon": Refuse(reason="it is too far away"),
}


@pytest.fixture
def team(fleet):
    return fleet(SCRIPT, THINGS, fleet=BODIES)


def outcomes(team):
    return {closed.goal: closed.status for closed in team.of(GoalClosed)}


def test_a_wish_is_understood_planned_given_out_and_closed_with_evidence(team):
    team.say("the cup on table 2")
    assert team.of(GoalPosted)[0].goal.text == "the cup on table 2"
    # Thinking takes its time.
    assert team.of(GoalUnderstood) == []
    team.think()
    assert team.of(GoalUnderstood)[0].conditions == (at("cup-1", "table-2"),)
    assert [plan.revision for plan in team.of(GraphPlanned)] == [1]
    assert team.open
    team.work()
    assert team.truth["cup-1"] == "table-2"
    assert outcomes(team) == {"g1": "satisfied"}
    assert all(end.evidenced for end in team.of(StepEnded) if end.role == "step")


def test_what_is_so_already_moves_nobody(team):
    team.say("the cup on the shelf")
    team.work()
    moved = len(team.of(StepStarted))
    team.say("the cup on the shelf")
    team.work()
    assert len(team.of(StepStarted)) == moved
    assert outcomes(team) == {"g1": "satisfied", "g2": "satisfied"}


def test_who_says_done_and_did_nothing_is_not_believed(team):
    team.say("the cup on table 2")
    team.think()
    while not any(r.skill == "pick" for r in team.open.values()):
        team.end(min(team.open))
    (pick,) = (id_ for id_, r in team.open.items() if r.skill == "pick")
    team.end(pick, "lies")
    # It looks once more; that shows nothing either.
    (look,) = team.open
    assert team.open[look].skill == "look"
    team.end(look)
    failed = [end for end in team.of(StepEnded) if end.outcome == "failed"]
    assert [end.reason for end in failed] == ["no_evidence"]
    team.work()
    assert outcomes(team) == {"g1": "satisfied"}


def test_a_question_waits_for_its_answer(team):
    team.say("the thing")
    team.work()
    assert team.of(GoalQuestioned)[0].options == ("cup", "plate")
    assert outcomes(team) == {}
    team.say("the cup")
    team.work()
    assert len(team.of(GoalPosted)) == 1
    assert outcomes(team) == {"g1": "satisfied"}


def test_what_can_not_be_is_refused_with_its_reason(team):
    team.say("the moon")
    team.work()
    (closed,) = team.of(GoalClosed)
    assert (closed.status, closed.reason) == ("refused", "it is too far away")


def test_words_of_time_and_urgency_change_the_goal(team):
    team.say("quick, the cup on table 2")
    team.think()
    changes = [told.instruction for told in team.of(Instructed)]
    assert changes == [Change(goal="g1", deadline_s=30.5, priority=2)]
    team.told(after=60.0)
    team.work()
    assert outcomes(team) == {"g1": "missed"}
    assert "after its deadline" in team.of(GoalClosed)[0].reason


def test_a_question_is_answered_from_memory(fleet):
    where = Known(what=Selector(ids=("cup-1",)), attr="location")
    query = Query(ask="where", condition=0, what=where.what)
    asks = Understood(conditions=(where,), summary="where the cup is", queries=(query,))
    team = fleet({"where is the cup": asks}, THINGS, fleet=BODIES)
    team.say("where is the cup")
    team.work()
    assert "table" in team.of(AnswerGiven)[0].answer.text
    assert outcomes(team) == {"g1": "answered"}


def test_what_a_lost_body_did_is_given_to_another(team):
    team.say("the cup on table 2")
    team.think()
    (first,) = {r.body for r in team.open.values()}
    team.lose(first)
    assert [end.outcome for end in team.of(StepEnded)] == ["lapsed"]
    team.work()
    assert outcomes(team) == {"g1": "satisfied"}
    assert first not in {s.body for s in team.of(StepStarted)[1:]}


def test_who_cancels_is_told_and_what_is_in_hand_is_put_down(team):
    team.say("the cup on table 2")
    team.think()
    while team.truth["cup-1"] not in BODIES:
        team.end(min(team.open))
    team.say("cancel everything")
    assert team.of(Replied)[-1].heeded
    assert outcomes(team) == {"g1": "cancelled"}
    team.end_recalled()
    team.work()
    tidied = team.of(GoalPosted)[1].goal
    assert tidied.cause == "g1"
    assert team.truth["cup-1"] not in BODIES
    assert outcomes(team) == {"g1": "cancelled", "g2": "satisfied"}


def test_nothing_is_given_out_while_everybody_is_stopped(team):
    team.say("the cup on table 2")
    team.think()
    team.say("stop")
    assert team.of(Replied)[-1].text.startswith("Everybody stops.")
    team.told(after=60.0)
    assert team.open == {}
    team.say("go on")
    team.work()
    assert outcomes(team) == {"g1": "satisfied"}


def test_a_new_brain_goes_on_from_the_log(team):
    team.say("the cup on table 2")
    team.think()
    team.end(min(team.open))
    digest = team.brain.digest()
    team.brain = team.new_brain()
    team.brain.restore(team.log)
    assert team.brain.digest() == digest
    team.work()
    assert outcomes(team) == {"g1": "satisfied"}


class Lives(RuleBasedStateMachine):
    """Whatever people say and bodies do: the log stays one that a brain can stand for."""

    @initialize()
    def begin(self):
        self.team = Fleet(SCRIPT, THINGS, fleet=BODIES)

    @rule(
        text=st.sampled_from([text for text in SCRIPT if "/" not in text]),
        who=st.sampled_from(["ann", "bob"]),
    )
    def wish(self, text, who):
        self.team.say(text, who)

    @rule(
        text=st.sampled_from(
            ["cancel everything", "cancel g1", "pause", "go on", "stop", "the cup", "cancel g2"]
        )
    )
    def instruct(self, text):
        self.team.say(text)

    @rule()
    def time_passes(self):
        self.team.think()

    @precondition(lambda self: self.team.open)
    @rule(how=st.sampled_from(["done", "done", "done", "failed", "lies"]), which=st.integers(0, 9))
    def body_ends(self, how, which):
        names = sorted(self.team.open)
        self.team.end(names[which % len(names)], how)

    @rule(body=st.sampled_from(BODIES))
    def body_comes_and_goes(self, body):
        (self.team.find if body in self.team.lost else self.team.lose)(body)

    @rule()
    def brain_dies(self):
        digest = self.team.brain.digest()
        self.team.brain = self.team.new_brain()
        self.team.brain.restore(self.team.log)
        assert self.team.brain.digest() == digest
        self.team.told()

    @invariant()
    def the_log_is_whole(self):
        team = self.team
        team.end_recalled()
        memory = team.memory
        assert memory.digest() == team.brain.digest()
        begun = [body.request for body in team.of(StepStarted)]
        ended = {body.request for body in team.of(StepEnded)}
        assert len(set(begun)) == len(begun)
        # What nobody had to do is done without having begun.
        assert all(request.endswith(".none") for request in ended - set(begun))
        # Besides what bodies work on, only what another look is to show is under way.
        looked_at = {request.removesuffix("/look") for request in team.open}
        assert team.open.keys() <= set(begun) - ended <= team.open.keys() | looked_at
        out = {name for name, body in memory.bodies().items() if body.is_out}
        assert not out & {request.body for request in team.open.values()}
        goals = memory.goals()
        assert all(not r.goal or goals[r.goal].closed_s is None for r in team.open.values())
        assert len(team.of(GoalClosed)) == len(outcomes(team))


TestLives = Lives.TestCase
# A life that fails is told as it is: to shorten it takes minutes.
TestLives.settings = settings(max_examples=10, stateful_step_count=30, phases=(Phase.generate,))
