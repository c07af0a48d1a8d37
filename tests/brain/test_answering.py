"""What is said in answer to a question, and whether somebody has to look first."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from brain.answering.answer import answer, needs_look
from brain.contracts import Understood
from brain.interpret import WishInterpreter
from devices.facts import Location
from services.lab.wishes.site import site_of
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Asserted, BodyLost, Event, Payload, PrivacyChanged
from stem_memory.privacy.contracts import ZoneDrawn
from stem_memory.tasks import Answer, Goal, GoalRecord
from stem_memory.testing import observed, sighting

READER = WishInterpreter()
NOW = 60.0


def seen(thing: str, cls: str, text: str, **states: object):
    """A thing of a class as it was seen ("on desk", "at kitchen")."""
    made = sighting(thing, f"{cls} {text}")
    return made.model_copy(update={"cls": cls, "states": states})


def memory(world: str = "household", *told: tuple[float, Payload]) -> MemoryState:
    """The survey of a world, and what was reported since."""
    view = site_of(world).fresh()
    for number, (t, body) in enumerate(told):
        view.apply(Event(origin="test", seq=number, t=t, body=body))
    return view


def ask(
    text: str,
    view: MemoryState,
    world: str = "household",
    t: float = NOW,
    why_not: str = "",
    **done: str,
) -> tuple[list[bool], Answer]:
    """Whether each thing asked needs a look, and the answer. `done`: the bodies of done steps."""
    goal = Goal(id="g1", text=text, who=site_of(world).operator, t=t)
    meant = READER.interpret(goal, view)
    assert isinstance(meant, Understood), meant
    record = GoalRecord(
        goal=goal,
        conditions=meant.conditions,
        queries=meant.queries,
        steps=dict.fromkeys(done, "done"),
        bodies=done,
    )
    looks = [needs_look(query, view, view.now()) for query in meant.queries]
    return looks, answer(record, view, looked=not why_not, why_not=why_not)


def said(text: str, view: MemoryState, world: str = "household", **more: object) -> str:
    return ask(text, view, world, **more)[1].text


TOLD = (
    (
        40.0,
        observed(
            "butler",
            40.0,
            seen("red-mug", "mug", "on kitchen-counter", clean=False),
            seen("lily", "child", "at kitchen"),
            viewed=["kitchen-counter", "kitchen"],
            room="kitchen",
        ),
    ),
    (
        50.0,
        observed(
            "maid",
            50.0,
            seen("keys", "keys", "on desk"),
            seen("blue-mug", "mug", "on desk", clean=False),
            viewed=["desk", "coffee-table"],
            holding=["phone"],
            room="study",
        ),
    ),
    (59.0, observed("drone", 59.0, seen("front-door", "door", "at hall", open=True), room="hall")),
    (60.0, observed("butler", 60.0, room="kitchen")),
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "where is the red mug",
            "The red mug is on the kitchen counter: the butler saw it 20 s ago, 94 % sure.",
        ),
        (
            "where are my keys",
            "The car keys are on the desk in the study: the housekeeper saw them 10 s ago, 94 % sure.",
        ),
        ("where is Lily", "Lily is in the kitchen: the butler saw Lily 20 s ago, 79 % sure."),
        ("who has my phone", "The housekeeper has Sam's phone: it said so 10 s ago, 99 % sure."),
        ("where is the butler", "The butler is in the kitchen: it said so just now, 99 % sure."),
        ("where is the coffee table", "The coffee table is in the living room."),
        (
            "is Lily in the kitchen",
            "Yes, Lily is in the kitchen: the butler saw Lily 20 s ago, 79 % sure.",
        ),
        (
            "is Lily in the study",
            "No, Lily is in the kitchen: the butler saw Lily 20 s ago, 79 % sure.",
        ),
        (
            "what is on the coffee table",
            "There is nothing on the coffee table: somebody looked 10 s ago.",
        ),
        (
            "what is on the desk",
            "A blue mug and a bunch of car keys are on the desk: the housekeeper saw them 10 s ago, at least 94 % sure.",
        ),
        (
            "how many mugs are on the coffee table",
            "There are no mugs on the coffee table: somebody looked 10 s ago.",
        ),
        (
            "how many mugs are on the desk",
            "There is 1 mug on the desk: the housekeeper saw it 10 s ago, 95 % sure.",
        ),
        (
            "is there a mug on the desk",
            "Yes, there is 1 mug on the desk: the housekeeper saw it 10 s ago, 95 % sure.",
        ),
        (
            "is there milk on the desk",
            "No, there is no milk on the desk: somebody looked 10 s ago.",
        ),
        (
            "is anything on the desk",
            "Yes, a blue mug and a bunch of car keys are on the desk: the housekeeper saw them 10 s ago, at least 94 % sure.",
        ),
        (
            "is the front door closed",
            "No, the front door is open: the drone saw it 1 s ago, 95 % sure.",
        ),
        (
            "is the red mug clean",
            "No, the red mug is dirty: the butler saw it 20 s ago, 94 % sure.",
        ),
        (
            "what is the housekeeper holding",
            "The housekeeper is holding Sam's phone: it said so 10 s ago, 99 % sure.",
        ),
        (
            "what is the butler holding",
            "The butler is holding nothing: it said so just now, 99 % sure.",
        ),
    ],
)
def test_what_was_seen_is_said_without_a_look(text: str, wanted: str) -> None:
    looks, found = ask(text, memory("household", *TOLD))
    assert (looks, found.text) == ([False], wanted)


@pytest.mark.parametrize(
    ("world", "text", "wanted"),
    [
        (
            "household",
            "where is the red mug",
            "The red mug is on the kitchen counter: so the survey says, nobody has looked, 80 % sure.",
        ),
        (
            "household",
            "what is in the fridge",
            "Butter, cheese, a box of eggs, a juice carton, a pumpkin soup and 2 yoghurts are in the fridge: so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "household",
            "how many mugs are there",
            "There are 3 mugs: the blue mug on the desk in the study, the red mug on the kitchen counter and the white mug in the cupboard in the kitchen; so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "household",
            "have we got any milk",
            "Yes, there is 1 carton of milk: the milk on the kitchen table; so the survey says, nobody has looked, 80 % sure.",
        ),
        (
            "household",
            "is the fridge empty",
            "No, butter, cheese, a box of eggs, a juice carton, a pumpkin soup and 2 yoghurts are in the fridge: so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "household",
            "which mugs are dirty",
            "The blue mug is dirty, the other 2 are not: so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "household",
            "are the lights off",
            "No, the kitchen light, the bedroom lamp and the night light are on: so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "household",
            "is anybody in the bathroom",
            "No, nobody is in the bathroom, as far as anybody knows, but nobody has looked.",
        ),
        ("household", "has anyone seen my wallet", "Nobody knows of a wallet here."),
        (
            "restaurant",
            "how many tables are dirty",
            "3 of the 10 tables are dirty (table 1, table 2 and table 7): so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "restaurant",
            "any dirty tables?",
            "Yes, there are 3 dirty tables: table 1, table 2 and table 7 in the dining room; so the survey says, nobody has looked, at least 80 % sure.",
        ),
        (
            "supermarket",
            "do we have toilet paper",
            "Yes, there are 7 toilet rolls: 4 toilet rolls on the household rack in the storage and 3 toilet rolls on the paper shelf in aisle 3; so the survey says, nobody has looked, at least 80 % sure.",
        ),
    ],
)
def test_hearsay_needs_a_look(world: str, text: str, wanted: str) -> None:
    looks, found = ask(text, memory(world), world)
    assert (looks, found.text) == ([True], wanted)


def test_what_nobody_could_look_at_is_said_with_the_reason() -> None:
    text = said("where is the red mug", memory(), why_not="all bodies are stopped.")
    assert text == (
        "The red mug is on the kitchen counter: so the survey says, 80 % sure; "
        "nobody could look: all bodies are stopped."
    )
    text = said("is anybody in the bathroom", memory(), why_not="all bodies are stopped")
    assert text == (
        "No, nobody is in the bathroom, as far as anybody knows; "
        "nobody could look: all bodies are stopped."
    )


def test_the_reason_is_not_given_for_what_needs_no_look() -> None:
    text = said("where is the butler", memory("household", *TOLD), why_not="all bodies are stopped")
    assert text == "The butler is in the kitchen: it said so just now, 99 % sure."


def test_the_findings_are_what_the_answer_rests_on() -> None:
    (finding,) = ask("where is the red mug", memory("household", *TOLD))[1].findings
    assert (finding.thing, finding.attr, finding.value) == (
        "red-mug",
        "location",
        "kitchen-counter",
    )
    assert (finding.relation, finding.source, finding.seen_s) == ("on", "butler", 40.0)
    assert finding.confidence == pytest.approx(0.95, abs=0.02)


def test_trust_fades_until_a_look_is_needed() -> None:
    view = memory("household", *TOLD)
    assert ask("where is the red mug", view)[0] == [False]
    assert ask("where is Lily", view)[0] == [False]
    view.apply(Event(origin="test", seq=9, t=160.0, body=observed("butler", 160.0, room="hall")))
    assert ask("where is the red mug", view, t=160.0)[0] == [False]
    assert ask("where is Lily", view, t=160.0)[0] == [True]
    assert ask("what is on the desk", view, t=160.0)[0] == [False]
    assert ask("who is in the kitchen", view, t=160.0)[0] == [True]
    view.apply(Event(origin="test", seq=10, t=900.0, body=observed("butler", 900.0, room="hall")))
    assert ask("where is the red mug", view, t=900.0)[0] == [True]
    assert ask("what is on the desk", view, t=900.0)[0] == [True]


def test_a_body_in_touch_knows_where_it_is_and_a_lost_one_does_not() -> None:
    view = memory("household", *TOLD)
    view.apply(Event(origin="test", seq=9, t=900.0, body=observed("drone", 900.0, room="hall")))
    assert ask("where is the butler", view, t=900.0)[0] == [False]
    lost = BodyLost(body="butler", last_heard_s=60.0)
    view.apply(Event(origin="test", seq=10, t=900.0, body=lost))
    assert ask("where is the butler", view, t=900.0)[0] == [True]


def test_what_is_surely_there_or_surely_elsewhere_needs_no_look_at_the_place() -> None:
    view = memory("household", *TOLD)
    assert ask("is there a mug on the desk", view)[0] == [False]
    assert ask("is Lily in the bathroom", view)[0] == [False]
    assert ask("is Ruth in the bathroom", view)[0] == [True]


def test_a_look_in_vain_is_told() -> None:
    told = (70.0, observed("butler", 70.0, viewed=["kitchen-counter"], room="kitchen"))
    looks, found = ask("where is the red mug", memory("household", told), t=60.0)
    assert looks == [True]
    assert found.findings == ()
    assert found.text == (
        "Nobody knows where the red mug is now: the butler looked on the kitchen counter, where it "
        "was said to be, just now and did not see it there; the kitchen counter was looked at in vain."
    )


def test_what_nobody_has_found_is_told_with_where_it_was_looked_for() -> None:
    viewed = ["desk", "sofa", "bed", "sideboard"]
    told = (70.0, observed("butler", 70.0, viewed=viewed, room="kitchen"))
    text = said(
        "has anyone seen my wallet", memory("household", told), t=60.0, why_not="it is gone"
    )
    assert text == (
        "Nobody has found a wallet: the sofa, the sideboard, the bed and 1 more place were looked at "
        "in vain."
    )


def test_who_looked_is_told_where_the_goal_sent_somebody() -> None:
    told = (70.0, observed("maid", 70.0, viewed=["fridge"], room="kitchen"))
    view = memory("household", told)
    text = said("is the fridge empty", view, t=60.0, s1="maid")
    assert text == "Yes, the fridge is empty: the housekeeper looked just now."


def test_sources_that_disagree_are_both_told() -> None:
    one = observed("butler", 50.0, seen("red-mug", "mug", "on desk"))
    other = observed("maid", 50.0, seen("red-mug", "mug", "on bed"))
    text = said("where is the red mug", memory("household", (50.0, one), (50.0, other)), t=50.0)
    assert text.endswith("at the same time.")
    assert "but the" in text
    assert {"on the desk", "on the bed"} == {p for p in ("on the desk", "on the bed") if p in text}


def test_what_a_person_said_is_told_as_such() -> None:
    told = Asserted(
        thing="red-mug", attr="location", value="desk", relation="on", from_s=10.0, by="lily"
    )
    looks, found = ask("where is the red mug", memory("household", (10.0, told)))
    assert looks == [False]
    assert (
        found.text == "The red mug is on the desk in the study: Lily said so just now, 90 % sure."
    )


def test_what_nothing_is_recorded_of_is_said_honestly() -> None:
    (room,) = [r for r in memory().plan().rooms if r.id == "bathroom"]
    zone = ZoneDrawn(zone="bathroom", polygon=tuple(room.polygon), from_s=0.0)
    drawn = (1.0, PrivacyChanged(change=zone))
    looks, found = ask("who is in the bathroom", memory("household", drawn))
    assert looks == [False]
    assert found.text == "Who is in the bathroom is not recorded."


def test_several_questions_have_a_sentence_each() -> None:
    text = said("where is the red mug and what is on the coffee table", memory("household", *TOLD))
    assert text == (
        "The red mug is on the kitchen counter: the butler saw it 20 s ago, 94 % sure. "
        "There is nothing on the coffee table: somebody looked 10 s ago."
    )


def _texts() -> Iterable[tuple[str, str]]:
    for world, texts in {
        "household": ("where are the mugs", "who is in the kitchen", "which lamps are on"),
        "restaurant": (
            "how many guests are there",
            "is there coffee on table 4",
            "where are the waiters",
        ),
        "supermarket": (
            "what is in aisle 2",
            "how many apples are left",
            "is the cold room door open",
        ),
    }.items():
        yield from ((world, text) for text in texts)


@pytest.mark.parametrize(("world", "text"), list(_texts()))
def test_an_answer_is_one_plain_sentence(world: str, text: str) -> None:
    found = said(text, memory(world), world)
    assert found[:1].isupper()
    assert found.endswith(".")
    assert not {"  ", "..", ";;", ": :"} & {found[i : i + 2] for i in range(len(found))}
    assert "-" not in found.replace("non-", "")  # no ids


def test_held_things_are_with_whom_holds_them() -> None:
    told = observed("butler", 50.0, seen("red-mug", "mug", "held by lily"))
    made = told.observation.sightings[0]
    held = made.model_copy(update={"location": Location(relation="held", holder="lily")})
    report = told.model_copy(
        update={"observation": told.observation.model_copy(update={"sightings": (held,)})}
    )
    text = said("where is the red mug", memory("household", (50.0, report)), t=50.0)
    assert text == "Lily has the red mug: the butler saw it just now, 95 % sure."
