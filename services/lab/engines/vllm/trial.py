"""Random operations on vLLM's schedulers with the plug-in: ``python -m services.lab.engines.vllm.trial OPS SEED``.

The real schedulers and block pools, the synchronous one and the one that schedules ahead, are driven with
made-up tokens in place of a model. After every operation each block must have as many holders as it counts;
at the end everything must have ended and every block be free. Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections import Counter, deque
from typing import Any

from services.lab.engines.vllm.model import BLOCK, TINY, arguments, save, settle

_BLOCKS, _CONTEXT, _WORDS = 48, 1024, 8
# Long prompts are read in parts.
_STEP_TOKENS = 256
_LENGTHS = (5, 40, 200, 700)
_OPEN = 12
# So many steps without an end mean that somebody waits for ever.
_PATIENCE = 3000


def main() -> None:
    """Try both and print."""
    operations, seed = int(sys.argv[1]), int(sys.argv[2])
    settle()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        save(folder, TINY, _CONTEXT)
        told = {kind: Trial(folder, kind, seed).run(operations) for kind in ("sync", "async")}
    print(json.dumps(told), file=answers, flush=True)


class Trial:
    """One scheduler under random operations.

    Args:
        folder: A model's folder; only its configuration is read.
        kind: ``sync`` or ``async``.
        seed: Decides everything.
    """

    def __init__(self, folder: str, kind: str, seed: int) -> None:
        self._rng = random.Random(seed)
        self._scheduler = _scheduler(folder, kind)
        self._pool = self._scheduler.kv_cache_manager.block_pool
        self._ahead = 1 if kind == "async" else 0
        self._steps: deque[Any] = deque()
        self._open: set[str] = set()
        self._number = self._finished = self._preempted = 0
        self._hasher = _hasher()

    def run(self, operations: int) -> dict[str, Any]:
        """Do so many operations, then let everything end.

        Raises:
            RuntimeError: If a block is miscounted, leaked, or somebody waits for ever.
        """
        for _ in range(operations):
            self._operate()
            self._check()
        patience = _PATIENCE
        while self._open:
            patience -= 1
            if patience < 0:
                raise RuntimeError(f"{len(self._open)} requests wait for ever")
            self._step()
            self._check()
        while self._steps:
            self._update()
        scheduler = self._scheduler
        counts = dict(scheduler.agent_policy.counts)
        if not scheduler.reset_prefix_cache():
            raise RuntimeError("the cache could not be reset")
        if self._pool.get_num_free_blocks() != _BLOCKS - 1:
            raise RuntimeError("blocks leaked")
        return {
            "operations": operations,
            "finished": self._finished,
            "steps": scheduler.agent_steps,
            "pins": counts,
        }

    def _operate(self) -> None:
        kind, scheduler = self._rng.random(), self._scheduler
        if kind < 0.3 and len(self._open) < _OPEN:
            self._add()
        elif kind < 0.35 and self._open:
            self._end(self._rng.choice(sorted(self._open)))
        elif kind < 0.37:
            scheduler.forget(f"p{self._rng.randrange(6)}")
        elif kind < 0.39:
            wait = {"tool": "look", "expected_s": 10 ** self._rng.uniform(-3, 2)}
            scheduler.announce(f"p{self._rng.randrange(6)}", wait)
        elif kind < 0.4:
            scheduler.reset_prefix_cache()
        elif kind < 0.405:
            scheduler.reset_prefix_cache(reset_running_requests=True)
        else:
            self._step()

    def _add(self) -> None:
        from vllm import SamplingParams
        from vllm.v1.request import Request

        rng = self._rng
        self._number += 1
        name = f"op-{self._number}"
        hint: dict[str, Any] = {"program": f"p{rng.randrange(6)}", "tool": rng.choice(("", "look"))}
        kind = rng.random()
        if kind < 0.2:
            hint["last_step"] = 1
        elif kind < 0.4:
            hint = {}
        elif kind < 0.5:
            hint |= {"deadline": rng.uniform(0.0, 0.5), "priority": rng.randrange(-1, 2)}
        elif kind < 0.6:
            hint["implied"] = 1
        # Few words and few programs: prefixes are shared.
        prompt = [rng.randrange(_WORDS) for _ in range(rng.choice(_LENGTHS))]
        if rng.random() < 0.5:
            prompt = [1] * len(prompt)
        request = Request(
            request_id=name,
            prompt_token_ids=prompt,
            sampling_params=SamplingParams(
                max_tokens=rng.randrange(1, 40), ignore_eos=True, extra_args=hint
            ),
            pooling_params=None,
            block_hasher=self._hasher,
            session_id=rng.choice((None, "session")),
        )
        self._scheduler.add_request(request)
        self._open.add(name)

    def _end(self, name: str) -> None:
        from vllm.v1.request import RequestStatus

        self._scheduler.finish_requests(name, RequestStatus.FINISHED_ABORTED)
        self._open.discard(name)

    def _step(self) -> None:
        if len(self._steps) > self._ahead:
            self._update()
        if self._scheduler.has_requests():
            step = self._scheduler.schedule()
            requests = self._scheduler.requests
            # A prompt that is read in parts gives no token before its last part.
            whole = {n for n in step.num_scheduled_tokens if not requests[n].is_prefill_chunk}
            self._steps.append((step, whole))
        elif self._steps:
            self._update()

    def _update(self) -> None:
        from vllm.v1.outputs import ModelRunnerOutput

        step, whole = self._steps.popleft()
        names = list(step.num_scheduled_tokens)
        output = ModelRunnerOutput(
            req_ids=names,
            req_id_to_index={name: index for index, name in enumerate(names)},
            sampled_token_ids=[
                [self._rng.randrange(_WORDS)] if name in whole else [] for name in names
            ],
        )
        for told in self._scheduler.update_from_output(step, output).values():
            for answer in told.outputs:
                if answer.finish_reason is not None:
                    self._open.discard(answer.request_id)
                    self._finished += 1

    def _check(self) -> None:
        """Every block has as many holders as it counts, and those without are free."""
        scheduler, held = self._scheduler, Counter[int]()
        for manager in scheduler.kv_cache_manager.coordinator.single_type_managers:
            for blocks in manager.req_to_blocks.values():
                held.update(block.block_id for block in blocks if not block.is_null)
        for blocks in scheduler.pinned_blocks.values():
            held.update(block.block_id for block in blocks)
        wrong = [b for b in self._pool.blocks if not b.is_null and b.ref_cnt != held[b.block_id]]
        if wrong:
            raise RuntimeError(f"block {wrong[0]} has {held[wrong[0].block_id]} holders")
        if self._pool.get_num_free_blocks() != _BLOCKS - 1 - len(held):
            raise RuntimeError("blocks are neither free nor held")
        if {pin.program for pin in scheduler.agent_policy.pins()} != set(scheduler.pinned_blocks):
            raise RuntimeError("pins and held blocks differ")


def _scheduler(folder: str, kind: str) -> Any:
    import torch
    from vllm.engine.arg_utils import EngineArgs
    from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
    from vllm.v1.structured_output import StructuredOutputManager

    from services.llm.vllm_plugin.scheduler import AgentAsyncScheduler, AgentScheduler

    chosen = {**arguments(folder, _CONTEXT, _BLOCKS, False), "max_num_batched_tokens": _STEP_TOKENS}
    config = EngineArgs(**chosen).create_engine_config()
    config.cache_config.num_gpu_blocks = _BLOCKS
    config.scheduler_config.async_scheduling = kind == "async"
    spec = FullAttentionSpec(block_size=BLOCK, num_kv_heads=1, head_size=32, dtype=torch.float32)
    memory = KVCacheConfig(
        num_blocks=_BLOCKS,
        kv_cache_tensors=[],
        kv_cache_groups=[KVCacheGroupSpec(layer_names=["layer"], kv_cache_spec=spec)],
    )
    made = AgentAsyncScheduler if kind == "async" else AgentScheduler
    return made(
        vllm_config=config,
        kv_cache_config=memory,
        structured_output_manager=StructuredOutputManager(config),
        block_size=BLOCK,
    )


def _hasher() -> Any:
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash

    init_none_hash(sha256)
    return get_request_block_hasher(BLOCK, sha256)


if __name__ == "__main__":
    main()
