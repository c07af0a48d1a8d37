"""Kill writers in the middle of their work and see what is left: `kill_writers.py FOLDER TRIALS`.

Each trial forks a writer that appends batches of seven for ever and says on a pipe what was
acknowledged; after some acknowledgements it is killed with SIGKILL. Writes one JSON list.
"""

import json
import os
import random
import signal
import sys
from pathlib import Path

from stem_memory.contracts import Event, Spoken
from stem_memory.store import EventStore

BATCH = 7


def write_for_ever(path: Path, pipe: int) -> None:
    with EventStore.writer(path, lambda: 0) as store:
        seq = store.position()
        while True:
            batch = [
                Event(
                    origin="w",
                    seq=seq + i,
                    t=0.0,
                    body=Spoken(body="b", to="ann", text=str(seq + i)),
                )
                for i in range(1, BATCH + 1)
            ]
            store.append(batch)
            seq += BATCH
            os.write(pipe, seq.to_bytes(8, "big"))


def trial(path: Path, acknowledgements: int) -> dict[str, int]:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        write_for_ever(path, theirs)
    os.close(theirs)
    for _ in range(acknowledgements):
        os.read(ours, 8)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged = 0
    while stamp := os.read(ours, 8):
        acknowledged = int.from_bytes(stamp, "big")
    os.close(ours)
    # Reopening as a writer recovers the log, as a restart would.
    with EventStore.writer(path, lambda: 0) as store:
        held = store.verify().events
        seqs = [r.event.seq for r in store.read()]
    wanted = max(acknowledged, acknowledgements * BATCH)
    lost = len(set(range(1, wanted + 1)) - set(seqs))
    return {"acknowledged": wanted, "held": held, "lost": lost, "torn": held % BATCH}


def main() -> None:
    folder, trials = Path(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(7)
    found = [trial(folder / f"{i // 5}.db", chance.randint(1, 30)) for i in range(trials)]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
