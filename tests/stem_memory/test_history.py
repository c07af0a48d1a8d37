"""Every question at every valid time and every position of the log, against a plain model."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Asserted
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

END = 16
BODIES = [body("waiter-1", 5, 1), body("waiter-2", 5, 2)]
START = start_of(things={"mug-1": "mug on table-1", "mug-2": "mug on table-2"}, bodies=BODIES)
HOLDERS = ["table-1", "table-2", "counter-1"]


def no_time():
    return 0


def opened(folder, *payloads, start=START):
    events = events_of([*start, *payloads])
    store = EventStore.writer(folder / "memory.db", no_time)
    store.append(events)
    return store


def saw(t, holder, thing="mug-1", who="waiter-1", confidence=0.95, **states):
    seen = sighting(thing, f"mug on {holder}", **states)
    return observed(who, t, seen.model_copy(update={"confidence": confidence}))


def said(value, since, until=None, thing="mug-1", by="ann", attr="location", reason=""):
    return Asserted(
        thing=thing, attr=attr, value=value, from_s=since, to_s=until, by=by, reason=reason
    )


class Plain:
    """One thing's place over integer times, painted anew for every event of the log."""

    def __init__(self):
        self.line = ["table-1"] * END
        self.evidence = {0}
        self.edges = set()

    def sight(self, t, holder):
        later = [at for at in self.evidence | self.edges if at > t]
        newest = t >= max(self.evidence)
        end = END if newest else min([*later, END])
        self.line[t:end] = [holder] * (end - t)
        if newest:
            self.edges = {at for at in self.edges if at <= t}
        self.evidence.add(t)

    def state(self, now, holder, since, until):
        end = END if until is None else until
        self.line[since:end] = [holder] * (end - since)
        self.edges = {at for at in self.edges if not since < at < end} | {since}
        if until is None:
            self.evidence.add(now)
        else:
            self.edges.add(until)


@st.composite
def stories(draw):
    """Sightings at distinct times in any order of arrival, and statements about the past."""
    times = draw(st.lists(st.integers(1, 12), unique=True, min_size=1, max_size=9))
    story = []
    for t in times:
        story.append(("sight", t, draw(st.sampled_from(HOLDERS)), None))
        if draw(st.integers(0, 3)) == 0:
            since = draw(st.integers(0, 12))
            until = draw(st.none() | st.integers(since + 1, 13))
            story.append(("state", since, draw(st.sampled_from(HOLDERS)), until))
    return story


@settings(max_examples=150)
@given(story=stories())
@example(
    story=[
        ("sight", 1, "table-2", None),
        ("state", 0, "table-1", 3),
        ("sight", 2, "table-2", None),
    ]
)
@example(story=[("state", 2, "table-2", 3), ("sight", 2, "table-2", None)])
def test_every_time_as_known_at_every_position(story, tmp_path_factory):
    model, known, payloads = Plain(), [], []
    for kind, t, holder, until in story:
        if kind == "sight":
            payloads.append((float(t), saw(float(t), holder)))
            model.sight(t, holder)
        else:
            now = END - 0.5 + len(payloads) / 100
            payloads.append((now, said(holder, t, until)))
            # A statement that still holds is evidence of the moment it is made, after all looks.
            model.state(END, holder, t, until)
        known.append(list(model.line))
    with opened(tmp_path_factory.mktemp("history"), *payloads) as store:
        first = len(START) + 1
        for position, line in enumerate(known, first):
            found = [store.facts.value_at("mug-1", "location", v, position) for v in range(END)]
            assert [fact.value for fact in found] == line
            for v, fact in enumerate(found):
                world = store.facts.world_at(v, position)
                everything = list(world)
                assert [f for f in everything if f.thing == "mug-1"] == [fact]
                assert len(world) == len(everything)
        believed = store.state.location("mug-1").holder
        assert store.facts.value_at("mug-1", "location", 1e9).value == believed
        assert store.replay().digest() == store.state.digest()


def test_the_past_stays_as_it_was_known(tmp_path):
    with opened(tmp_path, saw(5.0, "table-2"), (9.0, saw(3.0, "counter-1"))) as store:
        assert [f.value for f in store.facts.history("mug-1")] == [
            "table-1",
            "counter-1",
            "table-2",
        ]
        late = store.position()
        assert store.facts.value_at("mug-1", "location", 4.0).value == "counter-1"
        assert store.facts.value_at("mug-1", "location", 4.0, late - 1).value == "table-1"
        revisions = store.facts.revisions("mug-1", "location", 4.0)
        assert [(f.value, f.known_to is None) for f in revisions][-1] == ("counter-1", True)
        changed = store.facts.difference((4.0, late - 1), (4.0, None))
        assert [(d.before.value, d.after.value) for d in changed] == [("table-1", "counter-1")]


def test_a_late_report_does_not_reach_beyond_a_later_look(tmp_path):
    story = (saw(2.0, "table-1"), saw(8.0, "table-1"), (9.0, saw(5.0, "table-2")))
    with opened(tmp_path, *story) as store:
        at = [store.facts.value_at("mug-1", "location", t).value for t in (4.0, 5.0, 7.9, 8.0)]
        assert at == ["table-1", "table-2", "table-2", "table-1"]
        assert store.state.location("mug-1").holder == "table-1"


def test_looked_and_not_there_is_history_too(tmp_path):
    with opened(tmp_path, observed("waiter-1", 4.0, viewed=["table-1"])) as store:
        fact = store.facts.value_at("mug-1", "location", 5.0)
        assert (fact.value, fact.source, fact.from_s) == (None, "waiter-1", 4.0)
        assert store.facts.contents_at("table-1", 3.0) == ("mug-1",)
        assert store.facts.contents_at("table-1", 5.0) == ()


