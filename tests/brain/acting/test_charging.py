"""Idle bodies with a low battery go to a free dock by themselves."""

from __future__ import annotations

import pytest

from brain.acting.charging import send_to_charge
from brain.acting.running import Ledger
from brain.acting.turn import Turn
from brain.config import BrainConfig
from devices.contracts import BodySpec, Pose
from devices.roadmap import Roadmap
from devices.robots import CARDS
from devices.site import Fixture
from stem_memory.testing import memory_of, observed, plan_of

DOCKS = {"dock-1": 1.0, "dock-2": 9.0}
SITE = plan_of(
    {"hall": (0, 0, 10, 4)},
    {
        id_: Fixture(id=id_, cls="dock", room="hall", x=x, y=3.6, capacity=0, offers=("charge",))
        for id_, x in DOCKS.items()
    },
)


def sent(*levels, holding=(), near=(None, None)):
    """Where waiters with these batteries, at 2 m and 3 m along the hall, are sent."""
    bodies = [
        BodySpec(id=f"w{n}", kind="server", pose=Pose(x=2.0 + n, y=1.0), battery=level)
        for n, level in enumerate(levels)
    ]
    then = []
    for spec, place in zip(bodies, near, strict=False):
        report = observed(spec.id, 1.0, near=place, at=(spec.pose.x, 1.0), holding=holding)
        state = report.observation.state.model_copy(update={"battery": spec.battery})
        seen = report.observation.model_copy(update={"state": state})
        then.append(report.model_copy(update={"observation": seen}))
    memory = memory_of(SITE, bodies=bodies, cards=CARDS, then=then)
    turn = Turn(5.0, memory, Ledger(), 0)
    send_to_charge(turn, Roadmap(SITE), BrainConfig())
    return [(d.request.body, d.request.skill, *d.request.args.values()) for d in turn.dispatches]


def test_the_nearest_dock_is_taken_and_the_next_goes_to_another():
    assert sent(0.1) == [("w0", "navigate", "dock-1")]
    assert sent(0.1, 0.15) == [("w0", "navigate", "dock-1"), ("w1", "navigate", "dock-2")]


def test_who_stands_at_a_dock_charges():
    assert sent(0.1, near=("dock-1",)) == [("w0", "charge", "dock-1")]


def test_a_dock_where_somebody_stands_is_not_free():
    assert sent(0.1, 0.9, near=(None, "dock-1")) == [("w0", "navigate", "dock-2")]


@pytest.mark.parametrize(("level", "holding"), [(0.2, ()), (0.9, ()), (0.1, ("cup-1",))])
def test_who_is_full_enough_or_has_its_hands_full_stays(level, holding):
    assert sent(level, holding=holding) == []
