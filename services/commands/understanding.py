"""Whether what words were taken to mean is more than they said."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
# Words that hold a sentence together and say nothing by themselves.
_GLUE = frozenset(
    word
    for words in (
        "a all an every the somebody",
        "are be is",
        "and at except from in of off on out to with",
    )
    for word in words.split()
)


def adds_to(summary: str, said: str) -> bool:
    """Whether a summary of what was understood names something that was not said.

    "Milk is in fridge." adds nothing to "put the milk in the fridge"; to "put it away" it does.
    """
    return bool(_names(summary) - _names(said))


def _names(text: str) -> set[str]:
    """What a sentence names: its words by their singular, numbers as digits."""
    from brain.language.words.tokens import NUMBERS, singular

    words = _WORD.findall(text.casefold())
    return {str(NUMBERS.get(word, singular(word))) for word in words} - _GLUE
