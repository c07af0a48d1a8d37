"""Traces as jobs, and the waits of robots and glasses."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from services.errors import UserError
from services.lab.simulator.jobs import draw, fit, load_trace
from services.lab.simulator.workloads import glasses, robots

SESSION = {
    "id": "s1",
    "tools_prefix": 100,
    "turns": [
        [0.0, 1000, 50, 0, 0.0, 4.0, "tool_use"],
        [10.0, 1100, 40, 1000, 6.0, 3.0, "end_turn"],
        [5000.0, 1300, 30, 1100, 4987.0, 3.0, "tool_use"],
    ],
}


def written(path: Path, *sessions: object) -> Path:
    text = "".join(json.dumps(session) + "\n" for session in sessions)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["trace.jsonl", "trace.jsonl.gz"])
def test_a_session_is_cut_where_its_person_was_away(tmp_path: Path, name: str) -> None:
    first, second = load_trace(written(tmp_path / name, SESSION))
    assert [turn.prompt for turn in first.turns] == [1000, 1100]
    assert first.turns[1].wait_s == pytest.approx(6.0)
    assert first.turns[1].tool == "tool"
    assert second.turns[0].shared == 0
    assert first.group == second.group != ""


def test_token_counts_are_scaled(tmp_path: Path) -> None:
    first, _ = load_trace(written(tmp_path / "t.jsonl", SESSION), scale=0.5)
    assert (first.turns[0].prompt, first.turns[0].output, first.prefix) == (500, 25, 50)


@pytest.mark.parametrize("text", ["", "no json", '{"id": 1}', "[1, 2]"])
def test_what_is_no_trace_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="session"):
        load_trace(path)


def test_a_missing_trace_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_trace(tmp_path / "none.jsonl")


def test_turns_that_no_memory_holds_are_left_out(tmp_path: Path) -> None:
    jobs = load_trace(written(tmp_path / "t.jsonl", SESSION))
    assert [len(job.turns) for job in fit(jobs, 1145)] == [2]


def test_every_draw_is_as_mixed_as_the_whole() -> None:
    jobs = glasses(random.Random(1), 200)
    whole = sum(sum(t.prompt for t in job.turns) for job in jobs) / len(jobs)
    for seed in range(5):
        drawn = [job for _, job in draw(jobs, 50, 1.0, random.Random(seed))]
        mean = sum(sum(t.prompt for t in job.turns) for job in drawn) / len(drawn)
        assert mean == pytest.approx(whole, rel=0.05)


def test_robots_announce_their_plans_and_are_a_little_wrong() -> None:
    jobs = robots(random.Random(2), 12)
    waits = [turn for job in jobs for turn in job.turns[1:]]
    assert {"navigate", "pick"} <= {turn.tool for turn in waits}
    assert all(turn.expected_s and turn.body for turn in waits)
    errors = sorted(turn.wait_s / (turn.expected_s or 1.0) for turn in waits)
    assert 0.9 < errors[len(errors) // 2] < 1.15
    assert errors[-1] > 1.2
    for job in jobs:
        for before, turn in zip(job.turns, job.turns[1:], strict=False):
            assert turn.shared == before.prompt < turn.prompt
