"""A plain "stop": known at once, without grammar and without memory, so that nothing delays it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brain.language.instructing.patterns import listed, mended, words
from brain.language.words.lexicon import Words, lexicon

_SENTENCE = re.compile(r"[.!?;\n…]+")
_MARKS = re.compile(r"[^a-z]+")
_APOSTROPHES = str.maketrans("", "", "’'`´")
_LONGEST = 6


def is_stop(text: str) -> bool:
    """Whether the words tell everybody to stop, and nothing else before it.

    What is said after it does not matter: a stop that was said is a stop. Who names one robot, or says
    more in the same breath, is heard by `brain.language.instructing.instructions`.
    """
    return after_stop(text) is not None


def after_stop(text: str) -> str | None:
    """What is said after a plain stop, without more cries of that kind; None: there is no such stop."""
    start = 0
    heard = False
    for end in [*(found.end() for found in _SENTENCE.finditer(text)), len(text)]:
        said = _words(text[start:end].lower().translate(_APOSTROPHES))
        heard = heard or _is_stop(said)
        if not _is_noise(said):
            return text[start:].strip() if heard else None
        start = end
    return "" if heard else None


def _words(sentence: str) -> list[str]:
    plain = _MARKS.sub(" ", sentence.replace("e-stop", "emergency stop")).split()
    short = lexicon().contractions
    spelled = [w for word in plain for w in short.get(word, (word,))]
    return [_stretched(word) for word in spelled]


def _stretched(word: str) -> str:
    """Such as "stooop" and "stpo"; a word that is one already stays as it is."""
    if (word,) in listed("halt") or any((word,) in listed(n) for n in ("around", "everybody")):
        return word
    known = words()["spelling"].get(word)
    return str(known) if known and " " not in known else mended(word) or word


def _is_stop(said: Sequence[str]) -> bool:
    """Whether the words are stops, with who is meant and what people cry around it."""
    kinds = _parted(tuple(said))
    return kinds is not None and "halt" in kinds


def _is_noise(said: Sequence[str]) -> bool:
    return _parted(tuple(said)) is not None


def _parted(said: Words) -> tuple[str, ...] | None:
    """The kinds of phrases that the words are made of, longest first; None: others are among them."""
    found: list[str] = []
    i = 0
    while i < len(said):
        for size in range(min(_LONGEST, len(said) - i), 0, -1):
            part = said[i : i + size]
            kind = next((k for k in ("halt", "everybody", "around") if part in listed(k)), None)
            if kind is not None:
                found.append(kind)
                i += size
                break
        else:
            return None
    return tuple(found)
