"""The phrases of instructions as data (instructions.yaml), and where they stand in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from rapidfuzz.distance import OSA

from brain.language.words.lexicon import Words, lexicon, said
from brain.language.words.spelling import english
from brain.language.words.tokens import Token, tokenise
from brain.language.words.urgency import urgency_of

# Slot ("~": what is meant, "=": what it becomes) -> first token and the one after the last.
Spans = dict[str, tuple[int, int]]
SLOTS = ("~", "=")
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")


@dataclass(frozen=True)
class Phrase:
    """One way to say an instruction.

    Attributes:
        kind: Which instruction: "cancel", "pause", ...
        words: Its words; "~" and "=" stand for words that are not given.
        sure: Whether it is an instruction whatever stands in the slots.
    """

    kind: str
    words: Words
    sure: bool

    @property
    def literals(self) -> frozenset[str]:
        """The words that must all be said."""
        return frozenset(self.words) - frozenset(SLOTS)

    def spans(self, tokens: Sequence[Token]) -> Iterator[Spans]:
        """Every way in which the tokens are wholly this phrase; marks between words do not count."""
        yield from self._from(0, tokens, 0)

    def _from(self, k: int, tokens: Sequence[Token], i: int) -> Iterator[Spans]:
        if k == len(self.words):
            if all(t.is_mark for t in tokens[i:]):
                yield {}
            return
        while i < len(tokens) and tokens[i].is_mark:
            i += 1
        word = self.words[k]
        if word not in SLOTS:
            if i < len(tokens) and tokens[i].text == word:
                yield from self._from(k + 1, tokens, i + 1)
            return
        for end in range(i + 1, len(tokens) + 1):
            for found in self._from(k + 1, tokens, end):
                yield {word: (i, end), **found}


@cache
def words() -> dict[str, Any]:
    """instructions.yaml as it stands; everything is text."""
    source = (files("brain.language.instructing") / "instructions.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(source, Loader=yaml.CBaseLoader)
    return data


@cache
def listed(name: str) -> frozenset[Words]:
    """The phrases of a plain list in instructions.yaml."""
    return frozenset(tuple(phrase.split()) for phrase in words()[name])


@cache
def phrases(kind: str) -> tuple[Phrase, ...]:
    """Every phrase of a kind with something left open; those that say most come first."""
    found = [
        Phrase(kind, tuple(text.split()), sure=name == "sure")
        for name in ("sure", "perhaps")
        for text in words()[kind][name]
    ]
    return tuple(sorted(found, key=lambda p: (-len(p.literals), not p.sure)))


@cache
def alone(kind: str) -> frozenset[Words]:
    """The phrases of a kind that leave what is meant unsaid."""
    return frozenset(tuple(text.split()) for text in words()[kind]["alone"])


def may_instruct(text: str) -> bool:
    """Whether the words could be an instruction at all; most wishes can not, which is known at once."""
    tokens = tokenise(spelled(text, frozenset()), lexicon())
    # Set phrases are read as others later on ("a minute" as "a moment").
    heard = {t.text for t in tokens} | {"moment", "all"}
    if urgency_of(text)[1] is not None:
        return True
    return any(needed <= heard for needed in _needed())


@cache
def _needed() -> frozenset[frozenset[str]]:
    """Sets of words, one of which is among those of every instruction."""
    kinds = [k for k, v in words().items() if isinstance(v, dict) and "alone" in v and k != "due"]
    found = {p.literals for k in kinds for p in phrases(k)}
    found |= {frozenset(p) for k in kinds for p in alone(k)}
    found |= {frozenset(p) for name in ("cancel", "corrections") for p in said(name)}
    return frozenset(found | {frozenset({w}) for w in ("stop", "halt", "freeze")})


def spelled(text: str, known: frozenset[str]) -> str:
    """The text with the words of instructions spelled as in instructions.yaml.

    Args:
        text: As it was said.
        known: Words of the site, which are right as they are.
    """
    return _WORD.sub(lambda found: _spelled(found.group(), known), text)


def _spelled(word: str, known: frozenset[str]) -> str:
    low = word.lower()
    meant = words()["spelling"].get(low)
    if meant is not None:
        return str(meant)
    return word if low in known else mended(low) or word


def mended(word: str) -> str | None:
    """The one word of an instruction that this mistyped word must be; None: it may be another word.

    Only words that nobody writes are mended, two letters swapped or one wrong.
    """
    if len(word) < 4 or word in english():
        return None
    short = re.sub(r"(.)\1{2,}", r"\1", word)
    near = [w for w in words()["mistyped"] if OSA.distance(short, w, score_cutoff=1) <= 1]
    near = [w for w in near if len(w) > 3 and w[0] == word[0]]
    return str(near[0]) if len(near) == 1 else None