@pytest.mark.parametrize("order", [0, 1])
def test_two_who_disagree_about_an_instant_are_a_dispute(tmp_path, order):
    sure = saw(4.0, "table-2", who="waiter-1", confidence=0.9)
    unsure = saw(4.0, "counter-1", who="waiter-2", confidence=0.6)
    story = [sure, unsure][:: 1 - 2 * order]
    with opened(tmp_path, *story) as store:
        assert store.state.location("mug-1").holder == "table-2"
        assert store.facts.value_at("mug-1", "location", 4.0).value == "table-2"
        lost = store.facts.disputed("mug-1")
        assert [(f.value, f.source, f.status) for f in lost] == [
            ("counter-1", "waiter-2", "disputed")
        ]
        assert [(d[0], d[1], d[2].value) for d in store.state.disputes()] == [
            ("mug-1", "location", "counter-1")
        ]
        store.append(events_of([saw(6.0, "table-2")], first=100))
        assert store.state.disputes() == ()
        assert len(store.facts.disputed("mug-1")) == 1


def test_a_person_corrects_the_past_only(tmp_path):
    with opened(tmp_path, saw(5.0, "table-2"), (9.0, said("counter-1", 1.0, 4.0))) as store:
        at = [store.facts.value_at("mug-1", "location", t).value for t in (0.0, 2.0, 4.5, 6.0)]
        assert at == ["table-1", "counter-1", "table-1", "table-2"]
        assert store.state.location("mug-1").holder == "table-2"


def test_a_person_takes_a_state_back(tmp_path):
    story = (saw(2.0, "table-1", clean=False), (5.0, said(None, 3.0, attr="clean")))
    with opened(tmp_path, *story) as store:
        assert store.state.attr("mug-1", "clean") is None
        assert store.facts.value_at("mug-1", "clean", 2.5).value is False
        assert store.facts.value_at("mug-1", "clean", 4.0).status == "withdrawn"


def test_near_a_point_at_some_time(tmp_path):
    here = sighting("mug-1", "mug on table-1", 6.0, 2.0)
    there = sighting("mug-1", "mug on counter-1", 1.0, 1.0)
    with opened(
        tmp_path, observed("waiter-1", 2.0, here), observed("waiter-1", 8.0, there)
    ) as store:

        def near(point, *times):
            facts = store.facts.near(point, 1.0, *times)
            return [f.thing for f in facts if f.thing == "mug-1"]

        assert near((6.2, 2.2), 3.0) == ["mug-1"]
        assert near((6.2, 2.2), 9.0) == []
        assert near((6.2, 2.2), 1.0, 20.0) == ["mug-1"]
        assert near((1.0, 1.0), 9.0) == ["mug-1"]
        assert near((6.9, 2.9), 3.0) == []


def test_bodies_have_a_history_of_places(tmp_path):
    story = (
        observed("waiter-1", 2.0, room="hall"),
        observed("waiter-1", 5.0, room="kitchen", at=(1, 1)),
        observed("waiter-1", 7.0, room="kitchen", at=(2, 1)),
    )
    with opened(tmp_path, *story) as store:
        places = [(f.value, f.from_s) for f in store.facts.history("waiter-1", "location")]
        assert places == [("hall", 0.0), ("kitchen", 5.0)]


def test_search_finds_what_was_seen_said_and_stated(tmp_path):
    story = (
        observed("waiter-1", 2.0, heard=[("ann", "My keys are gone!")]),
        saw(5.0, "counter-1"),
        (6.0, said("table-2", 5.5, reason="I took it over there myself")),
    )
    with opened(tmp_path, *story) as store:
        assert store.search("key")[0].text == "My keys are gone!"
        assert any(hit.about == "mug-1" and hit.t == 5.0 for hit in store.search("mug counter"))
        assert store.search("took over")[0].kind == "statement"
        assert store.search("key", position=3) == ()
        assert store.search("?!") == ()


def test_a_new_fold_writes_the_tables_anew(tmp_path):
    with opened(tmp_path, saw(5.0, "table-2"), (9.0, saw(3.0, "counter-1"))) as store:
        before = store.facts.history("mug-1")
        store._db.execute("UPDATE folded SET version = 0")
        store._db.execute("DELETE FROM fact WHERE value = '\"table-2\"'")
    with EventStore.writer(tmp_path / "memory.db", no_time) as store:
        assert store.facts.history("mug-1") == before
        assert store.search("mug counter")


def test_a_failed_append_leaves_no_trace_in_history(tmp_path, monkeypatch):
    with opened(tmp_path) as store:
        digest = store.state.digest()
        monkeypatch.setattr(
            "stem_memory.log.derived.write_words", lambda *_: (_ for _ in ()).throw(OSError("full"))
        )
        with pytest.raises(OSError, match="full"):
            store.append(events_of([saw(5.0, "table-2")], first=50))
        monkeypatch.undo()
        assert store.state.digest() == digest
        assert len(store.facts.history("mug-1")) == 1
        store.append(events_of([saw(5.0, "table-2")], first=50))
        assert store.state.digest() == MemoryState.of(r.event for r in store.read()).digest()


def test_history_does_not_depend_on_when_the_store_was_opened(tmp_path):
    story = events_of([*START, *(observed("waiter-1", t, at=(t, 1.0)) for t in range(1, 9))])
    with EventStore.writer(tmp_path / "once.db", no_time) as store:
        for event in story:
            store.append([event])
        whole = store.facts.history("waiter-1")
    for event in story:
        with EventStore.writer(tmp_path / "often.db", no_time) as store:
            store.append([event])
            history = store.facts.history("waiter-1")
    assert history == whole
