"""What is learnt of a body at a skill, from coarse to fine."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_memory.belief.experience import Experience
from stem_memory.contracts import ExperienceBrought, GoalPosted, GraphPlanned, StepEnded
from stem_memory.tasks import Goal, TaskStep
from stem_memory.testing import body, memory_of


def ended(body_id="waiter-1", outcome="done", duration_s=4.0, **more):
    given = {"request": "r", "goal": "g", "step": "s", "skill": "pick"} | more
    return StepEnded(body=body_id, outcome=outcome, duration_s=duration_s, **given)


def tried(*cells):
    book = Experience()
    for body_id, cls, place, outcome, duration_s, times in cells:
        for _ in range(times):
            book.record(ended(body_id, outcome, duration_s), "waiter", cls, place)
    return book


def test_nobody_ever_tried():
    assert Experience().expect("waiter-1", "waiter", "pick") is None


def test_a_new_cell_says_what_the_coarser_one_says():
    book = tried(("waiter-1", "mug", "table-1", "done", 4.0, 20))
    known = book.expect("waiter-1", "waiter", "pick", "mug", "table-1")
    other = book.expect("waiter-1", "waiter", "pick", "plate", "shelf-1")
    sibling = book.expect("waiter-2", "waiter", "pick", "mug", "table-1")
    assert known.mean_s == other.mean_s == sibling.mean_s == 4.0
    assert known.success > other.success > 0.8
    assert (known.attempts, other.attempts, sibling.attempts) == (20, 0, 0)
    assert known.success_sd < sibling.success_sd


def test_a_bad_place_is_learnt_without_spoiling_the_rest():
    book = tried(
        ("waiter-1", "mug", "table-1", "done", 4.0, 30),
        ("waiter-1", "mug", "shelf-9", "failed", 9.0, 10),
        ("waiter-1", "plate", "table-1", "done", 8.0, 20),
    )
    good = book.expect("waiter-1", "waiter", "pick", "mug", "table-1")
    bad = book.expect("waiter-1", "waiter", "pick", "mug", "shelf-9")
    slow = book.expect("waiter-1", "waiter", "pick", "plate", "table-1")
    assert good.success > 0.9
    assert bad.success < 0.35
    assert slow.mean_s > 7.0
    assert good.mean_s < 4.6


@pytest.mark.parametrize("seed", range(5))
def test_the_truth_lies_within_what_is_claimed(seed):
    chance = random.Random(seed)
    book = Experience()
    for _ in range(200):
        outcome = "done" if chance.random() < 0.8 else "failed"
        spent = max(0.1, chance.gauss(6.0, 1.5))
        book.record(ended(outcome=outcome, duration_s=spent), "waiter", "mug", "table-1")
    found = book.expect("waiter-1", "waiter", "pick", "mug", "table-1")
    assert abs(found.success - 0.8) < 3.5 * found.success_sd
    assert abs(found.mean_s - 6.0) < 3.5 * found.mean_sd_s
    assert 1.1 < found.sd_s < 1.9


def test_what_says_nothing_does_not_count():
    book = tried(("waiter-1", "mug", "table-1", "cancelled", 4.0, 5))
    assert book.cells == {}


def test_the_fold_finds_class_and_place_in_the_plan():
    step = TaskStep(id="s", skill="pick", args={"obj": "mug-1"}, place="table-1")
    memory = memory_of(
        things={"mug-1": "mug on table-1"},
        bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
        then=[
            GoalPosted(goal=Goal(id="g", text="mug", who="ann", t=0.0)),
            GraphPlanned(goal="g", revision=1, steps=(step,)),
            (5.0, ended(evidenced=True)),
        ],
    )
    assert memory.expect("waiter-1", "pick", "mug", "table-1").attempts == 1
    assert memory.expect("waiter-1", "pick", "mug", "table-2").attempts == 0
    assert memory.expect("waiter-2", "pick").mean_s == 4.0
    assert memory.expect("waiter-1", "wash") is None
    assert memory.performance("waiter-1", "pick").attempts == 1


# -- From coarse to fine, and from memory to memory ----------------------------------------------


def test_every_attempt_counts_once_from_coarse_to_fine():
    book = tried(
        ("waiter-2", "mug", "table-1", "done", 9.0, 3),
        ("waiter-1", "plate", "table-1", "failed", 2.0, 2),
        ("waiter-1", "mug", "shelf-1", "done", 5.0, 4),
        ("waiter-1", "mug", "table-1", "failed", 1.0, 1),
    )
    parts = book.tried("waiter-1", "waiter", "pick", "mug", "table-1")
    assert [(p.attempts, p.successes) for p in parts] == [(3, 3), (2, 0), (4, 4), (1, 0)]
    assert [round(p.mean_s, 6) for p in parts] == [9.0, 0.0, 5.0, 0.0]
    assert [p.attempts for p in book.tried("waiter-1", "waiter", "pick")] == [3, 7]
    assert book.tried("waiter-9", "robot", "pick") == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["waiter-1", "waiter-2"]),
            st.sampled_from(["mug", "plate"]),
            st.sampled_from(["table-1", "shelf-1"]),
            st.sampled_from(["done", "failed"]),
            st.floats(0.1, 50.0),
        ),
        max_size=20,
    ),
    st.integers(0, 20),
)
def test_what_is_brought_adds_up_to_what_one_memory_would_know(attempts, cut):
    def known(some):
        return tried(*((*attempt, 1) for attempt in some))

    whole, first, rest = known(attempts), known(attempts[:cut]), known(attempts[cut:])
    both = Experience()
    for name, part in (("a", first), ("b", rest), ("a", first)):
        both.bring(ExperienceBrought(source=name, tried=part.told()))
    assert both.sources == ("a", "b")
    assert both.cells.keys() == whole.cells.keys()
    for cell, performance in whole.cells.items():
        got = both.cells[cell]
        assert (got.attempts, got.successes) == (performance.attempts, performance.successes)
        assert got.mean_s == pytest.approx(performance.mean_s)
        assert got.m2 == pytest.approx(performance.m2, abs=1e-6)
