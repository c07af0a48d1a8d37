"""Writers killed with SIGKILL in the middle of their work: `kills` runs the trials.

Run as a program (`python -m services.lab.memory.trials.kills FOLDER TRIALS SEED`) it forks the writers and
tells of each, as one line of JSON, where its file is and what it had acknowledged.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from devices.mortal import die_with_parent
from services.lab.memory.trials.verdict import BATCH, Verdict, batch, judge, told
from stem_memory.log.store import EventStore

# Writers die one after the other on the same file, so that some find what others left.
_PER_FILE = 5
_MOST_BATCHES = 12


def kills(folder: Path, trials: int, seed: int = 7) -> Iterator[Verdict]:
    """Kill a writer, look at what it left, and again.

    Args:
        folder: An empty folder for the files.
        trials: How many writers die.
        seed: How long each may work is drawn by chance.
    """
    for trial in told(__name__, (folder, trials, seed)):
        yield Verdict.model_validate(trial)


def kill_one(path: Path, acknowledgements: int) -> Verdict:
    """Fork a writer, kill it after so many acknowledgements, and judge what it left."""
    ours, theirs = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(parent)
        os.close(ours)
        _write_on(path, theirs)
    os.close(theirs)
    heard = b""
    while len(heard) < 8 * acknowledgements:
        heard += os.read(ours, 8)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while stamp := os.read(ours, 4096):
        heard += stamp
    os.close(ours)
    return judge(path, int.from_bytes(heard[-8:], "big"))


def _write_on(path: Path, pipe: int) -> None:
    """Append batch after batch and say what is acknowledged, until killed."""
    with EventStore.writer(path, lambda: 0) as store:
        for number in count(store.position() // BATCH):
            store.append(batch(number))
            os.write(pipe, store.position().to_bytes(8, "big"))


def main() -> None:
    """The trials, each told as a line of JSON."""
    folder, trials, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    for trial in range(trials):
        path = folder / f"killed-{trial // _PER_FILE}.db"
        verdict = kill_one(path, chance.randint(1, _MOST_BATCHES))
        sys.stdout.write(json.dumps(verdict.model_dump()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
