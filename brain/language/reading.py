"""From a text to tokens as the parser wants them: spelled right, short forms and set phrases plain."""

from __future__ import annotations

from dataclasses import replace

from brain.language.lexicon import Words
from brain.language.site import Site
from brain.language.spelling import corrected
from brain.language.tokens import NUMBERS, Token, make, tokenise


def words_of(text: str, site: Site) -> list[Token]:
    """The tokens of a text, spelling corrected."""
    words = site.lexicon
    tokens = tokenise(text, words)
    tokens = _replaced(_abbreviated(tokens, site), words.phrases)
    return corrected(tokens, site.vocabulary, words.all_words(), site.whole_words)


def _abbreviated(tokens: list[Token], site: Site) -> list[Token]:
    """Such as "t4" is "table 4" where one place's name fits."""
    found = list(tokens)
    for k in range(len(found) - 1):
        short, number = found[k], found[k + 1]
        if number.number is None or len(short.text) > 3 or (short.key, number.key) in site.index:
            continue
        if short.text == "x" or (
            short.end != number.start and short.text not in ("t", "tb", "tbl")
        ):
            continue
        names = {
            key[0]
            for key in site.index
            if len(key) == 2 and key[1] == number.key and key[0].startswith(short.text)
        }
        if len(names) == 1:
            name = names.pop()
            found[k] = replace(short, text=name, key=name)
    return found


def _replaced(tokens: list[Token], phrases: dict[Words, Words]) -> list[Token]:
    """The tokens with set phrases put in plain words; the longest first."""
    longest = max(len(p) for p in phrases)
    found: list[Token] = []
    i = 0
    while i < len(tokens):
        for size in range(min(longest, len(tokens) - i), 0, -1):
            result = phrases.get(tuple(t.text for t in tokens[i : i + size]))
            if result is not None:
                start, end = tokens[i].start, tokens[i + size - 1].end
                found += [make(word, start, end, NUMBERS.get(word)) for word in result]
                i += size
                break
        else:
            found.append(tokens[i])
            i += 1
    return found
