"""The mixin that lets an `AgentPolicy` order vLLM's queue and hold KV blocks for programs that wait.

When a turn ends whose program will be back, the pin takes over the request's own references to its blocks
instead of giving them to the pool: nothing is copied, counted or searched. When the program's next turn
has been given its memory it has touched the same blocks, and the pin's references go. Where blocks are
missing pins give way, cheapest expected loss first: their blocks become ordinary entries of vLLM's LRU
cache, so a broken pin is demoted, not lost at once. Where nothing else runs every pin gives way; so
nothing waits for ever.

A step in which nothing came, ended or lacked memory costs two comparisons and two looks at the clock: the
queue is a heap whose order time does not change, and pins are looked through only when blocks are missing.
"""

from __future__ import annotations

import os
from collections import deque
from multiprocessing import parent_process
from time import perf_counter
from typing import Any

from devices.mortal import die_with_parent
from services.llm.policy import named
from services.llm.policy.contracts import NEVER, Outcome, Turn
from services.llm.policy.estimates import PrefillCurve
from services.llm.policy.ordering import Rank
from services.llm.vllm_plugin.blocks import findable, own, without
from services.llm.vllm_plugin.export import open_door
from services.llm.vllm_plugin.hints import turn_of, wait_of
from services.llm.vllm_plugin.news import AgentNews
from services.llm.vllm_plugin.ranked import RankedQueue

POLICY_VARIABLE = "RETINUE_POLICY"
# vLLM lives where the house is only on the path, so that its policies are known by their places.
_USUAL = "services.llm.policy.named:RETINUE"
_GONE = {"FINISHED_ABORTED", "FINISHED_IGNORED", "FINISHED_ERROR"}
# Ranks are taken as of one far moment, so that those of different times can be compared.
_FAR_S = 1e9
# A turn that may not break pins now is not looked at again for this long.
_REFUSED_S = 0.02
# Fewer prefilled tokens than this tell little of the speed of reading.
_TELLING_TOKENS = 64
_DECODE_WEIGHT = 0.2
# The speed of decoding is sampled so often; expired pins and turns in haste are looked at sooner.
_SOON_S = 0.02
_LOOK_S = 1.0


