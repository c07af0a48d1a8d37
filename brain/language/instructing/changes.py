"""The words of a goal changed as people say it: another number, drink or place, or a part left out.

What comes out is read before it counts: a change that is not understood is asked about, and the goal
stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from brain.language.grounding.doubt import Misfit, Unable, Unclear, Unread
from brain.language.instructing.about import About, Naming
from brain.language.parsing.clauses import ClauseReader
from brain.language.parsing.corrections import spans_of
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.past import past_of
from brain.language.wish import Wish
from brain.language.words.lexicon import among
from brain.language.words.reading import words_of
from brain.language.words.tokens import Token, singular
from devices.facts import Condition
from stem_memory.tasks import GoalRecord
from stem_memory.view import MemoryView

# Whether something is about what was named.
Test = Callable[[About], bool]
_DETERMINERS = among("a an the one some")
_GOAL = ("place", "person")
_PRONOUNS = among("it them that those")
_IT = re.compile(r"\b(?:it|them)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A noun phrase of a wish: its tokens, with `first` where its preposition begins."""

    start: int
    end: int
    noun: NounPhrase
    prep: str | None
    first: int


@dataclass(frozen=True)
class Reworded:
    """The new words of a goal; or the sentence that says why there are none."""

    text: str = ""
    why: str = ""


