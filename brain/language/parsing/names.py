"""Names that a site knows, found in what is said, with the words that tell one thing from others."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import Lexicon, among
from brain.language.words.site import Ref, Site
from brain.language.words.tokens import Token, text_of

# Words that can not be inside a name unless a known name has them.
_BARRIERS = among(
    "is are was be been am do does did not have has had will would can could should and or but then to at on in into onto from off for by with without about me you us him her them it they he she i we who what where which when while if whether that than because so please down up out away back over there here under near behind beside between inside except now thanks also too again until before after next"
)
_COLLECTIVE = among(
    "couple people guests family party group folks diners customers ladies gentlemen women men kids children pair shoppers everyone"
)


class Names:
    """Finds nouns: known ones with their adjectives and places, "one", half-known and unknown ones."""

    def __init__(self, site: Site, lexicon: Lexicon) -> None:
        self._site = site
        self._lexicon = lexicon
        self._words = lexicon.words

    def match(self, tokens: list[Token], i: int, end: int | None = None) -> int:
        """How many tokens from `i` on make a known name; 0: none."""
        limit = len(tokens) if end is None else end
        for size in range(min(self._site.longest, limit - i), 0, -1):
            if tuple(t.key for t in tokens[i : i + size]) in self._site.index:
                return size
        return 0

    def starts_noun(self, tokens: list[Token], i: int) -> bool:
        """Whether a noun (known or not) can begin at `i`: "that" is a determiner then."""
        if i >= len(tokens) or tokens[i].is_mark:
            return False
        token = tokens[i]
        if token.text in self._words["determiners"]:
            return False
        if self.match(tokens, i) or token.number is not None:
            return True
        return token.text not in _BARRIERS and (token.text,) not in self._lexicon.fillers

    def noun(
        self, tokens: list[Token], j: int, draft: NounPhrase, loose: bool
    ) -> NounPhrase | None:
        """The noun with what stands before it, from token `j` on."""
        stop = self._stop(tokens, j)
        if any(
            tokens[k].text in ("one", "ones") and (k == j or self.match(tokens, k - 1) < 2)
            for k in range(j, min(stop + 1, len(tokens)))
        ):
            one = self._one(tokens, j, stop, draft)
            if one is not None:
                return one
        for end in range(stop, j, -1):
            for s in range(j, end):
                size = self.match(tokens, s)
                if not size or (s + size < end):
                    continue
                if (
                    end < len(tokens)
                    and tokens[end].number is not None
                    and self._numbered(tokens, j, end)
                ):
                    continue
                found = self._with_modifiers(tokens, j, s, size, draft)
                if found is not None:
                    return found
        one = self._one(tokens, j, stop, draft)
        if one is not None:
            return one
        half = self._half_known(tokens, j, stop, draft)
        if half is not None:
            return half
        if loose and stop > j:
            words = text_of(tokens, j, stop)
            return replace(
                draft, end=stop, unknown=words, plural=tokens[stop - 1].key != tokens[stop - 1].text
            )
        return None

    def _stop(self, tokens: list[Token], j: int) -> int:
        """Where the words that may belong to one noun end."""
        stop = j
        while stop < len(tokens):
            token = tokens[stop]
            size = self.match(tokens, stop)
            if size > 1 or (size and token.text not in _BARRIERS):
                stop += size
                continue
            if (
                token.is_mark
                or token.text in _BARRIERS
                or (stop > j and token.text in self._words["determiners"] and token.text != "more")
            ):
                break
            if (token.text,) in self._lexicon.fillers:
                break
            if token.number is not None and stop > j and not self._numbered(tokens, j, stop):
                break
            stop += 1
        return stop

    def _numbered(self, tokens: list[Token], j: int, at: int) -> bool:
        """Whether the number at `at` numbers the noun before it ("table 44")."""
        word = tokens[at - 1].key
        return any(len(k) == 2 and k[0] == word and k[1].isdigit() for k in self._site.index)

    def _with_modifiers(
        self, tokens: list[Token], j: int, s: int, size: int, draft: NounPhrase
    ) -> NounPhrase | None:
        """The name at `s`, if every word from `j` to `s` is one that can tell it from others."""
        refs = tuple(sorted(self._site.index[tuple(t.key for t in tokens[s : s + size])]))
        found = self._modified(tokens, j, s, refs, draft)
        if found is None:
            return None
        last = tokens[s + size - 1]
        plural = (last.key != last.text and last.number is None) or draft.plural
        if size > 1 and tokens[s].key != tokens[s].text and not tokens[s].possessive:
            plural = plural or (s + 1 < len(tokens) and tokens[s + 1].text == "of")
        either = self._named_plural(refs, last.text)
        if either and draft.det not in ("all", "both", "some"):
            plural = draft.plural
        return replace(
            found,
            end=s + size,
            refs=refs,
            key=tuple(t.key for t in tokens[s : s + size]),
            plural=plural,
            either=either,
            collective=last.text in _COLLECTIVE,
        )

    def _named_plural(self, refs: tuple[Ref, ...], text: str) -> bool:
        """Whether the name itself is a plural word, like "keys": it may mean one thing."""
        for ref in refs:
            if ref.kind == "class":
                card = self._site.card(ref.id)
                names = card.names if card else ()
            else:
                names = self._site.view.names(ref.id)
            if any(name.lower().replace("-", " ").split()[-1:] == [text] for name in names):
                return text.endswith("s")
        return False

    def _modified(
        self, tokens: list[Token], j: int, s: int, refs: tuple[Ref, ...], draft: NounPhrase
    ) -> NounPhrase | None:
        things = self._things(refs)
        while j < s:
            token = tokens[j]
            if token.text in self._lexicon.empty_adjectives or token.text == "and":
                j += 1
                continue
            if token.text in ("other", "remaining"):
                draft, j = replace(draft, other=True), j + 1
                continue
            if token.text in self._words["states"]:
                attr, value = self._words["states"][token.text]
                if any(attr in self._site.states_of(t) for t in things):
                    draft, j = replace(draft, states={**draft.states, attr: value}), j + 1
                    continue
            if any(token.key in self._site.words_of(t) for t in things):
                draft, j = replace(draft, looks=(*draft.looks, token.key)), j + 1
                continue
            size = self.match(tokens, j, s)
            places = (
                tuple(sorted(self._site.index.get(tuple(t.key for t in tokens[j : j + size]), ())))
                if size
                else ()
            )
            if places and self.is_place(places) and self._is_there(places, things):
                place = NounPhrase(
                    text_of(tokens, j, j + size),
                    j,
                    j + size,
                    det="the",
                    refs=places,
                    key=tuple(t.key for t in tokens[j : j + size]),
                )
                draft, j = replace(draft, places=(*draft.places, place)), j + size
                continue
            if places and token.possessive:
                draft, j = replace(draft, owner=text_of(tokens, j, j + size)), j + size
                continue
            return None
        return draft

    def _things(self, refs: tuple[Ref, ...]) -> list[str]:
        found: dict[str, None] = {}
        for ref in refs:
            members = (ref.id,) if ref.kind == "thing" else self._site.members(ref.id)
            found.update(dict.fromkeys(members))
        return list(found)

    def is_place(self, refs: tuple[Ref, ...]) -> bool:
        """Whether a room or fixture is the best reading."""
        return self._site.category(refs[0]) in ("room", "fixture")

    def _is_there(self, places: tuple[Ref, ...], things: list[str]) -> bool:
        """Whether one of the things is at one of the places."""
        holders = self._things(places)
        return any(self._site.within(thing, holder) for thing in things for holder in holders)

    def _one(self, tokens: list[Token], j: int, stop: int, draft: NounPhrase) -> NounPhrase | None:
        """Such as "the red one", "another one", "the dirty ones": a noun to be found in what was said."""
        k = j
        while k < len(tokens) and k < j + 4 and tokens[k].text not in ("one", "ones"):
            if tokens[k].is_mark or tokens[k].text in _BARRIERS:
                return None
            k += 1
        if k >= len(tokens) or tokens[k].text not in ("one", "ones"):
            return None
        states, looks = dict(draft.states), list(draft.looks)
        for token in tokens[j:k]:
            if token.text in self._words["states"]:
                attr, value = self._words["states"][token.text]
                states[attr] = value
            elif token.text not in self._lexicon.empty_adjectives:
                looks.append(token.key)
        named = self._site.index.get(tuple(looks), ()) if looks else ()
        places: tuple[NounPhrase, ...] = ()
        if named and self.is_place(tuple(sorted(named))):
            place = NounPhrase(
                " ".join(looks), j, k, det="the", refs=tuple(sorted(named)), key=tuple(looks)
            )
            places, looks = (place,), []
        return replace(
            draft,
            end=k + 1,
            one=True,
            places=places,
            plural=tokens[k].text == "ones" or draft.plural,
            states=states,
            looks=tuple(looks),
        )

    def _half_known(
        self, tokens: list[Token], j: int, stop: int, draft: NounPhrase
    ) -> NounPhrase | None:
        """A known noun after words nobody understands ("the purple mug")."""
        for s in range(j + 1, stop):
            size = self.match(tokens, s)
            if size and s + size == stop:
                refs = tuple(sorted(self._site.index[tuple(t.key for t in tokens[s:stop])]))
                return replace(
                    draft,
                    end=stop,
                    refs=refs,
                    half_known=text_of(tokens, j, stop),
                    key=tuple(t.key for t in tokens[s:stop]),
                )
        return None
