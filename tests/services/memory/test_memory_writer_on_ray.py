"""The shared writer on Ray: several processes record at once, and the writer is killed meanwhile."""

import os
import signal

import pytest
import ray

from services.memory.client import MemoryClient, open_writer
from services.runtime.ray_runtime import RayRuntime
from stem_memory.contracts import Event, Spoken
from stem_memory.errors import StoreInUse
from stem_memory.log.store import EventStore
from stem_memory.testing import LogContract

pytestmark = pytest.mark.ray
CALLS, ROWS = 60, 20


def spoken(origin, seq):
    return Event(origin=origin, seq=seq, t=float(seq), body=Spoken(body=origin, to="x", text="hi"))


class Program:
    """A program of its own that records without end and keeps count of what was acknowledged."""

    def __init__(self, path, port, origin):
        self._memory = MemoryClient(path, port)
        self._origin = origin
        self._acknowledged = 0

    def record(self, calls):
        for _ in range(calls):
            events = [spoken(self._origin, self._acknowledged + i) for i in range(ROWS)]
            recorded = self._memory.append(events)
            assert [r.event.seq for r in recorded] == [e.seq for e in events]
            self._acknowledged += ROWS
        return self._acknowledged

    def acknowledged(self):
        return self._acknowledged


@pytest.fixture(scope="module")
def runtime():
    runtime = RayRuntime()
    yield runtime
    runtime.close()


class TestMemoryClientOnRay(LogContract):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path, runtime):
        self.path, self.runtime = tmp_path / "memory.db", runtime

    def make(self):
        return MemoryClient.join(self.path, self.runtime)


def test_killed_writers_lose_nothing_and_double_nothing(tmp_path, runtime):
    path = tmp_path / "memory.db"
    port = open_writer(path, runtime)
    names = ("body", "glasses", "other")
    program = ray.remote(Program).options(num_cpus=0, max_concurrency=2)
    programs = [program.remote(path, port, name) for name in names]
    interrupted = 0
    for trial in range(3):
        work = [each.record.remote(CALLS // 3) for each in programs]
        # In the middle of group commits: some are acknowledged, some on their way.
        while sum(ray.get([each.acknowledged.remote() for each in programs])) < (
            (trial + 0.5) * CALLS // 3 * ROWS * len(names)
        ):
            # Raises what went wrong with one, should one have ended.
            ray.get(ray.wait(work, timeout=0)[0])
        os.kill(port.answer(port.begin("process")), signal.SIGKILL)
        interrupted += len(ray.wait(work, num_returns=len(work), timeout=0)[1])
        assert ray.get(work, timeout=120) == [(trial + 1) * CALLS // 3 * ROWS] * len(names)
    assert interrupted
    counts = port.answer(port.begin("counts"))
    assert counts.commits < counts.calls
    port.answer(port.begin("close"))
    with EventStore.writer(path, lambda: 0) as store:
        assert store.verify().events == CALLS * ROWS * len(names)
        assert store.state.digest() == store.replay().digest()
        for name in names:
            seqs = [r.event.seq for r in store.read() if r.event.origin == name]
            assert sorted(seqs) == list(range(CALLS * ROWS))


def test_programs_share_one_writer_by_its_name(tmp_path, runtime):
    path = tmp_path / "memory.db"
    with MemoryClient.join(path, runtime) as one:
        other = RayRuntime()
        with MemoryClient.join(tmp_path / "." / "memory.db", other) as two:
            assert two.port.answer(two.port.begin("process")) == one.port.answer(
                one.port.begin("process")
            )
            two.append([spoken("b", 1)])
        # Whoever only joined leaves the writer to the others.
        other.close()
        one.append([spoken("a", 1)])
        assert one.position() == 2
        with pytest.raises(StoreInUse):
            EventStore.writer(path, lambda: 0)


def test_a_program_may_join_as_often_as_it_likes(tmp_path, runtime):
    path = tmp_path / "memory.db"
    with MemoryClient.join(path, runtime) as memory:
        for number in range(1, 6):
            # What joined before goes out of use here, the writer does not.
            with MemoryClient.join(path, runtime) as again:
                again.append([spoken("a", number)])
            memory.append([spoken("b", number)])


def test_a_memory_in_use_is_said_in_one_sentence(tmp_path, runtime):
    path = tmp_path / "memory.db"
    with EventStore.writer(path, lambda: 0), pytest.raises(StoreInUse, match="Another process"):
        open_writer(path, runtime)
    with MemoryClient.join(path, runtime) as memory:
        memory.append([spoken("a", 1)])
