"""Agent jobs to simulate: turns with lengths, and the waits between them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.errors import UserError

# Waits of more than this end a job: whoever is away for ten minutes has left, and what they do when they
# come back is another job.
ABSENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class JobTurn:
    """One turn of a job.

    Attributes:
        prompt: Tokens of its prompt.
        output: Tokens it generates.
        shared: Prompt tokens that are the same as in the job's turn before.
        wait_s: Time from the end of the turn before to this turn's arrival.
        tool: What the job waits for before this turn.
        body: Which body does it.
        expected_s: How long the caller said it would take; None if it said nothing.
    """

    prompt: int
    output: int
    shared: int
    wait_s: float = 0.0
    tool: str = ""
    body: str = ""
    expected_s: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One agent job.

    Attributes:
        name: Its id.
        prefix: Tokens at its start that all jobs of the same group share (tools, system prompt).
        group: The group; empty if it shares with none.
        turns: Its turns.
    """

    name: str
    prefix: int
    group: str
    turns: tuple[JobTurn, ...]


def load_trace(path: Path, scale: float = 1.0, absence_s: float = ABSENCE_S) -> list[Job]:
    """Read recorded sessions (JSON lines, gzipped or not) as jobs.

    A session is cut into jobs at absences. The recorded wait of a turn that follows one without a
    recorded duration includes that duration, so it is bounded by what the start times leave.

    Args:
        path: The file.
        scale: Factor on all token counts, to fit contexts to a model's window.
        absence_s: Longer waits end a job.

    Raises:
        UserError: If the file is missing or not such a trace.
    """
    try:
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        sessions = [json.loads(line) for line in text.splitlines() if line.strip()]
        jobs = [job for session in sessions for job in _cut(session, scale, absence_s)]
    except OSError as error:
        raise UserError(
            f"The trace {path} cannot be read; give a file of recorded sessions."
        ) from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UserError(
            f"{path} is not a trace of sessions; each line must be a JSON object with id, "
            "tools_prefix and turns."
        ) from error
    if not jobs:
        raise UserError(f"The trace {path} holds no session; give a file of recorded sessions.")
    return jobs


def _cut(session: dict[str, Any], scale: float, absence_s: float) -> list[Job]:
    prefix = int(session["tools_prefix"] * scale)
    group = f"tools {session['tools_prefix']}"
    jobs: list[Job] = []
    turns: list[JobTurn] = []
    before: list[Any] | None = None
    for turn in session["turns"]:
        start, prompt, output, shared, think = turn[:5]
        wait, tool = 0.0, ""
        if before is not None:
            # 2 s + 20 ms per output token is the usual duration in these recordings.
            duration = before[5] or 2.0 + 0.02 * before[2]
            wait = max(0.0, min(think, start - before[0] - duration))
            tool = "person" if before[6] == "end_turn" else "tool"
        if turns and wait > absence_s:
            jobs.append(_job(session["id"], len(jobs), prefix, group, turns))
            turns = []
        turns.append(
            JobTurn(
                prompt=max(1, int(prompt * scale)),
                output=max(1, int(output * scale)),
                shared=int(shared * scale) if turns else 0,
                wait_s=wait if turns else 0.0,
                tool=tool,
            )
        )
        before = turn
    if turns:
        jobs.append(_job(session["id"], len(jobs), prefix, group, turns))
    return jobs


def _job(session: str, number: int, prefix: int, group: str, turns: list[JobTurn]) -> Job:
    # Jobs whose prompts are at times shorter than the tools' text do not share it.
    shares = all(turn.prompt > prefix for turn in turns)
    return Job(
        f"{session}.{number}", prefix if shares else 0, group if shares else "", tuple(turns)
    )


def fit(jobs: Sequence[Job], longest_tokens: int) -> list[Job]:
    """Leave out turns whose prompt and answer exceed the engine's memory, and jobs left empty."""
    fitted = []
    for job in jobs:
        turns = tuple(t for t in job.turns if t.prompt + t.output <= longest_tokens)
        if turns:
            fitted.append(Job(job.name, job.prefix, job.group, turns))
    return fitted


def draw(
    jobs: Sequence[Job], count: int, rate: float, rng: random.Random
) -> list[tuple[float, Job]]:
    """Draw jobs with Poisson arrival times.

    Draws vary in everything but the load, which would drown what is to be compared: one job is drawn
    from each of `count` equal strata of the jobs by their size, so that every draw is as mixed as the
    whole, and the times are those of a Poisson process that has `count` arrivals in its usual time.

    Args:
        jobs: To draw from.
        count: How many.
        rate: Jobs per second.
        rng: The source of chance.
    """
    ordered = sorted(jobs, key=lambda job: (sum(t.prompt for t in job.turns), job.name))
    share = len(ordered) / count
    chosen = [ordered[int(share * (number + rng.random()))] for number in range(count)]
    rng.shuffle(chosen)
    times = sorted(rng.random() * count / rate for _ in chosen)
    return [
        (at, Job(f"{number}:{job.name}", job.prefix, job.group, job.turns))
        for number, (at, job) in enumerate(zip(times, chosen, strict=True))
    ]
