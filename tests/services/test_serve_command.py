"""`retinue memory serve`: a memory held open for several programs."""

import json
import os
import signal
import subprocess
import sys

import pytest

from services import cli
from stem_memory.log.store import EventStore

PROGRAM = """
import sys
from services.runtime.ray_runtime import RayRuntime
from services.memory.client import MemoryClient
from stem_memory.contracts import Event, Spoken
runtime = RayRuntime()
with MemoryClient.join(sys.argv[1], runtime) as memory:
    for seq in range(0, 200, 10):
        said = Spoken(body="b", to="x", text="hi")
        events = [Event(origin=sys.argv[2], seq=seq + i, t=1.0, body=said) for i in range(10)]
        memory.append(events)
    assert memory.last_seq(sys.argv[2]) == 199
runtime.close()
"""


@pytest.mark.ray
@pytest.mark.slow
def test_programs_write_to_what_is_served_and_nothing_is_lost_at_the_end(tmp_path):
    path = tmp_path / "house.db"
    alone = {k: v for k, v in os.environ.items() if k not in ("RAY_ADDRESS", "RAY_AUTH_MODE")}
    command = [sys.executable, "-m", "services.cli", "memory", "serve", str(path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=alone) as server:
        opened = json.loads(server.stdout.readline())
        joined = {**alone, **opened["environment"]}
        programs = [
            subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), name], env=joined)
            for name in ("body", "glasses")
        ]
        assert [program.wait(120) for program in programs] == [0, 0]
        again = subprocess.run(
            command, env=joined, capture_output=True, encoding="utf-8", check=False
        )
        assert (again.returncode, again.stdout) == (2, "")
        assert "is served already" in again.stderr
        server.send_signal(signal.SIGINT)
        closed = json.loads(server.stdout.readline())
        assert server.wait(60) == 0
    assert (closed["rows"], closed["calls"], closed["events"]) == (400, 40, 400)
    with EventStore.writer(path, lambda: 0) as store:
        assert store.verify().events == 400


def test_a_ray_that_is_not_there_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(SystemExit) as ended:
        cli.main(["memory", "serve", str(tmp_path / "house.db")])
    assert ended.value.code == 2
    assert "no Ray that lets us in answers at 127.0.0.1:1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
