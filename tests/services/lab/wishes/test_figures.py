"""The arithmetic of the figures."""

from __future__ import annotations

import pytest

from services.lab.wishes.contracts import GoldWish, Outcome
from services.lab.wishes.figures import added, figures, percentile, row, share


def outcome(expected, answered, exact=False, seconds=0.1, tags=("plain",), way="", world="w"):
    wish = GoldWish(id="x", world=world, text="x", tags=tags, expected=expected)
    return Outcome(wish=wish, answered=answered, exact=exact, seconds=seconds, way=way)


def test_wilson_interval():
    # Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for good, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = share(good, n)
        assert (found.low, found.high) == (low, high)
    assert (share(5, 5).share, share(5, 5).high) == (1.0, 1.0)
    assert (share(0, 0).low, share(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("q", "value"), [(0.5, 2.0), (0.95, 4.0), (1.0, 4.0), (0.0, 1.0), (0.25, 1.0), (0.51, 3.0)]
)
def test_percentile_is_the_nearest_rank(q, value):
    assert percentile([1.0, 2.0, 3.0, 4.0], q) == value


def test_percentile_of_none():
    assert percentile([], 0.5) == 0.0


def test_figures_split_what_can_be_meant_from_what_can_not():
    found = figures(
        [
            outcome("understood", "understood", exact=True),
            outcome("understood", "understood"),
            outcome("understood", "ask"),
            outcome("understood", "silent"),
            outcome("ask", "ask", seconds=3.0),
            outcome("ask", "refuse"),
            outcome("refuse", "understood"),
            outcome("decline", "refuse"),
        ]
    )
    assert found.n == 8
    assert (found.exact.good, found.exact.n) == (1, 4)
    assert found.wrong_goal.good == 1
    assert found.over_caution.good == 2
    assert (found.declined.good, found.declined.n) == (3, 4)
    assert found.wrong_motion.good == 1
    assert (found.kind.good, found.kind.n) == (1, 3)
    assert (found.p50_s, found.p95_s, found.max_s) == (0.1, 3.0, 3.0)


def test_a_row_groups_by_world_by_every_tag_and_by_what_understood():
    found = row(
        "none",
        "parsing",
        [
            outcome("understood", "understood", True, tags=("plain", "typos"), way="grammar"),
            outcome("understood", "understood", tags=("typos",), way="model", world="v"),
            outcome("ask", "ask", tags=("vague",)),
        ],
    )
    assert {name: of.n for name, of in found.by_tag.items()} == {"plain": 1, "typos": 2, "vague": 1}
    assert {name: of.n for name, of in found.by_world.items()} == {"v": 1, "w": 2}
    assert found.by_tag["typos"].exact.good == 1
    assert {way: (of.good, of.n) for way, of in found.ways.items()} == {
        "grammar": (1, 1),
        "model": (0, 1),
    }


def test_each_part_is_credited_with_what_it_adds():
    good, bad = outcome("understood", "understood", True), outcome("understood", "ask")
    rows = [row("none", "a", [good, bad, bad, bad]), row("encoder", "b", [good, good, good, bad])]
    assert added(rows) == {"encoder": 0.5}
    assert added(rows[:1]) == {}
