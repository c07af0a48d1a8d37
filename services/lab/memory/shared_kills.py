"""The shared writer killed with SIGKILL while three programs record: `shared_kills` runs the trials.

Run as a program (`python -m services.lab.memory.shared_kills FILE TRIALS`) it tells of each as one line of
JSON. It is a process of its own because Ray has much to say of every death.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from devices.noun import Noun
from services.lab.memory.shared import PROGRAMS, Load, Program
from services.lab.memory.trials.verdict import told
from services.memory.client import MemoryClient
from services.runtime.ray_runtime import CALL_LIMIT_S, RayRuntime

MOST_CALLS = 40


class Kill(Noun):
    """One trial: rows acknowledged, lost, and recorded twice; whether work was under way."""

    acknowledged: int
    lost: int
    doubled: int
    amid: bool


def shared_kills(path: Path, trials: int, calls: int = MOST_CALLS) -> Iterator[Kill]:
    """Kill the writer of one memory again and again; what it leaves is verified each time.

    Args:
        path: The memory's file; there is none yet.
        trials: How often the writer dies.
        calls: How many calls of 50 rows each program makes between two deaths.
    """
    for trial in told(__name__, (path, trials, calls)):
        yield Kill.model_validate(trial)


def main() -> None:
    """The trials, each told as a line of JSON."""
    path, trials, calls = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    load = Load(name="", goal="", calls=calls, rows=50, in_flight=4, moving=True)
    # Ray prints what it has to say of deaths on standard output.
    out, sys.stdout = sys.stdout, sys.stderr
    runtime = RayRuntime()
    names = [f"program-{i}" for i in range(PROGRAMS)]
    programs = [runtime.spawn(name, Program, name) for name in names]
    rows = PROGRAMS * load.calls * load.rows
    try:
        with MemoryClient.join(path, runtime) as memory:
            for trial in range(trials):
                runtime.gather(
                    [p.call("prepare", str(path), memory.port, load, trial) for p in programs]
                )
                before = memory.position()
                work = [p.call("record", False) for p in programs]
                # The first dies early in its work, the last when most is done.
                give_up = monotonic() + CALL_LIMIT_S
                while memory.position() < before + rows * (trial + 1) // (trials + 1):
                    if monotonic() > give_up:
                        raise RuntimeError("the programs do not record")
                process: int = memory.port.answer(memory.port.begin("process"))
                amid = memory.position() < before + rows
                os.kill(process, signal.SIGKILL)
                runtime.gather(work)
                memory.verify()
                numbers = Counter(
                    (entry.event.origin, entry.event.seq) for entry in memory.read(before)
                )
                kill = Kill(
                    acknowledged=rows,
                    lost=rows - len(numbers),
                    doubled=numbers.total() - len(numbers),
                    amid=amid,
                )
                out.write(json.dumps(kill.model_dump()) + "\n")
                out.flush()
    finally:
        runtime.close()


if __name__ == "__main__":
    main()
