"""A wish with words added that name nothing here: it is asked about or refused, never carried out without them."""

import time

import pytest

from brain.contracts import Understood
from brain.interpret import WishInterpreter
from devices.facts import Told
from services.lab.wishes.gold import read_gold
from services.lab.wishes.site import site_of
from services.lab.wishes.talk import Talk

# Every so many of the wishes that are understood, from another one on for each addition.
_STRIDE = 9
_ADDED = (
    "in the zorblat",
    "at the zorblat",
    "with the zorblat",
    "before the zorblat",
    "near the zorblat",
    "without the zorblat",
    "except the zorblat",
    "to the zorblat",
    "from the zorblat",
    "about the zorblat",
    "unless zorblat",
    "instead of the zorblat",
    "and zorblat it",
    "zorblatly",
    "at 5 pm",
    "in ten minutes",
    "every morning",
)
_WISHES = [w for w in read_gold("dev") if w.readings and not w.before and not w.answers]


@pytest.mark.parametrize("added", _ADDED)
def test_nothing_that_is_said_is_passed_over(added):
    interpreter = WishInterpreter()
    passed_over = []
    for wish in _WISHES[_ADDED.index(added) % _STRIDE :: _STRIDE]:
        if any(isinstance(c, Told) for reading in wish.readings for c in reading):
            # What is added is part of the message.
            continue
        site = site_of(wish.world)
        text = f"{wish.text.rstrip('?.! ')} {added}"
        _, meant = Talk(site, wish.by or site.operator, time.monotonic).wish(text, interpreter)
        if isinstance(meant, Understood):
            passed_over.append(text)
    assert not passed_over
