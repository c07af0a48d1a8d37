"""Where things may be, what is near, and where a look pays."""

import pytest

from devices.facts import ClassCard
from stem_memory.belief.spatial import look_again, near, where_is
from stem_memory.testing import body, memory_of, observed, sighting

WAITER = body("waiter-1", 5, 1)
MUG = ClassCard(cls="mug", home=("shelf",))


def test_near_is_sorted_and_leaves_rooms_out():
    memory = memory_of(things={"mug-1": "mug on table-1"}, bodies=[WAITER])
    found = near(memory, (6.0, 2.0), 1.5)
    assert [n.thing for n in found] == ["table-1", "mug-1", "waiter-1"]
    assert found[0].distance_m == 0.0
    assert near(memory, (6.0, 2.0), 1.5, "object")[0].thing == "mug-1"
    assert near(memory, (-50.0, 0.0), 1.0) == ()


def test_a_fresh_sighting_is_nearly_certain_and_an_old_one_is_not():
    look = observed("waiter-1", 1, sighting("mug-1", "mug on table-1"))
    fresh = where_is(memory_of(bodies=[WAITER], then=[look]), "mug-1")
    old = where_is(memory_of(bodies=[WAITER], then=[look, observed("waiter-1", 9000)]), "mug-1")
    assert fresh[0].holder == "table-1"
    assert fresh[0].probability > 0.9
    assert fresh[0].why == "waiter-1, 0 s ago"
    assert {p.holder: p.probability for p in old}["table-1"] < 0.1
    for places in (fresh, old):
        assert sum(p.probability for p in places) == pytest.approx(1.0, abs=0.01)


def test_after_a_vain_look_the_home_and_old_places_come_first():
    memory = memory_of(
        classes=[MUG],
        things={"mug-1": "mug on table-1"},
        bodies=[WAITER],
        then=[
            observed("waiter-1", 1, sighting("mug-1", "mug on counter-1")),
            observed("waiter-1", 2, viewed=["counter-1"]),
        ],
    )
    places = where_is(memory, "mug-1")
    assert [p.holder for p in places[:2]] == ["shelf-1", "table-1"]
    assert places[0].why == "such things belong there"
    assert {p.holder: p.probability for p in places}["counter-1"] < 0.01


def test_unknown_things_and_fixtures_have_no_whereabouts():
    assert where_is(memory_of(), "dragon") == ()
    assert where_is(memory_of(), "table-1") == ()


def test_places_that_things_leave_fast_are_trusted_less():
    def restless(moves):
        looks = [
            observed("waiter-1", t, sighting("mug-1", f"mug on table-{1 + (t // 60) % 2 * moves}"))
            for t in range(0, 3600, 60)
        ]
        return memory_of(bodies=[WAITER], then=looks)

    assert restless(1).half_life("mug-1") < 120
    assert restless(0).half_life("mug-1") > 1800


def test_what_our_own_hands_move_is_no_drift():
    story = []
    for t in range(0, 600, 10):
        story.append(observed("waiter-1", t, holding=["mug-1"]))
        story.append(observed("waiter-1", t + 5, sighting("mug-1", "mug on table-1")))
    memory = memory_of(bodies=[WAITER], then=story)
    assert memory.half_life("mug-1") == pytest.approx(1800.0)


def test_a_look_pays_where_doubt_is():
    memory = memory_of(
        things={f"mug-{i}": "mug on table-1" for i in range(5)},
        bodies=[WAITER],
        then=[
            observed("waiter-1", 1, sighting("cup-1", "cup on table-2"), viewed=["table-2"]),
            observed("waiter-1", 30),
        ],
    )
    looks = look_again(memory)
    assert looks[0].holder == "table-1"
    assert looks[0].viewed_s is None
    assert len(look_again(memory, at_most=1)) == 1
