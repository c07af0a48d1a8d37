"""What an answer to a question picks."""

from __future__ import annotations

from collections.abc import Sequence

from brain.language.clauses import ClauseReader
from brain.language.doubt import Unclear
from brain.language.lexicon import among, lexicon, said
from brain.language.reading import words_of
from brain.language.site import Site
from brain.language.tokens import Token

_EMPTY = among(
    "the a an one ones i mean meant want would like please it is that this of from my me yes yeah oh just bring take get use give with for sorry no and to in on at by which who table"
) - {"table"}


def is_cancel(tokens: Sequence[Token]) -> bool:
    """Whether the words call the wish off."""
    return _plain(tokens) in said("cancel")


def picked(doubt: Unclear, text: str, site: Site) -> tuple[str, ...]:
    """The things (or the number, or the place) that the answer picks; empty: none."""
    tokens = words_of(text, site)
    plain = _plain(tokens)
    if doubt.kind == "which":
        if plain in said("any"):
            return (doubt.things[0],)
        if plain in said("all"):
            return doubt.things
        if plain in said("yes") and len(doubt.things) == 1:
            return doubt.things
        found = _told_apart(doubt.things, tokens, site)
        return (found[0],) if len(found) == 1 else ()
    if doubt.kind == "count":
        numbers = [t.number for t in tokens if t.number is not None]
        words = lexicon().words["quantities"]
        numbers += [words[t.text] for t in tokens if t.text in words]
        return (str(numbers[0]),) if len(numbers) == 1 else ()
    if doubt.kind in ("where", "who"):
        return _place(tokens, site, doubt.kind)
    return ()


def _plain(tokens: Sequence[Token]) -> tuple[str, ...]:
    words = [t.text for t in tokens if not t.is_mark and t.text not in ("please", "thanks", "oh")]
    return tuple(words)


def _place(tokens: list[Token], site: Site, kind: str) -> tuple[str, ...]:
    reader = ClauseReader(site, lexicon())
    for i in range(len(tokens)):
        noun = reader.nouns.known(tokens, i)
        if noun is None or not noun.refs:
            continue
        wanted = ("person",) if kind == "who" else ("fixture", "room", "person")
        things = [
            r.id for r in noun.refs if r.kind == "thing" and site.view.category(r.id) in wanted
        ]
        if not things:
            things = [
                t
                for r in noun.refs
                if r.kind == "class"
                for t in site.members(r.id)
                if site.view.category(t) in wanted
            ]
        if len(things) == 1:
            return (things[0],)
    return ()


def _told_apart(things: Sequence[str], tokens: list[Token], site: Site) -> list[str]:
    """The things of which every word of the answer is true."""
    words = [t for t in tokens if not t.is_mark]
    ordinal = _ordinal(words, things, site)
    if ordinal is not None:
        return [ordinal]
    found = list(things)
    content = [t for t in words if t.text not in _EMPTY and t.text not in lexicon().verbs]
    content = content or [t for t in words if t.text not in _EMPTY]
    if not content:
        return []
    states = lexicon().words["states"]
    for token in content:
        kept = [t for t in found if token.key in _words(t, site)]
        if not kept and token.text in states:
            attr, value = states[token.text]
            kept = [t for t in found if site.view.attr(t, attr) == value]
        if not kept:
            return []
        found = kept
    if len(found) > 1:
        exact = [t for t in found if {w.key for w in content} == set(site.title(t).lower().split())]
        found = exact or found
    return found


def _words(thing: str, site: Site) -> frozenset[str]:
    """The words of a thing and of where it is."""
    if site.view.category(thing) is None:
        card = site.card(thing)
        return frozenset(w for name in (card.names if card else (thing,)) for w in name.split())
    words = set(site.words_of(thing))
    place = site.view.location(thing)
    if place is not None:
        words |= site.words_of(place.holder)
    room = site.view.room_of(thing)
    if room is not None:
        words |= site.words_of(room)
    return frozenset(words)


def _ordinal(words: Sequence[Token], things: Sequence[str], site: Site) -> str | None:
    ordinals: dict[str, int] = lexicon().words["ordinals"]
    for token in words:
        place = ordinals.get(token.text)
        if token.text == "last":
            return things[-1]
        if token.text == "former":
            return things[0]
        if token.text == "latter":
            return things[-1]
        by_name = [t for t in things if token.key in _words(t, site)]
        if place is not None and not by_name and place <= len(things):
            return things[place - 1]
    return None