class AgentScheduling(AgentNews):
    """Mixed in before vLLM's `Scheduler` or `AsyncScheduler`.

    Attributes:
        agent_policy: Orders and retains.
        pinned_blocks: Held blocks by program, in the order of their tokens.
        agent_steps: Steps scheduled.
        agent_seconds: Time spent here, all hooks together; vLLM's own work, and the queue's, not counted.
        engine_seconds: Time that vLLM's own ``schedule`` took.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        server = parent_process()
        if server is not None and server.pid is not None:
            # vLLM's engine process outlives a server that is killed, and keeps all its memory.
            die_with_parent(server.pid)
        self._prefill = PrefillCurve()
        self.agent_policy = named.build(os.environ.get(POLICY_VARIABLE, _USUAL), self._prefill)
        self.pinned_blocks: dict[str, list[Any]] = {}
        self.agent_steps = 0
        self.agent_seconds = 0.0
        self.engine_seconds = 0.0
        self._turns: dict[str, Turn] = {}
        self._began_s: dict[str, float] = {}
        self._decode_s = 0.0
        self._scheduled_s = 0.0
        # When `schedule` has more to do than to schedule: soon, or at once.
        self._look_s = 0.0
        self._reading: deque[tuple[int, int, int]] = deque()
        # Steps that are scheduled before the first of them is over.
        self._ahead = int(self._async())
        self._refused: tuple[str, float] = ("", 0.0)
        self._hasty: list[str] = []
        self._gone: dict[Any, bool] = {}
        manager = self.kv_cache_manager  # type: ignore[attr-defined]
        self._pool = manager.block_pool
        self._allocate = manager.allocate_slots
        manager.allocate_slots = self._allocate_breaking_pins
        self.waiting = RankedQueue(self._rank)
        parallel = getattr(self, "parallel_config", None)
        index = int(getattr(parallel, "data_parallel_index", 0) or 0)
        self._door = open_door(index, self)

    def add_request(self, request: Any) -> None:
        """Queue a request; its program is back if it was away."""
        if request.request_id not in self.requests:  # type: ignore[attr-defined]
            began = perf_counter()
            turn = turn_of(request, began)
            self._turns[request.request_id] = turn
            self.agent_policy.arrived(turn, began)
            self.agent_seconds += perf_counter() - began
        super().add_request(request)  # type: ignore[misc]

    def schedule(self, *args: Any, **kwargs: Any) -> Any:
        """One step: pins that are over go, then vLLM schedules."""
        began = perf_counter()
        if began >= self._look_s:
            began = self._look(began)
        hooks = self.agent_seconds
        output = super().schedule(*args, **kwargs)  # type: ignore[misc]
        after = perf_counter()
        # What was spent in the hooks meanwhile is ours, not vLLM's.
        self.engine_seconds += after - began - (self.agent_seconds - hooks)
        if output.scheduled_new_reqs or output.scheduled_cached_reqs.resumed_req_ids:
            self._hand_off(output, after)
        self.agent_steps += 1
        self._scheduled_s = end = perf_counter()
        self.agent_seconds += end - after
        return output

    def reset_prefix_cache(self, *args: Any, **kwargs: Any) -> Any:
        """Forget all KV; pins would keep it from being forgotten."""
        self._drop_all()
        return super().reset_prefix_cache(*args, **kwargs)  # type: ignore[misc]

    def shutdown(self) -> None:
        """Drop all pins."""
        self._drop_all()
        if self._door is not None:
            self._door.close()
        super().shutdown()  # type: ignore[misc]

    def _free_request_blocks(self, request: Any) -> None:
        if request.request_id in self._turns and request.is_finished():
            began = perf_counter()
            kept = self._close(request, began)
            self.agent_seconds += perf_counter() - began
            if kept:
                return
        super()._free_request_blocks(request)  # type: ignore[misc]

    def _preempt_request(self, request: Any, *args: Any, **kwargs: Any) -> None:
        turn = self._turns.get(request.request_id)
        if turn is not None:
            self.agent_policy.preempted(turn, perf_counter())
        super()._preempt_request(request, *args, **kwargs)  # type: ignore[misc]

    def _rank(self, request: Any) -> Rank:
        turn = self._turns.get(request.request_id)
        if turn is None:
            return (0.0,)
        rank = self.agent_policy.rank(turn, _FAR_S)
        if turn.deadline_s is None:
            return rank
        # Haste comes and goes with time: such a turn is ranked again at every look.
        now = perf_counter()
        slack = self.agent_policy.rank(turn, now)[1]
        self._hasty.append(turn.turn_id)
        self._look_at(now, now)
        return (rank[0], slack if slack == NEVER else slack + now, *rank[2:])

    def _look_at(self, when: float, now: float) -> None:
        self._look_s = min(self._look_s, max(when, now + _SOON_S))

    def _rank_the_hasty(self) -> None:
        hasty, self._hasty = self._hasty, []
        for turn_id in hasty:
            if (request := self.requests.get(turn_id)) is not None:  # type: ignore[attr-defined]
                self.waiting.rerank(request)

    def _rerank(self, program: str) -> None:
        """A program's pin has gone while turns of it wait."""
        known = self.agent_policy.programs.get(program)
        if known is None or not self.waiting:
            return
        for turn_id in known.open_turns:
            request = self.requests.get(turn_id)  # type: ignore[attr-defined]
            if request is not None:
                self.waiting.rerank(request)

    def _look(self, now: float) -> float:
        """What need not be done in every step: expiry, farewells, learning. Returns the time."""
        # First, so that what another thread tells meanwhile is not slept through.
        self._look_s = now + _LOOK_S
        self._hear(now)
        if now >= self.agent_policy.next_expiry():
            for pin in self.agent_policy.expired(now):
                self._release(pin.program)
        self._look_at(self.agent_policy.next_expiry(), now)
        if self._writing:
            self._look_s = now
        if self._hasty:
            self._rank_the_hasty()
            self._look_at(now, now)
        seconds = now - self._scheduled_s
        if self._reading:
            self._learn(seconds)
        elif self.running:  # type: ignore[attr-defined]
            weight = _DECODE_WEIGHT if self._decode_s else 1.0
            self._decode_s += weight * (seconds - self._decode_s)
        end = perf_counter()
        self.agent_seconds += end - now
        return end

    def _learn(self, seconds: float) -> None:
        """The step before this one took so long; tell the curve if it was spent reading a prompt."""
        step, begin, end = self._reading[0]
        if self.agent_steps > step + self._ahead:
            self._reading.popleft()
            # If nothing runs on, the engine may have been idle meanwhile.
            if self.running:  # type: ignore[attr-defined]
                cost = max(0.1 * seconds, seconds - self._decode_s)
                self._prefill.observe(begin, end, cost)
        if self._reading:
            self._look_s = 0.0

    # ------------------------------------------------------------------ blocks are missing

    def _allocate_breaking_pins(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        blocks = self._allocate(request, *args, **kwargs)
        if blocks is not None or not self.pinned_blocks:
            return blocks
        began = perf_counter()
        running = bool(self.running)  # type: ignore[attr-defined]
        if running and self._refused[0] == request.request_id and began < self._refused[1]:
            return None
        # Whoever runs must not lose its place to one who is away.
        waits = request.status.name != "RUNNING"
        must = not (waits and running)
        turn = self._turns.get(request.request_id) if waits else None
        missing = self._missing(request, kwargs.get("new_computed_blocks"))
        while blocks is None:
            victims = self.agent_policy.victims(missing, began, turn, must)
            for program in victims:
                self._break(program, began)
            if victims:
                blocks = self._allocate(request, *args, **kwargs)
            # The estimate may have been short (look-ahead, watermark): then one more, and again.
            missing = 1
            if not victims or not must:
                break
        if blocks is None and must and turn is not None and turn.program in self.pinned_blocks:
            # Its own pin holds what the conversation has left behind.
            self._break(turn.program, began)
            blocks = self._allocate(request, *args, **kwargs)
        if blocks is None:
            self._refused = (request.request_id, began + _REFUSED_S)
        self.agent_seconds += perf_counter() - began
        return blocks

    def _break(self, program: str, now: float) -> None:
        self.agent_policy.broken(program, now)
        self._release(program)
        self._rerank(program)

    def _missing(self, request: Any, computed: Any) -> int:
        """Blocks that would have to come free; at least one."""
        if request.status.name == "RUNNING":
            return 1
        free = int(self._pool.get_num_free_blocks())
        size = int(self.block_size)  # type: ignore[attr-defined]
        found = computed.blocks[0] if computed is not None and computed.blocks else ()
        wanted = -(-(request.num_tokens + 1) // size) - len(found)
        # Found blocks that nobody holds are in the free list and leave it, too.
        idle = sum(block.ref_cnt == 0 for block in found)
        short: int = wanted + idle - free
        return max(1, short)

    # ------------------------------------------------------------------ turns begin and end

    def _hand_off(self, output: Any, now: float) -> None:
        scheduled = output.num_scheduled_tokens
        for new in output.scheduled_new_reqs:
            self._start(new.req_id, new.num_computed_tokens, now)
        for request_id in output.scheduled_cached_reqs.resumed_req_ids:
            self._start(request_id, 0, now)
        if len(output.scheduled_new_reqs) == 1:
            (new,) = output.scheduled_new_reqs
            tokens = scheduled.get(new.req_id, 0)
            if tokens >= _TELLING_TOKENS:
                begin = new.num_computed_tokens
                self._reading.append((self.agent_steps, begin, begin + tokens))
                self._look_s = 0.0

    def _start(self, request_id: str, cached_tokens: int, now: float) -> None:
        turn = self._turns.get(request_id)
        if turn is None:
            return
        self._began_s.setdefault(request_id, now)
        size = self.block_size  # type: ignore[attr-defined]
        blocks = -(-turn.prompt_tokens // size)
        if self.agent_policy.started(turn, now, cached_tokens, blocks) is not None:
            self._release(turn.program)
            self._rerank(turn.program)

    def _close(self, request: Any, now: float) -> bool:
        """Tell the policy that a turn ended. Returns whether a pin has taken over its blocks."""
        turn = self._turns.pop(request.request_id)
        program, policy = turn.program, self.agent_policy
        began_s = self._began_s.pop(request.request_id, now)
        if self._is_gone(request.status):
            policy.aborted(program, now)
            self._release(program)
            self._rerank(program)
            return False
        wait = wait_of(request)
        blocks: list[Any] = []
        mine = others = 0
        if wait is not None:
            groups = self.kv_cache_manager.get_blocks(request.request_id).blocks  # type: ignore[attr-defined]
            blocks = findable(groups)
            mine = own(blocks, len(groups))
            used = self._pool.num_gpu_blocks - 1 - self._pool.get_num_free_blocks()
            others = max(0, used - mine - policy.pinned_blocks)
        running = len(self.running) or 1  # type: ignore[attr-defined]
        outcome = Outcome(
            request.num_tokens, mine, request.num_output_tokens, (now - began_s) / running, wait
        )
        pin = policy.finished(turn, now, outcome, others)
        if pin is None:
            if policy.pin_of(program) is None:
                self._release(program)
            return False
        self._release(program)
        self.pinned_blocks[program] = blocks
        self._look_at(pin.until_s, now)
        if not self._request_blocks_can_be_freed(request):  # type: ignore[attr-defined]
            # A step in flight may still write into what is not full yet: vLLM frees that later.
            self._pool.touch(blocks)
            return False
        whole = self.kv_cache_manager.pop_blocks_for_free(request)  # type: ignore[attr-defined]
        if len(whole) > len(blocks):
            self._pool.free_blocks(reversed(without(whole, blocks)))
        return True

    def _is_gone(self, status: Any) -> bool:
        """Whether a request ended because nobody wants it; names of enumerations are slow to ask for."""
        gone = self._gone.get(status)
        if gone is None:
            gone = self._gone[status] = status.name in _GONE
        return gone

    def _release(self, program: str) -> None:
        blocks = self.pinned_blocks.pop(program, None)
        if blocks:
            # Tail first, as vLLM frees a request: the beginning of a conversation is worth more.
            self._pool.free_blocks(reversed(blocks))

    def _async(self) -> bool:
        config = getattr(self, "scheduler_config", None)
        return bool(getattr(config, "async_scheduling", False))

    def _drop_all(self) -> None:
        for pin in self.agent_policy.reset():
            self._release(pin.program)
            self._rerank(pin.program)
        self._stop_writing(self.agent_steps + 1)
