"""What other threads ask the scheduler and tell it: the part of the mixin behind the door.

Questions are answered at once, from what can be read at any time. News wait for the scheduler's own thread,
which hears them before its next step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Wait
from services.llm.vllm_plugin.ranked import RankedQueue


class AgentNews:
    """Mixed into `AgentScheduling`, whose attributes it reads."""

    agent_policy: AgentPolicy
    pinned_blocks: dict[str, list[Any]]
    agent_steps: int
    agent_seconds: float
    engine_seconds: float
    waiting: RankedQueue
    _pool: Any
    _look_s: float
    _ahead: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._news: deque[Callable[[float], None]] = deque()
        self._leaving: set[str] = set()
        # Blocks that a step writes into a file, until it is over.
        self._writing: deque[tuple[int, list[Any]]] = deque()

    def pins(self) -> list[dict[str, Any]]:
        """Pin state, for whoever watches, from any thread.

        Returns:
            Of each pin its program, blocks and tokens, for how many seconds it has been held, and for
            how many it still will be if nobody needs the room.
        """
        now = perf_counter()
        return [
            {
                "program": pin.program,
                "blocks": pin.blocks,
                "tokens": pin.tokens,
                "age_s": now - pin.since_s,
                "left_s": pin.until_s - now,
            }
            for pin in self.agent_policy.pins()
            if pin.until_s > now and pin.program not in self._leaving
        ]

    def agents(self) -> dict[str, Any]:
        """All that there is to know: pins, what became of earlier ones, memory, cost; from any thread."""
        steps = max(1, self.agent_steps)
        return {
            "policy": self.agent_policy.name,
            "pins": self.pins(),
            "outcomes": dict(self.agent_policy.counts),
            "blocks": self._pool.num_gpu_blocks - 1,
            "free_blocks": int(self._pool.get_num_free_blocks()),
            "waiting": len(self.waiting),
            "waiting_blocks": self._waiting_blocks(),
            "steps": self.agent_steps,
            "schedule_us": 1e6 * self.engine_seconds / steps,
            "own_us": 1e6 * (self.agent_seconds + self.waiting.seconds) / steps,
        }

    def _waiting_blocks(self) -> int:
        size = int(self.block_size)  # type: ignore[attr-defined]
        waiting = [self.requests.get(name) for name in self.waiting.names()]  # type: ignore[attr-defined]
        return sum(-(-request.num_tokens // size) for request in waiting if request is not None)

    def forget(self, program: str) -> None:
        """A program went away while it waited: its pin goes with the next step; from any thread."""
        self._leaving.add(program)
        self._tell(partial(self._leave, program))

    def announce(self, program: str, wait: dict[str, Any]) -> None:
        """A program that is away waits for this (tool, body, expected_s from now on); from any thread."""
        expected = wait.get("expected_s")
        seconds = float(expected) if isinstance(expected, int | float) else None
        told = Wait(str(wait.get("tool") or ""), str(wait.get("body") or ""), seconds)
        self._tell(partial(self._wait, program, told))

    def put_out(self, program: str, key: str) -> int:
        """Write a waiting program's KV into a file with the next step; from any thread.

        Returns:
            Tokens that the file will hold.

        Raises:
            LookupError: If nothing is held for it, or KV is not carried here.
        """
        blocks = self.pinned_blocks.get(program)
        if not blocks or not self._carries():
            raise LookupError(program)
        self._tell(partial(self._write, program, key))
        return len(blocks) * int(self.block_size)  # type: ignore[attr-defined]

    def take_in(self, key: str) -> int:
        """Let the program whose KV is in a file find it; from any thread.

        Returns:
            Tokens that the file holds.

        Raises:
            LookupError: If there is no such file, or KV is not carried here.
        """
        if not self._carries():
            raise LookupError(key)
        try:
            hashes = self.connector.read(key)  # type: ignore[attr-defined]
        except OSError as error:
            raise LookupError(key) from error
        self._tell(lambda _: self.connector.take_in(key, hashes))  # type: ignore[attr-defined]
        return len(hashes) * int(self.block_size)  # type: ignore[attr-defined]

    def discard(self, key: str) -> None:
        """A file goes; from any thread."""
        if self._carries():
            self._tell(lambda _: self.connector.discard(key))  # type: ignore[attr-defined]

    def _tell(self, news: Callable[[float], None]) -> None:
        self._news.append(news)
        self._look_s = 0.0

    def _carries(self) -> bool:
        return hasattr(getattr(self, "connector", None), "put_out")

    # ------------------------------------------------------------------ in the scheduler's own thread

    def _release(self, program: str) -> None:
        raise NotImplementedError

    def _hear(self, now: float) -> None:
        while self._news:
            self._news.popleft()(now)
        self._stop_writing(self.agent_steps - self._ahead)

    def _stop_writing(self, step: int) -> None:
        """The steps before this one are over, and the blocks that they wrote out are as others again."""
        while self._writing and self._writing[0][0] < step:
            self._pool.free_blocks(reversed(self._writing.popleft()[1]))

    def _leave(self, program: str, now: float) -> None:
        self._leaving.discard(program)
        known = self.agent_policy.programs.get(program)
        # If it is back already, whoever told this was too late.
        if known is not None and known.idle_since_s is not None:
            self.agent_policy.aborted(program, now)
            self._release(program)

    def _wait(self, program: str, wait: Wait, now: float) -> None:
        known = self.agent_policy.programs.get(program)
        if known is None or known.idle_since_s is None:
            return
        pin = self.agent_policy.pin_of(program)
        if wait.expected_s is not None:
            # The policy counts from the end of the turn.
            away = now - known.idle_since_s
            wait = Wait(wait.tool, wait.body, away + max(0.0, wait.expected_s))
        if self.agent_policy.announced(program, wait, now, pin.blocks if pin else 0) is None:
            self._release(program)

    def _write(self, program: str, key: str, now: float) -> None:
        blocks = self.pinned_blocks.get(program)
        if not blocks:
            return
        # They stay until the step that writes them is over, whatever becomes of the pin.
        self._pool.touch(blocks)
        self._writing.append((self.agent_steps, blocks))
        self.connector.put_out(key, blocks)  # type: ignore[attr-defined]
