"""Second thoughts: "table 3, no sorry, 4", "make it three", "scratch that, bring tea instead"."""

from __future__ import annotations

from brain.language.parsing.clauses import ClauseReader, Draft
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import among, said
from brain.language.words.tokens import Token

_AMBIGUOUS = frozenset(
    [
        "sorry",
        "actually",
        "wait",
        "no",
        "rather",
        "better",
        "excuse me",
        "say",
        "instead",
        "make it",
        "that is",
        "pardon",
        "hang on",
        "hold on",
    ]
)


def follow_up(tokens: list[Token]) -> int:
    """How many tokens at the beginning say that the last wish was meant otherwise; 0: none."""
    mark = _mark([*tokens[:8]], 0) if tokens else None
    if mark is None or (
        " ".join(t.text for t in tokens[:mark] if not t.is_mark)
        in (
            "",
            "excuse me",
            "sorry",
            "say",
            "hang on",
            "hold on",
            "wait",
            "and",
            "no",
            "well",
            "oh",
            "but",
        )
        and not (tokens[0].text in ("no", "sorry") and tokens[1].is_mark)
    ):
        return 0
    return mark


def corrected_wish(tokens: list[Token], reader: ClauseReader) -> list[Token]:
    """The tokens with every correction carried out, the first one first."""
    i = 1
    while i < len(tokens):
        mark = _mark(tokens, i)
        if mark is None:
            i += 1
            continue
        changed = _carried_out(tokens, i, mark, reader)
        if changed is None:
            i += 1
            continue
        tokens = changed
        i = 1
    return tokens


def _mark(tokens: list[Token], i: int) -> int | None:
    """The index after the words at `i` that announce a correction, or None."""
    j = i
    parted = False
    while j < len(tokens) and (
        tokens[j].is_mark or tokens[j].text in among("oh er erm uh um ah but well and")
    ):
        parted = parted or tokens[j].is_mark
        j += 1
    start = j
    while j < len(tokens):
        for words in said("corrections"):
            if tuple(t.text for t in tokens[j : j + len(words)]) == words:
                alone = " ".join(words) in _AMBIGUOUS
                if start == j and alone and not parted:
                    continue
                j += len(words)
                break
        else:
            if j > start and tokens[j].text in among(", . er uh um oh please ... that not"):
                j += 1
                continue
            break
    return j if j > start else None


def _carried_out(tokens: list[Token], i: int, j: int, reader: ClauseReader) -> list[Token] | None:
    rest = tokens[j:]
    if not rest:
        return None
    if _takes_back(tokens, i, j) and reader.starts_clause(tokens, j):
        return (
            tokens[:0] + rest
            if _one_clause(tokens[:i], reader)
            else _last_clause_off(tokens, i, reader) + rest
        )
    if reader.starts_clause(tokens, j):
        verb = reader.skip(tokens, j)
        if tokens[verb].text in ("not",):
            return None
        mark = " ".join(t.text for t in tokens[i:j] if not t.is_mark)
        if mark in ("excuse me", "say", "sorry", "actually", "rather", "better"):
            return None
        return _last_clause_off(tokens, i, reader) + rest
    draft = Draft()
    prep = reader.preposition(tokens, j)
    at = prep[2] if prep is not None else j
    noun = reader.nouns.read(tokens, at, loose=True)
    if noun is None:
        return None
    del draft
    return _replaced(tokens, i, j, at, noun, prep[0] if prep else None, reader)


def _takes_back(tokens: list[Token], i: int, j: int) -> bool:
    words = {t.text for t in tokens[i:j]}
    return bool(words & {"scratch", "scrap", "forget", "strike", "thought", "thoughts", "instead"})


def _one_clause(tokens: list[Token], reader: ClauseReader) -> bool:
    return not any(
        reader.joint(tokens, k) and reader.starts_clause(tokens, k + reader.joint(tokens, k))
        for k in range(1, len(tokens))
    )


def _last_clause_off(tokens: list[Token], i: int, reader: ClauseReader) -> list[Token]:
    """What comes before the clause that ends at `i`."""
    for k in range(i - 1, 0, -1):
        size = reader.joint(tokens, k) or (1 if tokens[k].is_mark else 0)
        if size and k + size < i and reader.starts_clause(tokens[:i], k + size):
            return tokens[: k + size]
    return []


