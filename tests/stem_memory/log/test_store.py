"""The log on disk: nothing acknowledged is lost, nothing unsound is opened, nothing is rewritten."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlite_utils import Database

from services.lab.memory.trials.kills import kills
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Spoken
from stem_memory.errors import (
    ChainBroken,
    EventConflict,
    EventUnfit,
    StoreInUse,
    StoreReadOnly,
    StoreTooNew,
    StoreUnreadable,
    UnsafeSqlite,
)
from stem_memory.log import migrations
from stem_memory.log.store import EventStore
from stem_memory.testing import LogContract, body, events_of, observed, sighting, start_of


def no_time():
    return 0


def spoken(seq, text="hello", origin="test", t=0.0):
    return Event(origin=origin, seq=seq, t=t, body=Spoken(body="waiter-1", to="ann", text=text))


def story():
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    looks = [
        observed("waiter-1", t, sighting("mug-1", f"mug on table-{1 + t % 2}", clean=t < 5))
        for t in range(1, 9)
    ]
    return events_of([*start, *looks])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


@pytest.fixture
def full(path):
    """A closed store with a story in it."""
    with EventStore.writer(path, no_time) as store:
        store.append(story())
    return path


class TestEventStore(LogContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path):
        self.path = tmp_path / "memory.db"

    def make(self):
        return EventStore.writer(self.path, no_time)


def test_what_was_appended_is_read_back_by_another_store(path):
    with EventStore.writer(path, lambda: 5000) as store:
        recorded = store.append(story())
        assert [r.id for r in recorded] == list(range(1, len(story()) + 1))
        assert {r.tx_ms for r in recorded} == {5000}
        with EventStore.reader(path) as reader:
            assert tuple(reader.read()) == recorded
    with EventStore.reader(path) as reader:
        assert tuple(reader.read()) == recorded


def test_an_old_reader_finds_a_log_sound_that_was_written_since(path):
    # FTS5 took what it had cached for the truth and called the file damaged.
    with EventStore.writer(path, lambda: 0) as store, EventStore.reader(path) as reader:
        assert reader.verify().events == 0
        store.append([spoken(1), spoken(2)])
        assert reader.verify().events == 2


def test_replay_equals_the_live_fold_now_and_as_of(full):
    with EventStore.reader(full) as store:
        assert store.replay().digest() == MemoryState.of(story()).digest()
        early = [e for e in story() if e.t <= 3.0]
        assert store.replay(as_of=3.0).digest() == MemoryState.of(early).digest()
        assert store.replay(position=5).digest() == MemoryState.of(story()[:5]).digest()


def test_read_picks_positions_and_kinds(full):
    with EventStore.reader(full) as store:
        assert [r.id for r in store.read(after=3, until=5)] == [4, 5]
        assert {r.event.body.kind for r in store.read(kinds={"observed"})} == {"observed"}
        assert list(store.read(kinds=())) == []


def test_long_logs_are_read_whole(path):
    events = [spoken(i) for i in range(1, 2502)]
    with EventStore.writer(path, no_time) as store:
        store.append(events)
        assert [r.event.seq for r in store.read()] == list(range(1, 2502))
        assert [r.event.seq for r in store.read(after=999, until=2001)] == list(range(1000, 2002))


def test_a_retry_is_the_same_event(path):
    with EventStore.writer(path, no_time) as store:
        first = store.append([spoken(1), spoken(2)])
        again = store.append([spoken(2), spoken(3), spoken(3)])
        assert again[0] == first[1]
        assert again[1] == again[2]
        assert store.position() == 3
        assert (store.last_seq("test"), store.last_seq("nobody")) == (3, None)
        assert store.verify().events == 3


def test_other_content_under_a_known_number_is_refused_and_nothing_is_written(path):
    with EventStore.writer(path, no_time) as store:
        store.append([spoken(1)])
        with pytest.raises(EventConflict, match="test/1"):
            store.append([spoken(2), spoken(1, "bye")])
        assert store.position() == 1
        assert store.append([spoken(2)])[0].id == 2
        store.verify()


def test_numbers_may_come_in_any_order(path):
    with EventStore.writer(path, no_time) as store:
        store.append([spoken(5), spoken(2)])
        store.append([spoken(3), spoken(1, origin="other")])
    with EventStore.writer(path, no_time) as store:
        assert [r.event.seq for r in store.append([spoken(4), spoken(2), spoken(5)])] == [4, 2, 5]
        assert store.verify().events == 5


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(path, number):
    seen = observed("waiter-1", 1.0, sighting("mug-1", "mug on table-1", x=number))
    with EventStore.writer(path, no_time) as store:
        with pytest.raises(EventUnfit, match="test/1"):
            store.append(events_of([seen]))
        with pytest.raises(EventUnfit):
            store.append([spoken(1, t=number)])
        store.append([spoken(1, "NaN and Infinity are words too")])
        assert store.position() == 1


def test_transaction_time_never_goes_back(path):
    times = iter([7000, 3000, 9000])
    with EventStore.writer(path, lambda: next(times)) as store:
        stamps = [store.append([spoken(i)])[0].tx_ms for i in (1, 2, 3)]
    assert stamps == [7000, 7000, 9000]
    with EventStore.writer(path, lambda: 0) as store:
        assert store.append([spoken(4)])[0].tx_ms == 9000


def test_state_digest_does_not_depend_on_transaction_time(tmp_path):
    digests, heads = set(), set()
    for ms in (0, 123456):
        with EventStore.writer(tmp_path / f"{ms}.db", lambda ms=ms: ms) as store:
            store.append(story())
            digests.add(store.replay().digest())
            heads.add(store.verify().head)
    assert len(digests) == 1
    assert len(heads) == 2


def test_one_writer_at_a_time(path):
    with EventStore.writer(path, no_time), pytest.raises(StoreInUse, match="read-only"):
        EventStore.writer(path, no_time)
    EventStore.writer(path, no_time).close()
    assert sorted(p.name for p in path.parent.iterdir()) == ["memory.db"]


def test_a_reader_can_not_write(full):
    with EventStore.reader(full) as store, pytest.raises(StoreReadOnly):
        store.append([spoken(99)])


def test_an_open_reader_sees_what_comes_later(path):
    with EventStore.writer(path, no_time) as store:
        store.append([spoken(1)])
        with EventStore.reader(path) as reader:
            assert reader.position() == 1
            store.append([spoken(2)])
            assert reader.position() == 2


def change(path, statement):
    db = Database(path)
    db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = replace(body, 'mug-1', 'mug-9') WHERE id = 6",
        "UPDATE event SET t = 99 WHERE id = 6",
        "UPDATE event SET hlc = hlc + 1 WHERE id = 6",
        "DELETE FROM event WHERE id = 6",
    ],
)
def test_verify_finds_what_was_changed(full, statement):
    change(full, statement)
    with EventStore.reader(full) as store, pytest.raises(ChainBroken, match="event 6"):
        store.verify()


def refused(path, error, match):
    """Both ways of opening fail with one sentence and leave the file as it was."""
    before = path.read_bytes()
    for open_it in (EventStore.reader, lambda p: EventStore.writer(p, no_time)):
        with pytest.raises(error, match=match) as caught:
            open_it(path)
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.name.endswith(".lock")] == []


def test_what_is_refused_leaves_nothing_beside_it(full):
    change(full, "PRAGMA user_version = 1000")
    for suffix in ("-wal", "-shm"):
        full.with_name(full.name + suffix).unlink(missing_ok=True)
    before = sorted(p.name for p in full.parent.iterdir())
    refused(full, StoreTooNew, "update retinue")
    assert sorted(p.name for p in full.parent.iterdir()) == before


def test_a_newer_schema_is_refused(full):
    change(full, "PRAGMA user_version = 1000")
    refused(full, StoreTooNew, "update retinue")


@pytest.mark.parametrize("keep", [0, 50, 3000, -4096, -1])
def test_a_truncated_file_is_refused(full, keep):
    content = full.read_bytes()
    full.write_bytes(content[:keep])
    refused(full, StoreUnreadable, "memory")


def test_a_corrupt_page_is_refused(full):
    content = bytearray(full.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    full.write_bytes(bytes(content))
    refused(full, StoreUnreadable, "restore it")


def test_what_is_no_memory_is_refused(path):
    path.write_text("Dear diary, " * 1000, encoding="utf-8")
    refused(path, StoreUnreadable, "not a database")
    path.unlink()
    Database(path).table("cats").insert({"id": 1})
    refused(path, StoreUnreadable, "no memory")


def test_a_missing_file_or_folder_is_said(tmp_path):
    with pytest.raises(StoreUnreadable, match="no memory at"):
        EventStore.reader(tmp_path / "memory.db")
    with pytest.raises(StoreUnreadable, match="no folder"):
        EventStore.writer(tmp_path / "runs" / "memory.db", no_time)


def test_an_unsafe_sqlite_makes_no_new_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(migrations.sqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(UnsafeSqlite, match="pysqlite3"):
        EventStore.writer(tmp_path / "memory.db", no_time)
    assert list(tmp_path.iterdir()) == []


def test_an_unsafe_sqlite_is_refused(full, monkeypatch):
    monkeypatch.setattr(migrations.sqlite3, "sqlite_version_info", (3, 40, 1))
    refused(full, UnsafeSqlite, "pysqlite3")


def test_an_unknown_kind_of_event_is_said(full):
    change(full, "UPDATE event SET body = '{\"kind\":\"dreamt\"}', kind = 'dreamt' WHERE id = 6")
    with EventStore.reader(full) as store, pytest.raises(StoreUnreadable, match="event 6"):
        store.replay()


WORDS = st.sampled_from(["one", "two", "three"])
SEQS = st.integers(1, 12)


class StoreMachine(RuleBasedStateMachine):
    """The store against a list: appends, retries, conflicts and reopening in any order."""

    @initialize()
    def start(self):
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "memory.db"
        self.store = EventStore.writer(self.path, no_time)
        self.model = []

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(batch=st.lists(st.tuples(st.sampled_from("ab"), SEQS, WORDS), max_size=5))
    def append(self, batch):
        events = [spoken(seq, word, origin) for origin, seq, word in batch]
        after = list(self.model)
        clash = False
        for event in events:
            same = [e for e in after if (e.origin, e.seq) == (event.origin, event.seq)]
            clash = clash or (bool(same) and same[0] != event)
            after.extend([] if same else [event])
        if clash:
            with pytest.raises(EventConflict):
                self.store.append(events)
        else:
            recorded = self.store.append(events)
            self.model = after
            assert [self.model[r.id - 1] for r in recorded] == events

    @rule()
    def reopen(self):
        self.store.close()
        self.store = EventStore.writer(self.path, no_time)

    @invariant()
    def equal(self):
        if hasattr(self, "store"):
            assert [r.event for r in self.store.read()] == self.model
            assert self.store.verify().events == len(self.model)
            assert self.store.replay().digest() == MemoryState.of(self.model).digest()


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=25, stateful_step_count=15)


@pytest.mark.parametrize("trials", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_writers_lose_nothing_acknowledged(tmp_path, trials):
    found = list(kills(tmp_path, trials))
    assert len(found) == trials
    for trial in found:
        assert trial.acknowledged > 0
        assert (trial.lost, trial.torn, trial.fault) == (0, 0, "")
