"""Whole runs of the shipped worlds, on one process and on Ray: same outcome, same memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from services.session.contracts import PostedWish, RunConfig, RunResult
from services.session.run import run

STORIES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "stories.yaml").read_text(encoding="utf-8")
)


def play(story: dict[str, Any], out: Path, runtime: Literal["local", "ray"]) -> RunResult:
    wishes = [PostedWish(t=0.0, text=text) for text in story["do"]]
    wishes += [PostedWish(t=t, text=text) for t, text in story.get("then", [])]
    return run(
        RunConfig(
            world=story["world"],
            wishes=tuple(wishes),
            faults=tuple(story.get("faults", ())),
            seed=story.get("seed", 0),
            runtime=runtime,
            out=str(out),
            film=False,
        )
    )


@pytest.mark.scenario
@pytest.mark.parametrize("story", STORIES, ids=[story["name"] for story in STORIES])
def test_story(story: dict[str, Any], tmp_path: Path) -> None:
    result = play(story, tmp_path / "run", "local")
    assert [goal.status for goal in result.goals] == story["expect"], result.goals
    for goal in result.goals:
        if goal.status in ("satisfied", "answered", "missed", "cancelled"):
            assert goal.checked_by_world, goal
        if goal.status in ("refused", "needs_answer", "missed", "cancelled", "paused"):
            assert goal.reason
    for goal, part in zip(result.goals, story.get("answers", ()), strict=False):
        assert part in (goal.answer or ""), goal
        assert not part or goal.findings
    assert [words.heeded for words in result.words] == story.get("heeded", [])
    assert all(words.reply for words in result.words)
    assert result.reassigned >= story.get("reassigned", 0)
    if story.get("motionless"):
        assert result.steps == 0


@pytest.mark.scenario
@pytest.mark.ray
def test_ray_changes_nothing(tmp_path: Path) -> None:
    story = STORIES[0]
    here = play(story, tmp_path / "local", "local")
    there = play(story, tmp_path / "ray", "ray")
    assert there.state_sha256 == here.state_sha256
    assert there.goals == here.goals
