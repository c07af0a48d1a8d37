"""Captions as a SubRip file, which every player shows beside the film of the same name."""

from __future__ import annotations

from collections.abc import Iterable

from services.alpha.contracts import Intervention


def as_srt(said: Iterable[tuple[Intervention, float]]) -> str:
    """The text of the file; each intervention with the time at which its speech ended (s)."""
    blocks = []
    for number, (words, ends_s) in enumerate(said, 1):
        span = f"{_stamp(words.began_s)} --> {_stamp(max(ends_s, words.began_s + 0.1))}"
        blocks.append(f"{number}\n{span}\n{words.text}\n")
    return "\n".join(blocks)


def _stamp(seconds: float) -> str:
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d},{rest % 1000:03d}"
