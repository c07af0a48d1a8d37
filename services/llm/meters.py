"""What a replica counts, and what one answer tells while it comes."""

from __future__ import annotations

from dataclasses import dataclass

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
