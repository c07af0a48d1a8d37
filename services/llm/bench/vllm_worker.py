"""Measures vLLM in the present environment: ``python -m services.llm.bench.vllm_worker stock|ours OPS``.

It makes a tiny Llama with random weights on the spot, runs agents that come back while strangers compete
for a small KV budget, then random operations, and prints one JSON line. Run it with the interpreter of an
environment that has vLLM.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from typing import Any

_BLOCK, _BLOCKS = 32, 64
_AGENTS, _STEPS, _STRANGERS = 2, 8, 3
_AGENT_TOKENS, _STRANGER_TOKENS, _ANSWER, _NEW = 620, 450, 8, 4
_VOCABULARY = 512
_SETTINGS = {
    # The scheduler is looked into, so it must live in this process.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}


def main() -> None:
    """Measure and print."""
    ours, operations = sys.argv[1] == "ours", int(sys.argv[2])
    os.environ.update(_SETTINGS)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        engine = _engine(folder, ours)
        told = _agents(engine, ours)
        if operations:
            told |= _random_operations(engine, operations, ours)
    print(json.dumps(told), file=answers, flush=True)


def _engine(folder: str, ours: bool) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from vllm import LLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=_VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=2048,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    kind = {"scheduler_cls": "services.llm.vllm_plugin.scheduler.AgentScheduler"} if ours else {}
    return LLM(
        folder,
        skip_tokenizer_init=True,
        dtype="float32",
        max_model_len=1024,
        max_num_seqs=8,
        enforce_eager=True,
        block_size=_BLOCK,
        num_gpu_blocks_override=_BLOCKS,
        **kind,
    )


def _scheduler(engine: Any) -> Any:
    return engine.llm_engine.engine_core.engine_core.scheduler


def _parameters(tokens: int, hints: dict[str, Any]) -> Any:
    from vllm import SamplingParams

    return SamplingParams(
        temperature=0.0, max_tokens=tokens, ignore_eos=True, detokenize=False, extra_args=hints
    )


def _ask(engine: Any, prompts: list[list[int]], hints: list[dict[str, Any]]) -> list[Any]:
    asked = [{"prompt_token_ids": prompt} for prompt in prompts]
    answers: list[Any] = engine.generate(
        asked, [_parameters(_ANSWER, hint) for hint in hints], use_tqdm=False
    )
    return answers


def _agents(engine: Any, ours: bool) -> dict[str, Any]:
    rng = random.Random(1)

    def text(length: int) -> list[int]:
        return [rng.randrange(_VOCABULARY) for _ in range(length)]

    contexts = [text(_AGENT_TOKENS) for _ in range(_AGENTS)]
    found = wanted = 0
    outputs: list[list[int]] = []
    resumes: list[float] = []
    scheduler = _scheduler(engine)
    spent = [0.0, 0]
    inner = scheduler.schedule

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        result = inner(*args, **kwargs)
        spent[0] += time.perf_counter() - began
        spent[1] += 1
        return result

    scheduler.schedule = timed
    began = time.perf_counter()
    for step in range(_STEPS):
        for number in range(_AGENTS):
            hint = {"program": f"agent-{number}", "tool": "navigate", "expected_tool_seconds": 1.0}
            start = time.perf_counter()
            (answer,) = _ask(engine, [contexts[number]], [hint])
            said = list(answer.outputs[0].token_ids)
            outputs.append(said)
            if step:
                resumes.append(time.perf_counter() - start)
                found += answer.num_cached_tokens
                wanted += len(contexts[number])
            contexts[number] = contexts[number] + said + text(_NEW)
        for _ in range(_STRANGERS):
            (answer,) = _ask(engine, [text(_STRANGER_TOKENS)], [{}])
            outputs.append(list(answer.outputs[0].token_ids))
    wall = time.perf_counter() - began
    scheduler.schedule = inner
    told = {
        "hit_ratio": found / wanted,
        "resume_s": resumes,
        "wall_s": wall,
        "steps": spent[1],
        "schedule_us": 1e6 * spent[0] / spent[1],
        "step_us": 1e6 * wall / spent[1],
        "outputs": outputs,
    }
    if ours:
        told["own_us"] = 1e6 * scheduler.agent_seconds / scheduler.agent_steps
        told["pins"] = dict(scheduler.agent_policy.counts)
    return told


def _random_operations(engine: Any, operations: int, ours: bool) -> dict[str, Any]:
    """Add, abort, step and reset at random; then everything must end and every block be free."""
    rng = random.Random(7)
    scheduler, core = _scheduler(engine), engine.llm_engine
    pool = scheduler.kv_cache_manager.block_pool
    open_: set[str] = set()
    finished = number = idle_steps = 0
    for _ in range(operations):
        kind = rng.random()
        if kind < 0.3 and len(open_) < 12:
            number += 1
            name = f"op-{number}"
            length = rng.choice((5, 40, 200, 700))
            prompt = [rng.randrange(8) for _ in range(length)]
            hint: dict[str, Any] = {"program": f"p{rng.randrange(6)}", "tool": "look"}
            if rng.random() < 0.2:
                hint = {**hint, "last_step": 1}
            elif rng.random() < 0.3:
                hint = {}
            core.add_request(
                name, {"prompt_token_ids": prompt}, _parameters(rng.randrange(1, 8), hint)
            )
            open_.add(name)
        elif kind < 0.35 and open_:
            gone = rng.choice(sorted(open_))
            core.abort_request([gone])
            open_.discard(gone)
        elif kind < 0.36:
            scheduler.reset_prefix_cache()
        elif open_:
            before = finished
            for output in core.step():
                if output.finished:
                    open_.discard(output.request_id)
                    finished += 1
            idle_steps = 0 if finished > before else idle_steps + 1
            if idle_steps > 2000:
                raise RuntimeError(f"{len(open_)} requests wait for ever")
    for _ in range(5000):
        if not open_:
            break
        for output in core.step():
            if output.finished:
                open_.discard(output.request_id)
                finished += 1
    if open_:
        raise RuntimeError(f"{len(open_)} requests wait for ever")
    if ours:
        pins = scheduler.pins()
        held = {block.block_id for blocks in scheduler.pinned_blocks.values() for block in blocks}
        if pool.get_num_free_blocks() + len(held) != pool.num_gpu_blocks - 1:
            raise RuntimeError("blocks are neither free nor pinned")
        if {pin["program"] for pin in pins} != set(scheduler.pinned_blocks):
            raise RuntimeError("pins and held blocks differ")
        if not scheduler.reset_prefix_cache():
            raise RuntimeError("the cache could not be reset")
    free = pool.get_num_free_blocks()
    if free != pool.num_gpu_blocks - 1:
        raise RuntimeError(f"{pool.num_gpu_blocks - 1 - free} blocks leaked")
    return {"operations": operations, "finished": finished}


if __name__ == "__main__":
    main()
