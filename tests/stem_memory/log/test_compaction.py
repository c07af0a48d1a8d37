"""Compaction keeps every answer as known at the horizon or later, and can be taken back."""

import gzip
import random

import pytest

from stem_memory.answers.queries import explain, near_to
from stem_memory.contracts import Asserted, Spoken
from stem_memory.errors import ChainBroken, EventConflict
from stem_memory.log.compaction import CompactionRefused, compact, restore
from stem_memory.log.horizon import BehindHorizon
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

THINGS = ("mug-1", "mug-2", "waiter-1")
HORIZON = 40


def story(looks=80):
    chance = random.Random(5)
    start = start_of(
        things={"mug-1": "mug on table-1", "mug-2": "mug on table-2"},
        bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
    )
    seen = []
    for i in range(1, looks):
        holder = f"table-{chance.choice((1, 1, 1, 2))}"
        look = observed(
            f"waiter-{chance.choice((1, 2))}",
            i - chance.choice((0, 0, 0, 3.5)),
            sighting(f"mug-{chance.choice((1, 2))}", f"mug on {holder}", 6.0, 2.0),
            heard=[("ann", f"line {i}")],
        )
        seen.append((float(i), look))
    corrected = Asserted(
        thing="mug-1", attr="location", value="counter-1", from_s=2.0, to_s=9.0, by="ann"
    )
    return events_of([*start, *seen, (80.0, corrected), (81.0, seen[-1][1])])


def answers(store, positions):
    told = []
    for position in positions:
        told.append([store.facts.history(thing, None, position) for thing in THINGS])
        for t in range(0, 90, 7):
            told.append([store.facts.value_at(x, "location", t, position) for x in THINGS])
            told.append([f.model_dump() for f in store.facts.world_at(t, position)])
        told.append(store.facts.near((6.0, 2.0), 1.0, 0.0, 90.0))
        told.append(store.state_at(position).digest())
        told.append(explain(store, "mug-1", t=60.0, position=position).fact)
    return told


@pytest.fixture
def store(tmp_path):
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(story()[:60])
        yield store


def later(store):
    return range(HORIZON, store.position() + 1, 5)


def test_answers_stay_and_the_file_shrinks(store, tmp_path):
    before, head = answers(store, later(store)), store.verify().head
    done = compact(store, HORIZON, tmp_path / "old.gz")
    assert answers(store, later(store)) == before
    assert done.archived > 20
    assert store.verify().head == head
    assert store.replay().digest() == store.state.digest()
    with EventStore.reader(store.path) as reader:
        assert answers(reader, later(store)) == before


def test_it_goes_on_as_if_nothing_had_been_compacted(store, tmp_path):
    with EventStore.writer(tmp_path / "twin.db", lambda: 0) as twin:
        twin.append(story())
        compact(store, HORIZON, tmp_path / "old.gz")
        store.append(story()[60:])
        assert store.state.digest() == twin.state.digest()
        assert answers(store, later(store)) == answers(twin, later(twin))
        assert store.verify().head == twin.verify().head


def test_the_tables_can_still_be_written_anew(store, tmp_path):
    compact(store, HORIZON, tmp_path / "old.gz")
    store.append(story()[60:])
    before = answers(store, later(store))
    store.forget_derived()
    store.close()
    with EventStore.writer(store.path, lambda: 0) as again:
        assert answers(again, later(again)) == before


def test_behind_the_horizon_is_said(store, tmp_path):
    compact(store, HORIZON, tmp_path / "old.gz")
    for ask in (
        lambda: store.facts.value_at("mug-1", "location", 5.0, HORIZON - 1),
        lambda: store.state_at(HORIZON - 1),
        lambda: store.replay(position=3),
        lambda: list(store.entries(HORIZON - 1)),
    ):
        with pytest.raises(BehindHorizon, match=f"event {HORIZON} or later"):
            ask()


def test_retries_are_still_known_and_conflicts_still_found(store, tmp_path):
    recorded = store.append(story()[:30])
    compact(store, HORIZON, tmp_path / "old.gz")
    assert store.append(story()[:30]) == recorded
    other = story()[10].model_copy(update={"body": Spoken(body="b", to="ann", text="no")})
    with pytest.raises(EventConflict):
        store.append([other])
    assert store.position() == 60


def test_restored_it_is_what_it_was(store, tmp_path):
    every = range(1, 61, 7)
    before, events = answers(store, every), [r.event for r in store.read()]
    done = compact(store, HORIZON, tmp_path / "old.gz")
    assert len(list(store.read())) == 60 - done.archived
    assert restore(store, tmp_path / "old.gz") == done.archived
    store.close()
    with EventStore.writer(store.path, lambda: 0) as again:
        assert [r.event for r in again.read()] == events
        assert answers(again, every) == before
        with pytest.raises(CompactionRefused, match="never compacted"):
            restore(again, tmp_path / "old.gz")


def test_a_changed_archive_and_a_changed_log_are_found(store, tmp_path):
    compact(store, HORIZON, tmp_path / "old.gz")
    forged = gzip.decompress((tmp_path / "old.gz").read_bytes()).replace(b"table-1", b"table-9")
    (tmp_path / "forged.gz").write_bytes(gzip.compress(forged))
    with pytest.raises(CompactionRefused, match="changed"):
        restore(store, tmp_path / "forged.gz")
    store._db.execute("UPDATE event SET body = '' WHERE id = 55")
    with pytest.raises(ChainBroken, match="event 55"):
        store.verify()


def test_what_can_not_be_compacted_is_said(store, tmp_path):
    (tmp_path / "there.gz").touch()
    with pytest.raises(CompactionRefused, match="exists"):
        compact(store, HORIZON, tmp_path / "there.gz")
    with pytest.raises(CompactionRefused, match="61 is none"):
        compact(store, 61, tmp_path / "old.gz")
    compact(store, HORIZON, tmp_path / "old.gz")
    with pytest.raises(CompactionRefused, match=f"{HORIZON} is none"):
        compact(store, HORIZON, tmp_path / "new.gz")
    compact(store, 55, tmp_path / "new.gz")
    assert store.verify().events == 60
    assert store.replay().digest() == store.state.digest()


def test_how_all_stood_together_before_is_not_made_up(store, tmp_path):
    assert near_to(store, "mug-1", 2.0, t=5.0)
    late = near_to(store, "mug-1", 2.0, t=55.0)
    compact(store, HORIZON, tmp_path / "old.gz")
    with pytest.raises(BehindHorizon, match="restore the archive"):
        near_to(store, "mug-1", 2.0, t=5.0)
    assert near_to(store, "mug-1", 2.0, t=55.0) == late
    with pytest.raises(BehindHorizon):
        store.require_whole()


def test_a_base_of_older_software_is_still_used(store, tmp_path):
    compact(store, HORIZON, tmp_path / "old.gz")
    before = answers(store, later(store))
    store._db.execute("UPDATE snapshot SET version = 1")
    store._db.execute("UPDATE folded SET version = 1")
    store.close()
    with EventStore.writer(store.path, lambda: 0) as again:
        assert answers(again, later(again)) == before
    with EventStore.reader(store.path) as again:
        assert again.replay().digest() == again.state.digest()


def test_an_archive_that_can_not_be_written_changes_nothing(store, tmp_path):
    before = answers(store, later(store))
    with pytest.raises(CompactionRefused, match="can not be written"):
        compact(store, HORIZON, tmp_path / "nowhere" / "old.gz")
    assert answers(store, later(store)) == before
    assert len(list(store.read())) == 60
