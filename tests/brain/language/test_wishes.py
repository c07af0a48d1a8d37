from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.contracts import Ask, Interpretation, Refuse, Understood
from brain.interpret import WishInterpreter
from brain.testing import ScriptedModel
from devices.facts import At, Be, Clear, Condition, Known, Selector, Told
from services.lab.wishes.site import site_of
from services.lab.wishes.talk import Talk
from stem_memory.tasks import Goal

READER = WishInterpreter()


def say(world: str, *texts: str, by: str | None = None) -> Interpretation:
    site = site_of(world)
    talk = Talk(site, by or site.operator, lambda: 0.0)
    return [talk.wish(text, READER)[1] for text in texts][-1]


def conditions(world: str, *texts: str, by: str | None = None) -> list[Condition]:
    meant = say(world, *texts, by=by)
    assert isinstance(meant, Understood), meant
    return list(meant.conditions)


def drinks(vessel: str, fill: str, where: str, count: int = 1, relation: str = "on") -> At:
    return At.model_validate(
        {
            "what": {"cls": vessel, "having": {"fill": fill}},
            "where": where,
            "relation": relation,
            "count": count,
            "fresh": True,
        }
    )


@pytest.mark.parametrize(
    "text",
    [
        "bring two coffees to table 4",
        "coffee x2 t4",
        "2x coffee, table 4",
        "t4: two coffees",
        "could you please be so kind as to bring 2 coffees to table four?",
        "brign two cofees to tabel 4",
        "Table 4 is still waiting for two coffees!",
        "bring two coffees to table 5, no sorry, 4",
        "make two coffees and take them to table 4",
        "barista, two coffees for table 4 please, and make it quick",
    ],
)
def test_many_ways_to_order_two_coffees(text: str) -> None:
    assert conditions("restaurant", text) == [drinks("cup", "coffee", "table-4", 2)]


def test_several_orders_in_the_order_spoken() -> None:
    found = conditions("restaurant", "clear tables 2 and 5, wipe them and turn on the radio")
    assert found == [
        Clear(where="table-2"),
        Clear(where="table-5"),
        Be(what=Selector(ids=("table-2", "table-5")), attr="clean", value=True),
        Be(what=Selector(ids=("radio",)), attr="power", value=True),
    ]


def test_a_verb_left_out_is_taken_from_before() -> None:
    found = conditions("restaurant", "bring a coffee to table 2 and a tea to table 3")
    assert found == [drinks("cup", "coffee", "table-2"), drinks("cup", "tea", "table-3")]


def test_the_other_particle_turns_the_verb_around() -> None:
    found = conditions("household", "switch the tv off and the radio on")
    assert [(c.what.ids, c.value) for c in found if isinstance(c, Be)] == [
        (("tv",), False),
        (("study-radio",), True),
    ]


def test_what_is_to_be_changed_singles_one_out() -> None:
    (found,) = conditions("household", "turn off the bedroom light")
    assert isinstance(found, Be)
    assert found.what.ids == ("bedroom-lamp",)


def test_exceptions_by_number_and_by_place() -> None:
    by_number = conditions("restaurant", "clear every table but 3 and 4")
    assert Clear(where="table-3") not in by_number
    assert len(by_number) == 8
    by_place = conditions("restaurant", "clear all tables except the terrace ones")
    assert Clear(where="table-9") not in by_place
    assert len(by_place) == 8


def test_it_is_what_was_spoken_of_last() -> None:
    (found,) = conditions("household", "bring me the red mug", "put it back")
    assert isinstance(found, At)
    assert (found.what.ids, found.where) == (("red-mug",), "cupboard")


def test_the_same_for_another_place() -> None:
    found = conditions("restaurant", "bring two coffees to table 4", "same for table 5")
    assert found == [drinks("cup", "coffee", "table-5", 2)]


def test_a_message_keeps_the_words_of_the_person() -> None:
    found = conditions("restaurant", "Tell Ana that Ben's steak is ready, and clear table 2.")
    assert found == [Told(who="ana", message="Ben's steak is ready"), Clear(where="table-2")]


def test_my_glasses_are_the_speaker_s() -> None:
    (found,) = conditions("household", "bring me my glasses", by="ruth")
    assert isinstance(found, At)
    assert (found.what.ids, found.where) == (("reading-glasses",), "ruth")


def test_a_shortage_is_a_wish_for_more() -> None:
    (found,) = conditions("supermarket", "we're running low on toilet paper")
    assert isinstance(found, At)
    assert (found.what.cls, found.where, found.count) == ("toilet_paper", "paper-shelf", 5)


def test_what_nobody_has_seen_yet_can_be_looked_for() -> None:
    found = conditions("household", "has anyone seen my wallet?")
    assert found == [Known(what=Selector(cls="wallet"))]


