"""Privacy: nothing from a no-record zone, nothing past its time, nothing of whom we must forget."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts import Sighting
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import (
    Asserted,
    GoalPosted,
    GoalUnderstood,
    Spoken,
)
from stem_memory.errors import EventConflict, StoreUnreadable
from stem_memory.log.store import EventStore
from stem_memory.privacy.acquaintance import Acquaintance
from stem_memory.privacy.erase import erase_person, sealed_copy
from stem_memory.privacy.errors import KeysUnreadable, NotSealed
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.rules import PrivacyRules
from stem_memory.privacy.vault import Vault, unsealed
from stem_memory.sync.exchange import merged_state, pull
from stem_memory.sync.replica import SqliteReplica
from stem_memory.tasks import Goal
from stem_memory.testing import body, events_of, observed, sighting, start_of
from tests.stem_memory.conftest import household, no_time


def raw(path):
    """Every byte that lies beside the path, keys aside."""
    files = [p for p in path.parent.rglob("*") if p.is_file() and not p.name.endswith(".keys")]
    return b"".join(p.read_bytes() for p in files)


# -- Sealing and erasure ---------------------------------------------------------------------


def test_with_its_keys_a_sealed_memory_is_the_same_memory(full, vault):
    plain = MemoryState.of(household())
    with EventStore.reader(full, vault) as store:
        assert [r.event for r in store.read()] == list(household())
        assert store.replay().digest() == plain.digest()
        assert [r.id for r in store.read(kinds={"goal_posted"})] == [6]


def test_the_log_itself_never_holds_what_is_personal(full):
    with EventStore.reader(full) as store:
        bodies = " ".join(row[6] for row in store.entries())
    for secret in ("ann", "annabel", "knee", "bob", "tea"):
        assert not re.search(rf"\b{secret}\b", bodies.lower())
    assert "mug-1" in bodies


def test_a_retry_of_a_sealed_event_is_the_same_event(full, vault):
    with EventStore.writer(full, no_time, vault) as store:
        before = store.position()
        assert len(store.append(household())) == before
        assert store.position() == before
        other = household()[6].model_copy(update={"t": 99.0})
        with pytest.raises(EventConflict):
            store.append([other])


def test_erasing_a_person_leaves_a_whole_log_without_the_person(full, vault):
    with EventStore.reader(full, vault) as store:
        head = store.verify().head
        alias = vault.keys.alias("person/ann")
        kept = store.position()
    report = erase_person(full, vault, "ann", "bob", no_time, "ann asked for it")
    assert report.keys == ("person/ann",)
    assert report.sealed_events >= 7
    with EventStore.reader(full, vault) as store:
        assert store.verify().events == kept + 1
        assert [row[7] for row in store.entries(kept - 1, kept)] == [head]
        memory = store.replay()
        assert memory.category("ann") is None
        assert memory.location("mug-1").holder == "table-1"
        assert memory.category("bob") == "person"
        assert memory.goals()["g1"].goal.who == alias
        assert memory.goals()["g1"].goal.text == ""
        assert memory.goals()["g1"].graph.steps[0].args["to"] == alias
        assert [line for _, who, line in memory.dialogue() if who == "bob"] == ["tea please"]
        assert store.search("knee") == ()
        assert store.facts.history("ann") == ()
        assert memory.location("pills-1").holder == alias
    left = raw(full)
    for secret in (b"knee", b"Annabel", b'"ann"', b"person/ann"):
        assert secret not in left
    assert vault.keys.key("person/bob") is not None


def test_erasing_all_gives_the_same_as_never_having_had_keys(full, vault):
    for person in ("ann", "bob"):
        erase_person(full, vault, person, "ann", no_time)
    with EventStore.reader(full) as without, EventStore.reader(full, vault) as with_keys:
        assert without.replay().digest() == with_keys.replay().digest()


def test_a_late_retry_after_an_erasure_brings_nothing_back(full, vault):
    erase_person(full, vault, "ann", "bob", no_time)
    with EventStore.writer(full, no_time, Vault(Keyring.beside(full))) as store:
        before = store.position()
        store.append(household())
        assert store.position() == before
        assert store.replay().category("ann") is None


def test_who_was_erased_can_come_back_as_somebody_new(full, vault):
    old = vault.keys.alias("person/ann")
    erase_person(full, vault, "ann", "bob", no_time)
    again = observed("waiter-1", 50.0, sighting("ann", "person at hall", 6.0, 2.0))
    with EventStore.writer(full, no_time, vault) as store:
        store.append(events_of([again], first=1000))
        assert store.state.location("ann").holder == "hall"
    assert vault.keys.alias("person/ann") not in (None, old)


def test_erasing_a_stranger_or_from_a_clear_log_is_one_sentence(full, vault, tmp_path):
    with pytest.raises(StoreUnreadable, match="nothing of zoe"):
        erase_person(full, vault, "zoe", "bob", no_time)
    clear = tmp_path / "clear.db"
    with EventStore.writer(clear, no_time) as store:
        store.append(household())
    before = clear.read_bytes()
    with pytest.raises(NotSealed, match="without sealing"):
        erase_person(clear, Vault(Keyring.beside(clear)), "ann", "bob", no_time)
    assert clear.read_bytes() == before


def test_a_clear_log_can_be_sealed_into_a_copy_and_then_forget(tmp_path):
    clear, copy = tmp_path / "clear.db", tmp_path / "copy" / "memory.db"
    copy.parent.mkdir()
    now = 0
    with EventStore.writer(clear, lambda: now) as store:
        for event in household():
            now = round(event.t * 1000)
            store.append([event])
    vault = Vault(Keyring.beside(copy))
    assert sealed_copy(clear, copy, vault) == len(household())
    with EventStore.reader(copy, vault) as store, EventStore.reader(clear) as source:
        assert store.replay().digest() == MemoryState.of(household()).digest()
        # What had been known when stays known.
        times = [e.tx_ms for e in store.read()]
        assert times == [e.tx_ms for e in source.read()]
        assert times[-1] == 6000
    erase_person(copy, vault, "ann", "bob", no_time)
    assert b"knee" not in raw(copy)


def test_a_crash_in_the_middle_of_an_erasure_is_made_good(full, vault, monkeypatch):
    def die(aliases):
        if aliases:
            raise KeyboardInterrupt
        return ()

    with monkeypatch.context() as patch:
        patch.setattr(vault.keys, "destroy", die)
        with pytest.raises(KeyboardInterrupt):
            erase_person(full, vault, "ann", "bob", no_time)
    EventStore.writer(full, no_time, Vault(Keyring.beside(full))).close()
    keys = Keyring.beside(full)
    assert keys.key("person/ann") is None
    with EventStore.reader(full, Vault(keys)) as store:
        assert store.facts.history("ann") == ()
        assert store.search("knee") == ()


def test_a_tampered_box_stays_closed(full, vault):
    with EventStore.reader(full) as store:
        first = next(store.ledger.closed(row) for row in store.entries() if "$sealed" in row[6])
    part = first.body.parts[0]
    swapped = first.body.model_copy(
        update={"parts": (first.body.parts[-1].model_copy(update={"shape": part.shape}),) * 9}
    )
    assert unsealed(first.model_copy(update={"body": swapped}), vault.keys) != unsealed(
        first, vault.keys
    )
    moved = first.model_copy(update={"seq": first.seq + 1})
    assert unsealed(moved, vault.keys) == unsealed(moved, None)


def test_sealed_logs_are_shipped_sealed_and_an_erasure_travels(full, vault, tmp_path):
    far = tmp_path / "far" / "memory.db"
    far.parent.mkdir()
    far_keys = Keyring.beside(far)
    far_keys.path.write_bytes(vault.keys.path.read_bytes())
    far_vault = Vault(Keyring.beside(far))
    with EventStore.writer(far, no_time, far_vault) as there, EventStore.reader(full) as here:
        pull(SqliteReplica(there), SqliteReplica(here), "home")
        assert there.state.category("ann") == "person"
    assert (
        b"knee" not in (tmp_path / "far" / "memory.db-wal").read_bytes()
        if (tmp_path / "far" / "memory.db-wal").exists()
        else True
    )
    erase_person(full, vault, "ann", "bob", no_time)
    with EventStore.writer(far, no_time, far_vault) as there, EventStore.reader(full) as here:
        pull(SqliteReplica(there), SqliteReplica(here), "home")
    with EventStore.writer(far, no_time, far_vault) as there:
        assert there.state.category("ann") is None
        with EventStore.reader(full, vault) as here:
            ours = merged_state(SqliteReplica(here)).digest()
            assert merged_state(SqliteReplica(there)).digest() == ours
    assert far_vault.keys.key("person/ann") is None


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12
) | st.sampled_from(["ann", "call Ann!", "ann-1", "", "$sealed", "the operator"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda to, text, who, reason: [
                Spoken(body="waiter-1", to=to, text=text),
                observed("waiter-1", 1.0, heard=[(who, text)]),
                GoalPosted(goal=Goal(id="g", text=text, who=who, t=1.0)),
                GoalUnderstood(goal="g", conditions=(), summary=text, by="operator"),
                Asserted(thing=to, attr="mood", value=text, from_s=0.0, by=who, reason=reason),
            ],
            st.sampled_from(["ann", "bob", "operator", "done"]),
            TEXT,
            st.sampled_from(["ann", "operator", "encoder", "observed"]),
            TEXT,
        ),
        max_size=3,
    )
)
def test_whatever_is_said_can_be_sealed_opened_and_lost(batches):
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Keyring(Path(folder) / "keys"))
        events = events_of([payload for batch in batches for payload in batch])
        sealed = [e.model_copy(update={"body": vault.seal(e)}) for e in events]
        assert [vault.open(e) for e in sealed] == list(events)
        again = Vault(Keyring(Path(folder) / "keys"))
        assert [e.model_copy(update={"body": again.seal(e)}) for e in events] == sealed
        for event, lost in zip(events, (unsealed(e) for e in sealed), strict=True):
            assert lost.body.kind == event.body.kind


# -- Keys ------------------------------------------------------------------------------------


def test_keys_are_kept_and_a_damaged_file_is_one_sentence(tmp_path):
    keys = Keyring(tmp_path / "keys")
    first = keys.make("person/ann")
    assert Keyring(tmp_path / "keys").key("person/ann") == first
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
    assert keys.destroy([keys.alias("person/ann")]) == ("person/ann",)
    assert Keyring(tmp_path / "keys").names() == ()
    for text in ("", "{}", '{"format": "other"}', '{"format": "retinue-keys-1", "keys": {"a": 1}}'):
        (tmp_path / "keys").write_text(text, encoding="utf-8")
        with pytest.raises(KeysUnreadable, match="restore it"):
            Keyring(tmp_path / "keys")


MAKER = """
import os, sys
from pathlib import Path
from stem_memory.privacy.keys import Keyring
keys = Keyring(Path(sys.argv[1]))
for i in range(10**6):
    name = f"{sys.argv[2]}/{i}"
    keys.make(name)
    os.write(1, b"+" + name.encode() + b"\\n")
    if i % 3 == 2:
        keys.destroy([keys.alias(name)])
        os.write(1, b"-" + name.encode() + b"\\n")