class Rewording:
    """Changes the words of one goal.

    Args:
        record: The goal.
        view: What memory knows.
        naming: Reads names.
        reader: Reads clauses.
        title: The goal as it is spoken of.
    """

    def __init__(
        self, record: GoalRecord, view: MemoryView, naming: Naming, reader: ClauseReader, title: str
    ) -> None:
        self._record = record
        self._view = view
        self._naming = naming
        self._reader = reader
        self._title = title
        self._text = record.goal.text.rstrip(" .!?")
        self._tokens = words_of(self._text, naming.site)

    # -- what is meant otherwise -------------------------------------------------------------

    def otherwise(
        self,
        text: str,
        is_meant: Test | None = None,
        *,
        alike: bool = False,
        anything: bool = True,
    ) -> Reworded | None:
        """The goal with these words in the place of what they stand for.

        Args:
            text: A number, a noun, a place, or a whole clause.
            is_meant: Which words of the goal they replace; None: the ones of their kind.
            alike: Whether only a drink takes the place of a drink.
            anything: Whether it may become a wish of another kind.

        Returns:
            None where the text is none of these.
        """
        new = _without_manners(words_of(text, self._naming.site))
        if not new or self._reader.joint(new, 0):
            return None
        if self._reader.starts_clause(new, 0) and self._noun(new) is None:
            same = self._naming.actions(new[0].text) & self._naming.text(self._text).actions
            if not (same or anything):
                return None
            if same and len(new) > 3 and new[1].text in _PRONOUNS:
                # "give it to Noor"
                new = new[2:]
            else:
                return self._clause(
                    new, text[new[0].start : new[-1].end], is_meant, same=bool(same)
                )
        said = text[new[0].start : new[-1].end]
        noun = self._noun(new)
        if noun is None:
            whole = anything and isinstance(self._read(said), list)
            return self._checked(said) if whole else None
        if not anything and (noun.unknown or noun.half_known):
            return None
        if noun.one and not (noun.refs or noun.looks or noun.states or noun.places):
            return self._numbered(new, noun, is_meant)
        if self._reader.preposition(new, 0) is not None or self._reader._kind(noun) in _GOAL:
            return self._elsewhere(new, noun, said, is_meant)
        return self._another(new, noun, said, is_meant, alike=alike)

    def _noun(self, new: list[Token]) -> NounPhrase | None:
        """The noun (or the first of several) that the tokens wholly are."""
        prep = self._reader.preposition(new, 0)
        at = prep[2] if prep is not None else 0
        first = noun = self._reader.nouns.read(new, at, loose=True)
        while noun is not None and noun.end < len(new):
            joint = self._reader.joint(new, noun.end)
            noun = self._reader.nouns.known(new, noun.end + joint) if joint else None
        if first is None or noun is None or first.pronoun == "things":
            return None
        # "clear table 3" may pass for the name of a thing.
        told = new[at].key not in first.key and self._reader.starts_clause(new, at)
        return None if told and prep is None else first

    def _spans(self, is_meant: Test | None) -> list[Span]:
        found = []
        for start, end, noun, prep in spans_of(self._tokens, len(self._tokens), self._reader):
            # A verb before a noun may pass for a part of its name ("clear table 2").
            name = end - len(noun.key)
            while prep is None and start < name and self._reader.starts_clause(self._tokens, start):
                start += 1
            first = start
            while prep is not None and first > 0 and self._is_preposition(first - 1, start):
                first -= 1
            found.append(Span(start, end, noun, prep, first))
        if is_meant is None:
            return found
        return [s for s in found if is_meant(self._about(s.start, s.end))]

    def _beside(self, is_meant: Test) -> list[Span]:
        """The noun phrases of the clauses in which something that is meant is named."""
        meant = [s.start for s in self._spans(is_meant)]
        within = [c for c in self._clauses() if any(c[0] <= start < c[1] for start in meant)]
        return [s for s in self._spans(None) if any(c[0] <= s.start < c[1] for c in within)]

    def _is_preposition(self, k: int, start: int) -> bool:
        found = self._reader.preposition(self._tokens, k)
        return found is not None and found[2] == start

    def _about(self, start: int, end: int) -> About:
        tokens = [t for t in self._tokens[start:end] if not t.is_mark]
        return self._naming.words(self._naming.read(tokens))

    # -- numbers, nouns and places -----------------------------------------------------------

    def _numbered(
        self, new: list[Token], noun: NounPhrase, is_meant: Test | None
    ) -> Reworded | None:
        if noun.count is None:
            return None
        spans = self._spans(is_meant)
        things = [s for s in spans if self._kind(s) == "object" and s.noun.refs]
        if not things:
            # "make it 5": of what has a number only a place is left.
            places = [s for s in spans if self._tokens[s.end - 1].number is not None]
            if len(places) != 1:
                return self._unclear()
            return self._checked(self._put(places[0].end - 1, places[0].end, str(noun.count)))
        if len(things) != 1:
            return self._unclear()
        number = next((t.text for t in new if t.number == noun.count), str(noun.count))
        return self._checked(self._counted(things[0], number, noun.count))

    def _counted(self, span: Span, number: str, count: int) -> str:
        """The phrase with another number: "two coffees", "three glasses of water"."""
        tokens = self._tokens[span.start : span.end]
        kept = [t for t in tokens if t.number is None and t.text not in _DETERMINERS]
        head = next((k for k, t in enumerate(kept) if t.text == "of"), len(kept)) - 1
        words = [self._as_typed(t) for t in kept]
        if head >= 0:
            words[head] = kept[head].key if count == 1 else _several(kept[head])
        return self._put(span.start, span.end, " ".join((number, *words)))

    def _another(
        self,
        new: list[Token],
        noun: NounPhrase,
        said: str,
        is_meant: Test | None,
        *,
        alike: bool = False,
    ) -> Reworded | None:
        spans = [s for s in self._spans(is_meant) if self._kind(s) == "object"]
        if is_meant is None:
            spans = [s for s in spans if noun.one or self._is_alike(s.noun, noun, drinks=alike)]
        named = [s for s in spans if s.noun.refs or s.noun.unknown or s.noun.half_known]
        if len(named) > 1:
            # "make it three coffees": of two coffees and a tea, the coffees.
            named = [s for s in named if set(s.noun.refs) & set(noun.refs)]
        if len(named) != 1:
            return self._unclear()
        span = named[0]
        tokens = self._tokens[span.start : span.end]
        measure = [t.key for t in tokens if t.text != "of"][:-1]
        if noun.count and len(new) == 2 and new[1].key in measure:
            # "five glasses" of "a glass of water".
            number = next((t.text for t in new if t.number == noun.count), str(noun.count))
            return self._checked(self._counted(span, number, noun.count))
        if noun.one:
            # "the blue one" of "the red mug".
            looks = said.rsplit(" ", 1)[0]
            return self._checked(
                self._put(span.start, span.end, f"{looks} {self._as_typed(tokens[-1])}")
            )
        if noun.count is None and noun.det is None:
            said = self._as_many(span, new, said)
        return self._checked(self._put(span.start, span.end, said))

    def _as_many(self, span: Span, new: list[Token], said: str) -> str:
        """What is new, as many of it as there were of the old: "two coffees", "tea": "two teas"."""
        before = []
        for token in self._tokens[span.start : span.end]:
            if token.number is None and token.text not in _DETERMINERS:
                break
            before.append("a" if token.text == "an" else self._as_typed(token))
        if (span.noun.count or 1) > 1 or (span.noun.plural and not before):
            said = said[: new[-1].start - new[0].start] + _several(new[-1])
        return " ".join((*before, said))

    def _is_alike(self, old: NounPhrase, new: NounPhrase, *, drinks: bool) -> bool:
        """Whether one may take the place of the other without more words."""
        kinds = [{self._naming.site.category(r) for r in np.refs} for np in (old, new)]
        if not (kinds[0] & kinds[1]):
            return False
        if set(new.key[-1:]) & set(old.key):
            return True
        return not drinks or self._is_drink(old) == self._is_drink(new)

    def _is_drink(self, np: NounPhrase) -> bool:
        site = self._naming.site
        return np.fill is not None or any(
            r.kind == "class" and site.drink(r.id) is not None for r in np.refs
        )

    def _elsewhere(
        self, new: list[Token], noun: NounPhrase, said: str, is_meant: Test | None
    ) -> Reworded | None:
        spans = [s for s in self._spans(is_meant) if self._kind(s) in _GOAL]
        if not spans and is_meant is not None:
            # Where what is meant is brought to.
            spans = [s for s in self._beside(is_meant) if self._kind(s) in _GOAL]
        goals = [s for s in spans if s.prep in ("to", "for", "on", "in", "at", "near")] or spans
        prep = self._reader.preposition(new, 0)
        if not goals and is_meant is None and len(self._clauses()) == 1:
            place = said if prep is not None else f"to {said}"
            return self._checked(f"{self._text} {place}")
        if len(goals) != 1:
            return self._unclear()
        span = goals[0]
        if prep is not None and span.first < span.start:
            return self._checked(self._put(span.first, span.end, said))
        plain = said[new[prep[2]].start - new[0].start :] if prep is not None else said
        return self._checked(self._put(span.start, span.end, plain))

    def _kind(self, span: Span) -> str:
        if span.noun.pronoun:
            return "person" if span.noun.pronoun in ("speaker", "she_he") else "pronoun"
        return self._reader._kind(span.noun)

    # -- clauses -----------------------------------------------------------------------------

    def _clauses(self) -> list[tuple[int, int]]:
        """First and last token of each clause."""
        wish = self._wish(self._text)
        return [(c.start, c.end) for c in wish.clauses if c.items or c.uncovered]

    def _clause(
        self, new: list[Token], said: str, is_meant: Test | None, *, same: bool
    ) -> Reworded | None:
        """The goal with the clause in the place of the one it replaces, or of its noun only.

        `same`: the clause tells the same to be done, of something else.
        """
        named = self._spans(is_meant) or self._spans(None)
        if named and _IT.search(said):
            # "instead of clearing table 2 wipe it"
            said = _IT.sub(self._slice(named[-1].start, named[-1].end), said, count=1)
            return self._clause(words_of(said, self._naming.site), said, is_meant, same=same)
        noun = self._noun(new[1:]) if same and len(new) > 1 else None
        if noun is not None and noun.refs and self._reader._kind(noun) == "object":
            found = self._another(new[1:], noun, said[new[1].start - new[0].start :], is_meant)
            if found is not None and found.text:
                return found
        clauses = self._clauses()
        if len(clauses) == 1:
            return self._checked(said, may_ask=True)
        meant = [c for c in clauses if is_meant is not None and is_meant(self._about(*c))]
        wanted = self._wanted(clauses)
        if len(meant) != 1 or is_meant is None:
            return self._unclear()
        if not all(is_meant(self._naming.condition(c)) for c in wanted.get(meant[0], ())):
            return self._unclear()
        return self._checked(self._put(*meant[0], said), may_ask=True)

    def _wanted(self, clauses: list[tuple[int, int]]) -> dict[tuple[int, int], list[Condition]]:
        """What each clause makes true, in the light of those before it; none that can not be told."""
        found: dict[tuple[int, int], list[Condition]] = {}
        before: list[Condition] = []
        for clause in clauses:
            now = self._read(self._slice(0, clause[1]))
            if not isinstance(now, list) or now[: len(before)] != before:
                return {}
            found[clause] = now[len(before) :]
            before = now
        return found

    # -- leaving out -------------------------------------------------------------------------

    def without(self, is_meant: Test) -> Reworded:
        """The goal without the part that is meant."""
        why = Reworded(why=f"{self._title} is not only that. {self._say_how()}")
        before = self._read(self._text)
        if not isinstance(before, list):
            return why
        kept = [c for c in before if not is_meant(self._naming.condition(c))]
        if not kept or len(kept) == len(before):
            return why
        for text in self._shortened(is_meant):
            if self._read(text) == kept:
                return Reworded(text)
        return why

    def _shortened(self, is_meant: Test) -> list[str]:
        """The text without the clauses, or without the nouns, that are about it."""
        clauses = self._clauses()
        wanted = self._wanted(clauses)
        out = [c for c in clauses if self._is_out(wanted.get(c), c, is_meant)]
        found = []
        if 0 < len(out) < len(clauses):
            kept = [c for c in clauses if c not in out]
            slices = [self._slice(*c) for c in kept]
            named = [self._named_again(c, clauses, out) for c in kept]
            found = [", then ".join(slices), " and ".join(slices), ", then ".join(named)]
        for span in self._spans(is_meant):
            # With the "and" or the comma that joins it to the others.
            joint = self._reader.joint(self._tokens, span.end)
            mark = span.end < len(self._tokens) and self._tokens[span.end].text == ","
            if joint or mark:
                after = span.end + (joint or 1)
                found.append(self._put(span.start, after, "").replace("  ", " "))
            elif span.start and self._tokens[span.start - 1].text in ("and", ","):
                before = self._text[: self._tokens[span.start - 1].start].rstrip()
                found.append(before + self._text[self._tokens[span.end - 1].end :])
        return found

    def _is_out(
        self, wanted: list[Condition] | None, clause: tuple[int, int], is_meant: Test
    ) -> bool:
        if wanted:
            return all(is_meant(self._naming.condition(c)) for c in wanted)
        return is_meant(self._about(*clause))

    def _named_again(
        self, clause: tuple[int, int], clauses: list[tuple[int, int]], out: list[tuple[int, int]]
    ) -> str:
        """The clause with the noun of one that is left out before it, where it says "it"."""
        before = [c for c in clauses[: clauses.index(clause)] if c in out]
        nouns = [s for c in before for s in self._spans(None) if c[0] <= s.start < c[1]]
        text = self._slice(*clause)
        if not nouns:
            return text
        return _IT.sub(self._slice(nouns[-1].start, nouns[-1].end), text, count=1)

    def _slice(self, start: int, end: int) -> str:
        while end > start and self._tokens[end - 1].is_mark:
            end -= 1
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]

    # -- reading it again --------------------------------------------------------------------

    def _put(self, start: int, end: int, words: str) -> str:
        """The text with these words in the place of some tokens."""
        before = self._text[: self._tokens[start].start]
        return before + words + self._text[self._tokens[end - 1].end :]

    def _wish(self, text: str) -> Wish:
        goal = self._record.goal
        return Wish(text, goal.who, self._view, past_of(goal, self._view))

    def _read(self, text: str) -> list[Condition] | Unclear | Unable | Unread | Misfit:
        try:
            return self._wish(text).conditions()
        except (Unclear, Unable, Unread, Misfit) as doubt:
            return doubt

    def _checked(self, text: str, *, may_ask: bool = False) -> Reworded:
        text = " ".join(text.split())
        after = self._read(text)
        if isinstance(after, Unclear) and may_ask:
            return Reworded(text)
        if isinstance(after, Unclear):
            return Reworded(why=f"{after.question} {self._title} stays as it is.")
        if isinstance(after, Unable | Misfit):
            return Reworded(why=f"{after.reason} {self._title} stays as it is.")
        if isinstance(after, Unread):
            return self._unclear()
        if after == self._read(self._text):
            return Reworded(why=f"That is what {self._title} says already.")
        return Reworded(text)

    def _unclear(self) -> Reworded:
        return Reworded(why=f"I do not see what to change in {self._title}. {self._say_how()}")

    def _say_how(self) -> str:
        return f'Say the whole wish, as in "change {self._record.goal.id} to ...".'

    def _as_typed(self, token: Token) -> str:
        return self._text[token.start : token.end]


def _several(noun: Token) -> str:
    """The plural of the noun, by rule."""
    if noun.text != noun.key or noun.number is not None:
        return noun.text
    plural = noun.text + ("es" if noun.text.endswith(("s", "x", "ch", "sh")) else "s")
    return plural if singular(plural) == noun.text else noun.text


def _without_manners(tokens: list[Token]) -> list[Token]:
    """The tokens without what is said before and after a change to be polite."""
    while tokens and (
        tokens[-1].is_mark or tokens[-1].text in ("instead", "please", "thanks", "now")
    ):
        tokens = tokens[:-1]
    while tokens and (tokens[0].is_mark or tokens[0].text in ("please", "just")):
        tokens = tokens[1:]
    return tokens
