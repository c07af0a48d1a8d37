"""The mixin that lets an `AgentPolicy` order vLLM's queue and hold KV blocks for programs that wait.

Blocks of a finished turn are held by one more reference on each (`BlockPool.touch`). When the program's
next turn has been given its memory it has touched the same blocks, so the pin's references are dropped.
Where blocks are missing, pins give way, cheapest expected loss first: their blocks become ordinary
entries of vLLM's LRU cache, so a broken pin is demoted, not lost at once. Where nothing else runs every
pin gives way; so nothing waits for ever.
"""

from __future__ import annotations

import os
import time
from typing import Any

from services.llm.policy import named
from services.llm.policy.contracts import Outcome, Turn, Wait
from services.llm.policy.estimates import PrefillCurve

POLICY_VARIABLE = "RETINUE_POLICY"


class AgentScheduling:
    """Mixed in before vLLM's `Scheduler` or `AsyncScheduler`.

    Attributes:
        agent_policy: Orders and retains.
        pinned_blocks: Held blocks by program.
        agent_steps: Steps scheduled.
        agent_seconds: Time spent here, vLLM's own work not counted.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent_policy = named.build(os.environ.get(POLICY_VARIABLE, "retinue"), PrefillCurve())
        self.pinned_blocks: dict[str, list[Any]] = {}
        self.agent_steps = 0
        self.agent_seconds = 0.0
        self._turns: dict[str, Turn] = {}
        self._began_s: dict[str, float] = {}
        manager = self.kv_cache_manager  # type: ignore[attr-defined]
        self._pool = manager.block_pool
        self._allocate = manager.allocate_slots
        manager.allocate_slots = self._allocate_breaking_pins

    def add_request(self, request: Any) -> None:
        """Queue a request; its program is back if it was away."""
        if request.request_id not in self.requests:  # type: ignore[attr-defined]
            told = _told(request)
            turn = Turn(
                program=told.get("program") or request.session_id or request.request_id,
                turn_id=request.request_id,
                arrived_s=time.monotonic(),
                prompt_tokens=request.num_prompt_tokens,
                # vLLM serves lower numbers first.
                priority=-request.priority,
            )
            self._turns[request.request_id] = turn
            self.agent_policy.arrived(turn, turn.arrived_s)
        super().add_request(request)  # type: ignore[misc]

    def schedule(self, *args: Any, **kwargs: Any) -> Any:
        """One step: pins that are over go, the queue is put in order, then vLLM schedules."""
        began = time.perf_counter()
        now = time.monotonic()
        for pin in self.agent_policy.expired(now):
            self._release(pin.program)
        self._order(now)
        before = time.perf_counter()
        output = super().schedule(*args, **kwargs)  # type: ignore[misc]
        after = time.perf_counter()
        for new in output.scheduled_new_reqs:
            self._hand_off(new.req_id, new.num_computed_tokens)
        for request_id in output.scheduled_cached_reqs.resumed_req_ids:
            self._hand_off(request_id, 0)
        self.agent_steps += 1
        self.agent_seconds += (before - began) + (time.perf_counter() - after)
        return output

    def reset_prefix_cache(self, *args: Any, **kwargs: Any) -> Any:
        """Forget all KV; pins would keep it from being forgotten."""
        for pin in self.agent_policy.reset():
            self._release(pin.program)
        return super().reset_prefix_cache(*args, **kwargs)  # type: ignore[misc]

    def shutdown(self) -> None:
        """Drop all pins."""
        for pin in self.agent_policy.reset():
            self._release(pin.program)
        super().shutdown()  # type: ignore[misc]

    def pins(self) -> list[dict[str, Any]]:
        """Pin state, for whoever watches: program, blocks, tokens, since and until (monotonic)."""
        return [
            {
                "program": pin.program,
                "blocks": len(self.pinned_blocks[pin.program]),
                "tokens": pin.tokens,
                "since_s": pin.since_s,
                "until_s": pin.until_s,
            }
            for pin in self.agent_policy.pins()
        ]

    def _free_request_blocks(self, request: Any) -> None:
        if request.is_finished():
            began = time.perf_counter()
            self._close(request)
            self.agent_seconds += time.perf_counter() - began
        super()._free_request_blocks(request)  # type: ignore[misc]

    def _preempt_request(self, request: Any, *args: Any, **kwargs: Any) -> None:
        turn = self._turns.get(request.request_id)
        if turn is not None:
            self.agent_policy.preempted(turn, time.monotonic())
        super()._preempt_request(request, *args, **kwargs)  # type: ignore[misc]

    def _order(self, now: float) -> None:
        waiting = self.waiting  # type: ignore[attr-defined]
        # vLLM's own priority queue is a heap with an order of its own; it is left alone.
        if len(waiting) > 1 and hasattr(waiting, "extend"):
            ranked = sorted(waiting, key=lambda r: (self._rank(r, now), r.arrival_time))
            waiting.clear()
            waiting.extend(ranked)

    def _rank(self, request: Any, now: float) -> tuple[float, ...]:
        turn = self._turns.get(request.request_id)
        return self.agent_policy.rank(turn, now) if turn is not None else (0.0,)

    def _allocate_breaking_pins(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        blocks = self._allocate(request, *args, **kwargs)
        if blocks is not None or not self.pinned_blocks:
            return blocks
        began = time.perf_counter()
        now = time.monotonic()
        # Whoever runs must not lose its place to one who is away.
        waits = request.status.name != "RUNNING"
        turn = self._turns.get(request.request_id) if waits else None
        starved = not self.running  # type: ignore[attr-defined]
        missing = self._missing(request, kwargs.get("new_computed_blocks"))
        for program in self.agent_policy.victims(missing, now, turn, starved):
            self.agent_policy.broken(program, now)
            self._release(program)
        self.agent_seconds += time.perf_counter() - began
        blocks = self._allocate(request, *args, **kwargs)
        if blocks is None and (starved or not waits):
            # The estimate was short (look-ahead, watermark): then all give way, its own last.
            for pin in self.agent_policy.pins():
                self.agent_policy.broken(pin.program, now)
                self._release(pin.program)
            blocks = self._allocate(request, *args, **kwargs)
        return blocks

    def _missing(self, request: Any, computed: Any) -> int:
        size = self.block_size  # type: ignore[attr-defined]
        found = len(computed.blocks[0]) if computed is not None and computed.blocks else 0
        wanted = -(-(request.num_tokens + 1) // size) - found
        if request.status.name == "RUNNING":
            wanted = 1
        free = int(self._pool.get_num_free_blocks())
        # Found blocks that nobody holds are in the free list and leave it, too.
        idle = sum(b.ref_cnt == 0 for b in computed.blocks[0]) if found else 0
        return max(1, int(wanted) + idle - free)

    def _hand_off(self, request_id: str, cached_tokens: int) -> None:
        turn = self._turns.get(request_id)
        if turn is None:
            return
        now = time.monotonic()
        self._began_s.setdefault(request_id, now)
        if self.agent_policy.started(turn, now, cached_tokens) is not None:
            self._release(turn.program)

    def _close(self, request: Any) -> None:
        turn = self._turns.pop(request.request_id, None)
        if turn is None:
            return
        now = time.monotonic()
        began_s = self._began_s.pop(request.request_id, now)
        if request.status.name in {"FINISHED_ABORTED", "FINISHED_IGNORED", "FINISHED_ERROR"}:
            self.agent_policy.aborted(turn.program, now)
            self._release(turn.program)
            return
        groups = self.kv_cache_manager.get_blocks(request.request_id).blocks  # type: ignore[attr-defined]
        # Blocks that are not full have no hash, and cannot be found again.
        blocks = [b for g in groups for b in g if not b.is_null and b.block_hash is not None]
        told = _told(request)
        named_program = bool(told.get("program") or request.session_id)
        wait = None
        if named_program and not int(told.get("last_step", 0)):
            expected = told.get("expected_tool_seconds")
            wait = Wait(
                tool=str(told.get("tool", "")),
                body=str(told.get("body", "")),
                expected_s=None if expected is None else float(expected),
            )
        outcome = Outcome(
            tokens=len(groups[0]) * self.block_size if groups else 0,  # type: ignore[attr-defined]
            # What others hold as well does not come free with this pin.
            blocks=sum(block.ref_cnt == 1 for block in blocks),
            output_tokens=request.num_output_tokens,
            service_s=(now - began_s) / max(1, len(self.running)),  # type: ignore[attr-defined]
            wait=wait,
        )
        pin = self.agent_policy.finished(turn, now, outcome)
        if pin is None:
            if self.agent_policy.pin_of(turn.program) is None:
                self._release(turn.program)
            return
        self._release(turn.program)
        self._pool.touch(blocks)
        self.pinned_blocks[turn.program] = blocks

    def _release(self, program: str) -> None:
        blocks = self.pinned_blocks.pop(program, None)
        if blocks:
            # Tail first, as vLLM frees a request: the beginning of a conversation is worth more.
            self._pool.free_blocks(reversed(blocks))


def _told(request: Any) -> dict[str, Any]:
    parameters = request.sampling_params
    told: dict[str, Any] = (parameters.extra_args or {}) if parameters is not None else {}
    return told
