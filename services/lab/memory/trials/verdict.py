"""What is left of a memory after something went wrong, compared with what was acknowledged."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from devices.child import start
from devices.noun import Noun
from stem_memory.contracts import Event
from stem_memory.errors import MemoryFault
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

# An odd number, so that part of a batch is told from a batch.
BATCH = 7


class Verdict(Noun):
    """One trial: rows acknowledged, held afterwards, and lost; rows of a batch that is not whole.

    `fault`: why the file, its hash chain or what is derived from it is not sound; empty: it is.
    """

    acknowledged: int
    held: int = 0
    lost: int = 0
    torn: int = 0
    fault: str = ""


class TrialBroke(MemoryFault):
    """A trial could not be carried out."""


def batch(number: int) -> tuple[Event, ...]:
    """The batch of this number, from 0: a mug that is seen here and there, once a second."""
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    first = number * BATCH
    looks = [
        observed("waiter-1", float(i), sighting("mug-1", f"mug on table-{i % 3}", i % 7, 1.0))
        for i in range(max(first, len(start)), first + BATCH)
    ]
    return events_of([*start, *looks] if number == 0 else looks, first=first + 1)


def judge(path: Path, acknowledged: int) -> Verdict:
    """Open what is left as a restart would, and look whether everything acknowledged is there."""
    try:
        with EventStore.writer(path, lambda: 0) as store:
            held = store.verify().events
            numbers = {entry.event.seq for entry in store.read()}
            fault = _fault(store)
    except MemoryFault as error:
        return Verdict(acknowledged=acknowledged, lost=acknowledged, fault=str(error))
    lost = len(set(range(1, acknowledged + 1)) - numbers)
    return Verdict(acknowledged=acknowledged, held=held, lost=lost, torn=held % BATCH, fault=fault)


def told(module: str, arguments: Sequence[object]) -> Iterator[dict[str, Any]]:
    """Run a trial in a process of its own and pass on, line by line, the JSON that it tells.

    Raises:
        TrialBroke: It ended with an error.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with (
        tempfile.TemporaryFile() as complaints,
        start(command, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        yield from map(json.loads, process.stdout or ())
        process.wait()
        complaints.seek(0)
        complaint = complaints.read().decode(errors="replace").strip()
    if process.returncode:
        last = complaint.splitlines()[-1] if complaint else f"exit {process.returncode}"
        raise TrialBroke(f"{module} could not be carried out: {last}")


def _fault(store: EventStore) -> str:
    if store.state.digest() != store.replay().digest():
        return "what is believed is not what the log says"
    placed, believed = (
        store.facts.value_at("mug-1", "location", 1e9),
        store.state.location("mug-1"),
    )
    if (placed and placed.value) != (believed and believed.holder):
        return f"history has the mug at {placed}, belief at {believed}"
    return ""
