"""`retinue bench memory` measures what it says, at a small scale."""

import pytest

from services.lab.memory.bench import Plan, measure_memory


@pytest.mark.ray
@pytest.mark.slow
def test_all_that_is_measured(tmp_path):
    steps = []
    plan = Plan(events=200, facts=400, calls=4, trials=3)
    figures = list(measure_memory(tmp_path, plan, lambda *step: steps.append(step)))
    rates = [f for f in figures if f.unit.endswith("/s")]
    assert len(rates) == 6
    assert all(f.value > 0 for f in rates)
    trials = [f for f in figures if f.goal == "0"]
    assert [(f.value, f.n) for f in trials] == [(0, 1), (0, 3), (0, 3)]
    assert "rows lost" in trials[-1].baseline
    assert {title for title, done, total in steps if done == total} == {
        "recording and reading back",
        "asking",
        "three programs on Ray",
        "killing the shared writer",
        "killing writers",
        "failing power, synchronous=FULL",
        "failing power, synchronous=NORMAL",
    }