def spans_of(
    tokens: list[Token], end: int, reader: ClauseReader
) -> list[tuple[int, int, NounPhrase, str | None]]:
    """Noun phrases before `end` with their prepositions, in order."""
    found: list[tuple[int, int, NounPhrase, str | None]] = []
    k = 0
    before = tokens[:end]
    while k < end:
        prep = reader.preposition(before, k)
        at = prep[2] if prep is not None else k
        # The verb is none of the nouns.
        noun = None
        if prep is not None or not (k == 0 and reader.verb(before, k)):
            noun = reader.nouns.read(before, at)
        if noun is not None and (noun.refs or noun.one or noun.pronoun):
            found.append((at, noun.end, noun, prep[0] if prep else None))
            k = noun.end
        else:
            k += 1
    return found


def _replaced(
    tokens: list[Token],
    i: int,
    j: int,
    at: int,
    noun: NounPhrase,
    prep: str | None,
    reader: ClauseReader,
) -> list[Token] | None:
    """The last phrase of the same kind replaced by the new one."""
    spans = spans_of(tokens, i, reader)
    tail = tokens[noun.end :]
    if noun.one and noun.count is not None and not noun.looks and not noun.states:
        return _renumbered(tokens, i, at, noun, spans, tail)
    if noun.one and not noun.refs and spans:
        return _relooked(tokens, i, at, noun, spans, tail)
    if prep is not None:
        kind = reader._kind(noun)
        for start, end, old, old_prep in reversed(spans):
            if old_prep is not None and (
                reader._kind(old) == kind or {old_prep, prep} <= {"in", "on", "to", "at", "for"}
            ):
                first = _prep_start(tokens, start, reader)
                return tokens[:first] + tokens[j : noun.end] + tokens[end:i] + tail
        return None
    kind = reader._kind(noun)
    for start, end, old, _ in reversed(spans):
        if reader._kind(old) == kind and not old.pronoun:
            new = list(tokens[at : noun.end])
            kept: list[Token] = []
            if (
                noun.count is None
                and noun.det is None
                and old.count is not None
                and old.key != noun.key
            ):
                kept = [t for t in tokens[start:end] if t.number == old.count][:1]
            return tokens[:start] + kept + new + tokens[end:i] + tail
    return None


def _prep_start(tokens: list[Token], start: int, reader: ClauseReader) -> int:
    """Where the preposition begins that ends at `start`."""
    for first in range(max(start - 4, 0), start):
        prep = reader.preposition(tokens, first)
        if prep is not None and prep[2] == start:
            return first
    return start


def _renumbered(
    tokens: list[Token],
    i: int,
    at: int,
    noun: NounPhrase,
    spans: list[tuple[int, int, NounPhrase, str | None]],
    tail: list[Token],
) -> list[Token] | None:
    """Such as "table 3, no, 4" and "two coffees to table 4, make it three"."""
    number = next((t for t in tokens[at : noun.end] if t.number == noun.count), None)
    if number is None:
        return None
    said = [t.text for t in tokens[i:at]]
    quantity = "make" in said
    latest_first = list(reversed(spans))
    order = sorted(
        latest_first,
        key=lambda s: (s[2].key[-1:] != () and s[2].key[-1].isdigit()) is quantity,
    )
    # A word ("three") counts, a figure ("3") numbers; the latest phrase that has one is meant.
    if not quantity and spans and not number.text.isdigit():
        latest = spans[-1][2]
        if latest.count is not None or not latest.key[-1:] or not latest.key[-1].isdigit():
            order = sorted(latest_first, key=lambda s: s[2].count is None)
    for start, end, _, _ in order:
        for k in range(end - 1, start - 1, -1):
            if tokens[k].number is not None:
                return [*tokens[:k], number, *tokens[k + 1 : i], *tail]
    for start, end, old, prep in spans:
        if prep is None and old.refs and old.count is None:
            kept = [t for t in tokens[start:end] if t.text not in ("a", "an", "the")]
            return [*tokens[:start], number, *kept, *tokens[end:i], *tail]
    return None


def _relooked(
    tokens: list[Token],
    i: int,
    at: int,
    noun: NounPhrase,
    spans: list[tuple[int, int, NounPhrase, str | None]],
    tail: list[Token],
) -> list[Token] | None:
    """Such as "the red mug, I mean the blue one"."""
    new = [t for t in tokens[at : noun.end] if t.text not in ("one", "ones")]
    for start, end, old, _ in reversed(spans):
        if old.refs and not (old.key and old.key[-1].isdigit()):
            return tokens[:start] + new + [tokens[end - 1]] + tokens[end:i] + tail
    return None
