from __future__ import annotations

import pytest

from brain.contracts import Refuse, Understood
from brain.interpret import WishInterpreter
from brain.language.words.urgency import urgency_of
from services.lab.wishes.site import site_of
from stem_memory.tasks import Goal


@pytest.mark.parametrize(
    ("text", "rest", "within_s", "priority"),
    [
        ("bring tea to table 2 within two minutes", "bring tea to table 2", 120.0, None),
        ("within the next 5 min bring tea to table 2", "bring tea to table 2", 300.0, None),
        ("bring tea to table 2 in the next five minutes", "bring tea to table 2", 300.0, None),
        ("wipe table 1 in 90 seconds at the latest", "wipe table 1", 90.0, None),
        ("wipe table 1 within half a minute", "wipe table 1", 30.0, None),
        ("wipe table 1 within 1.5 minutes, please", "wipe table 1, please", 90.0, None),
        ("in less than an hour clear table 2", "clear table 2", 3600.0, None),
        ("clear table 2 asap", "clear table 2", None, 1),
        ("clear table 2, it's urgent!", "clear table 2!", None, 1),
        ("URGENT: clear table 2", "clear table 2", None, 1),
        ("clear table 2 within 30s, it's urgent", "clear table 2", 30.0, 1),
        ("clear table 2 right now", "clear table 2", None, 1),
        ("wipe table 1, no hurry", "wipe table 1", None, -1),
        ("when you have time, wipe table 3", "wipe table 3", None, -1),
        ("urgently tell Ana to come", "tell Ana to come", None, 1),
    ],
)
def test_time_and_urgency_are_taken_from_a_wish(
    text: str, rest: str, within_s: float | None, priority: int | None
) -> None:
    assert urgency_of(text) == (rest, within_s, priority)


@pytest.mark.parametrize(
    "text",
    [
        "bring tea in ten minutes",
        "clear table 2 at 5 pm",
        "clear table 2 by 0:45",
        "tell Ana the kitchen closes within ten minutes",
        "tell Ana it is urgent",
        "bring tea within the kitchen",
        "bring the urgent letter",
        "bring them all at once",
        "is it urgent?",
        "bring two coffees to table 4",
    ],
)
def test_other_times_stay_where_they_are(text: str) -> None:
    assert urgency_of(text) == (text, None, None)


def test_a_wish_is_understood_with_its_deadline() -> None:
    goal = Goal(id="g1", text="wipe table 1 within two minutes, it's urgent", who="mia", t=0.0)
    meant = WishInterpreter().interpret(goal, site_of("restaurant").memory)
    assert isinstance(meant, Understood)
    assert (meant.within_s, meant.priority) == (120.0, 1)


@pytest.mark.parametrize("text", ["wipe table 1 in ten minutes", "before the meeting wipe table 1"])
def test_nobody_waits_for_a_time(text: str) -> None:
    goal = Goal(id="g1", text=text, who="mia", t=0.0)
    assert isinstance(WishInterpreter().interpret(goal, site_of("restaurant").memory), Refuse)
