"""From a text to tokens as the parser wants them: spelled right, short forms and set phrases plain."""

from __future__ import annotations

from dataclasses import replace

from brain.language.words.lexicon import Words
from brain.language.words.site import Site
from brain.language.words.spelling import corrected
from brain.language.words.tokens import NUMBERS, Token, make, tokenise

_UP_TO = ("to", "through", "thru", "till", "until")
_GOALS = ("person", "fixture", "room")


def words_of(text: str, site: Site) -> list[Token]:
    """The tokens of a text, spelling corrected."""
    words = site.lexicon
    tokens = tokenise(text, words)
    tokens = _replaced(_abbreviated(tokens, site), words.phrases)
    spelled = corrected(tokens, site.vocabulary, words.all_words(), site.whole_words, words.forms)
    return _counted_up(_with_to(spelled, site), site)


def _abbreviated(tokens: list[Token], site: Site) -> list[Token]:
    """Such as "t4" is "table 4" where one place's name fits."""
    found = list(tokens)
    for k in range(len(found) - 1):
        short, number = found[k], found[k + 1]
        if number.number is None or len(short.text) > 3 or (short.key, number.key) in site.index:
            continue
        if short.text in ("x", "to", "minus") or (
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


def _with_to(tokens: list[Token], site: Site) -> list[Token]:
    """Such as "milk 2 Gina" is "milk to Gina": after a noun, before a person or one place."""
    found = list(tokens)
    for k in range(1, len(tokens) - 1):
        last, digit = tokens[k - 1], tokens[k]
        if digit.text != "2" or (last.key, "2") in site.index or last.key not in site.vocabulary:
            continue
        if _is_goal(tokens[k + 1 :], site):
            found[k] = make("to", digit.start, digit.end)
    return found


def _counted_up(tokens: list[Token], site: Site) -> list[Token]:
    """Such as "tables 1 to 3" is "tables 1, 2 and 3", where all these are."""
    found = list(tokens)
    for k in range(len(tokens) - 3, 0, -1):
        noun, first, word, last = tokens[k - 1 : k + 3]
        if word.text not in _UP_TO or noun.text == noun.key or None in (first.number, last.number):
            continue
        numbers = range(first.number or 0, (last.number or 0) + 1)
        if len(numbers) > 1 and all((noun.key, str(n)) in site.index for n in numbers):
            each = [make(str(n), first.start, last.end, n) for n in numbers]
            commas = [make(",", word.start, word.end) for _ in each[2:]]
            joints = [*commas, make("and", word.start, word.end)]
            counted = [t for pair in zip(each, joints, strict=False) for t in pair]
            found[k : k + 3] = [*counted, each[-1]]
    return found


def _is_goal(tokens: list[Token], site: Site) -> bool:
    pronouns = site.lexicon.words["pronouns"]
    if tokens[0].text in (*pronouns["speaker"], *pronouns["she_he"]):
        return True
    for size in range(min(site.longest, len(tokens)), 0, -1):
        refs = site.index.get(tuple(t.key for t in tokens[:size]))
        if refs:
            name = tokens[size - 1]
            one = name.number is not None or name.text == name.key
            return one and all(site.category(r) in _GOALS for r in refs)
    return False


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
