"""Equal goals are equal however they are written, and different ones are not."""

from __future__ import annotations

import pytest

from devices.facts import At, Be, Clear, Known, Selector, Told
from services.lab.wishes.canonical import same_goal
from services.lab.wishes.site import site_of


def ids(*names):
    return Selector(ids=names)


def of(cls, within=None, exclude=(), **having):
    return Selector(cls=cls, within=within, exclude=exclude, having=having)


HOUSE, SHOP = "household", "supermarket"
MILK_IN = At(what=ids("milk"), where="fridge", relation="in")
LAMP_OFF = Be(what=ids("bedroom-lamp"), attr="power", value=False)
PLATES = ids("dinner-plate-1", "dinner-plate-2")


@pytest.mark.parametrize(
    ("world", "one", "other"),
    [
        (HOUSE, [MILK_IN, LAMP_OFF], [LAMP_OFF, MILK_IN]),
        # on or in: the fixture decides
        (HOUSE, [MILK_IN], [MILK_IN.model_copy(update={"relation": "on"})]),
        (
            HOUSE,
            [At(what=ids("ball"), where="study", relation="in")],
            [At(what=ids("ball"), where="study", relation="at")],
        ),
        # the only milk there is
        (HOUSE, [MILK_IN], [MILK_IN.model_copy(update={"what": of("milk"), "count": 1})]),
        (HOUSE, [MILK_IN], [MILK_IN.model_copy(update={"fresh": True})]),
        # one by one, together, or by what they are
        (
            HOUSE,
            [Be(what=PLATES, attr="clean", value=True)],
            [
                Be(what=ids("dinner-plate-2"), attr="clean", value=True),
                Be(what=ids("dinner-plate-1"), attr="clean", value=True),
            ],
        ),
        (
            HOUSE,
            [Be(what=PLATES, attr="clean", value=True)],
            [Be(what=of("plate", "sink"), attr="clean", value=True)],
        ),
        # what is clean already need not be named
        (
            HOUSE,
            [Be(what=of("mug", clean=False), attr="clean", value=True)],
            [Be(what=of("mug"), attr="clean", value=True)],
        ),
        # the same apples by other words
        (
            SHOP,
            [At(what=of("apple"), where="checkout-1", count=2)],
            [At(what=of("apple", colour="red"), where="checkout-1", count=2, fresh=True)],
        ),
        (
            HOUSE,
            [At(what=of("cup", fill="tea"), where="sam", relation="held", count=1, fresh=True)],
            [At(what=of("cup", fill="tea"), where="sam", relation="held", count=1)],
        ),
        (
            HOUSE,
            [Told(who="lily", message="It's bedtime!")],
            [Told(who="lily", message="its  bedtime")],
        ),
        (
            HOUSE,
            [Known(what=of("tv"), attr="power", since=0.0)],
            [Known(what=ids("tv"), attr="power", since=4.0)],
        ),
    ],
)
def test_the_same_goal(world, one, other):
    assert same_goal(one, other, site_of(world).memory)


@pytest.mark.parametrize(
    ("world", "one", "other"),
    [
        (HOUSE, [MILK_IN], [MILK_IN, LAMP_OFF]),
        (HOUSE, [MILK_IN], []),
        (HOUSE, [LAMP_OFF], [LAMP_OFF.model_copy(update={"value": True})]),
        (HOUSE, [MILK_IN], [MILK_IN.model_copy(update={"where": "freezer"})]),
        (HOUSE, [MILK_IN], [MILK_IN.model_copy(update={"relation": "at"})]),
        (
            SHOP,
            [At(what=of("apple"), where="apple-crate", count=6)],
            [At(what=of("apple"), where="apple-crate", count=6, fresh=True)],
        ),
        (
            SHOP,
            [At(what=of("apple"), where="checkout-1", count=2)],
            [At(what=of("apple"), where="checkout-1", count=3)],
        ),
        (
            SHOP,
            [At(what=of("apple"), where="checkout-1", count=2)],
            [At(what=of("fruit"), where="checkout-1", count=2)],
        ),
        (
            HOUSE,
            [At(what=of("cup", fill="tea"), where="sam", relation="held", count=1)],
            [At(what=of("cup", fill="coffee"), where="sam", relation="held", count=1)],
        ),
        (
            HOUSE,
            [Be(what=of("light", exclude=("night-light",)), attr="power", value=False)],
            [Be(what=of("light"), attr="power", value=False)],
        ),
        (HOUSE, [Clear(where="kitchen-table")], [Clear(where="kitchen-table", cls="cup")]),
        (HOUSE, [Told(who="lily", message="stop")], [Told(who="sam", message="stop")]),
        (
            HOUSE,
            [Known(what=ids("stove"), attr="power")],
            [Known(what=ids("stove"), attr="location")],
        ),
        (HOUSE, [At(what=ids("dragon"), where="sofa")], [At(what=ids("unicorn"), where="sink")]),
    ],
)
def test_another_goal(world, one, other):
    assert not same_goal(one, other, site_of(world).memory)


def test_a_thing_that_is_so_already_counts_when_it_is_all_that_is_asked():
    shut = Be(what=ids("front-door"), attr="open", value=False)
    memory = site_of(HOUSE).memory
    assert same_goal([shut], [shut], memory)
    assert not same_goal([shut], [], memory)
