"""What follows a noun and still belongs to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import Lexicon, among
from brain.language.words.site import Site
from brain.language.words.tokens import Token, words_of

_POURED = frozenset(["glass", "cup", "mug", "jug", "pot", "pint", "shot"])

if TYPE_CHECKING:
    from brain.language.parsing.nouns import NounParser


class NounTail:
    """What may follow a noun: measures, numbers, relative clauses, where people are."""

    def __init__(self, parser: NounParser, site: Site, lexicon: Lexicon) -> None:
        self.parser = parser
        self._site = site
        self._words = lexicon.words

    def after(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """The phrase with everything that belongs to it after the noun."""
        found = self._measured(tokens, found)
        found = self._times(tokens, found)
        found = self._relative(tokens, found)
        if self._is_somebody(found):
            found = self.somewhere(tokens, found)
        return replace(found, text=_text(tokens, found.start, found.end))

    def somewhere(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """Such as "everyone at table 4", "the lady in aisle 2", "everything on the desk"."""
        j = found.end
        if j >= len(tokens) or tokens[j].text not in ("at", "in", "on", "from", "by", "near"):
            return found
        prep = {"by": "near"}.get(tokens[j].text, tokens[j].text)
        place = self.parser.known(tokens, j + 1)
        if place is None or not place.refs or not self.parser.is_place(place.refs):
            return found
        return replace(found, end=place.end, posts=((prep, place),))

    def _is_somebody(self, found: NounPhrase) -> bool:
        return bool(found.refs) and all(
            ref.kind == "class" and self._site.category_of(ref.id) == "person" for ref in found.refs
        )

    def _measured(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """Such as "a glass of water", "three boxes of cereal", "a slice of cake"."""
        j = found.end
        if j >= len(tokens) or tokens[j].text != "of" or found.pronoun:
            return found
        word = tokens[j - 1].key
        portion = word in self._words["portions"]
        if word not in self._words["measures"] and not portion:
            return found
        content = self.parser.read(tokens, j + 1, loose=True)
        if content is None or content.pronoun:
            return found
        vessel = any(
            r.kind == "class" and "fill" in self._site.class_states(r.id) for r in found.refs
        )
        drink = any(r.kind == "class" and self._site.drink(r.id) for r in content.refs)
        if vessel and drink:
            return replace(found, end=content.end, fill=content)
        if vessel and word in _POURED:
            return replace(
                found, end=content.end, unknown=_text(tokens, found.end - 1, content.end)
            )
        if content.unknown or content.half_known:
            name = f"{_text(tokens, found.end - 1, content.end)}"
            return replace(found, end=content.end, unknown=name)
        return replace(
            content,
            start=found.start,
            det=found.det,
            count=found.count,
            plural=found.plural or found.count is not None,
            states={**found.states, **content.states},
            portion=portion,
        )

    def _times(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """Such as "coffee x2"."""
        j = found.end
        if (
            found.count is None
            and j + 1 < len(tokens)
            and tokens[j].text == "x"
            and tokens[j + 1].number is not None
        ):
            return replace(found, end=j + 2, count=tokens[j + 1].number)
        return found

    def _relative(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """Such as "that is dirty", "which are on table 2": adjectives and places after the noun."""
        j = found.end
        if j >= len(tokens) or tokens[j].text not in ("that", "which", "who"):
            return found
        k = j + 1
        if k < len(tokens) and tokens[k].text in ("is", "are", "was", "were"):
            k += 1
            if k < len(tokens) and tokens[k].text in (
                "still",
                "already",
                "now",
                "currently",
                "all",
            ):
                k += 1
            if k < len(tokens) and tokens[k].text in self._words["states"]:
                at_end = (
                    k + 1 >= len(tokens)
                    or tokens[k].text not in ("on", "off")
                    or not (self.parser.read(tokens, k + 1))
                )
                if at_end:
                    attr, value = self._words["states"][tokens[k].text]
                    return replace(found, end=k + 1, states={**found.states, attr: value})
            if k < len(tokens) and tokens[k].text in among(
                "in on at by near next inside lying standing left sitting"
            ):
                # What follows is an ordinary prepositional phrase of this noun.
                return replace(
                    found,
                    end=k if tokens[k].text in among("in on at by near next inside") else k + 1,
                )
        return found


def _text(tokens: list[Token], i: int, j: int) -> str:
    return " ".join(words_of(tokens, i, j - i))
