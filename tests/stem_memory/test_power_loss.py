"""What a power failure leaves: everything acknowledged, in order, and nothing torn."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stem_memory.store import EventStore

pytest.importorskip("apsw", reason="apsw, which puts a simulated disk under SQLite, is missing")
BATCH = 5


def cuts(folder, number, seed, *sync):
    # In a process of its own: the file must not be open in two SQLite libraries of one process.
    script = Path(__file__).with_name("cut_power.py")
    ran = subprocess.run(
        [sys.executable, str(script), str(folder), str(number), str(seed), *sync],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("number", "seed"),
    [(30, 1), *(pytest.param(200, seed, marks=pytest.mark.slow) for seed in (2, 3))],
)
def test_a_power_failure_loses_nothing_acknowledged(tmp_path, number, seed):
    found = cuts(tmp_path, number, seed)
    assert len(found) == number + 1
    for cut in found:
        with EventStore.writer(cut["file"], lambda: 0) as store:
            held = store.verify().events
            assert held >= cut["acknowledged"]
            assert held % BATCH == 0
            assert store.state.digest() == store.replay().digest()
            placed = store.facts.value_at("mug-1", "location", 1e9)
            believed = store.state.location("mug-1")
            assert (placed and placed.value) == (believed and believed.holder)


def test_the_simulated_disk_does_lose_what_is_not_synced(tmp_path):
    lost = 0
    for cut in cuts(tmp_path, 30, 1, "NORMAL"):
        with EventStore.writer(cut["file"], lambda: 0) as store:
            lost += store.verify().events < cut["acknowledged"]
    assert lost > 5
