"""Noun phrases: what a person names, before it is looked up in the world."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.names import Names
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import Lexicon, among
from brain.language.words.site import Site
from brain.language.words.tokens import Token, text_of

_POURED = frozenset(["glass", "cup", "mug", "jug", "pot", "pint", "shot"])
_OWNERS = {"my": "me", "his": "them", "her": "them", "their": "them"}


class NounParser:
    """Reads noun phrases from a list of tokens."""

    def __init__(self, site: Site, lexicon: Lexicon) -> None:
        self._site = site
        self._words = lexicon.words
        self._lexicon = lexicon
        self._determiners: dict[str, str] = self._words["determiners"]
        self._pronouns = {
            tuple(str(p).split()): kind
            for kind, phrases in self._words["pronouns"].items()
            for p in phrases
        }
        self._quantities = {tuple(q.split()): n for q, n in self._words["quantities"].items()}
        self._names = Names(site, lexicon)

    # -- one noun phrase ---------------------------------------------------------------------

    def read(self, tokens: list[Token], i: int, *, loose: bool = False) -> NounPhrase | None:
        """The noun phrase that begins at token `i`, or None.

        With `loose`, words that nobody knows are taken as an unknown noun even without a
        determiner before them.
        """
        if i >= len(tokens) or tokens[i].is_mark:
            return None
        named = self._whole_name(tokens, i)
        pronoun = self._pronoun(tokens, i)
        if pronoun is not None and (named is None or named.end <= pronoun.end):
            return pronoun
        draft, j = self._head_words(tokens, i)
        found = self._names.noun(tokens, j, draft, loose or j > i)
        if found is None and j > i:
            found = self._bare(tokens, i, j, draft)
        if found is None:
            return None
        return self._after(tokens, replace(found, start=i, text=text_of(tokens, i, found.end)))

    def known(self, tokens: list[Token], i: int) -> NounPhrase | None:
        """The noun phrase at `i` if every word of it is understood."""
        found = self.read(tokens, i)
        return found if found is not None and not found.unknown and not found.half_known else None

    # -- parts -------------------------------------------------------------------------------

    def _whole_name(self, tokens: list[Token], i: int) -> NounPhrase | None:
        size = self._names.match(tokens, i)
        return NounPhrase("", i, i + size) if size else None

    def _pronoun(self, tokens: list[Token], i: int) -> NounPhrase | None:
        for size in (3, 2, 1):
            words = tuple(t.text for t in tokens[i : i + size])
            kind = self._pronouns.get(words)
            if kind is None or len(words) < size:
                continue
            is_det = size == 1 and words[0] in self._determiners
            given = words[0] == "her" and self._is_given(tokens, i + 1)
            if is_det and not given and self._names.starts_noun(tokens, i + 1):
                continue
            if words[0] in ("all", "anything", "everything") and self._follows(tokens, i + 1):
                continue
            found = NounPhrase(" ".join(words), i, i + size, pronoun=kind)
            if kind == "all_people" or kind == "all_things":
                found = self._somewhere(tokens, found)
            return self._after(tokens, found) if kind in ("all_things", "things") else found
        return None

    def _is_given(self, tokens: list[Token], i: int) -> bool:
        """Whether what follows "her" is not hers but brought to her: "her two teas", "her tea"."""
        if i >= len(tokens):
            return False
        if tokens[i].number is not None:
            return True
        size = self._names.match(tokens, i)
        refs = self._site.index.get(tuple(t.key for t in tokens[i : i + size]), ())
        return any(ref.kind == "class" and self._site.drink(ref.id) for ref in refs)

    def _follows(self, tokens: list[Token], i: int) -> bool:
        return i < len(tokens) and tokens[i].text in ("of", "the")

    def _head_words(self, tokens: list[Token], i: int) -> tuple[NounPhrase, int]:
        """Determiner, number and the like, before the noun."""
        draft, j = NounPhrase("", i, i), i
        while j < len(tokens) and not tokens[j].is_mark:
            known = self._names.match(tokens, j) > 1 and tokens[j].text not in ("a", "the")
            if known and (j > i or tokens[j].possessive):
                break
            read = self._head_word(tokens, i, j, draft)
            if read is None:
                break
            draft, j = read
        return draft, j

    def _head_word(
        self, tokens: list[Token], i: int, j: int, draft: NounPhrase
    ) -> tuple[NounPhrase, int] | None:
        """What the word at `j` adds, and where the next one stands; None: the noun begins."""
        token = tokens[j]
        quantity = self._quantity(tokens, j)
        if quantity is not None and draft.count is None:
            return replace(draft, count=quantity[0]), quantity[1]
        if token.text == "x" and j + 1 < len(tokens) and tokens[j + 1].number is not None:
            return replace(draft, count=tokens[j + 1].number), j + 2
        if token.number is not None and draft.count is None and not self._names.match(tokens, j):
            return self._counted(tokens, j, draft)
        if token.text == "her" and not self._names.starts_noun(tokens, j + 1):
            return None
        if token.text in self._determiners:
            return self._determined(draft, token), j + 1
        if token.text == "of" and j > i:
            return self._of(tokens, j, draft)
        if token.text in ("other", "others", "remaining"):
            return replace(draft, other=True, plural=token.text == "others"), j + 1
        if token.possessive:
            owner = _owner(tokens, i, j + 1)
            return replace(draft, det=draft.det or "the", owner=owner), j + 1
        return None

    def _counted(
        self, tokens: list[Token], j: int, draft: NounPhrase
    ) -> tuple[NounPhrase, int] | None:
        """A number before the noun: "two", "2 x", the "one" of "one of them"."""
        if tokens[j].text == "one" and j + 1 < len(tokens) and tokens[j + 1].text == "of":
            return replace(draft, count=1), j + 1
        if self._is_one(tokens, j, draft):
            return None
        draft, j = replace(draft, count=tokens[j].number), j + 1
        return draft, j + (j < len(tokens) and tokens[j].text == "x")

    def _of(self, tokens: list[Token], j: int, draft: NounPhrase) -> tuple[NounPhrase, int] | None:
        """Such as "all of", "both of the"; "two of the cups" are any two."""
        if draft.det in ("all", "both", "some", "a"):
            return draft, j + 1
        if draft.count is None:
            return None
        j += 1
        while j < len(tokens) and tokens[j].text in self._determiners:
            j += 1
        return replace(draft, det=None if draft.det == "the" else draft.det), j

    def _determined(self, draft: NounPhrase, token: Token) -> NounPhrase:
        det = self._determiners[token.text]
        owner = _OWNERS.get(token.text, draft.owner)
        if det == "the" and draft.det in ("all", "both", "some"):
            return replace(draft, owner=owner)
        plural = draft.plural or token.text in self._words["plural_only"]
        if det == "more" and draft.det == "some":
            return replace(draft, det="more")
        return replace(draft, det=det, plural=plural and token.text != "each", owner=owner)

    def _is_one(self, tokens: list[Token], j: int, draft: NounPhrase) -> bool:
        """Whether "one" is a pronoun here: nothing it could count comes after it."""
        if tokens[j].text != "one":
            return False
        following = tokens[j + 1] if j + 1 < len(tokens) else None
        if draft.det in ("the", "another", "all") or draft.other:
            return True
        return following is None or not self._names.starts_noun(tokens, j + 1)

    def _quantity(self, tokens: list[Token], j: int) -> tuple[int, int] | None:
        for size in (3, 2, 1):
            for skip in (0, 1):
                words = tuple(t.text for t in tokens[j + skip : j + skip + size])
                if skip and tokens[j].text != "a":
                    continue
                number = self._quantities.get(words)
                if number is None or self._names.match(tokens, j + skip) > size:
                    continue
                if (
                    size == 1
                    and words[0] in ("couple", "pair")
                    and not self._names.starts_noun(tokens, j + skip + 1)
                ):
                    continue
                if j + skip + size >= len(tokens):
                    continue
                return number, j + skip + size
        return None

    def _bare(self, tokens: list[Token], i: int, j: int, draft: NounPhrase) -> NounPhrase | None:
        """A quantity or determiner alone: "another", "two", "both", "one more", "the others"."""
        if draft.count is not None or draft.det in ("another", "more", "both", "all", "some"):
            return replace(draft, end=j, one=True, plural=draft.det in ("both", "all"))
        if draft.other:
            return replace(draft, end=j, one=True)
        if j < len(tokens) and tokens[j].number is not None and tokens[j].text == "one":
            return replace(draft, end=j + 1, one=True)
        return None

    def _after(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """The phrase with everything that belongs to it after the noun."""
        found = self._measured(tokens, found)
        found = self._times(tokens, found)
        found = self._relative(tokens, found)
        if self._is_somebody(found):
            found = self._somewhere(tokens, found)
        return replace(found, text=text_of(tokens, found.start, found.end))

    def _somewhere(self, tokens: list[Token], found: NounPhrase) -> NounPhrase:
        """Such as "everyone at table 4", "the lady in aisle 2", "everything on the desk"."""
        j = found.end
        if j >= len(tokens) or tokens[j].text not in ("at", "in", "on", "from", "by", "near"):
            return found
        prep = {"by": "near"}.get(tokens[j].text, tokens[j].text)
        place = self.known(tokens, j + 1)
        if place is None or not place.refs or not self._names.is_place(place.refs):
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
        content = self.read(tokens, j + 1, loose=True)
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
                found, end=content.end, unknown=text_of(tokens, found.end - 1, content.end)
            )
        if content.unknown or content.half_known:
            name = f"{text_of(tokens, found.end - 1, content.end)}"
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
                    or not (self.read(tokens, k + 1))
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


def _owner(tokens: list[Token], i: int, j: int) -> str:
    return " ".join(t.key for t in tokens[i:j] if t.text not in ("the", "my"))
