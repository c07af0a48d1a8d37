"""An engine's steps, seen from outside: what each did and how long it took, for the learned step time.

Everybody whose answer is being written gets one token a step, so while nobody reads, the time between two tokens
of one stream is a step. What an engine tells of its own reading is taken as so many equal steps. Steps in which some
read and some write are not looked at one by one, because only the engine knows when a reading ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from services.llm.cluster.latency import Estimate, Guess, LatencyModel, Step
from services.llm.engines.contracts import Usage

# Tokens that come closer together were sent together.
_SHORTEST_S = 5e-4
# Prompts with fewer new tokens say more about the network than about the engine.
_LEAST_TOKENS = 8
# Before this many steps the model does not predict.
_WARM_STEPS = 50


@dataclass(slots=True)
class _Turn:
    context: float
    began_s: float
    predicted_s: float | None
    predicted: Estimate | None
    alone: bool
    writers: float
    writers_context: float
    last_s: float | None = None


class StepWatch:
    """Teaches a latency model with the steps of one engine.

    Args:
        latency: The model.
        budget: Tokens that a step of the engine schedules at most.
        on_step: Told each step that was measured.
        on_reading: Told of each prompt that was read alone: its tokens, what was predicted of the time from
            admission to the first token, and that time.
    """

    def __init__(
        self,
        latency: LatencyModel,
        budget: int,
        on_step: Callable[[Step, float], None] = lambda step, seconds: None,
        on_reading: Callable[[Guess], None] = lambda guess: None,
    ) -> None:
        self._latency = latency
        self._budget = budget
        self._on_step = on_step
        self._on_reading = on_reading
        self._turns: dict[str, _Turn] = {}
        # The stream whose tokens count the steps, and whether the batch has changed since its last one.
        self._leader: str | None = None
        self._changed = True

    def began(self, turn_id: str, prompt: int, cached: int, now: float) -> None:
        """A turn was given to the engine; token numbers are estimates."""
        writers = self._writers()
        context = sum(turn.context for turn in writers)
        missing = max(1, prompt - cached)
        readers = [turn for turn in self._turns.values() if turn.last_s is None]
        if missing > self._budget:
            # One step's worth more delays the others no more than the usual noise.
            for turn in readers:
                turn.alone = False
        seconds, predicted = None, None
        if self._latency.steps >= _WARM_STEPS:
            seconds = self._latency.request_s(
                cached + missing, cached, 1.0, len(writers), context, self._budget
            )
            predicted = self._latency.request(seconds)
        self._turns[turn_id] = _Turn(
            context=float(prompt),
            began_s=now,
            predicted_s=seconds,
            predicted=predicted,
            alone=not readers,
            writers=len(writers),
            writers_context=context,
        )
        self._changed = True

    def piece(self, turn_id: str, now: float) -> None:
        """A turn got its next token."""
        turn = self._turns.get(turn_id)
        if turn is None:
            return
        if turn.last_s is None:
            self._changed = True
            # Some have begun to write while this one was read, and some have ended.
            others = self._writers()
            turn.writers = 0.5 * (turn.writers + len(others))
            turn.writers_context += 0.5 * (
                sum(other.context for other in others) - turn.writers_context
            )
        elif self._leader in {None, turn_id}:
            self._leader = turn_id
            self._count(now - turn.last_s)
        turn.last_s = now
        turn.context += 1.0

    def ended(self, turn_id: str, usage: Usage | None, first_s: float | None) -> None:
        """A turn is over; without its usage it teaches nothing more.

        Args:
            turn_id: The turn.
            usage: Its tokens.
            first_s: When its first token came.
        """
        turn = self._turns.pop(turn_id, None)
        if self._leader == turn_id:
            self._leader = None
        self._changed = True
        if turn is None or usage is None or first_s is None:
            return
        tokens = usage.prompt_tokens - usage.cached_tokens
        if tokens < _LEAST_TOKENS or not turn.alone:
            return
        seconds = first_s - turn.began_s
        if turn.predicted_s is not None:
            self._latency.observe_request(turn.predicted_s, seconds)
        self._on_reading(Guess(tokens, turn.predicted, seconds))
        if usage.prefill_s is not None:
            steps = math.ceil(tokens / max(1.0, self._budget - turn.writers))
            each = tokens / steps
            pairs = each * (usage.cached_tokens + 0.5 * tokens)
            step = Step(each, turn.writers, turn.writers_context, pairs)
            self._learn(step, usage.prefill_s / steps)

    def _count(self, seconds: float) -> None:
        """Every stream has got a token."""
        writers = self._writers()
        alone = len(writers) == len(self._turns)
        if alone and not self._changed and seconds >= _SHORTEST_S:
            context = sum(turn.context for turn in writers)
            self._learn(Step(0.0, len(writers), context, 0.0), seconds)
        self._changed = False

    def _writers(self) -> list[_Turn]:
        return [turn for turn in self._turns.values() if turn.last_s is not None]

    def _learn(self, step: Step, seconds: float) -> None:
        self._latency.observe(step, seconds)
        self._on_step(step, seconds)
