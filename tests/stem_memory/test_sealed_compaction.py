"""A sealed log is compacted like any other, and who is erased is gone from all of it."""

import gzip

import pytest

from stem_memory.contracts import Event, GoalPosted, Spoken
from stem_memory.errors import EventConflict
from stem_memory.log.compaction import CompactionRefused, compact, restore
from stem_memory.log.horizon import BaseOutdated, BehindHorizon, horizon
from stem_memory.log.store import EventStore
from stem_memory.privacy.contracts import KeysDestroyed, PrivacyChanged, RetentionSet
from stem_memory.privacy.erase import erase_person, expire, sealed_copy
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.tasks import Goal
from stem_memory.testing import body, events_of, observed, sighting, start_of

HORIZON = 40
THINGS = ("mug-1", "ann", "bob")


def no_time():
    return 0


def story():
    """Ann and Bob are seen and heard again and again; a mug wanders."""
    start = start_of(
        things={"mug-1": "mug on table-1", "ann": "person at hall", "bob": "person at kitchen"},
        bodies=[body("waiter-1", 5, 1)],
    )
    told = []
    for i in range(1, 28):
        room = "hall" if i % 3 else "kitchen"
        who = "ann" if i % 2 else "bob"
        told.append(
            (
                float(2 * i),
                observed(
                    "waiter-1",
                    2.0 * i,
                    sighting(who, f"person at {room}", 6.0, 2.0),
                    sighting("mug-1", f"mug on table-{1 + i % 2}", 6.0, 2.0),
                    heard=[(who, f"secret {i} of {who}")],
                ),
            )
        )
        told.append((2.0 * i, Spoken(body="waiter-1", to=who, text=f"answer {i} for {who}")))
    goal = Goal(id="g1", text="the blue pills", who="ann", t=56.0)
    return events_of([*start, *told, (56.0, GoalPosted(goal=goal))])


def answers(store):
    """What can be asked at the horizon and later, whatever was archived."""
    return [
        [
            [store.facts.history(thing, None, position) for thing in THINGS],
            [store.facts.value_at(x, "location", t, position) for x in THINGS for t in (3, 20, 50)],
            [f.model_dump() for f in store.facts.world_at(21.0, position)],
            store.state_at(position).digest(),
        ]
        for position in (HORIZON, HORIZON + 7, store.position())
    ]


def made(path):
    """A sealed memory of the story."""
    path.parent.mkdir(exist_ok=True)
    vault = Vault(Keyring.beside(path))
    with EventStore.writer(path, no_time, vault) as store:
        store.append(story())
    return vault


def shrink(path, archive, position=HORIZON):
    with EventStore.writer(path, no_time, Vault(Keyring.beside(path))) as store:
        return compact(store, position, archive)


