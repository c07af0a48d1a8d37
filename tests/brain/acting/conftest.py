"""A waiter, and wishes that it understands."""

from __future__ import annotations

import pytest

from brain.contracts import Understood
from devices.facts import At, Be, Selector, Told

THINGS = {"cup-1": "cup on table-1", "soup-1": "soup in fridge"}


def _at(thing: str, where: str) -> At:
    return At(what=Selector(ids=(thing,)), where=where, count=1)


SCRIPT = {
    name: Understood(conditions=(condition,), summary=name)
    for name, condition in {
        "cup": _at("cup-1", "table-2"),
        "soup": _at("soup-1", "table-1"),
        "light": Be(what=Selector(ids=("lamp",)), attr="power", value=True),
        "tell": Told(who="ann", message="tea is ready"),
    }.items()
}


@pytest.fixture
def team(fleet):
    """One waiter with a brain."""
    return fleet(SCRIPT, THINGS, fleet=("waiter-1",))


@pytest.fixture
def house(fleet):
    """A humanoid with a brain: it opens and shuts what it has to."""
    return fleet(SCRIPT, THINGS, fleet=("host",))


@pytest.fixture
def pair(fleet):
    """Two waiters with a brain."""
    return fleet(SCRIPT, THINGS, fleet=("waiter-1", "waiter-2"))
