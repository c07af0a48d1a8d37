"""From a person's sentence to words: lower case, contractions spelled out, numbers recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from brain.language.words.lexicon import Lexicon, among
from brain.language.words.plural import IRREGULAR, ONE_IN_S

_WORD = re.compile(
    r"[^\W_]+(?:[’'`´][^\W_]+)*[’'`´]?|[&+@#%€$£]|[,.;:!?()/\"“”]|[-–—]+", re.UNICODE
)
_APOSTROPHES = str.maketrans("", "", "’'`´")
_STOPS = {",": ",", ";": ";", ":": ":", ".": ".", "!": "!", "?": "?", "/": "/"}
# Without their apostrophe these are other words as well, so they need it.
_NEED_MARK = among("its id ill wed were hed shed well hes shes t wi")
_ONE_OF = {many: one for one, many in IRREGULAR.items()}
NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": 30}


@dataclass(frozen=True)
class Token:
    """One word: as written here (`text`), singular (`key`), and its place in the sentence.

    `number` is set for numerals and number words. `possessive`: "Sam's". `marks` are punctuation.
    """

    text: str
    key: str
    start: int
    end: int
    number: int | None = None
    possessive: bool = False

    @property
    def is_mark(self) -> bool:
        """Whether this is punctuation."""
        return not self.text[0].isalnum() and self.text not in ("&", "+", "@", "#")


def singular(word: str) -> str:
    """The singular of an English noun, by rule; other words mostly stay as they are."""
    if word in _ONE_OF:
        return _ONE_OF[word]
    if len(word) < 3 or not word.endswith("s") or word in ONE_IN_S or word.endswith("ss"):
        return word
    if word.endswith("ies") and len(word) > 4 and word not in ("cookies", "smoothies", "movies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes", "oes")) and word != "shoes":
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=8192)
def key_of(phrase: str) -> tuple[str, ...]:
    """The words of a name in the form they are looked up by."""
    plain = phrase.lower().translate(_APOSTROPHES).replace("-", " ").replace("_", " ")
    return tuple(str(NUMBERS.get(word, singular(word))) for word in plain.split())


def tokenise(text: str, lexicon: Lexicon) -> list[Token]:
    """The words and punctuation of a sentence, with short forms spelled out."""
    tokens: list[Token] = []
    for found in _WORD.finditer(text):
        word = _dash(text, found.start(), found.end())
        if word:
            tokens.append(make(word, found.start(), found.end()))
            continue
        tokens += _spelled_out(found.group(), found.start(), found.end(), lexicon)
    return _joined_numbers(tokens)


def _dash(text: str, start: int, end: int) -> str:
    """What a dash before a numeral says: "tables 1-3", "-2 cups"; empty where it says nothing."""
    if text[start:end] not in ("-", "–") or not text[end : end + 1].isdigit():
        return ""
    before = text[start - 1 : start]
    if before.isdigit():
        return "to"
    return "minus" if not before or before.isspace() else ""


def make(text: str, start: int, end: int, number: int | None = None, poss: bool = False) -> Token:
    """A token of one lower-case word."""
    key = singular(text) if number is None else str(number)
    return Token(text, key, start, end, number, poss)


def _spelled_out(raw: str, start: int, end: int, lexicon: Lexicon) -> list[Token]:
    if raw in _STOPS:
        return [Token(raw, raw, start, end)]
    if raw in '()"“”':
        return []
    if not raw[0].isalnum() and raw not in "&+@#":
        # A dash between words parts clauses; between letters the regular expression ate none.
        return [Token(",", ",", start, end)] if len(raw) > 1 or raw in "–—" else []
    lower = raw.lower()
    plain = lower.translate(_APOSTROPHES)
    marked = plain != lower
    if plain in lexicon.contractions and (marked or plain not in _NEED_MARK):
        return [make(word, start, end) for word in lexicon.contractions[plain]]
    if not marked and plain in lexicon.aliases:
        return [make(word, start, end) for word in lexicon.aliases[plain]]
    times = re.fullmatch(r"x(\d+)|(\d+)x", plain)
    if times is not None:
        return [make("x", start, end), _number(times[1] or times[2], start, end)]
    short = re.fullmatch(r"([a-z]{1,3})(\d+)", plain)
    if short is not None:
        return [make(short[1], start, end), _number(short[2], start, end)]
    if plain.isdigit():
        return [_number(plain, start, end)]
    number = NUMBERS.get(plain)
    possessive = marked and plain.endswith("s")
    return [make(plain, start, end, number, possessive)]


def _number(digits: str, start: int, end: int) -> Token:
    return Token(str(int(digits)), str(int(digits)), start, end, int(digits))


def _joined_numbers(tokens: list[Token]) -> list[Token]:
    """Read "twenty one" as 21; drop "number", "no." and "#" before a numeral."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if (
            last is not None
            and token.number is not None
            and 0 < token.number < 10
            and last.number in (20, 30)
            and not last.text.isdigit()
        ):
            both = last.number + token.number
            joined[-1] = replace(last, text=str(both), key=str(both), number=both, end=token.end)
            continue
        if (
            last is not None
            and token.number is not None
            and (
                last.text in ("number", "nr", "#", "num")
                or (last.text == "no" and len(joined) > 1 and joined[-2].number is None)
            )
        ):
            joined[-1] = token
            continue
        joined.append(token)
    return joined


def text_of(tokens: list[Token], i: int, j: int) -> str:
    """The words from `i` up to `j`, as said."""
    return " ".join(t.text for t in tokens[i:j])


def words_of(tokens: list[Token], i: int, size: int) -> list[str]:
    """The words from `i` on, at most `size` of them."""
    return [t.text for t in tokens[i : i + size]]
