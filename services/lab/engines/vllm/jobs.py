"""Agents that wait for tools, and strangers, all at the same time and in real time, on one vLLM.

An agent asks, waits, and comes back with a longer conversation. Each stranger always has one more new
conversation. The loads of two runs differ in nothing but how long the engine takes.
"""

from __future__ import annotations

import heapq
import random
import time
from dataclasses import dataclass, field
from typing import Any

from services.lab.engines.vllm.contracts import JobLoad
from services.lab.engines.vllm.model import asked, sampled, text


@dataclass
class _Job:
    """An agent's job, or a stranger's conversation of one turn."""

    name: str
    rng: random.Random
    context: list[int]
    turns_left: int
    began_s: float
    agent: bool
    turn: int = 0
    tool_s: float = 0.0
    asked_s: float = 0.0
    first_s: float | None = None


@dataclass
class Seen:
    """What one round showed; times are seconds.

    Attributes:
        resumes: Times to first token of agents' turns after their first.
        jobs: Completion times of agents' jobs, tools included.
        strangers: Times to first token of strangers.
        found: Prompt tokens of resumes whose KV was found.
        wanted: All prompt tokens of resumes.
    """

    resumes: list[float] = field(default_factory=list)
    jobs: list[float] = field(default_factory=list)
    strangers: list[float] = field(default_factory=list)
    found: int = 0
    wanted: int = 0


class Round:
    """One round; it ends when every agent's job is done.

    Args:
        core: vLLM's engine.
        load: What is asked.
        number: Which round: the seed of all prompts and waits.
    """

    def __init__(self, core: Any, load: JobLoad, number: int) -> None:
        self._core, self._load = core, load
        self._due: list[tuple[float, int, _Job]] = []
        self._running: dict[str, _Job] = {}
        self._serial = 0
        self._seen = Seen()
        now = time.monotonic()
        for agent in range(load.agents):
            rng = random.Random(f"agent {number} {agent}")
            # They do not begin all at once.
            begin = now + rng.uniform(0.0, load.tool_s[0])
            job = _Job(f"agent-{number}-{agent}", rng, [], load.turns, begin, agent=True)
            job.context = text(rng, load.prompt)
            self._later(begin, job)
        for stranger in range(load.strangers):
            self._stranger(f"stranger-{number}-{stranger}", now)

    def run(self) -> Seen:
        """Ask, step and wait until all jobs are done, then end what strangers still ask."""
        while len(self._seen.jobs) < self._load.agents:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._ask(heapq.heappop(self._due)[2], now)
            if self._core.has_unfinished_requests():
                self._step()
            else:
                time.sleep(max(0.0, self._due[0][0] - now))
        self._core.abort_request(list(self._running))
        while self._core.has_unfinished_requests():
            self._core.step()
        return self._seen

    def _stranger(self, name: str, when: float) -> None:
        rng = random.Random(name)
        job = _Job(name, rng, text(rng, self._load.stranger_prompt), 1, when, agent=False)
        self._later(when, job)

    def _later(self, when: float, job: _Job) -> None:
        self._serial += 1
        heapq.heappush(self._due, (when, self._serial, job))

    def _ask(self, job: _Job, now: float) -> None:
        job.turn += 1
        job.turns_left -= 1
        job.asked_s, job.first_s = now, None
        job.tool_s = job.rng.uniform(*self._load.tool_s)
        name = f"{job.name}/{job.turn}"
        self._running[name] = job
        self._core.add_request(
            name, asked(job.context), sampled(self._load.answer, self._hint(job))
        )

    def _hint(self, job: _Job) -> dict[str, Any]:
        if not job.agent:
            return {}
        if not job.turns_left:
            return {"program": job.name, "last_step": 1}
        # Callers' estimates are off, as planned drives are.
        off = job.rng.uniform(1.0 - self._load.off, 1.0 + self._load.off)
        return {
            "program": job.name,
            "tool": "navigate",
            "expected_tool_seconds": off * job.tool_s,
        }

    def _step(self) -> None:
        outputs = self._core.step()
        now = time.monotonic()
        for output in outputs:
            job = self._running[output.request_id]
            if job.first_s is None and output.outputs[0].token_ids:
                job.first_s = now
            if output.finished:
                del self._running[output.request_id]
                self._answered(job, output, now)

    def _answered(self, job: _Job, output: Any, now: float) -> None:
        seen = self._seen
        first_s = (now if job.first_s is None else job.first_s) - job.asked_s
        if not job.agent:
            seen.strangers.append(first_s)
            self._stranger(f"{job.name}+", now)
            return
        if job.turn > 1:
            seen.resumes.append(first_s)
            seen.found += output.num_cached_tokens
            seen.wanted += len(job.context)
        if not job.turns_left:
            seen.jobs.append(now - job.began_s)
            return
        job.context += [*output.outputs[0].token_ids, *text(job.rng, self._load.new)]
        self._later(now + job.tool_s, job)
