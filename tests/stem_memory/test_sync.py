"""Logs of several hosts: shipped by watermark, one memory in the end, whoever asks whom first."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Asserted, Event, Spoken
from stem_memory.errors import EventConflict
from stem_memory.log.store import EventStore
from stem_memory.sync.errors import DatabaseUnreachable, LogDiverged
from stem_memory.sync.exchange import inbox, merged_events, merged_state, outbox, pull, push
from stem_memory.sync.replica import SqliteReplica
from stem_memory.testing import LogContract, body, events_of, observed, sighting, start_of


class Host:
    """A store with a clock of its own, and what it recorded."""

    def __init__(self, folder, name, ms=0):
        self.name, self.ms, self.seq = name, ms, 0
        self.path = folder / f"{name}.db"
        self.open()

    def open(self):
        self.store = EventStore.writer(self.path, lambda: self.ms)
        self.replica = SqliteReplica(self.store)

    def record(self, payload, t=0.0, origin=None):
        self.seq += 1
        event = Event(origin=origin or self.name, seq=self.seq, t=t, body=payload)
        self.store.append([event])
        return event

    def digest(self):
        return merged_state(self.replica).digest()


def said(text):
    return Spoken(body="waiter-1", to="ann", text=text)


@pytest.fixture
def hosts(tmp_path):
    made = [Host(tmp_path, name, ms) for name, ms in (("north", 1000), ("south", 1500))]
    yield made
    for host in made:
        host.store.close()


def test_what_one_host_recorded_the_other_has_after_a_pull(hosts):
    north, south = hosts
    north.record(said("one"))
    north.record(said("two"))
    assert pull(south.replica, north.replica, "north") == 2
    assert pull(south.replica, north.replica, "north") == 0
    assert [e.body.text for e in merged_events(south.replica)] == ["one", "two"]
    assert south.store.verify().events == 2


def test_two_hosts_are_equal_whichever_pulls_first(tmp_path):
    digests = []
    for turn in (0, 1):
        folder = tmp_path / str(turn)
        folder.mkdir()
        north, south = Host(folder, "north", 1000), Host(folder, "south", 900)
        for event in start_of(things={"mug-1": "mug on table-1"}, bodies=[body("w-1", 5, 1)]):
            north.record(event)
        south.record(observed("w-2", 5.0, sighting("mug-1", "mug on counter-1")), 5.0)
        north.ms = 2000
        north.record(observed("w-1", 5.0, sighting("mug-1", "mug on table-2")), 5.0)
        south.ms = 3000
        south.record(observed("w-2", 3.0, sighting("mug-1", "mug on shelf-1")), 6.0)
        pair = [(north, south), (south, north)]
        for host, other in pair if turn else reversed(pair):
            pull(host.replica, other.replica, other.name)
        assert north.digest() == south.digest()
        digests.append(north.digest())
    assert digests[0] == digests[1]


def test_what_is_recorded_after_a_pull_comes_after_what_was_pulled(hosts):
    north, south = hosts
    south.ms, north.ms = 9_000_000, 5
    south.record(said("cause"))
    pull(north.replica, south.replica, "south")
    north.record(said("effect"))
    pull(south.replica, north.replica, "north")
    for host in hosts:
        assert [e.body.text for e in merged_events(host.replica)] == ["cause", "effect"]


def test_an_event_that_both_recorded_has_one_birth_everywhere(tmp_path):
    a, b, c = (Host(tmp_path, name) for name in "abc")
    a.ms, b.ms, c.ms = 5000, 1000, 100
    shared = Event(origin="robot", seq=1, t=0.0, body=said("robot"))
    a.store.append([shared])
    a.record(said("after in a"))
    pull(c.replica, a.replica, "a")  # c hears of the later birth first
    b.store.append([shared])
    pull(a.replica, b.replica, "b")
    pull(c.replica, a.replica, "a")  # and must be told of the earlier one
    pull(b.replica, a.replica, "a")
    assert len({host.digest() for host in (a, b, c)}) == 1
    orders = {tuple(e.body.text for e in merged_events(h.replica)) for h in (a, b, c)}
    assert orders == {("robot", "after in a")}


def test_gossip_through_a_third_host(tmp_path):
    a, b, c = (Host(tmp_path, name) for name in "abc")
    a.record(said("from a"))
    push(a.replica, b.replica, "a")
    pull(c.replica, b.replica, "b")
    pull(c.replica, a.replica, "a")
    assert [e.body.text for e in merged_events(c.replica)] == ["from a"]
    assert c.store.position() == 1


def test_a_batch_can_be_taken_twice_and_in_pieces(hosts):
    north, south = hosts
    for i in range(7):
        north.record(said(str(i)))
    batch = outbox(north.replica, "north", south.replica.watermark("north"), 5)
    assert inbox(south.replica, batch).new == 5
    assert inbox(south.replica, batch).new == 0
    assert pull(south.replica, north.replica, "north", at_most=1) == 2
    assert north.digest() == south.digest()


def test_a_crash_between_the_steps_of_a_pull_loses_nothing(hosts, monkeypatch):
    north, south = hosts
    north.record(said("one"))
    pull(south.replica, north.replica, "north")
    north.record(said("two"))

    def die(events):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(south.store, "append", die)
        with pytest.raises(KeyboardInterrupt):
            pull(south.replica, north.replica, "north")
    south.store.close()
    south.open()
    assert pull(south.replica, north.replica, "north") == 1
    assert south.digest() == north.digest()


def test_a_peer_that_was_rewritten_is_found_out(hosts, tmp_path):
    north, south = hosts
    north.record(said("one"))
    north.record(said("two"))
    pull(south.replica, north.replica, "north")
    other = Host(tmp_path, "restored")
    other.record(said("one"))
    other.record(said("else"))
    other.record(said("three"))
    with pytest.raises(LogDiverged, match="north does not go on from event 2"):
        pull(south.replica, other.replica, "north")
    batch = outbox(north.replica, "far", south.replica.watermark("far"))
    forged = batch.entries[0].model_copy(update={"t": 7.0})
    with pytest.raises(LogDiverged):
        inbox(south.replica, batch.model_copy(update={"entries": (forged, batch.entries[1])}))
    assert south.store.position() == 2


def test_two_hosts_must_not_share_an_origin(hosts):
    north, south = hosts
    north.record(said("mine"), origin="brain")
    south.record(said("no, mine"), origin="brain")
    with pytest.raises(EventConflict, match="must not share an origin"):
        pull(north.replica, south.replica, "south")


class Fleet(RuleBasedStateMachine):
    """Three hosts record and pull in any order, with clocks that run apart; then all are equal."""

    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        self.hosts = [Host(Path(self.folder.name), name) for name in ("a", "b", "c")]
        self.model = {}

    @rule(
        who=st.integers(0, 2),
        skip=st.integers(0, 3),
        thing=st.sampled_from(["mug-1", "mug-2"]),
        place=st.sampled_from(["table-1", "table-2", None]),
        t=st.integers(0, 9),
    )
    def record(self, who, skip, thing, place, t):
        host = self.hosts[who]
        host.ms += skip
        relation = "on" if place else None
        fact = Asserted(
            thing=thing, attr="location", value=place, relation=relation, from_s=t, by=host.name
        )
        event = host.record(fact, float(t))
        self.model[event.origin, event.seq] = event

    @rule(
        pair=st.sampled_from([(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)]), n=st.integers(1, 4)
    )
    def pull(self, pair, n):
        here, there = (self.hosts[i] for i in pair)
        pull(here.replica, there.replica, there.name, at_most=n)

    @rule(who=st.integers(0, 2))
    def restart(self, who):
        self.hosts[who].store.close()
        self.hosts[who].open()

    def teardown(self):
        if not hasattr(self, "hosts"):
            return
        for _ in range(2):
            for i, j in ((0, 1), (1, 2), (2, 0), (1, 0), (0, 2)):
                pull(self.hosts[i].replica, self.hosts[j].replica, self.hosts[j].name)
        digests = {host.digest() for host in self.hosts}
        for host in self.hosts:
            assert {(e.origin, e.seq): e for e in merged_events(host.replica)} == self.model
            assert host.store.verify().events == len(self.model)
            host.store.close()
        self.folder.cleanup()
        assert len(digests) == 1


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)


# -- PostgreSQL ------------------------------------------------------------------------------


@pytest.fixture
def schema(database):
    """A schema of its own for each test."""
    import psycopg

    name = "stem_test"
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
    return database, name


class TestPostgresLog(LogContract):
    @pytest.fixture(autouse=True)
    def _schema(self, schema):
        self.schema = schema

    def make(self):
        from stem_memory.sync.postgres import PostgresStore

        address, name = self.schema
        return PostgresStore(address, lambda: 0, name)


def test_hosts_meet_in_postgres(schema, tmp_path):
    from stem_memory.sync.postgres import PostgresStore

    hub = PostgresStore(schema[0], lambda: 10, schema[1])
    north, south = Host(tmp_path, "north", 1000), Host(tmp_path, "south", 500)
    for event in events_of(start_of(things={"mug-1": "mug on table-1"})):
        north.record(event.body)
    south.record(observed("w-2", 5.0, sighting("mug-1", "mug on counter-1")), 5.0)
    for host in (north, south):
        push(host.replica, hub, host.name)
    for host in (north, south, north):
        pull(host.replica, hub, "hub")
    assert north.digest() == south.digest() == merged_state(hub).digest()
    assert hub.verify().events == north.store.position() == south.store.position()
    hub.close()


def test_many_writers_make_one_chain(schema):
    from concurrent.futures import ThreadPoolExecutor

    from stem_memory.sync.postgres import PostgresStore

    def write(origin):
        store = PostgresStore(schema[0], lambda: 0, schema[1])
        for i in range(10):
            batch = [Event(origin=origin, seq=2 * i + j, t=0.0, body=said(str(i))) for j in (1, 2)]
            store.append(batch)
        store.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    store = PostgresStore(schema[0], lambda: 0, schema[1])
    assert store.verify().events == 80
    assert store.replay().digest() == MemoryState.of(r.event for r in store.read()).digest()
    store.close()


def test_a_database_without_an_encoding_holds_every_letter(database):
    import psycopg

    from stem_memory.sync.postgres import PostgresStore

    with psycopg.connect(database, autocommit=True) as db:
        db.execute(
            "CREATE DATABASE bare TEMPLATE template0 ENCODING 'SQL_ASCII' "
            "LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    address = database.replace("dbname=postgres", "dbname=bare")
    said = Spoken(body="waiter-1", to="Zoë", text="une tasse de café ☕")
    store = PostgresStore(address, lambda: 0)
    store.append([Event(origin="a", seq=1, t=1.0, body=said)])
    assert [entry.event.body for entry in store.read()] == [said]
    assert store.verify().events == 1
    store.close()


def test_no_server_is_one_sentence(tmp_path):
    pytest.importorskip("psycopg")
    from stem_memory.sync.postgres import PostgresStore

    with pytest.raises(DatabaseUnreachable, match="does not answer") as caught:
        PostgresStore(f"host='{tmp_path}' dbname=fleet", lambda: 0)
    assert "\n" not in str(caught.value)


def test_a_newer_schema_is_refused(schema):
    import psycopg

    from stem_memory.errors import StoreTooNew
    from stem_memory.sync.postgres import PostgresStore

    PostgresStore(schema[0], lambda: 0, schema[1]).close()
    with psycopg.connect(schema[0], autocommit=True) as db:
        db.execute(f"UPDATE {schema[1]}.version SET number = 99")
    with pytest.raises(StoreTooNew, match="update retinue"):
        PostgresStore(schema[0], lambda: 0, schema[1])
