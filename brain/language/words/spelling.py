"""Mistyped words, corrected against what this site and the lexicon know.

A word of English is never corrected: who asks for a dragon does not mean the drone. The English
word list is the frequency dictionary that ships with symspellpy (SCOWL words with counts from
Google Books); distances are optimal string alignment distances by rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from rapidfuzz.distance import OSA

from brain.language.words.tokens import Token, make, singular

_VOWELS = frozenset("aeiou")
# Rarer words than this are likelier to be typing errors ("teh" has no entry at all).
_RARE = 100_000


@cache
def english() -> frozenset[str]:
    """Words of English that are in use."""
    source = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    both = source.read_text(encoding="utf-8-sig").split()
    counted = zip(both[::2], both[1::2], strict=True)
    return frozenset(word for word, count in counted if int(count) >= _RARE)


def corrected(
    tokens: Sequence[Token],
    site_words: frozenset[str],
    other_words: frozenset[str],
    whole: frozenset[str] = frozenset(),
    forms: Mapping[str, str] = MappingProxyType({}),
) -> list[Token]:
    """The tokens with mistyped words replaced by the nearest known ones, if any is near.

    Names of the site win over words of the lexicon at the same distance. Two nearest ones of the
    same kind at the same distance: the word stays as it is, and unknown. `whole` are the words that
    are a name by themselves; they win over words that are only part of one. `forms` are those of verbs
    ("gave" is one of "give"), which win over their forms.
    """
    return [_corrected(token, site_words, other_words, whole, forms) for token in tokens]


def nearest(word: str, candidates: Iterable[str], most: int) -> list[str]:
    """The candidates at the smallest distance, `most` or less, in alphabetic order."""
    best: list[str] = []
    for candidate in sorted(candidates):
        far = OSA.distance(word, candidate, score_cutoff=most)
        if far < most or (far == most and not best):
            best, most = [candidate], far
        elif far == most:
            best.append(candidate)
    return best


def shortened(word: str, candidates: Iterable[str]) -> list[str]:
    """The candidates that are this word with the fewest letters left out, as people do in a hurry.

    Left out are vowels, or one of a double letter: "frdge" is "fridge", "watr" is "water".
    """
    found = {c: len(c) - len(word) for c in candidates if _is_short_for(word, c)}
    fewest = min(found.values(), default=0)
    return sorted(c for c, left_out in found.items() if left_out == fewest)


def _is_short_for(word: str, full: str) -> bool:
    if len(full) <= len(word) or full[0] != word[0]:
        return False
    at = 1
    for k in range(1, len(full)):
        if at < len(word) and full[k] == word[at]:
            at += 1
        elif full[k] not in _VOWELS and full[k] != full[k - 1]:
            return False
    return at == len(word)


def _corrected(
    token: Token,
    site_words: frozenset[str],
    other_words: frozenset[str],
    whole: frozenset[str],
    forms: Mapping[str, str],
) -> Token:
    word = token.text
    if token.is_mark or token.number is not None or len(word) < 3 or not word.isalpha():
        return token
    if {word, token.key} & (site_words | other_words) or _is_english(word):
        return token
    most = 1 if len(word) <= 5 else 2
    both = site_words | other_words
    full = shortened(word, both)
    full = [w for w in full if forms.get(w, w) == w or forms[w] not in full]
    short = _choice(word, full, site_words, whole)
    if short is not None:
        return _spelled(token, short, site_words)
    found = nearest(word, (w for w in both if abs(len(w) - len(word)) <= most), most)
    stem = singular(word)
    if stem != word and len(stem) >= 3:
        of_stem = nearest(stem, (w for w in both if abs(len(w) - len(stem)) <= most), most)
        if of_stem and (not found or _far(stem, of_stem) < _far(word, found)):
            found, word = of_stem, stem
    choice = _choice(word, found, site_words, whole)
    if choice is None:
        return token
    return _spelled(token, choice, site_words)


def _spelled(token: Token, choice: str, site_words: frozenset[str]) -> Token:
    plural = choice + "s" if token.text.endswith("s") and not choice.endswith("s") else choice
    fixed = make(plural, token.start, token.end, poss=token.possessive)
    return replace(fixed, key=choice if choice in site_words else fixed.key)


def _far(word: str, found: Sequence[str]) -> int:
    return OSA.distance(word, found[0])


def _is_english(word: str) -> bool:
    known = english()
    return word in known or (singular(word) in known and len(word) > 4)


def _choice(
    word: str, found: Sequence[str], site_words: frozenset[str], whole: frozenset[str]
) -> str | None:
    """The one that is meant: same first letter before others, names before other words."""
    for group in (
        [w for w in found if w in site_words and w[0] == word[0]],
        [w for w in found if w[0] == word[0]],
        [w for w in found if w in site_words],
        list(found),
    ):
        if len(group) == 1 or (group and len({singular(w) for w in group}) == 1):
            return group[0]
        if group:
            swapped = [w for w in group if sorted(w) == sorted(word)]
            names = swapped or [w for w in group if w in whole]
            return names[0] if len(names) == 1 else None
    return None
