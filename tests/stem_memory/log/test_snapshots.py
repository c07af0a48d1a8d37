"""A snapshot is the very state, is only used if it is, and saves folding."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from devices.facts import ClassCard, Location, StateSpec
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Asserted, GoalPosted, Spoken, StepEnded
from stem_memory.log import derived
from stem_memory.log import store as store_module
from stem_memory.log.freeze import Unfreezable, freeze, thaw
from stem_memory.log.snapshots import Snapshots
from stem_memory.log.store import EventStore
from stem_memory.tasks import Goal
from stem_memory.testing import body, events_of, observed, sighting, start_of


def story(looks=30):
    start = start_of(
        classes=[ClassCard(cls="mug", states={"clean": StateSpec(values=(True,), default=True)})],
        things={"mug-1": "mug on table-1", "ann": "person at hall"},
        bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
    )
    seen = [
        observed(
            f"waiter-{1 + i % 2}",
            i / 2,
            sighting("mug-1", f"mug on table-{1 + i // 3 % 2}", i / 10, 2.0, clean=i % 5 > 0),
            viewed=["counter-1"],
            heard=[("ann", f"line {i}")],
        )
        for i in range(1, looks)
    ]
    ended = StepEnded(
        request="r",
        goal="g1",
        step="s",
        skill="pick",
        body="waiter-1",
        outcome="done",
        duration_s=2.5,
        evidenced=True,
    )
    rest = [
        (20.0, GoalPosted(goal=Goal(id="g1", text="mug, please", who="ann", t=20.0))),
        (21.0, ended),
        (22.0, Asserted(thing="mug-1", attr="clean", value=None, from_s=3.0, to_s=4.0, by="ann")),
        (23.0, Spoken(body="waiter-1", to="ann", text="Here it is.")),
    ]
    return events_of([*start, *seen, *rest])


def test_the_state_thaws_to_the_very_same_and_goes_on_alike():
    events = story()
    for cut in range(0, len(events), 6):
        state = MemoryState.of(events[:cut])
        again = MemoryState.of_parts({k: thaw(freeze(p)) for k, p in state.parts().items()})
        assert again.digest() == state.digest()
        noted = [again.apply_noting(event) for event in events[cut:]]
        assert noted == [state.apply_noting(event) for event in events[cut:]]
        assert again.digest() == state.digest()
        assert again.names("mug-1") == state.names("mug-1")


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEYS = st.integers() | st.text() | st.tuples(st.text(), st.integers())
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
)


@given(value=NESTED)
def test_containers_keep_their_kind(value):
    again = thaw(freeze(value))
    assert again == value
    assert type(again) is type(value)


def test_nothing_foreign_is_written_or_made():
    with pytest.raises(Unfreezable):
        freeze({"f": print})
    with pytest.raises(ValueError, match="not of this house"):
        thaw(["object", "subprocess:Popen", "args", "ls"])
    assert thaw(freeze(Location(relation="on", holder="x"))) == Location(relation="on", holder="x")


# As an older version wrote the state above: what its classes and parts were called then.
FORMERLY = {
    "stem_memory.belief.projections:Projections": "stem_memory.annexes:Annexes",
    "stem_memory.belief.performance:PerformanceProjection": "stem_memory.performance:PerformanceBook",
    "stem_memory.notes.projection:NoteProjection": "stem_memory.notes.book:NoteBook",
    "stem_memory.cubes.projection:CubeProjection": "stem_memory.cubes.book:CubeBook",
    "stem_memory.belief.": "stem_memory.",
    '"projections":': '"annexes":',
}


def test_what_an_older_version_wrote_is_read(path):
    with EventStore.writer(path, lambda: 0) as store:
        sound = store.state.digest()
        assert store.snapshot()
        rows = store.connection.execute("SELECT position, form FROM snapshot").fetchall()
        for position, form in rows:
            text = zlib.decompress(form).decode()
            for now, then in FORMERLY.items():
                text = text.replace(now, then)
            assert "belief" not in text
            store.connection.execute(
                "UPDATE snapshot SET form = ? WHERE position = ?",
                (zlib.compress(text.encode()), position),
            )
        newest = Snapshots(store.connection, derived.FOLD_VERSION).newest()
    assert newest.state.digest() == sound
    assert newest.position == max(position for position, _ in rows)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "memory.db"
    with EventStore.writer(path, lambda: 0) as store:
        store.append(story()[:20])
        assert store.snapshot()
        store.append(story()[20:])
    return path


def folded(monkeypatch):
    """Counts what is folded from the log."""
    counted = []
    apply = MemoryState.apply
    monkeypatch.setattr(
        MemoryState, "apply", lambda self, event: (counted.append(event), apply(self, event))[1]
    )
    return counted


@pytest.mark.parametrize("opener", [EventStore.reader, lambda p: EventStore.writer(p, lambda: 0)])
def test_opening_folds_only_what_came_after(path, monkeypatch, opener):
    counted = folded(monkeypatch)
    with opener(path) as store:
        digest = store.state.digest()
        assert len(counted) == len(story()) - 20
        assert digest == store.replay().digest()
        assert store.state_at(25).digest() == store.replay(position=25).digest()
        assert store.state_at(10).digest() == store.replay(position=10).digest()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshot SET digest = 'other'",
        "UPDATE snapshot SET form = x'00'",
        "UPDATE snapshot SET version = version + 1",
        "DELETE FROM snapshot",
    ],
)
def test_a_snapshot_that_is_not_sound_is_not_used(path, damage):
    db = Database(path)
    db.execute(damage)
    db.close()
    with EventStore.reader(path) as store:
        assert store.state.digest() == MemoryState.of(story()).digest()


def test_long_sessions_leave_a_snapshot(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "_SNAPSHOT_EVERY", 10)
    monkeypatch.setattr(store_module, "_SNAPSHOT_AT_CLOSE", 5)
    path = tmp_path / "memory.db"
    for start in (0, 19):
        with EventStore.writer(path, lambda: 0) as store:
            for event in story()[start : start + 19]:
                store.append([event])
    held = [p for (p,) in Database(path).execute("SELECT position FROM snapshot ORDER BY 1")]
    assert held[-1] == len(story())
    assert len(held) <= 4
    with EventStore.reader(path) as store:
        for position in range(1, len(story()) + 1, 4):
            assert store.state_at(position).digest() == store.replay(position=position).digest()
