"""What somebody said after a question, as far as words alone tell what it may be."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.corrections import corrected_wish
from brain.language.parsing.forms import FormReader
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import among
from brain.language.words.reading import words_of
from brain.language.words.site import Site
from brain.language.words.tokens import Token

# Verbs with which one picks something, whatever is to be done with it.
_PICKS = among("take use get give have choose pick mean want try go select")
_AGAIN = (
    ("in", "other", "words"),
    ("what", "i", "mean"),
    ("i", "mean"),
    ("i", "meant"),
    ("i", "wanted"),
    ("that", "means"),
    ("i", "said"),
)
_ASKING = among("where what who whose which how is are do does did has have any")
# What may stand around the words that count.
EMPTY = among(
    "the a an one ones i mean meant want would like please it is that this of from my me yes yeah "
    "oh just bring take get use give with for sorry no and to in on at by which who then okay ok "
    "them him her will have be make choose pick use go there some these those said think maybe "
    "probably thanks thank you should can could s put into onto go"
)


class Reply:
    """Words of one speaker.

    Attributes:
        tokens: The words, corrected.
        plain: Those of them that say something, without politeness.
        clauses: How they read.
    """

    def __init__(self, text: str, site: Site) -> None:
        self.text = text
        self.site = site
        forms = FormReader(site, site.lexicon)
        self._nouns = forms.nouns
        spoken = words_of(text, site)
        self.said_again = any(
            tuple(t.text for t in spoken[: len(words)]) == words for words in _AGAIN
        )
        self.tokens: list[Token] = corrected_wish(spoken, forms.reader)
        self.plain = tuple(
            t.text
            for t in self.tokens
            if not t.is_mark and t.text not in ("please", "thanks", "oh")
        )
        self.clauses = forms.read(self.tokens)

    @property
    def bare_text(self) -> str:
        """The words as they were said, without the marks around them."""
        return self.text.strip(" .!?")

    @property
    def is_bare(self) -> bool:
        """Whether they are only the name of something, a number, a yes: no verb, no question."""
        return all(
            c.form == "verbless" or (c.form == "not" and not c.readings) for c in self.clauses
        )

    @property
    def is_asking(self) -> bool:
        """Whether they are a question, by their look."""
        first = self.plain[0] if self.plain else ""
        return first in _ASKING or any(c.readings == ("know",) for c in self.clauses)

    def goes_with(self, wish: Reply) -> bool:
        """Whether nothing else is to be done than what the wish says: "use the blue one"."""
        mine = {a for c in self.clauses if c.form != "verbless" for a in c.readings}
        theirs = {a for c in wish.clauses for a in c.readings}
        for clause in self.clauses:
            picks = clause.form in ("verbless", "need", "again") or clause.verb in _PICKS
            denies = clause.form == "when" or (clause.form == "not" and clause.readings)
            if denies or not (picks or clause.form == "not" or set(clause.readings) & theirs):
                return False
        return self.is_asking == wish.is_asking or not mine & {"know"}

    def is_about_the_same(self, wish: Reply) -> bool:
        """Whether both name the same thing or kind of thing."""
        mine, theirs = self._named(), wish._named()
        view = self.site.view

        def alike(a: str, b: str) -> bool:
            if a == b:
                return True
            known = view.category(a) is not None, view.category(b) is not None
            if known == (True, False):
                return view.is_a(a, b)
            return known == (False, True) and view.is_a(b, a)

        return any(alike(a, b) for a in mine for b in theirs)

    def nouns(self) -> list[NounPhrase]:
        """The noun phrases that name something known, one after the other."""
        found: list[NounPhrase] = []
        i = 0
        while i < len(self.tokens):
            noun = self._nouns.known(self.tokens, i)
            if noun is not None and noun.refs and noun.unknown is None:
                found.append(replace(noun, posts=(), unless=()))
                i = max(noun.end, i + 1)
            else:
                i += 1
        return found

    def beside(self, nouns: list[NounPhrase]) -> list[Token]:
        """The words that say more than these noun phrases do."""
        covered = {i for noun in nouns for i in range(noun.start, noun.end)}
        return [
            t
            for i, t in enumerate(self.tokens)
            if i not in covered and not t.is_mark and t.text not in EMPTY
        ]

    def _named(self) -> set[str]:
        refs = [ref for noun in self.nouns() for ref in noun.refs]
        best = min((ref.rank for ref in refs), default=0)
        return {ref.id for ref in refs if ref.rank <= max(best, 1)}
