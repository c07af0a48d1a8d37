"""How long a text takes to say, and which wording fits the time left."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Fitted to espeak-ng 1.51 at 190 words a minute: seconds for each letter, syllable, digit and pause,
# and for beginning and ending. A voice that is slower than this is made to speak faster.
LETTER_S = 0.05
SYLLABLE_S = 0.045
DIGIT_S = 0.33
PAUSE_S = 0.42
EDGE_S = 0.38
NORMAL_WPM = 190.0
_VOWELS = re.compile(r"[aeiouy]+")
_PAUSES = re.compile(r"[.,;:!?](?=\s)")


def speech_s(text: str, words_per_minute: float = NORMAL_WPM) -> float:
    """The seconds that a voice needs for the text, rather over than under."""
    low = text.lower()
    seconds = (
        EDGE_S
        + sum(letter.isalpha() for letter in low) * LETTER_S
        + len(_VOWELS.findall(low)) * SYLLABLE_S
        + sum(letter.isdigit() for letter in low) * DIGIT_S
        + len(_PAUSES.findall(text)) * PAUSE_S
    )
    return round(seconds * NORMAL_WPM / words_per_minute, 3)


def fitting(wordings: Sequence[str], seconds: float, words_per_minute: float) -> str | None:
    """The first wording that can be said in the time; None if not even the last one can."""
    for text in wordings:
        if speech_s(text, words_per_minute) <= seconds + 1e-6:
            return text
    return None


def shortest_s(wordings: Sequence[str], words_per_minute: float) -> float:
    """The seconds that the shortest wording takes."""
    return min(speech_s(text, words_per_minute) for text in wordings)
