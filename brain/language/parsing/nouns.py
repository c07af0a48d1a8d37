"""Noun phrases: what a person names, before it is looked up in the world."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.parsing.noun_tail import NounTail
from brain.language.words.lexicon import Lexicon, among
from brain.language.words.site import Ref, Site
from brain.language.words.tokens import Token

# Words that can not be inside a name unless a known name has them.
_BARRIERS = among(
    "is are was be been am do does did not have has had will would can could should and or but then to at on in into onto from off for by with without about me you us him her them it they he she i we who what where which when while if whether that than because so please down up out away back over there here under near behind beside between inside except now thanks also too again until before after next"
)


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
        self.tail = NounTail(self, site, lexicon)
        self._collective = among(
            "couple people guests family party group folks diners customers ladies gentlemen women men kids children pair shoppers everyone"
        )

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
        found = self._noun(tokens, j, draft, loose or j > i)
        if found is None and j > i:
            found = self._bare(tokens, i, j, draft)
        if found is None:
            return None
        return self.tail.after(tokens, replace(found, start=i, text=_text(tokens, i, found.end)))

    def known(self, tokens: list[Token], i: int) -> NounPhrase | None:
        """The noun phrase at `i` if every word of it is understood."""
        found = self.read(tokens, i)
        return found if found is not None and not found.unknown and not found.half_known else None

    # -- parts -------------------------------------------------------------------------------

    def _whole_name(self, tokens: list[Token], i: int) -> NounPhrase | None:
        size = self._match(tokens, i)
        return NounPhrase("", i, i + size) if size else None

    def _match(self, tokens: list[Token], i: int, end: int | None = None) -> int:
        """How many tokens from `i` on make a known name; 0: none."""
        limit = len(tokens) if end is None else end
        for size in range(min(self._site.longest, limit - i), 0, -1):
            if tuple(t.key for t in tokens[i : i + size]) in self._site.index:
                return size
        return 0

    def _pronoun(self, tokens: list[Token], i: int) -> NounPhrase | None:
        for size in (3, 2, 1):
            words = tuple(t.text for t in tokens[i : i + size])
            kind = self._pronouns.get(words)
            if kind is None or len(words) < size:
                continue
            is_det = size == 1 and words[0] in self._determiners
            given = words[0] == "her" and self._is_given(tokens, i + 1)
            if is_det and not given and self._starts_noun(tokens, i + 1):
                continue
            if words[0] in ("all", "anything", "everything") and self._follows(tokens, i + 1):
                continue
            found = NounPhrase(" ".join(words), i, i + size, pronoun=kind)
            if kind == "all_people" or kind == "all_things":
                found = self.tail.somewhere(tokens, found)
            return self.tail.after(tokens, found) if kind in ("all_things", "things") else found
        return None

    def _is_given(self, tokens: list[Token], i: int) -> bool:
        """Whether what follows "her" is not hers but brought to her: "her two teas", "her tea"."""
        if i >= len(tokens):
            return False
        if tokens[i].number is not None:
            return True
        size = self._match(tokens, i)
        refs = self._site.index.get(tuple(t.key for t in tokens[i : i + size]), ())
        return any(ref.kind == "class" and self._site.drink(ref.id) for ref in refs)

    def _follows(self, tokens: list[Token], i: int) -> bool:
        return i < len(tokens) and tokens[i].text in ("of", "the")

    def _starts_noun(self, tokens: list[Token], i: int) -> bool:
        """Whether a noun (known or not) can begin at `i`: "that" is a determiner then."""
        if i >= len(tokens) or tokens[i].is_mark:
            return False
        token = tokens[i]
        if token.text in self._determiners:
            return False
        if self._match(tokens, i) or token.number is not None:
            return True
        return token.text not in _BARRIERS and (token.text,) not in self._lexicon.fillers

    def _head_words(self, tokens: list[Token], i: int) -> tuple[NounPhrase, int]:
        """Determiner, number and the like, before the noun."""
        draft = NounPhrase("", i, i)
        j = i
        while j < len(tokens) and not tokens[j].is_mark:
            token = tokens[j]
            whole = self._match(tokens, j) > 1 and token.text not in ("a", "the")
            if whole and (j > i or token.possessive):
                break
            quantity = self._quantity(tokens, j)
            if quantity is not None and draft.count is None:
                draft, j = replace(draft, count=quantity[0]), quantity[1]
                continue
            if token.text in ("x",) and j + 1 < len(tokens) and tokens[j + 1].number is not None:
                draft, j = replace(draft, count=tokens[j + 1].number), j + 2
                continue
            if token.number is not None and draft.count is None and not self._match(tokens, j):
                if token.text == "one" and j + 1 < len(tokens) and tokens[j + 1].text == "of":
                    draft, j = replace(draft, count=1), j + 1
                    continue
                if self._is_one(tokens, j, draft):
                    break
                draft, j = replace(draft, count=token.number), j + 1
                if j < len(tokens) and tokens[j].text == "x":
                    j += 1
                continue
            if token.text == "her" and not self._starts_noun(tokens, j + 1):
                break
            if token.text in self._determiners:
                draft, j = self._determined(draft, token), j + 1
                continue
            if token.text == "of" and j > i and draft.det in ("all", "both", "some", "a"):
                j += 1
                continue
            if token.text == "of" and j > i and draft.count is not None:
                # "two of the cups": any two.
                j += 1
                while j < len(tokens) and tokens[j].text in self._determiners:
                    j += 1
                draft = replace(draft, det=None if draft.det == "the" else draft.det)
                continue
            if token.text in ("other", "others", "remaining") and j >= i:
                draft, j = replace(draft, other=True, plural=token.text == "others"), j + 1
                continue
            if token.possessive:
                j = self._owned(tokens, j)
                draft = replace(draft, owner=_text(tokens, draft.end if j == i else i, j))
                draft = replace(draft, det=draft.det or "the", owner=_owner(tokens, i, j))
                continue
            break
        return draft, j

    def _determined(self, draft: NounPhrase, token: Token) -> NounPhrase:
        det = self._determiners[token.text]
        owner = _OWNERS.get(token.text, draft.owner)
        if det == "the" and draft.det in ("all", "both", "some"):
            return replace(draft, owner=owner)
        plural = draft.plural or token.text in self._words["plural_only"]
        if det == "more" and draft.det == "some":
            return replace(draft, det="more")
        return replace(draft, det=det, plural=plural and token.text != "each", owner=owner)

    def _owned(self, tokens: list[Token], j: int) -> int:
        return j + 1

    def _is_one(self, tokens: list[Token], j: int, draft: NounPhrase) -> bool:
        """Whether "one" is a pronoun here: nothing it could count comes after it."""
        if tokens[j].text != "one":
            return False
        following = tokens[j + 1] if j + 1 < len(tokens) else None
        if draft.det in ("the", "another", "all") or draft.other:
            return True
        return following is None or not self._starts_noun(tokens, j + 1)

    def _quantity(self, tokens: list[Token], j: int) -> tuple[int, int] | None:
        for size in (3, 2, 1):
            for skip in (0, 1):
                words = tuple(t.text for t in tokens[j + skip : j + skip + size])
                if skip and tokens[j].text != "a":
                    continue
                number = self._quantities.get(words)
                if number is None or self._match(tokens, j + skip) > size:
                    continue
                if (
                    size == 1
                    and words[0] in ("couple", "pair")
                    and not self._starts_noun(tokens, j + skip + 1)
                ):
                    continue
                if j + skip + size >= len(tokens):
                    continue
                return number, j + skip + size
        return None

    def _noun(
        self, tokens: list[Token], j: int, draft: NounPhrase, loose: bool
    ) -> NounPhrase | None:
        """The noun with what stands before it, from token `j` on."""
        stop = self._stop(tokens, j)
        if any(
            tokens[k].text in ("one", "ones") and (k == j or self._match(tokens, k - 1) < 2)
            for k in range(j, min(stop + 1, len(tokens)))
        ):
            one = self._one(tokens, j, stop, draft)
            if one is not None:
                return one
        for end in range(stop, j, -1):
            for s in range(j, end):
                size = self._match(tokens, s)
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
            words = _text(tokens, j, stop)
            return replace(
                draft, end=stop, unknown=words, plural=tokens[stop - 1].key != tokens[stop - 1].text
            )
        return None

    def _stop(self, tokens: list[Token], j: int) -> int:
        """Where the words that may belong to one noun end."""
        stop = j
        while stop < len(tokens):
            token = tokens[stop]
            size = self._match(tokens, stop)
            if size > 1 or (size and token.text not in _BARRIERS):
                stop += size
                continue
            if (
                token.is_mark
                or token.text in _BARRIERS
                or (stop > j and token.text in self._determiners and token.text != "more")
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
            collective=last.text in self._collective,
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
            size = self._match(tokens, j, s)
            places = (
                tuple(sorted(self._site.index.get(tuple(t.key for t in tokens[j : j + size]), ())))
                if size
                else ()
            )
            if places and self.is_place(places) and self._is_there(places, things):
                place = NounPhrase(
                    _text(tokens, j, j + size),
                    j,
                    j + size,
                    det="the",
                    refs=places,
                    key=tuple(t.key for t in tokens[j : j + size]),
                )
                draft, j = replace(draft, places=(*draft.places, place)), j + size
                continue
            if places and token.possessive:
                draft, j = replace(draft, owner=_text(tokens, j, j + size)), j + size
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
            size = self._match(tokens, s)
            if size and s + size == stop:
                refs = tuple(sorted(self._site.index[tuple(t.key for t in tokens[s:stop])]))
                return replace(
                    draft,
                    end=stop,
                    refs=refs,
                    half_known=_text(tokens, j, stop),
                    key=tuple(t.key for t in tokens[s:stop]),
                )
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

    # -- what follows the noun ---------------------------------------------------------------


def _text(tokens: list[Token], i: int, j: int) -> str:
    return " ".join(t.text for t in tokens[i:j])


def _owner(tokens: list[Token], i: int, j: int) -> str:
    return " ".join(t.key for t in tokens[i:j] if t.text not in ("the", "my"))