def raw(folder):
    """Every byte but the keys, archives unpacked."""
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".keys")]
    return b"".join(
        gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "run" / "memory.db"
    made(path)
    return path


@pytest.fixture
def archive(path):
    return path.with_name("old.gz")


def opened(path):
    return EventStore.reader(path, Vault.beside(path))


def test_answers_and_chain_stay_and_the_archive_is_sealed(path, archive):
    with opened(path) as store:
        before, head = answers(store), store.verify().head
    done = shrink(path, archive)
    assert done.archived > 15
    with opened(path) as store:
        assert answers(store) == before
        assert store.verify().head == head
        assert store.replay().digest() == store.state.digest()
    content = gzip.decompress(archive.read_bytes())
    assert b"secret" not in content
    assert b'"ann"' not in content


def test_a_retry_of_an_archived_event_is_still_the_same_event(path, archive):
    shrink(path, archive)
    with EventStore.writer(path, no_time, Vault(Keyring.beside(path))) as store:
        count = store.position()
        assert store.append(story()[:30])[-1].id == 30
        assert store.position() == count
        other = story()[10].model_copy(update={"body": Spoken(body="b", to="ann", text="no")})
        with pytest.raises(EventConflict):
            store.append([other])


def test_who_is_erased_is_gone_from_what_was_compacted(path, archive, tmp_path):
    twin = tmp_path / "twin" / "memory.db"
    made(twin)
    shrink(path, archive)
    shrink(path, path.with_name("older.gz"), HORIZON + 5)
    for one in (path, twin):
        erase_person(one, Vault(Keyring.beside(one)), "ann", "op", no_time)
    content = raw(path.parent)
    assert b"of ann" not in content
    assert b'"ann"' not in content
    assert b"blue pills" not in content
    assert b"secret 2 of bob" in content
    with opened(path) as store, opened(twin) as whole:
        assert horizon(store.connection) == HORIZON + 5
        assert store.verify().events == whole.verify().events
        assert store.facts.history("ann") == ()
        for thing in ("mug-1", "bob"):
            assert store.facts.history(thing) == whole.facts.history(thing)
        assert store.replay().digest() == store.state.digest()
        # Pseudonyms are random, so only what is of nobody erased can be compared.
        assert store.state.contents("table-1") == whole.state.contents("table-1")
        assert len(store.state.dialogue()) == len(whole.state.dialogue())
    with EventStore.writer(path, no_time, Vault(Keyring.beside(path)), as_it_lies=True) as store:
        restore(store, path.with_name("older.gz"))
        restore(store, archive)
    EventStore.writer(path, no_time, Vault(Keyring.beside(path))).close()
    with opened(path) as store, opened(twin) as whole:
        assert len(list(store.read())) == len(list(whole.read()))
        assert store.search("secret of ann", 50) == whole.search("secret of ann", 50)
        assert b"of ann" not in raw(path.parent)


def test_without_the_archive_nothing_is_erased_or_changed(path, archive, tmp_path):
    shrink(path, archive)
    archive.rename(tmp_path / "moved.gz")
    before = path.read_bytes(), Keyring.beside(path).names()
    vault = Vault(Keyring.beside(path))
    with pytest.raises(CompactionRefused, match=r"lies in the archive old.gz.*--archive"):
        erase_person(path, vault, "ann", "op", no_time)
    assert (path.read_bytes(), Keyring.beside(path).names()) == before
    moved = (tmp_path / "moved.gz",)
    erase_person(path, Vault(Keyring.beside(path)), "ann", "op", no_time, archives=moved)
    assert b"of ann" not in raw(path.parent)
    with opened(path) as store:
        assert horizon(store.connection) == HORIZON


def test_what_is_refused_is_compacted_as_before(path, archive):
    shrink(path, archive)
    with opened(path) as store:
        before = answers(store)
    with pytest.raises(Exception, match="nothing of zoe"):
        erase_person(path, Vault(Keyring.beside(path)), "zoe", "op", no_time)
    with opened(path) as store:
        assert answers(store) == before
        assert horizon(store.connection) == HORIZON
    assert archive.is_file()


def test_a_crash_in_the_middle_loses_nothing_and_leaves_nobody(path, archive, monkeypatch):
    shrink(path, archive)
    vault = Vault(Keyring.beside(path))
    with monkeypatch.context() as patch:
        patch.setattr("stem_memory.privacy.erase.archive_again", _die)
        with pytest.raises(KeyboardInterrupt):
            erase_person(path, vault, "ann", "op", no_time)
    EventStore.writer(path, no_time, Vault(Keyring.beside(path))).close()
    with opened(path) as store:
        assert horizon(store.connection) == 0
        assert store.verify().events == len(story()) + 1
        assert store.facts.history("ann") == ()
    assert b"of ann" not in raw(path.parent)


def _die(*_):
    raise KeyboardInterrupt


def test_what_expires_is_gone_from_what_was_compacted(tmp_path):
    path = tmp_path / "memory.db"
    rule = PrivacyChanged(change=RetentionSet(cls="person", keep_s=10.0))
    with EventStore.writer(path, no_time, Vault(Keyring.beside(path))) as store:
        first, *rest = story()
        store.append([first, Event(origin="rules", seq=1, t=0.0, body=rule), *rest])
    shrink(path, tmp_path / "old.gz")
    gone = expire(path, Vault(Keyring.beside(path)), 56.0, no_time)
    assert gone.sealed_events > 0
    content = raw(tmp_path)
    assert b"secret 1 of ann" not in content
    assert b"secret 27 of ann" in content
    with opened(path) as store:
        assert horizon(store.connection) == HORIZON
        assert store.replay().digest() == store.state.digest()


def test_a_base_made_before_keys_were_destroyed_elsewhere_is_not_used(path, archive):
    """As when another host erased somebody and its log was pulled."""
    shrink(path, archive)
    vault = Vault(Keyring.beside(path))
    gone = KeysDestroyed(keys=(vault.keys.alias("person/ann"),), why="erasure", by="elsewhere")
    with EventStore.writer(path, no_time, vault) as store:
        store.append([Event(origin="peer", seq=1, t=60.0, body=PrivacyChanged(change=gone))])
    for _ in range(2):
        with pytest.raises(BaseOutdated, match="retinue memory restore"):
            EventStore.writer(path, no_time, Vault(Keyring.beside(path)))
    with EventStore.writer(path, no_time, Vault(Keyring.beside(path)), as_it_lies=True) as store:
        restore(store, archive)
    shrink(path, path.with_name("new.gz"))
    archive.unlink()
    assert b"of ann" not in raw(path.parent)


def test_a_compacted_log_is_not_copied_in_part(tmp_path):
    clear, copy = tmp_path / "clear.db", tmp_path / "copy.db"
    with EventStore.writer(clear, no_time) as store:
        store.append(story())
        compact(store, HORIZON, tmp_path / "old.gz")
    with pytest.raises(BehindHorizon):
        sealed_copy(clear, copy, Vault(Keyring.beside(copy)))
    assert not copy.exists()
