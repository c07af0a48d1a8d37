"""What a power failure leaves: everything acknowledged, in order, and nothing torn."""

import pytest

pytest.importorskip("apsw", reason="apsw, which puts a simulated disk under SQLite, is missing")
from services.lab.memory.trials.cuts import cuts


@pytest.mark.parametrize(
    ("number", "seed"),
    [(30, 1), *(pytest.param(100, seed, marks=pytest.mark.slow) for seed in (2, 3))],
)
def test_a_power_failure_loses_nothing_acknowledged(tmp_path, number, seed):
    found = list(cuts(tmp_path, number, seed))
    assert len(found) == number
    assert sum(cut.acknowledged for cut in found) > 10 * number
    assert [(cut.lost, cut.torn, cut.fault) for cut in found] == [(0, 0, "")] * number


def test_the_simulated_disk_does_lose_what_is_not_synced(tmp_path):
    assert sum(cut.lost > 0 for cut in cuts(tmp_path, 30, 1, "NORMAL")) > 5
