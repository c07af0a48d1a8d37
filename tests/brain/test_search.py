"""The search for steps: what it adds makes true what was asked, in an order that works, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.planning.advice import Advice
from brain.planning.search import Search
from brain.planning.sketch import Sketch
from brain.planning.verify import verify
from devices.skill import Atom
from stem_memory.testing import observed
from tests.brain.conftest import make

PLACES = ("shelf", "table-1", "table-2", "pass", "sink", "fridge", "rack")
THINGS = {"cup-1": "cup on shelf", "plate-1": "plate on table-1", "soup-1": "soup in fridge"}


def at(thing, holder):
    return Atom(pred="at", args=(thing, holder))


def be(thing, attr, value):
    return Atom(pred="be", args=(thing, attr), value=value)


def search(it):
    goal = it.goal()
    return Search(Sketch(goal, it.view, it.roadmap), Advice(it.view, goal.goal.id, 1))


def skills(found):
    return [step.skill for step in found.sketch.steps]


@pytest.fixture
def found(case):
    return search(case(THINGS))


def test_what_is_true_already_costs_no_step(found):
    assert found.reach(at("cup-1", "shelf")) is None
    assert skills(found) == []


def test_preconditions_are_brought_about_first(found):
    assert found.reach(at("soup-1", "table-1")) is None
    assert skills(found)[:2] == ["open", "pick"]
    assert skills(found)[-1] == "place"
    assert found.sketch.facts.true(at("soup-1", "table-1"))


def test_where_no_body_reaches_both_ends_there_is_a_stop_on_the_way(found):
    assert found.reach(at("cup-1", "machine")) is None
    assert [step.args["to"] for step in found.sketch.steps if step.skill == "place"] == [
        "pass",
        "machine",
    ]


def test_a_full_place_is_emptied_of_what_may_leave(case):
    it = search(case({"cup-1": "cup on shelf", "a": "plate on table-2", "b": "plate on table-2"}))
    it.reserved = frozenset({"a"})
    assert it.reach(at("cup-1", "table-2")) is None
    assert it.sketch.facts.true(at("a", "table-2"))
    assert not it.sketch.facts.true(at("b", "table-2"))


def test_what_the_goal_wants_elsewhere_does_not_move(found):
    found.claimed = {"cup-1"}
    assert found.reach(at("cup-1", "table-2")) == "cup-1 is wanted elsewhere, too"
    assert skills(found) == []


def test_what_can_not_be_is_told_and_leaves_nothing(found):
    mark = found.sketch.mark()
    assert "lamp" in (found.reach(at("lamp", "table-1")) or "")
    assert found.reach(be("cup-1", "sliced", True)) is not None
    assert found.sketch.mark() == mark


def test_what_nobody_has_seen_has_to_be_looked_for(case):
    gone = observed("host", 1.0, viewed=["shelf"])
    it = search(case({"cup-1": "cup on shelf"}, then=[gone]))
    assert it.reach(at("cup-1", "table-1")) == "nobody knows where cup-1 is"
    assert it.missing == ["cup-1"]


def test_what_is_put_away_goes_home_dirty_things_to_the_sink(case):
    for clean, home in ((False, "sink"), (True, "shelf")):
        it = search(case(THINGS, states={"plate-1": {"clean": clean}}))
        assert it.put_away("plate-1") is None
        assert it.sketch.facts.true(at("plate-1", home))


@given(
    homes=st.lists(st.sampled_from(PLACES), min_size=3, max_size=3),
    wanted=st.lists(
        st.tuples(st.sampled_from(("cup-1", "plate-1", "soup-1")), st.sampled_from(PLACES)),
        min_size=1,
        max_size=3,
        unique_by=lambda pair: pair[0],
    ),
)
def test_a_search_keeps_its_word(homes, wanted):
    """What is reached is true, by steps that the verifier believes; what is not has changed nothing."""
    kinds = ("cup", "plate", "soup")
    things = {f"{cls}-1": f"{cls} on {home}" for cls, home in zip(kinds, homes, strict=True)}
    it = make(things)
    found = search(it)
    for thing, place in wanted:
        before = found.sketch.mark()
        why = found.reach(at(thing, place))
        if why is None:
            assert found.sketch.facts.true(at(thing, place))
        else:
            assert found.sketch.mark() == before
            assert why
    ids = [step.id for step in found.sketch.steps]
    assert len(set(ids)) == len(ids)
    # One after the other, as they were found.
    steps = (
        step.model_copy(update={"after": tuple(ids[:n])})
        for n, step in enumerate(found.sketch.steps)
    )
    assert verify(tuple(steps), it.view, it.roadmap, ()) == ()
