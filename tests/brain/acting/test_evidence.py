"""Where a body stands and what has room, as far as memory knows."""

from __future__ import annotations

import pytest

from brain.acting.evidence import at_place, has_room
from stem_memory.testing import observed, sighting

THINGS = {"cup-1": "cup on table-1", "cup-2": "cup on shelf"}


def stands(case, place, *, hands=False, **report):
    report = {"room": "hall"} | report
    it = case(THINGS, fleet=("waiter-1", "barista"), then=[observed("waiter-1", 1.0, **report)])
    return at_place(it.view.bodies()["waiter-1"], place, it.view, it.roadmap, hands)


def test_a_body_is_where_it_says_and_in_its_room(case):
    assert stands(case, "table-1", near="table-1")
    assert stands(case, "hall")
    assert stands(case, "waiter-1")
    assert not stands(case, "table-2", near="table-1")
    assert not stands(case, "kitchen")
    assert not stands(case, "nobody-knows")


def test_who_is_at_a_table_is_at_what_lies_on_it(case):
    assert stands(case, "cup-1", near="table-1")
    assert not stands(case, "cup-2", near="table-1")


@pytest.mark.parametrize(("gap_m", "hands", "is_there"), [(1.6, False, True), (1.6, True, False)])
def test_one_talks_from_further_away_than_one_hands_over(case, gap_m, hands, is_there):
    it = case(THINGS, fleet=("waiter-1",))
    x, y = it.view.position("ann")
    assert stands(case, "ann", at=(x + gap_m, y), hands=hands) is is_there


def test_an_arm_that_never_moves_is_at_what_it_reaches(case):
    it = case(THINGS, fleet=("barista",))
    arm = it.view.bodies()["barista"]
    assert at_place(arm, "machine", it.view, it.roadmap)
    assert not at_place(arm, "table-2", it.view, it.roadmap)


def test_a_holder_is_full_when_memory_counts_as_many_as_fit(case):
    one, two = (
        sighting("cup-1", "cup on table-2", 9.5, 2.2),
        sighting("cup-2", "cup on table-2", 9.5, 2.2),
    )
    assert has_room("table-2", case(THINGS, then=[observed("host", 1.0, one)]).view)
    assert not has_room("table-2", case(THINGS, then=[observed("host", 1.0, one, two)]).view)
    assert has_room("ann", case(THINGS).view)
