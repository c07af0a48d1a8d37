"""The brain's process dies in the middle of a run: nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.session.contracts import PostedWish, RunConfig
from services.session.folder import MEMORY
from services.session.run import run
from stem_memory.contracts import StepStarted
from stem_memory.log.store import EventStore


@pytest.mark.scenario
@pytest.mark.parametrize("every", [4, 7, 19])
def test_a_brain_that_dies_again_and_again_still_finishes(
    tmp_path: Path, every: int, mortal: Callable[[int], Any]
) -> None:
    runtime = mortal(every)
    config = RunConfig(
        world="restaurant",
        wishes=(
            PostedWish(t=0.0, text="bring two coffees to table 4, then clear table 2"),
            PostedWish(t=5.0, text="clear table 6"),
        ),
        seed=7,
        out=str(tmp_path / "run"),
        film=False,
    )
    result = run(config, runtime=runtime)
    assert runtime.deaths > 3
    assert [goal.status for goal in result.goals] == ["satisfied", "satisfied"], result.goals
    with EventStore.reader(tmp_path / "run" / MEMORY) as store:
        started = [
            e.event.body.request for e in store.read() if isinstance(e.event.body, StepStarted)
        ]
    assert len(started) == len(set(started))
