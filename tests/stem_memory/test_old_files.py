"""Files that earlier versions really wrote are brought up to date and answer as a new one would."""

import shutil
from pathlib import Path

import pytest

from stem_memory.answers.queries import explain, search, where
from stem_memory.errors import StoreTooOld
from stem_memory.log.migrations import MIGRATIONS
from stem_memory.log.store import EventStore

OLD = sorted((Path(__file__).parent / "old").glob("schema-*.db"))


@pytest.fixture(params=OLD, ids=lambda path: path.stem)
def old(request, tmp_path):
    return Path(shutil.copy(request.param, tmp_path / "memory.db"))


def test_there_are_old_files():
    assert len(OLD) >= 2


def test_a_reader_says_what_to_do_and_leaves_the_file_alone(old):
    before = old.read_bytes()
    with pytest.raises(StoreTooOld, match="retinue memory upgrade"):
        EventStore.reader(old)
    assert old.read_bytes() == before


def test_a_writer_brings_it_up_to_date_without_touching_the_log(old, tmp_path):
    with EventStore.writer(old, lambda: 0) as store:
        events = tuple(recorded.event for recorded in store.read())
        head = store.verify().head
        assert store._db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    with EventStore.writer(tmp_path / "new.db", lambda: 0) as new:
        new.append(events)
        fresh = [new.facts.history(t) for t in ("mug-1", "mug-2", "waiter-1")]
        digest = new.state.digest()
    with EventStore.reader(old) as store:
        assert store.verify().head == head
        assert [store.facts.history(t) for t in ("mug-1", "mug-2", "waiter-1")] == fresh
        assert store.state.digest() == digest == store.replay().digest()
        assert where(store, "mug-1")[0].belief.value == "counter-1"
        assert explain(store, "mug-1", t=2.5).fact.value == "table-2"
        assert "said" in {found.kind for found in search(store, "where mug")}
        assert store.position_at(7000) == 7


def test_tables_of_another_fold_are_not_read(tmp_path, old):
    with EventStore.writer(old, lambda: 0) as store:
        store._db.execute("UPDATE folded SET version = 0")
    with pytest.raises(StoreTooOld):
        EventStore.reader(old)
    EventStore.writer(old, lambda: 0).close()
    EventStore.reader(old).close()
