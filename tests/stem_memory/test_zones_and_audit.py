"""Where nothing is recorded, how long things are kept, and who read what."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import ClassCard
from stem_memory.contracts import (
    Event,
    FrameAligned,
)
from stem_memory.errors import ChainBroken
from stem_memory.log.store import EventStore
from stem_memory.privacy.audit import Audit
from stem_memory.privacy.contracts import (
    KeysDestroyed,
    PrivacyChanged,
    RetentionSet,
    ZoneDrawn,
    ZoneLifted,
)
from stem_memory.privacy.erase import erase_person, expire
from stem_memory.privacy.errors import AuditBroken
from stem_memory.privacy.zones import allowed
from stem_memory.testing import body, events_of, memory_of, observed, sighting, start_of
from tests.stem_memory.conftest import household, no_time

DEEP = tuple((float(x), float(y)) for x, y in ((4, 0), (7, 0), (7, 4), (4, 4)))


# -- Sealing and erasure ---------------------------------------------------------------------


def zone(**fields):
    given = {"zone": "bath", "polygon": DEEP, "from_s": 0.0} | fields
    return (0.0, PrivacyChanged(change=ZoneDrawn.model_validate(given)))


def kept(*then, event):
    memory = memory_of(
        things={"mug-1": "mug on table-1", "ann": "person at hall", "cup-1": "cup on table-2"},
        bodies=[body("waiter-1", 5, 1)],
        then=then,
    )
    (made,) = events_of([event])
    return allowed(made, memory.projections.privacy, memory).body.observation


def test_nothing_in_a_zone_is_recorded(path):
    seen = kept(
        zone(),
        event=observed(
            "waiter-1",
            5.0,
            sighting("ann", "person at hall", 5.0, 2.0),
            sighting("watch-1", "watch held by ann", 7.4, 2.0),
            sighting("mug-1", "mug on table-1", 6.0, 2.0),
            sighting("cup-1", "cup on table-2", 8.0, 2.0),
            viewed=["table-1", "table-2"],
            heard=[("ann", "who is there?"), ("bob", "me")],
        ),
    )
    assert [s.id for s in seen.sightings] == ["cup-1"]
    assert seen.viewed == ("table-2",)
    assert seen.heard == ()


def test_what_is_left_out_is_not_taken_for_missing():
    wide = zone(polygon=((5.5, 1.5), (6.5, 1.5), (6.5, 2.5), (5.5, 2.5)), categories=["object"])
    event = observed("waiter-1", 5.0, viewed=["table-1"])
    assert kept(wide, event=event).viewed == ()
    beside = observed(
        "waiter-1", 5.0, sighting("mug-1", "mug on table-1", 7.5, 2.0), viewed=["table-1"]
    )
    assert kept(wide, event=beside).sightings == ()


def test_what_is_measured_nowhere_in_the_map_counts_as_where_its_holder_is():
    event = observed(
        "waiter-1",
        5.0,
        sighting("mug-1", "mug on table-1", 0.5, 0.5),
        sighting("cup-1", "cup on table-2", 6.0, 2.0),
        at=(6.0, 2.0),
        heard=[("bob", "me")],
    )
    state = event.observation.state
    worn = state.model_copy(update={"pose": state.pose.model_copy(update={"frame": "worn"})})
    seen = event.observation.model_copy(update={"state": worn})
    there = kept(zone(), event=event.model_copy(update={"observation": seen}))
    assert [s.id for s in there.sightings] == ["cup-1"]
    assert [said.who for said in there.heard] == ["bob"]
    placed = (1.0, FrameAligned(frame="worn", x=0.0, y=0.0, by="sam"))
    assert kept(zone(), placed, event=event.model_copy(update={"observation": seen})).heard == ()


@pytest.mark.parametrize(
    ("fields", "t", "x", "recorded"),
    [
        ({}, 5.0, 7.2, False),  # within the margin
        ({"margin_m": 0.0}, 5.0, 7.2, True),
        ({"from_s": 9.0}, 5.0, 5.0, True),
        ({"to_s": 4.0}, 5.0, 5.0, True),
        ({"categories": ["object"]}, 5.0, 5.0, True),
        ({"categories": ["person"]}, 5.0, 5.0, False),
        # A bow tie covers both of its halves.
        ({"polygon": ((4.0, 0.0), (8.0, 4.0), (8.0, 0.0), (4.0, 4.0))}, 5.0, 7.5, False),
    ],
)
def test_zones_have_a_margin_a_time_and_categories(fields, t, x, recorded):
    seen = kept(
        zone(**fields), event=observed("waiter-1", t, sighting("ann", "person at hall", x, 2.0))
    )
    assert bool(seen.sightings) is recorded


def test_a_lifted_zone_is_open_again():
    lifted = (4.0, PrivacyChanged(change=ZoneLifted(zone="bath")))
    event = observed("waiter-1", 5.0, sighting("ann", "person at hall", 5.0, 2.0))
    assert kept(zone(), lifted, event=event).sightings == event.observation.sightings


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob", "mug-1", "cup-1"]), st.floats(0, 10), st.floats(0, 4)
        ),
        unique_by=lambda s: s[0],
    )
)
def test_no_sighting_inside_ever_passes(seen):
    words = {"ann": "person at hall", "bob": "person at hall", "mug-1": "mug at hall"}
    sightings = [sighting(i, words.get(i, "cup at hall"), x, y) for i, x, y in seen]
    passed = kept(zone(), event=observed("waiter-1", 5.0, *sightings)).sightings
    inside = {i for i, x, y in seen if 4 <= x <= 7 and 0 <= y <= 4}
    far = {i for i, x, y in seen if not 3.7 <= x <= 7.3}
    assert not inside & {s.id for s in passed}
    assert far <= {s.id for s in passed}


# -- Retention -------------------------------------------------------------------------------


def test_reports_expire_by_class_and_place(path, vault):
    rules = [
        PrivacyChanged(change=RetentionSet(cls="cup", place="hall", keep_s=800.0)),
        PrivacyChanged(change=RetentionSet(cls="person", keep_s=80.0)),
    ]
    start = start_of(classes=[ClassCard(cls="mug", parents=("cup",))], bodies=[body("w-1", 5, 1)])
    looks = [
        observed(
            "w-1",
            float(t),
            sighting("mug-1", "mug on table-1", 6, 2),
            sighting("vase-1", "vase on table-2", 8, 2),
            sighting("bob", "person at hall", 6, 3),
            viewed=["table-1", "table-2"],
        )
        for t in (10, 600)
    ]
    with EventStore.writer(path, no_time, vault) as store:
        store.append(events_of([*start, *rules, *looks]))
    assert expire(path, vault, 89.0, no_time).keys == ()
    assert [k.split("/")[-1] for k in expire(path, vault, 650.0, no_time).keys] == ["person"]
    with EventStore.reader(path, vault) as store:
        assert store.replay(as_of=20.0).category("bob") is None
        assert store.replay(as_of=20.0).location("mug-1").holder == "table-1"
        assert store.replay().location("bob").holder == "hall"
    assert len(expire(path, vault, 1000.0, no_time).keys) == 2
    with EventStore.reader(path, vault) as store:
        memory = store.replay(as_of=20.0)
        assert memory.category("mug-1") is None
        assert memory.location("vase-1").holder == "table-2"
        assert store.replay().location("mug-1").holder == "table-1"
    expire(path, vault, 1e9, no_time)
    with EventStore.reader(path, vault) as store:
        assert store.replay().category("mug-1") is None
        assert store.replay().location("vase-1").holder == "table-2"
        store.verify()


def test_an_expired_sighting_is_not_taken_for_missing(path, vault):
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("w-1", 5, 1)])
    rule = PrivacyChanged(change=RetentionSet(cls="mug", keep_s=10.0))
    look = observed("w-1", 5.0, sighting("mug-1", "mug on table-1", 6, 2), viewed=["table-1"])
    with EventStore.writer(path, no_time, vault) as store:
        store.append(events_of([*start, rule, look]))
    expire(path, vault, 1000.0, no_time)
    with EventStore.reader(path, vault) as store:
        assert store.replay().location("mug-1").holder == "table-1"
        assert store.replay().learnt_at("mug-1", "location") is None


def test_the_shortest_rule_that_fits_holds():
    state = memory_of(
        then=[
            PrivacyChanged(change=RetentionSet(keep_s=100.0)),
            PrivacyChanged(change=RetentionSet(cls="person", keep_s=10.0)),
            PrivacyChanged(change=RetentionSet(cls="person", place="bath", keep_s=5.0)),
            PrivacyChanged(change=RetentionSet(cls="mug", keep_s=50.0)),
            PrivacyChanged(change=RetentionSet(cls="mug", keep_s=None)),
        ]
    )
    keep = state.projections.privacy.keep_s
    assert keep(("person",), ("hall",)) == 10.0
    assert keep(("person",), ("bath", "hall")) == 5.0
    assert keep(("mug",), ()) == 100.0
    assert memory_of().projections.privacy.keep_s(("person",), ()) is None


# -- Audit -----------------------------------------------------------------------------------


def test_the_audit_tells_who_read_what(path, vault):
    vault.keys.make("person/ann")
    audit = Audit.beside(path, vault.keys)
    audit.note("carer", "daily round", "where is ann", ["ann"], ms=5)
    audit.note("waiter-1", "planning", "where mug-1", ["mug-1", "table-1"], ms=6)
    assert [(r.who, r.purpose) for r in audit.readings(about="ann")] == [("carer", "daily round")]
    assert [r.about for r in audit.readings(who="waiter-1")] == [("mug-1", "table-1")]
    assert audit.verify() == 2
    assert b"ann" not in audit.path.read_bytes().replace(b"anon", b"").replace(b"planning", b"")
    vault.keys.destroy([vault.keys.alias("person/ann")])
    assert list(audit.readings(about="ann")) == []
    assert audit.verify() == 2


def test_a_changed_audit_is_found_out(path):
    audit = Audit.beside(path)
    for i in range(5):
        audit.note("carer", "round", f"q{i}", [], ms=i)
    lines = audit.path.read_bytes().splitlines(keepends=True)
    for bad in (
        [*lines[:2], *lines[3:]],
        [*lines[:2], lines[3], lines[2], *lines[4:]],
        [lines[0].replace(b"carer", b"thief"), *lines[1:]],
    ):
        audit.path.write_bytes(b"".join(bad))
        with pytest.raises(AuditBroken, match="changed at line"):
            audit.verify()


def test_half_a_line_of_the_dead_is_written_over(path):
    audit = Audit.beside(path)
    audit.note("a", "p", "q", [], ms=1)
    with audit.path.open("ab") as file:
        file.write(b'{"ms": 2, "who"')
    audit.note("b", "p", "q", [], ms=3)
    assert [r.who for r in audit.readings()] == ["a", "b"]


def test_readers_of_several_processes_write_one_audit(path):
    script = (
        "import sys; from pathlib import Path; from stem_memory.privacy.audit import Audit\n"
        "for i in range(30): Audit(Path(sys.argv[1])).note(sys.argv[2], 'p', 'q'*i, [], i)"
    )
    audit = Audit.beside(path)
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(audit.path), who]) for who in "abc"
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert audit.verify() == 90


def test_a_log_says_what_it_forgot_only_by_pseudonym(full, vault):
    erase_person(full, vault, "ann", "bob", no_time, "by request of Annabel")
    with EventStore.reader(full, vault) as store:
        (entry,) = store.read(kinds={"privacy_changed"})
    change = entry.event.body.change
    assert isinstance(change, KeysDestroyed)
    assert change.keys[0].startswith("anon-")
    assert "ann" not in json.dumps(change.model_dump()).replace("anon", "").lower()


def test_a_changed_box_breaks_the_chain(full):
    with EventStore.writer(full, no_time) as store, store.transaction():
        store.connection.execute("UPDATE event SET body = replace(body, 'box', 'bax')")
    with EventStore.reader(full) as store, pytest.raises(ChainBroken):
        store.verify()
    assert isinstance(household()[0], Event)
