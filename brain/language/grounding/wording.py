"""What is said where a noun means several things, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from brain.language.grounding.doubt import Unable, Unclear
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.plural import be, listed
from brain.language.words.site import Site
from brain.language.words.spelling import nearest

# More options than this are no help to a person.
_OPTIONS = 8


class Wording:
    """Questions and refusals about what is not clear or not there."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.view = site.view

    def which(self, np: NounPhrase, found: Sequence[str]) -> Unclear:
        """Ask which of several is meant."""
        titles = self.site.titles(found)
        names = [self._with_place(t, name, titles) for t, name in zip(found, titles, strict=True)]
        shown = names[:_OPTIONS]
        what = self.class_words(np)
        more = "" if len(found) <= _OPTIONS else f" ({len(found)} in all)"
        return Unclear(
            f"Which {what} do you mean: {listed(shown, 'or')}{more}?",
            titles[:_OPTIONS] if len(set(titles)) == len(titles) else found[:_OPTIONS],
            found,
            slot_of(np),
            "which",
        )

    def _with_place(self, thing: str, name: str, titles: Sequence[str]) -> str:
        place = self.view.location(thing)
        if place is None or self.view.category(thing) != "object":
            return name
        word = "on" if place.relation == "on" else "in" if place.relation == "in" else "at"
        return f"{name} ({word} {self.site.title(place.holder)})"

    def class_words(self, np: NounPhrase) -> str:
        """The noun with its looks, as said."""
        return " ".join((*np.looks, *np.key)) or np.text

    def missing(self, np: NounPhrase, known: Sequence[str], plain: Sequence[str]) -> Unable:
        """Nothing like that is known, or nothing like that fits.

        Args:
            np: What was said.
            known: What it may mean, whether it fits or not.
            plain: What fits, and that it might mean were less said of it.
        """
        if plain and not known:
            where = [self.site.title(p.holder) for t in plain[:3] if (p := self.view.location(t))]
            hint = (
                f" I know of {listed(self.site.titles(plain[:3]), 'and')} ({listed(where, 'and')})."
                if where
                else ""
            )
            return Unable(f"I know of no such thing: {np.text}.{hint}")
        if known:
            return Unable(f"That can not be done with {self.site.title(known[0])}.")
        words = self.class_words(np)
        return Unable(f"There {be(1, words)} no {words} here that I know of.")

    def unknown(self, words: str) -> Unable:
        """A noun nobody knows here."""
        like = self._like(words)
        hint = f" Did you mean {listed(like, 'or')}?" if like else ""
        noun = _without_article(words)
        return Unable(f"There {be(1, noun)} no {noun} here that I know of.{hint}")

    def half(self, np: NounPhrase, known: Sequence[str]) -> Unable:
        """A known noun, which means these, with words nobody understands before it."""
        hint = f" I know of {listed(self.site.titles(known[:5]), 'and')}." if known else ""
        noun = _without_article(np.half_known or "")
        return Unable(f"There {be(1, noun)} no {noun} here that I know of.{hint}")

    def _like(self, words: str) -> list[str]:
        """Known names spelled nearly so."""
        last = words.split()[-1] if words.split() else words
        if len(last) < 4:
            return []
        near = nearest(last, self.site.whole_words - {last}, 2 if len(last) > 5 else 1)
        return near[:3] if len(near) <= 3 else []


def slot_of(np: NounPhrase) -> str:
    """How answers to questions about the phrase are kept."""
    return f"{np.start}:{np.text}"


def _without_article(words: str) -> str:
    first, _, rest = words.partition(" ")
    return rest if first in ("the", "a", "an", "my", "some") and rest else words