"""


def test_killed_writers_lose_no_key_and_bring_none_back(tmp_path):
    path = tmp_path / "keys"
    made, gone, doubtful = set(), set(), set()
    for trial in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", MAKER, str(path), str(trial)], stdout=subprocess.PIPE
        )
        lines = [process.stdout.readline() for _ in range(4 + trial)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        told = [line.decode().strip() for line in lines if line.endswith(b"\n")]
        made |= {name[1:] for name in told if name[0] == "+"}
        gone |= {name[1:] for name in told if name[0] == "-"}
        if told and told[-1][0] == "+":
            doubtful.add(told[-1][1:])
        left = set(Keyring(path).names())
        assert made - gone - doubtful <= left
        assert not gone & left


# -- Zones -----------------------------------------------------------------------------------


def test_names_are_sealed_after_the_memory_was_opened_again(full, path):
    with EventStore.writer(path, no_time, Vault(Keyring.beside(path))) as store:
        said = Spoken(body="waiter-1", to="bob", text="ask Annabel")
        store.append(events_of([(9.0, said)], first=100))
    assert b"ask Annabel" not in closed_log(path)
    erase_person(path, Vault(Keyring.beside(path)), "ann", "op", no_time)
    assert b"ask Annabel" not in raw(path)


def test_an_id_with_a_hyphen_is_found_in_texts(path, vault):
    start = start_of(things={"guest-1": "person at hall"}, bodies=[body("waiter-1", 5, 1)])
    told = Spoken(body="waiter-1", to="nobody", text="a coffee for guest-1 please")
    with EventStore.writer(path, no_time, vault) as store:
        store.append(events_of([*start, (1.0, told)]))
    assert b"a coffee for" not in closed_log(path)
    erase_person(path, Vault(Keyring.beside(path)), "guest-1", "op", no_time)
    assert b"guest-1" not in raw(path)


def closed_log(path):
    """The bodies of the log as they lie in the file."""
    with EventStore.reader(path) as store:
        return "".join(row[6] for row in store.entries()).encode()


_NAMES = st.text(alphabet="aAbñß\"\\\n -'Σσς7", min_size=1, max_size=4)


@given(
    people=st.lists(st.tuples(_NAMES, st.lists(_NAMES, max_size=2)), max_size=3),
    texts=st.lists(st.text(alphabet="aAbñß\"\\\n -'Σσς7.", max_size=12), min_size=1, max_size=4),
)
def test_the_quick_look_never_passes_over_what_is_personal(people, texts):
    known, rules = Acquaintance(), PrivacyRules()
    for id_, names in people:
        seen = Sighting(id=id_, cls="person", category="person", names=tuple(names), x=0.0, y=0.0)
        known.learn(observed("w", 0.0, seen))
    for text in texts:
        for told in (
            Asserted(thing=text, attr="location", value=text, from_s=0.0, by="w"),
            observed("w", 1.0, sighting(text or "x", "mug on table-1"), near=text),
            Spoken(body="w", to=text, text="good morning"),
        ):
            cutter = known.cutter(told, 1.0, rules)
            cutter.cut(told.model_dump(mode="json"))
            assert known.may_concern_somebody(told) or not cutter.pieces
