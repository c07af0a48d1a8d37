"""Two ids can be one thing, and can be parted again as if nothing had been."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import At, Selector, holds
from stem_memory.answers.queries import explain, history, where
from stem_memory.belief.identities import Identities
from stem_memory.belief.state import MemoryState
from stem_memory.log.store import EventStore
from stem_memory.statements import correct, merge, move, not_there, retract, unmerge
from stem_memory.testing import body, events_of, memory_of, observed, sighting, start_of

START = {
    "things": {"mug-1": "mug on table-1", "mug-2": "mug on table-2", "cup-1": "cup on table-1"},
    "bodies": [body("waiter-1", 5, 1)],
}


def saw(t, thing, holder, **states):
    return observed("waiter-1", t, sighting(thing, f"mug on {holder}", **states))


def test_the_newest_evidence_of_either_holds():
    memory = memory_of(
        **START,
        then=[
            saw(1.0, "mug-1", "counter-1", clean=True),
            saw(3.0, "mug-2", "shelf-1"),
            (4.0, merge("mug-2", "mug-1", "ann")),
        ],
    )
    assert "mug-2" not in memory.ids("object")
    assert memory.members("mug-2") == ("mug-1", "mug-2")
    for thing in ("mug-1", "mug-2"):
        assert memory.location(thing).holder == "shelf-1"
        assert memory.attr(thing, "clean") is True
        assert memory.belief(thing, "location").source == "waiter-1"
    assert memory.contents("shelf-1") == ("mug-1",)
    assert memory.contents("counter-1") == ()
    assert holds(At(what=Selector(ids=("mug-2",)), where="shelf-1", count=1), memory)


def test_a_look_in_vain_at_one_does_not_hide_the_other():
    memory = memory_of(
        **START,
        then=[
            saw(1.0, "mug-2", "shelf-1"),
            observed("waiter-1", 5.0, viewed=["table-1"]),
            (6.0, merge("mug-2", "mug-1", "ann")),
        ],
    )
    assert memory.location("mug-1").holder == "shelf-1"


@pytest.mark.parametrize("between", [[], [saw(5.0, "mug-2", "shelf-1", clean=False)]])
def test_parted_they_are_what_they_would_have_been(between):
    def made(*more):
        return memory_of(**START, then=[saw(1.0, "mug-1", "counter-1"), *more])

    parted = made((2.0, merge("mug-2", "mug-1", "ann")), *between, (9.0, unmerge("mug-2", "ann")))
    never = made(*between, (9.0, unmerge("mug-2", "ann")))
    assert parted.digest() == never.digest()


def test_what_stays_where_it_is_and_bodies_are_not_merged():
    memory = memory_of(
        **START,
        then=[
            (1.0, merge("table-1", "table-2", "ann")),
            (1.0, merge("waiter-1", "mug-1", "ann")),
            (1.0, merge("mug-1", "unknown", "ann")),
        ],
    )
    assert memory.members("table-1") == ("table-1",)
    assert {"waiter-1", "mug-1", "table-1"} <= set(memory.ids())


IDS = st.sampled_from("abcde")


@settings(max_examples=200)
@given(steps=st.lists(st.tuples(st.booleans(), IDS, IDS), max_size=12))
def test_merging_never_goes_in_circles(steps):
    same = Identities()
    for merging, one, other in steps:
        same.merge(one, other) if merging else same.part(one)
        for id_ in "abcde":
            members = same.members(id_)
            assert id_ in members
            assert len({same.root(m) for m in members}) == 1
            assert members[0] == same.root(id_)


def test_history_and_explanation_are_of_both(tmp_path):
    story = [
        saw(1.0, "mug-1", "counter-1"),
        saw(3.0, "mug-2", "shelf-1"),
        (4.0, merge("mug-2", "mug-1", "ann", "the same chip on the rim")),
    ]
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start_of(**START), *story]))
        places = [(f.thing, f.value) for f in history(store, "mug-1", "location")]
        assert places[-2:] == [("mug-1", "counter-1"), ("mug-2", "shelf-1")]
        assert explain(store, "mug-2").fact.value == "shelf-1"
        assert where(store, "mug-2")[0].thing == "mug-1"
        store.append(events_of([(9.0, unmerge("mug-2", "ann"))], first=50))
        assert explain(store, "mug-1").fact.value == "counter-1"
        assert store.replay().digest() == store.state.digest()


def test_statements(tmp_path):
    story = [
        (2.0, move("mug-1", "in", "shelf-1", "ann", 2.0)),
        (5.0, not_there("mug-2", "ben", 5.0)),
        (6.0, correct("mug-1", "location", "counter-1", "ann", 0.0, 1.0, "on")),
        (7.0, retract("mug-1", "location", "ann", 3.0, 4.0)),
    ]
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start_of(**START), *story]))
        now: MemoryState = store.state
        assert (now.location("mug-1").relation, now.location("mug-1").holder) == ("in", "shelf-1")
        assert now.location("mug-2") is None
        assert now.belief("mug-2", "location").source == "ben"
        at = [store.facts.value_at("mug-1", "location", t) for t in (0.5, 1.5, 2.5, 3.5, 4.5)]
        assert [f.value for f in at] == ["counter-1", "table-1", "shelf-1", None, "shelf-1"]
        assert at[3].status == "withdrawn"