@pytest.mark.parametrize(
    ("world", "text"),
    [
        ("restaurant", "bring the dragon to table 4"),
        ("restaurant", "bring a coffee to table 11"),
        ("restaurant", "bring Mr Smith a coffee"),
        ("restaurant", "three glasses of red wine for table 4"),
        ("restaurant", "heat the plate"),
        ("restaurant", "wash the keys"),
        ("restaurant", "clear table 2 in ten minutes"),
        ("restaurant", "if table 3 is empty, wipe it"),
        ("restaurant", "don't clear table 2"),
        ("restaurant", "bring Ana to table 5"),
        ("restaurant", "sing a song for Ana"),
        ("restaurant", "bring 100 coffees to table 4"),
        ("restaurant", "bring the blue cup to table 4"),
        ("restaurant", "two coffees for the moon"),
        ("supermarket", "take me to the bakery"),
        ("supermarket", "fly me to the moon"),
        ("supermarket", "bring jam or chocolate to checkout 1"),
        ("supermarket", "mop the spill in aisle 3"),
        ("supermarket", "bring a cappuccino to checkout 1"),
        ("household", "bring noor's phone to sam"),
        ("household", "turn the radio up"),
        ("household", "tomorrow wash the blue mug"),
        ("household", "throw the banana peel in the bin"),
        ("household", "bring me the cup"),
        ("household", "put it in the fridge"),
        ("household", "asdf qwer"),
        ("household", ""),
    ],
)
def test_nothing_moves_on_doubt(world: str, text: str) -> None:
    assert isinstance(say(world, text), Ask | Refuse)


def test_a_refusal_names_what_is_unknown() -> None:
    meant = say("restaurant", "bring the dragon to table 4")
    assert isinstance(meant, Refuse)
    assert "dragon" in meant.reason


@pytest.mark.parametrize(
    ("text", "answer", "thing"),
    [
        ("bring me the mug", "the red one", "red-mug"),
        ("bring me the mug", "the one on the desk", "blue-mug"),
        ("bring me the mug", "bring me the white mug", "white-mug"),
        ("bring me the mug", "the second one", "red-mug"),
    ],
)
def test_an_answer_is_read_together_with_the_wish(text: str, answer: str, thing: str) -> None:
    talk = Talk(site_of("household"), "sam", lambda: 0.0)
    goal, meant = talk.wish(text, READER)
    assert isinstance(meant, Ask)
    answered = talk.reply(goal, answer, READER)
    assert isinstance(answered, Understood)
    (found,) = answered.conditions
    assert isinstance(found, At)
    assert found.what.ids == (thing,)


def test_an_answer_can_be_another_wish() -> None:
    talk = Talk(site_of("household"), "sam", lambda: 0.0)
    goal, _ = talk.wish("bring me the mug", READER)
    assert talk.reply(goal, "turn off the tv", READER) is None


def _wish(text: str) -> Goal:
    return Goal(id="g", text=text, who="mia", t=0.0)


def test_a_model_is_asked_only_for_what_the_grammar_can_not_read() -> None:
    answer = {"understood": True, "conditions": [{"kind": "clear", "where": "table-2"}]}
    model = ScriptedModel([json.dumps(answer)])
    reader = WishInterpreter(model=model)
    memory = site_of("restaurant").memory
    assert reader.interpret(_wish("clear table 5"), memory).kind == "understood"
    assert not model.requests
    meant = reader.interpret(_wish("table 2 deserves some love"), memory)
    assert isinstance(meant, Understood)
    assert meant.by == "model"
    assert meant.conditions == (Clear(where="table-2"),)


def test_the_goal_is_the_job_at_the_model_s_backend_with_its_priority_and_its_deadline() -> None:
    model = ScriptedModel(lambda _: '{"understood": false, "conditions": []}')
    reader = WishInterpreter(model=model)
    memory = site_of("restaurant").memory
    now = memory.now()
    for deadline_s in (now + 40.0, now - 1.0, None):
        goal = _wish("table 2 deserves some love")
        reader.interpret(goal.model_copy(update={"priority": 2, "deadline_s": deadline_s}), memory)
    assert [request.program for request in model.requests] == ["g", "g", "g"]
    assert {(request.priority, request.last_step) for request in model.requests} == {(2, False)}
    # What is late already is still wanted.
    assert [request.deadline_s for request in model.requests] == [40.0, None, None]


@pytest.mark.parametrize(
    "answer",
    [
        '{"understood": true, "conditions": [{"kind": "clear", "where": "table-3"}]}',
        '{"understood": true, "conditions": [{"kind": "be", "ids": ["table-2"], "attr": "hot"}]}',
        '{"understood": false, "conditions": []}',
        "no json",
    ],
)
def test_what_a_model_makes_up_is_not_done(answer: str) -> None:
    reader = WishInterpreter(model=ScriptedModel([answer]))
    meant = reader.interpret(_wish("table 2 deserves some love"), site_of("restaurant").memory)
    assert isinstance(meant, Ask)


def test_a_model_that_fails_leaves_a_question() -> None:
    reader = WishInterpreter(model=ScriptedModel([]))
    meant = reader.interpret(_wish("table 2 deserves some love"), site_of("restaurant").memory)
    assert isinstance(meant, Ask)


_WORDS = st.sampled_from(
    [
        "bring",
        "clear",
        "wipe",
        "the",
        "a",
        "two",
        "all",
        "her",
        "it",
        "them",
        "to",
        "on",
        "in",
        "for",
        "from",
        "except",
        "no",
        "sorry",
        "and",
        "then",
        ",",
        ".",
        "?",
        "table",
        "4",
        "cup",
        "coffee",
        "glass",
        "of",
        "water",
        "ana",
        "me",
        "kitchen",
        "not",
        "one",
        "ones",
        "same",
        "tell",
        "that",
        "is",
        "off",
        "up",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_WORDS, max_size=10))
def test_any_words_get_an_answer(words: list[str]) -> None:
    assert say("restaurant", " ".join(words)).kind in ("understood", "ask", "refuse")
