"""What people ask memory and what it answers."""

import pytest

from devices.facts import ClassCard, Location, Thing
from stem_memory.answers.queries import (
    QueryUnclear,
    as_of,
    context,
    diff,
    explain,
    history,
    near_to,
    resolve,
    search,
    where,
)
from stem_memory.contracts import GoalPosted, StepEnded
from stem_memory.log.store import EventStore
from stem_memory.tasks import Goal
from stem_memory.testing import body, events_of, observed, sighting, start_of


def mug(i, colour):
    place = Location(relation="on", holder="table-1")
    return Thing(id=f"mug-{i}", cls="mug", attrs={"colour": colour}, location=place)


@pytest.fixture
def store(tmp_path):
    start = start_of(
        classes=[ClassCard(cls="mug", names=("mug",))],
        things=[mug(1, "red"), mug(2, "blue")],
        bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
    )
    failed = StepEnded(
        request="r1",
        goal="g1",
        step="s1",
        skill="pick",
        body="waiter-2",
        outcome="failed",
        reason="out_of_reach",
        detail="The shelf is too high.",
        duration_s=4.0,
    )
    story = [
        observed("waiter-1", 10.0, sighting("mug-1", "mug on counter-1", 1, 1), viewed=["table-1"]),
        (15.0, GoalPosted(goal=Goal(id="g1", text="bring ann the red mug", who="ann", t=15.0))),
        observed("waiter-2", 20.0, sighting("mug-1", "mug on counter-1", 1, 1)),
        (25.0, failed),
        observed("waiter-1", 30.0, viewed=["table-2"], heard=[("ann", "Where is my red mug?")]),
    ]
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as opened:
        opened.append(events_of([*start, *story]))
        yield opened


def test_words_mean_things(store):
    memory = store.state
    assert resolve(memory, "the red mug") == ("mug-1",)
    assert resolve(memory, "mug") == ("mug-1", "mug-2")
    assert resolve(memory, "mug-2") == ("mug-2",)
    assert resolve(memory, "Table 1") == ("table-1",)
    with pytest.raises(QueryUnclear, match="did you mean red mug"):
        resolve(memory, "red mugg")
    with pytest.raises(QueryUnclear, match="no 'unicorn'"):
        resolve(memory, "unicorn")


def test_where_says_place_source_and_sureness(store):
    found = where(store, "red mug")[0]
    assert (found.belief.value, found.belief.source, found.room) == (
        "counter-1",
        "waiter-2",
        "kitchen",
    )
    assert "on counter 1" in found.sentence
    assert "seen by waiter-2 at 0:20, so since 0:10" in found.sentence
    missing = where(store, "blue mug")[0]
    assert missing.belief.value is None
    assert "is missing; likeliest" in missing.sentence
    assert "floor plan" in where(store, "table 2")[0].sentence


def test_history_and_as_of_and_diff(store):
    places = [f.value for f in history(store, "red mug", "location")]
    assert places == ["table-1", "counter-1"]
    assert as_of(store, 5.0, "red mug")[-1].value == "table-1"
    assert {f.thing for f in as_of(store, 5.0)} >= {"mug-1", "mug-2", "waiter-1"}
    changed = {(d.thing, d.attr) for d in diff(store, 5.0, 35.0)}
    assert {("mug-1", "location"), ("mug-2", "location")} <= changed
    assert diff(store, 35.0, 36.0) == ()


def test_near_to_a_thing(store):
    assert [n.thing for n in near_to(store, "counter", 0.5)] == ["mug-1"]
    with pytest.raises(QueryUnclear, match="Nobody knows"):
        near_to(store, "blue mug", 1.0)


def test_explain_gives_the_chain_of_evidence(store):
    why = explain(store, "red mug")
    assert [(e.source, e.t, e.agrees) for e in why.evidence] == [
        ("waiter-1", 10.0, True),
        ("waiter-2", 20.0, True),
    ]
    assert "confirmed once" in why.sentence
    gone = explain(store, "blue mug")
    assert gone.fact.value is None
    assert [(e.source, e.value) for e in gone.evidence] == [("waiter-1", None)]
    early = explain(store, "red mug", t=5.0)
    assert (early.fact.value, early.evidence[0].source) == ("table-1", "survey")
    assert explain(store, "red mug", "clean").fact is None


def test_search_ranks_text_time_and_place_together(store):
    assert {f.kind for f in search(store, "red mug")} >= {"said", "goal", "fact"}
    assert search(store, "shelf too high")[0].about == "waiter-2"
    assert search(store, "red mug", around_s=15.0)[0].kind in {"goal", "fact"}
    assert search(store, "mug", near_thing="counter")[0].about == "mug-1"
    assert search(store, "unicorn") == ()


def test_context_fits_its_budget_and_repeats(store):
    lines = context(store, "bring ann the red mug", 60)
    assert "on counter 1" in lines[0]
    assert sum(-(-len(line) // 4) for line in lines) <= 60
    assert lines == context(store, "bring ann the red mug", 60)
    assert len(context(store, "bring ann the red mug", 500)) > len(lines)
    assert context(store, "bring ann the red mug", 0) == ()


def test_questions_can_be_asked_beside_the_writer(store):
    with EventStore.reader(store.path) as reader:
        assert where(reader, "red mug") == where(store, "red mug")
        assert explain(reader, "red mug") == explain(store, "red mug")
