"""Measures vLLM in the present environment: ``python -m services.lab.engines.vllm.worker PART stock|ours OPERATIONS``.

Run it with the interpreter of an environment that has vLLM, the `JobLoad` as one JSON line on standard input;
it prints one JSON line. One part a process, as an engine leaves its process unfit for another one.

``budget``: one request at a time, a tiny model and a small KV budget; agents come back between strangers. What
is found again, whether the answers are the same, what scheduling costs; then, with the plug-in, random
operations on the running engine. ``jobs``: one round of `jobs`, with a larger
model.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from typing import Any

from services.lab.engines.vllm.contracts import SHORT_ANSWER, JobLoad
from services.lab.engines.vllm.cost import Cost
from services.lab.engines.vllm.jobs import Round
from services.lab.engines.vllm.model import (
    SMALL,
    TINY,
    Size,
    arguments,
    asked,
    sampled,
    save,
    settle,
    start,
    text,
    version,
)

_BLOCKS, _CONTEXT = 64, 1024
_AGENTS, _STEPS, _STRANGERS = 2, 8, 3
_AGENT_TOKENS, _STRANGER_TOKENS, _NEW = 620, 450, 4
# So many steps without an end mean that somebody waits for ever.
_PATIENCE = 5000


def main() -> None:
    """Measure and print."""
    part, ours, operations = sys.argv[1], sys.argv[2] == "ours", int(sys.argv[3])
    load = JobLoad.model_validate_json(sys.stdin.readline())
    settle()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if part == "budget":
        engine, weights = _engine(TINY, _CONTEXT, _BLOCKS, ours)
        told = _one_by_one(engine, ours)
        if ours and operations:
            told["trial"] = _random_operations(engine, operations)
    else:
        engine, weights = _engine(SMALL, load.context, load.blocks, ours)
        told = _jobs(engine, load, ours)
    told |= {"version": version(), "weights": weights}
    print(json.dumps(told), file=answers, flush=True)


def _engine(size: Size, context: int, blocks: int, ours: bool) -> tuple[Any, int]:
    with tempfile.TemporaryDirectory() as folder:
        weights = save(folder, size, context)
        return start(arguments(folder, context, blocks, ours)), weights


def _scheduler(engine: Any) -> Any:
    return engine.llm_engine.engine_core.engine_core.scheduler


def _one_by_one(engine: Any, ours: bool) -> dict[str, Any]:
    rng = random.Random(1)
    contexts = [text(rng, _AGENT_TOKENS) for _ in range(_AGENTS)]
    found = wanted = 0
    outputs: list[list[int]] = []
    resumes: list[float] = []

    def ask(prompt: list[int], hint: dict[str, Any]) -> Any:
        (answer,) = engine.generate([asked(prompt)], [sampled(SHORT_ANSWER, hint)], use_tqdm=False)
        outputs.append(list(answer.outputs[0].token_ids))
        return answer

    with Cost(_scheduler(engine), ours) as cost:
        for step in range(_STEPS):
            for number, context in enumerate(contexts):
                hint = {"program": f"a{number}", "tool": "navigate", "expected_tool_seconds": 1.0}
                began = time.perf_counter()
                answer = ask(context, hint)
                if step:
                    resumes.append(time.perf_counter() - began)
                    found += answer.num_cached_tokens
                    wanted += len(context)
                context += [*outputs[-1], *text(rng, _NEW)]
            for _ in range(_STRANGERS):
                ask(text(rng, _STRANGER_TOKENS), {})
    return {
        "hit_ratio": found / wanted,
        "resume_s": resumes,
        "outputs": outputs,
        "cost": cost.told(),
    }


def _jobs(engine: Any, load: JobLoad, ours: bool) -> dict[str, Any]:
    scheduler = _scheduler(engine)
    # The first request of an engine pays for what is made only once.
    engine.generate([asked(text(random.Random(0), load.prompt))], [sampled(4, {})], use_tqdm=False)
    scheduler.reset_prefix_cache()
    began = time.perf_counter()
    with Cost(scheduler, ours) as cost:
        seen = Round(engine.llm_engine, load, load.seed).run()
    return {
        "wall_s": time.perf_counter() - began,
        "resume_s": seen.resumes,
        "job_s": seen.jobs,
        "stranger_s": seen.strangers,
        "found": seen.found,
        "wanted": seen.wanted,
        "cost": cost.told(),
    }


def _random_operations(engine: Any, operations: int) -> dict[str, Any]:
    """Add, abort, step and reset at random; then everything must end and every block be free."""
    rng = random.Random(7)
    scheduler, core = _scheduler(engine), engine.llm_engine
    open_: set[str] = set()
    finished = number = 0

    def step() -> None:
        nonlocal finished
        for output in core.step():
            if output.finished:
                open_.discard(output.request_id)
                finished += 1

    for _ in range(operations):
        kind = rng.random()
        if kind < 0.3 and len(open_) < 12:
            number += 1
            hint: dict[str, Any] = {"program": f"p{rng.randrange(6)}", "tool": "look"}
            if rng.random() < 0.2:
                hint = {**hint, "last_step": 1}
            elif rng.random() < 0.3:
                hint = {}
            prompt = [rng.randrange(8) for _ in range(rng.choice((5, 40, 200, 700)))]
            core.add_request(f"op-{number}", asked(prompt), sampled(rng.randrange(1, 8), hint))
            open_.add(f"op-{number}")
        elif kind < 0.35 and open_:
            gone = rng.choice(sorted(open_))
            core.abort_request([gone])
            open_.discard(gone)
        elif kind < 0.36:
            scheduler.reset_prefix_cache()
        elif open_:
            step()
    for _ in range(_PATIENCE):
        if not open_:
            break
        step()
    _require_all_free(scheduler, open_)
    return {
        "operations": operations,
        "finished": finished,
        "steps": scheduler.agent_steps,
        "pins": dict(scheduler.agent_policy.counts),
    }


def _require_all_free(scheduler: Any, open_: set[str]) -> None:
    pool = scheduler.kv_cache_manager.block_pool
    if open_:
        raise RuntimeError(f"{len(open_)} requests wait for ever")
    held = {block.block_id for blocks in scheduler.pinned_blocks.values() for block in blocks}
    if pool.get_num_free_blocks() + len(held) != pool.num_gpu_blocks - 1:
        raise RuntimeError("blocks are neither free nor pinned")
    if {pin.program for pin in scheduler.agent_policy.pins()} != set(scheduler.pinned_blocks):
        raise RuntimeError("pins and held blocks differ")
    if not scheduler.reset_prefix_cache():
        raise RuntimeError("the cache could not be reset")
    leaked = pool.num_gpu_blocks - 1 - pool.get_num_free_blocks()
    if leaked:
        raise RuntimeError(f"{leaked} blocks leaked")


if __name__ == "__main__":
    main()
