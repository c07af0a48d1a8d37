"""What a replica counts, and what one answer tells while it comes."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.llm.cluster.latency import Guess
from services.llm.engines.contracts import Piece, Usage


@dataclass(slots=True)
class Told:
    """What an answer has told so far.

    Attributes:
        tool: The first tool that it calls; empty if none.
        usage: Its tokens, once it is whole.
        first_piece_s: When it began; None before.
    """

    tool: str = ""
    usage: Usage | None = None
    first_piece_s: float | None = None

    def add(self, piece: Piece, now: float) -> None:
        """Read one more piece."""
        if self.first_piece_s is None:
            self.first_piece_s = now
        for made in piece.delta.get("tool_calls") or ():
            self.tool = self.tool or (made.get("function") or {}).get("name") or ""
        self.usage = piece.usage or self.usage


class Readings:
    """How well the times to first token were predicted, over the predictions made so far."""

    def __init__(self) -> None:
        self._errors = 0.0
        self._inside = 0
        self._count = 0

    def add(self, guess: Guess) -> None:
        """A prompt was read; those of which nothing was predicted say nothing."""
        told = guess.predicted
        if told is None or guess.seconds <= 0.0:
            return
        self._count += 1
        self._errors += abs(told.seconds / guess.seconds - 1.0)
        self._inside += told.low_s <= guess.seconds <= told.high_s

    @property
    def error(self) -> float | None:
        """Mean relative error; None before the first prediction."""
        return self._errors / self._count if self._count else None

    @property
    def covered(self) -> float | None:
        """Share that came between the predicted deciles; None before the first prediction."""
        return self._inside / self._count if self._count else None


@dataclass(slots=True)
class Meters:
    """Sums over the answered turns of a replica.

    Attributes:
        turns: How many.
        prompt_tokens: Of their questions.
        cached_tokens: Of those, found.
        resumed_tokens: Prompt tokens of turns after a program's first.
        resumed_cached: Of those, found.
        completion_tokens: Of their answers.
        failed: Turns that ended in an engine's error.
        retried: Turns that were sent again after a crash.
        cancelled: Turns whose caller went away.
        queue_s: Seconds waited for a place.
        saved: KV files written.
        restored: KV files read.
        readings: How well the times to first token were predicted.
    """

    turns: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    resumed_tokens: int = 0
    resumed_cached: int = 0
    completion_tokens: int = 0
    failed: int = 0
    retried: int = 0
    cancelled: int = 0
    queue_s: float = 0.0
    saved: int = 0
    restored: int = 0
    readings: Readings = field(default_factory=Readings)
