"""One memory for several programs, in one process: what each records everybody reads."""

import pytest

from services.memory.client import MemoryClient, open_writer
from services.runtime.local import LocalRuntime
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, PrivacyChanged, Spoken
from stem_memory.errors import EventConflict, EventUnfit, StoreClosed, StoreInUse, StoreUnreadable
from stem_memory.log.store import EventStore
from stem_memory.privacy.contracts import RetentionSet, ZoneDrawn
from stem_memory.privacy.keys import Keyring
from stem_memory.testing import LogContract, body, events_of, observed, sighting, start_of


def spoken(seq, text="hello", origin="test"):
    return Event(origin=origin, seq=seq, t=float(seq), body=Spoken(body="w", to="ann", text=text))


@pytest.fixture
def runtime():
    runtime = LocalRuntime()
    yield runtime
    runtime.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


class TestMemoryClient(LogContract):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path, runtime):
        self.path, self.runtime = tmp_path / "memory.db", runtime

    def make(self):
        return MemoryClient.join(self.path, self.runtime)


def test_programs_read_what_others_recorded(path, runtime):
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    with MemoryClient.join(path, runtime) as one, MemoryClient.join(path, runtime) as other:
        one.append(events_of(start, origin="site"))
        assert other.state.location("mug-1").holder == "table-1"
        seen = observed("waiter-1", 7.0, sighting("mug-1", "mug on counter-1", 1, 1))
        other.append(events_of([seen], origin="waiter-1"))
        assert one.state.location("mug-1").holder == "counter-1"
        assert one.facts.value_at("mug-1", "location", 3.0).value == "table-1"
        assert [r.tx_ms for r in one.read(kinds={"observed"})] == [7000]
        assert one.state.digest() == one.replay().digest()
        assert one.counts().rows == len(start) + 1


def test_what_was_begun_is_there_when_it_is_settled(path, runtime):
    with MemoryClient.join(path, runtime, None) as memory:
        for n in range(0, 100, 10):
            memory.append_soon([spoken(i) for i in range(n, n + 10)])
        memory.settle()
        assert memory.position() == 100
        assert memory.last_seq("test") == 99
        memory.append_soon([spoken(5, "other")])
        with pytest.raises(EventConflict):
            memory.settle()
        assert memory.append([spoken(5)])[0].id == 6


def test_bad_events_are_refused_in_one_sentence(path, runtime):
    with MemoryClient.join(path, runtime) as memory:
        with pytest.raises(EventUnfit, match="Unicode"):
            memory.append([spoken(1, "\ud800")])
        port = memory.port
        with pytest.raises(EventUnfit, match="same version"):
            port.answer(port.begin("record", b'[{"origin": 7}]', 0))
        nan = observed("w", 1.0, sighting("mug-1", "mug on table-1", x=float("nan")))
        with pytest.raises(EventUnfit, match="finite"):
            memory.append(events_of([nan]))
        assert memory.position() == 0


def test_a_memory_that_cannot_be_written_is_named(path, runtime, tmp_path):
    with EventStore.writer(path, lambda: 0), pytest.raises(StoreInUse, match=r"memory\.db"):
        open_writer(path, runtime)
    with MemoryClient.join(path, runtime) as memory:
        memory.append([spoken(1)])
    with pytest.raises(StoreUnreadable, match="no folder"):
        open_writer(tmp_path / "nowhere" / "memory.db", runtime)


def test_what_zones_hide_is_recorded_for_nobody(path, runtime):
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    zone = ZoneDrawn(zone="z", polygon=((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)), from_s=0.0)
    with MemoryClient.join(path, runtime) as memory:
        memory.append(events_of([*start, PrivacyChanged(change=zone)], origin="site"))
        hidden = observed("waiter-1", 5.0, sighting("mug-1", "mug on counter-1", 1, 1))
        recorded = memory.append(events_of([hidden], origin="waiter-1"))
        assert recorded[0].event.body.observation.sightings == ()
        assert tuple(memory.read(kinds={"observed"})) == recorded
        assert memory.append(events_of([hidden], origin="waiter-1")) == recorded


def test_what_is_personal_is_sealed_and_everyone_with_the_keys_reads_it(path, runtime):
    start = start_of(things={"ann": "person at hall"}, bodies=[body("waiter-1", 5, 1)])
    with MemoryClient.join(path, runtime) as memory, MemoryClient.join(path, runtime) as other:
        memory.append(events_of([*start, Spoken(body="waiter-1", to="ann", text="hello ann")]))
        assert other.state.told("ann") == ("hello ann",)
        assert [r.event.body.kind for r in other.read(kinds={"spoken"})] == ["spoken"]
    with EventStore.reader(path) as store:
        assert store.state.told("ann") == ()


def test_after_the_writer_is_closed_nothing_is_taken(path, runtime):
    memory = MemoryClient.join(path, runtime)
    memory.append([spoken(1)])
    port = memory.port
    port.answer(port.begin("close"))
    with pytest.raises(StoreClosed):
        memory.append([spoken(2)])
    with EventStore.writer(path, lambda: 0) as store:
        assert store.verify().events == 1
        assert store.state.digest() == MemoryState.of([spoken(1)]).digest()
    memory.close()


def test_a_zone_counts_for_what_is_recorded_together_with_it(path, runtime):
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    zone = ZoneDrawn(zone="z", polygon=((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)), from_s=0.0)
    hidden = observed("waiter-1", 5.0, sighting("mug-1", "mug on counter-1", 1, 1))
    with MemoryClient.join(path, runtime) as memory:
        recorded = memory.append(events_of([*start, PrivacyChanged(change=zone), hidden]), 5000)
        assert recorded[-1].event.body.observation.sightings == ()
        assert memory.history() == tuple(entry.event for entry in recorded)
        assert memory.digest() == (len(recorded), MemoryState.of(memory.history()).digest())
        assert {entry.tx_ms for entry in recorded} == {5000}


def test_a_memory_is_sealed_before_anybody_is_seen(path, runtime):
    with MemoryClient.join(path, runtime) as memory:
        memory.append(events_of(start_of(bodies=[body("waiter-1", 5, 1)])))
        memory.port.answer(memory.port.begin("close"))
    assert Keyring.beside(path).names() == ()
    later = LocalRuntime()
    with MemoryClient.join(path, later) as memory:
        ann = observed("waiter-1", 1.0, sighting("ann", "person at hall", 6, 1))
        memory.append([Event(origin="waiter-1", seq=0, t=1.0, body=ann)])
        assert memory.state.category("ann") == "person"
    later.close()
    with EventStore.reader(path) as store:
        assert store.state.category("ann") is None


def test_what_was_kept_too_long_nobody_reads_any_more(path, runtime):
    rule = PrivacyChanged(change=RetentionSet(cls="mug", keep_s=60.0))
    start = start_of(things={"shelf": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    with MemoryClient.join(path, runtime) as one, MemoryClient.join(path, runtime) as other:
        one.append(events_of([*start, rule], origin="site"), 0)
        seen = observed("waiter-1", 5.0, sighting("mug-1", "mug on counter-1", 1, 1))
        one.append([Event(origin="waiter-1", seq=0, t=5.0, body=seen)], 5000)
        assert one.expire(10.0) == 0
        assert other.state.location("mug-1").holder == "counter-1"
        assert one.expire(4000.0) == 1
        assert other.state.location("mug-1") is None
        assert one.state.digest() == one.digest()[1] == other.digest()[1]
        assert [entry.tx_ms for entry in one.append([spoken(1)], 4_000_000)] == [4_000_000]
