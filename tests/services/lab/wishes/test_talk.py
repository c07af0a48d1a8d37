"""A wish meets a memory that knows the survey and what was said before, nothing else."""

from __future__ import annotations

from brain.contracts import Refuse, Understood
from devices.facts import At, Be, Selector
from services.lab.wishes.contracts import GoldWish
from services.lab.wishes.site import site_of
from services.lab.wishes.talk import outcome_of

BRING = At(what=Selector(ids=("blue-mug",)), where="sam", relation="held")
WASH = Be(what=Selector(ids=("blue-mug",)), attr="clean", value=True)


def gold(text, *readings, expected="understood", before=(), answers=(), by=None):
    return GoldWish(
        id="x",
        world="household",
        text=text,
        tags=("x",),
        by=by,
        before=before,
        answers=answers,
        expected=expected,
        readings=readings,
    )


def understood(*conditions):
    return Understood(conditions=conditions, summary="so be it", by="encoder")


def put(wish, interpreter, clock):
    return outcome_of(wish, site_of("household"), interpreter, clock)


def test_an_exact_goal(scripted, ticking):
    mind = scripted({"wash it": understood(WASH)})
    found = put(gold("wash it", (BRING,), (WASH,)), mind, ticking)
    assert found.exact
    assert (found.answered, found.way, found.words) == ("understood", "encoder", "so be it")
    assert found.seconds == 0.25


def test_another_goal_is_no_exact_goal(scripted, ticking):
    found = put(gold("wash it", (BRING,)), scripted({"wash it": understood(WASH)}), ticking)
    assert found.answered == "understood"
    assert not found.exact


def test_what_must_not_be_done_is_never_exact(scripted, ticking):
    found = put(gold("sing", expected="refuse"), scripted({"sing": understood()}), ticking)
    assert (found.answered, found.exact) == ("understood", False)
    found = put(gold("sing", expected="refuse"), scripted({}), ticking)
    assert (found.answered, found.words) == ("refuse", "never heard of it")


def test_the_wish_is_posted_and_heard_before_it_is_thought_about(scripted, ticking):
    mind = scripted({})
    put(gold("hello", expected="decline"), mind, ticking)
    assert mind.dialogues == [("hello",)]
    assert mind.statuses == [("posted",)]


def test_earlier_wishes_are_part_of_the_dialogue_and_cost_no_time(scripted, ticking, which_mug):
    mind = scripted(
        {
            "bring me the blue mug": understood(BRING),
            "bring a mug": which_mug,
            "now wash it": understood(WASH),
        }
    )
    before = ("bring me the blue mug", "fly", "bring a mug")
    found = put(gold("now wash it", (WASH,), before=before), mind, ticking)
    assert found.exact
    assert found.seconds == 0.25
    assert mind.dialogues[-1] == (*before, "Which mug?", "now wash it")
    assert mind.statuses[-1] == ("posted", "refused", "needs_answer", "posted")


def test_a_question_is_answered(scripted, ticking, which_mug):
    mind = scripted({"the mug": which_mug, "blue": understood(BRING)})
    found = put(gold("the mug", (BRING,), answers=("blue",)), mind, ticking)
    assert found.exact
    assert found.asked == 1
    assert mind.heard == ["the mug", "blue"]
    assert found.seconds == 0.5


def test_who_does_not_ask_where_a_question_is_due_is_not_exact(scripted, ticking):
    mind = scripted({"the mug": understood(BRING)})
    found = put(gold("the mug", (BRING,), answers=("blue",)), mind, ticking)
    assert not found.exact
    assert mind.heard == ["the mug"]


def test_an_answer_that_is_taken_for_none(scripted, ticking, which_mug):
    found = put(
        gold("the mug", (BRING,), answers=("blue",)), scripted({"the mug": which_mug}), ticking
    )
    assert (found.answered, found.exact) == ("silent", False)


def test_a_refusal_after_the_answer(scripted, ticking, which_mug):
    mind = scripted({"the mug": which_mug, "blue": Refuse(reason="it is gone")})
    found = put(gold("the mug", (BRING,), answers=("blue",)), mind, ticking)
    assert (found.answered, found.words) == ("refuse", "it is gone")


def test_wishes_do_not_help_each_other(scripted, ticking):
    mind = scripted({})
    put(gold("one", expected="decline"), mind, ticking)
    put(gold("two", expected="decline", by="lily"), mind, ticking)
    assert mind.dialogues == [("one",), ("two",)]
