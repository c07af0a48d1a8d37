"""Real processes die in the middle of a run on Ray: a robot's, then the brain's."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.runtime.ray_runtime import RayRuntime
from services.session.contracts import PostedWish, RunConfig, RunResult, Tick
from services.session.run import run


def play(out: Path, victim: str, when: str) -> RunResult:
    """Clear all tables; kill the victim's process when the first line with `when` appears."""
    runtime = RayRuntime()
    killed: list[float] = []

    def kill(tick: Tick) -> None:
        if when in tick.line and not killed:
            killed.append(tick.t)
            runtime.kill(victim)

    config = RunConfig(
        world="restaurant",
        wishes=(PostedWish(t=0.0, text="clear all tables"),),
        seed=7,
        bodies=4,  # every one is a process
        out=str(out),
        film=False,
    )
    result = run(config, kill, runtime)
    assert killed
    return result


@pytest.mark.scenario
@pytest.mark.ray
def test_a_robots_process_dies(tmp_path: Path) -> None:
    result = play(tmp_path / "run", "waiter-2", "pick done by waiter-2")
    assert [goal.status for goal in result.goals] == ["satisfied"], result.goals
    assert result.goals[0].checked_by_world
    assert result.reassigned >= 1


@pytest.mark.scenario
@pytest.mark.ray
def test_the_brains_process_dies(tmp_path: Path) -> None:
    result = play(tmp_path / "run", "brain", "pick done")
    assert [goal.status for goal in result.goals] == ["satisfied"], result.goals
    assert result.goals[0].checked_by_world
