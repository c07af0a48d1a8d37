"""Times as people write them: the clock of a run stands at 0:00 when the run starts.

The replay, the report and `retinue memory` show the same clock, so a time read off a picture can
be typed into a question.
"""

from __future__ import annotations

import re

from stem_memory.errors import MemoryFault

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*s?")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)")


class TimeUnclear(MemoryFault):
    """What was written is no time."""


def seconds_of(text: str, end_s: float | None = None) -> float:
    """Seconds since the start of the run.

    Args:
        text: Seconds ("90", "90s"), a clock ("14:03" is 14 minutes and 3 seconds, "1:02:03" has
            hours), "start", or "end".
        end_s: What "end" (or "now") means, in seconds.

    Raises:
        TimeUnclear: If it is none of these.
    """
    word = text.strip().lower()
    if word == "start":
        return 0.0
    if word in {"end", "now"} and end_s is not None:
        return end_s
    if plain := _SECONDS.fullmatch(word):
        return float(plain[1])
    if clock := _CLOCK.fullmatch(word):
        hours, minutes, seconds = int(clock[1] or 0), int(clock[2]), float(clock[3])
        if seconds < 60.0 and (clock[1] is None or minutes < 60):
            return hours * 3600.0 + minutes * 60.0 + seconds
    raise TimeUnclear(
        f"{text!r} is no time; write minutes:seconds (14:03), seconds (120s), start or end."
    )


def clock_of(seconds: float | None) -> str:
    """A time as the clock shows it, to a tenth of a second ("14:03", "0:07.5"); None is empty."""
    if seconds is None:
        return ""
    tenths = round(abs(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 else "")
    text = f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"
    return f"-{text}" if seconds < 0 and tenths else text
