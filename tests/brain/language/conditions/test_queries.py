"""What a question asks, besides what is to be looked at for it."""

from __future__ import annotations

import pytest

from brain.contracts import Understood
from brain.interpret import WishInterpreter
from services.lab.wishes.site import site_of
from services.lab.wishes.talk import Talk
from stem_memory.tasks import Query

READER = WishInterpreter()


def asked(world: str, *said: str) -> tuple[Query, ...]:
    """What the last of these wishes asks."""
    site = site_of(world)
    talk = Talk(site, site.operator, lambda: 0.0)
    meant = [talk.wish(words, READER)[1] for words in said][-1]
    assert isinstance(meant, Understood), meant
    assert all(q.condition < len(meant.conditions) for q in meant.queries)
    return meant.queries


def short(query: Query) -> tuple[object, ...]:
    what = (*query.what.ids, *((query.what.cls,) if query.what.cls else ()))
    state = () if query.attr == "location" else ((query.attr, query.value),)
    return (
        query.ask,
        *what,
        *(f"{k}={v}" for k, v in query.what.having.items()),
        *state,
        query.within,
    )


QUESTIONS = [
    ("household", "where is the red mug", [("where", "red-mug", None)]),
    ("household", "Do you know where my keys are?", [("where", "keys", None)]),
    ("household", "has anyone seen my wallet?", [("where", "wallet", None)]),
    ("household", "which room is Lily in", [("where", "lily", None)]),
    ("household", "who has the red mug", [("where", "red-mug", None)]),
    ("household", "where is everybody", [("where", "person", None)]),
    ("household", "where are the mugs", [("where", "mug", None)]),
    ("household", "find my keys", [("where", "keys", None)]),
    ("household", "look for the red mug", [("where", "red-mug", None)]),
    ("household", "what is on the coffee table", [("what", "coffee-table", None)]),
    ("household", "what have we got in the fridge", [("what", "fridge", None)]),
    ("household", "what is Lily holding", [("what", "lily", None)]),
    ("household", "what does the butler have", [("what", "butler", None)]),
    ("household", "who is in the kitchen", [("which", "person", "kitchen")]),
    ("household", "is there anyone in the kitchen", [("whether", "person", "kitchen")]),
    ("household", "is anything on the desk", [("whether", "object", "desk")]),
    ("household", "is Lily in the kitchen", [("whether", "lily", "kitchen")]),
    ("household", "is there milk in the fridge", [("whether", "milk", "fridge")]),
    ("household", "is the milk in the fridge", [("whether", "milk", "fridge")]),
    ("household", "have we got any milk", [("whether", "milk", None)]),
    ("household", "are there any clean mugs", [("whether", "mug", "clean=True", None)]),
    ("household", "is the stove off", [("whether", "stove", ("power", False), None)]),
    ("household", "is the tv on or off", [("whether", "tv", ("power", True), None)]),
    ("household", "are the lights off", [("whether", "light", ("power", False), None)]),
    (
        "household",
        "tell me whether the front door is closed",
        [("whether", "front-door", ("open", False), None)],
    ),
    ("household", "which mugs are dirty", [("which", "mug", ("clean", False), None)]),
    ("household", "which lights are on?", [("which", "light", ("power", True), None)]),
    ("household", "is the fridge empty", [("whether", "fridge", ("fill", "none"), None)]),
    ("household", "how many mugs are there", [("how_many", "mug", None)]),
    ("restaurant", "how many cups are on table 4", [("how_many", "cup", "table-4")]),
    ("restaurant", "how many tables are dirty", [("how_many", "table", ("clean", False), None)]),
    ("restaurant", "is there coffee on table 4", [("whether", "cup", "fill=coffee", "table-4")]),
    ("restaurant", "are there any guests at table 4", [("whether", "guest", "table-4")]),
    ("restaurant", "which table is Ana at", [("where", "ana", None)]),
    ("restaurant", "which cups are on table 4", [("which", "cup", "table-4")]),
    (
        "restaurant",
        "what is on tables 2 and 3",
        [("what", "table-2", None), ("what", "table-3", None)],
    ),
    ("restaurant", "any dirty tables?", [("whether", "table", "clean=False", None)]),
    (
        "supermarket",
        "how many oranges are in the orange crate",
        [("how_many", "orange", "orange-crate")],
    ),
    ("supermarket", "is there a spill in aisle 2", [("whether", "spill", "aisle-2")]),
    ("supermarket", "who is at checkout 3", [("which", "person", "checkout-3")]),
    (
        "household",
        "where is the red mug and what is on the desk",
        [("where", "red-mug", None), ("what", "desk", None)],
    ),
    ("household", "bring me the red mug and tell me where the keys are", [("where", "keys", None)]),
]


@pytest.mark.parametrize(("world", "text", "wanted"), QUESTIONS, ids=[q[1] for q in QUESTIONS])
def test_what_a_question_asks(world: str, text: str, wanted: list[tuple[object, ...]]) -> None:
    by = ["sam"] if world == "household" else []
    site = site_of(world)
    talk = Talk(site, by[0] if by else site.operator, lambda: 0.0)
    _, meant = talk.wish(text, READER)
    assert isinstance(meant, Understood), meant
    assert [short(q) for q in meant.queries] == wanted


@pytest.mark.parametrize(
    ("world", "text"),
    [
        ("restaurant", "check table 4"),
        ("household", "look in the fridge"),
        ("restaurant", "clear table 2"),
        ("household", "bring the red mug to Lily"),
        ("restaurant", "tell Ana that dinner is ready"),
        ("supermarket", "have the drone look around the loading bay"),
    ],
)
def test_an_order_asks_nothing(world: str, text: str) -> None:
    assert asked(world, text) == ()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (("where is the red mug", "and the blue mug?"), ("where", "blue-mug", None)),
        (("what is on the desk", "and the coffee table?"), ("what", "coffee-table", None)),
        (("is Lily in the kitchen", "and in the study?"), ("whether", "lily", "study")),
    ],
)
def test_what_is_asked_again_of_another_thing(
    said: tuple[str, ...], wanted: tuple[object, ...]
) -> None:
    assert [short(q) for q in asked("household", *said)] == [wanted]


def test_the_query_names_its_condition() -> None:
    (query,) = asked("household", "bring the red mug to Lily and tell me where the keys are")
    assert query.condition == 1
