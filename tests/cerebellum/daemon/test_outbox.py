"""What a device must not forget, over any order of calls, restarts and a kill."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cerebellum.daemon.outbox import Outbox
from devices import child
from devices.skill import Failed, Succeeded

REQUESTS = st.sampled_from([f"r{i}" for i in range(6)])


def done(request: str) -> Succeeded:
    return Succeeded(request=request, body="ann", t=1.0)


class Forgetful(RuleBasedStateMachine):
    """A model in plain dicts beside the database, which is opened anew at any time."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.db"
        self.outbox = Outbox(self.path)
        self.taken: dict[str, int] = {}
        self.owed: dict[str, int] = {}
        self.settled: set[str] = set()
        self.highest = self.token = 0

    def teardown(self):
        self.outbox.close()
        self.folder.cleanup()

    @rule(request=REQUESTS, step=st.integers(-2, 3))
    def accept(self, request, step):
        token = max(1, self.token + step)
        found = self.outbox.accept(request, token)
        if request in self.taken:
            assert found == "known"
        elif token <= self.token:
            assert found == "stale"
        else:
            assert found == "new"
            self.taken[request] = self.token = token

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), fails=st.booleans())
    def put(self, data, fails):
        request = data.draw(st.sampled_from(sorted(self.taken)))
        event = done(request)
        if fails:
            event = Failed(request=request, body="ann", t=2.0, reason="slipped", detail="")
        seq = self.outbox.put(event)
        if request in self.settled:
            assert seq == 0
        elif request in self.owed:
            assert seq == self.owed[request]
        else:
            assert seq > self.highest
            self.highest = self.owed[request] = seq

    @precondition(lambda self: self.owed)
    @rule(data=st.data())
    def keep(self, data):
        request = data.draw(st.sampled_from(sorted(self.owed)))
        self.outbox.kept(self.owed.pop(request))
        self.settled.add(request)

    @rule(seq=st.integers(-1, 99))
    def keep_what_was_never_said(self, seq):
        if seq not in self.owed.values():
            self.outbox.kept(seq)

    @rule()
    def open_anew(self):
        self.outbox.close()
        self.outbox = Outbox(self.path)

    @invariant()
    def nothing_is_forgotten(self):
        assert [seq for seq, _ in self.outbox.results()] == sorted(self.owed.values())
        assert set(self.outbox.carried()) == self.taken.keys() - self.settled
        assert set(self.outbox.broken_off()) == self.taken.keys() - self.settled - self.owed.keys()


test_whatever_happens_nothing_is_lost_or_done_twice = Forgetful.TestCase


KILLED = """
import sys
from pathlib import Path
from cerebellum.daemon.outbox import Outbox
from devices.skill import Succeeded
outbox = Outbox(Path(sys.argv[1]))
for number in range(1, 100_000):
    outbox.accept(f"r{number}", number)
    seq = outbox.put(Succeeded(request=f"r{number}", body="ann", t=1.0))
    print(seq, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_what_was_said_to_be_kept_is_there_after_a_kill(tmp_path, lines):
    path = tmp_path / "outbox.db"
    process = child.start(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        told = [int(process.stdout.readline()) for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    outbox = Outbox(path)
    kept = [seq for seq, _ in outbox.results()]
    assert kept[: len(told)] == told
    # One more may have reached the disk before its writer could say so.
    assert len(kept) <= len(told) + 1
    outbox.close()


def test_old_requests_are_forgotten_but_not_while_they_are_owed(tmp_path, monkeypatch):
    monkeypatch.setattr("cerebellum.daemon.outbox._REMEMBERED", 3)
    outbox = Outbox(tmp_path / "outbox.db")
    for number in range(1, 9):
        assert outbox.accept(f"r{number}", number) == "new"
        if number != 2:
            outbox.kept(outbox.put(done(f"r{number}")))
    assert outbox.accept("r2", 2) == "known"
    assert outbox.accept("r8", 8) == "known"
    # Who was forgotten is refused all the same: its token is old.
    assert outbox.accept("r1", 1) == "stale"
    outbox.close()
