"""What becomes of words: instructions, answers, goals; each once, also after a death."""

import pytest

from brain.acting.listening import Ears, listen, next_goal
from brain.acting.running import Ledger
from brain.acting.turn import Turn
from brain.contracts import Ask, Instruct, Understood, Unheeded
from stem_memory.contracts import (
    GoalAnswered,
    GoalPosted,
    GoalQuestioned,
    Instructed,
    Replied,
    Said,
)
from stem_memory.instructions import Stop
from stem_memory.tasks import Goal
from stem_memory.testing import events_of

MEANT = Understood(conditions=(), summary="tea")


@pytest.fixture
def turn(case):
    return Turn(9.0, case().view, Ledger(), 0)


def no_instruction(text, who, memory, now):
    return None


def no_answer(record, text, memory):
    return None


def words(text, id_="u1", who="ann", **more):
    return Said(id=id_, who=who, text=text, **more)


def asked(turn, goal, who="ann", question="Which cup?"):
    turn.record(GoalPosted(goal=Goal(id=goal, text=f"wish {goal}", who=who, t=1.0)))
    turn.record(GoalQuestioned(goal=goal, question=question))
    turn.events.clear()


def recorded(turn):
    return [event.body for event in turn.events]


def test_words_that_are_nothing_else_are_a_wish_with_its_cause(turn):
    heard = listen(words("tea", deadline_s=60.0, priority=2), turn, no_instruction, no_answer)
    (posted,) = recorded(turn)
    assert heard.goal == posted.goal
    assert (posted.goal.cause, posted.goal.deadline_s, posted.goal.priority) == ("u1", 60.0, 2)
    assert turn.memory.goals()["g1"].status == "posted"


def test_an_instruction_is_recorded_and_answered_and_what_is_beyond_is_a_wish(turn):
    told = Instruct(instructions=(Stop(bodies=("host",)),), reply="host stops.", rest="bring tea")
    heard = listen(words("host, stop and bring tea"), turn, lambda *_: told, no_answer)
    order, reply, posted = recorded(turn)
    assert (order.instruction, order.cause) == (told.instructions[0], "u1")
    assert (reply.text, reply.heeded) == ("host stops.", True)
    assert posted.goal.text == "bring tea"
    assert heard.instructions == told.instructions
    assert turn.memory.bodies()["host"].stopped


def test_an_unclear_instruction_changes_nothing(turn):
    told = Unheeded(reply="Which of them?")
    heard = listen(words("cancel it"), turn, lambda *_: told, no_answer)
    assert (heard.instructions, heard.goal) == ((), None)
    assert [reply.heeded for reply in recorded(turn)] == [False]


def test_the_newest_question_to_that_person_is_answered(turn):
    asked(turn, "g1")
    asked(turn, "g2")
    asked(turn, "g3", who="bob")
    heard = listen(words("the blue one"), turn, no_instruction, lambda *_: MEANT)
    assert heard.goal.id == "g2"
    assert heard.meant == MEANT
    assert recorded(turn) == [GoalAnswered(goal="g2", text="the blue one", cause="u1")]


def test_the_same_question_again_is_no_answer(turn):
    asked(turn, "g1")
    heard = listen(words("dunno"), turn, no_instruction, lambda *_: Ask(question="Which cup?"))
    assert heard.goal is None
    (reply,) = recorded(turn)
    assert reply.text == "That does not answer my question. Which cup?"
    assert turn.memory.goals()["g1"].status == "needs_answer"


def test_words_are_dealt_with_once_in_their_order():
    ears = Ears()
    first, second = words("tea", "u1"), words("stop", "u2")
    settled = [
        ears.absorb(event)
        for event in events_of(
            (first, second, Instructed(instruction=Stop(), by="ann", cause="u2"))
        )
    ]
    assert settled == [None, None, second]
    assert ears.take() == [first]
    assert ears.take() == []


@pytest.mark.parametrize(
    "came_of_it",
    [
        GoalPosted(goal=Goal(id="g1", text="tea", who="ann", t=0.0, cause="u1")),
        GoalAnswered(goal="g1", text="tea", cause="u1"),
        Replied(cause="u1", to="ann", text="Gladly.", heeded=True),
    ],
    ids=lambda body: body.kind,
)
def test_a_new_brain_does_not_hear_twice(came_of_it):
    ears = Ears()
    for event in events_of((words("tea"), came_of_it)):
        ears.absorb(event)
    assert ears.take() == []


def test_no_two_goals_have_one_id(turn):
    for goal in ("g1", "g3"):
        turn.record(GoalPosted(goal=Goal(id=goal, text="", who="ann", t=0.0)))
    assert next_goal(turn.memory) not in turn.memory.goals()
