"""What an answer to a question picks."""

from __future__ import annotations

from collections.abc import Sequence

from brain.language.grounding.doubt import Unclear
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.reply import EMPTY, Reply
from brain.language.words.lexicon import lexicon, said
from brain.language.words.site import Site
from brain.language.words.tokens import Token

_PLACES = ("fixture", "room", "person")
_OPENINGS = (
    "tell them that",
    "tell him that",
    "tell her that",
    "tell them to",
    "tell him to",
    "tell her to",
    "say that",
    "that",
)


def picked(doubt: Unclear, reply: Reply, site: Site) -> tuple[str, ...]:
    """The things (or the number, the place, the yes) that the answer picks; empty: none.

    Every word of it has to be accounted for: what says more than that is no mere answer.
    """
    if doubt.kind == "which":
        return _which(doubt, reply, site)
    if doubt.kind == "count":
        return _number(doubt, reply)
    if doubt.kind == "where":
        return _place(reply, site, _PLACES)
    if doubt.kind == "who":
        return _place(reply, site, ("person",))
    if doubt.kind == "thing":
        return _thing(reply, site)
    if doubt.kind == "yes":
        return ("yes",) if reply.plain in said("yes") else ()
    return ()


def message_of(text: str) -> str:
    """A message without the words that only lead to it ("tell her that ...")."""
    message = text.strip(" .!?")
    for opening in _OPENINGS:
        if message.lower().startswith(f"{opening} "):
            return message[len(opening) + 1 :]
    return message


def _which(doubt: Unclear, reply: Reply, site: Site) -> tuple[str, ...]:
    if reply.plain in said("any"):
        return (doubt.things[0],)
    if reply.plain in said("all"):
        return doubt.things
    if reply.plain in said("yes") and len(doubt.things) == 1:
        return doubt.things
    tokens = [t for t in reply.tokens if not t.is_mark]
    if tokens and tokens[0].text == "not":
        out = _told_apart(doubt.things, tokens[1:], site)
        left = [t for t in doubt.things if t not in out]
        return (left[0],) if len(out) == len(left) == 1 else ()
    found = _told_apart(doubt.things, tokens, site)
    return (found[0],) if len(found) == 1 else ()


def _number(doubt: Unclear, reply: Reply) -> tuple[str, ...]:
    quantities: dict[str, int] = lexicon().words["quantities"]
    counted = {key.rstrip("s") for key in doubt.slot.partition(":")[2].split()}
    numbers: list[int] = []
    for token in reply.tokens:
        if token.number is not None:
            numbers.append(token.number)
        elif token.text in quantities:
            numbers.append(quantities[token.text])
        elif not token.is_mark and token.text not in EMPTY and token.key.rstrip("s") not in counted:
            return ()
    return (str(numbers[0]),) if len(numbers) == 1 else ()


def _thing(reply: Reply, site: Site) -> tuple[str, ...]:
    """The one thing that is named."""
    nouns = reply.nouns()
    if len(nouns) != 1 or reply.beside(nouns):
        return ()
    found = _meant(nouns[0], site)
    return (found[0],) if len(found) == 1 else ()


def _place(reply: Reply, site: Site, wanted: Sequence[str]) -> tuple[str, ...]:
    """The one place (or person) that is named; of a room and what is in it, the latter."""
    nouns = reply.nouns()
    if reply.beside(nouns):
        return ()
    found: list[str] = []
    for noun in nouns:
        there = [t for t in _meant(noun, site) if site.view.category(t) in wanted]
        if len(there) > 1 and found:
            there = [t for t in there if site.view.room_of(t) in found]
        found += there if len(there) == 1 else []
        if len(there) != 1:
            rooms = [n for other in nouns if other is not noun for n in _meant(other, site)]
            there = [t for t in there if site.view.room_of(t) in rooms]
            if len(there) != 1:
                return ()
            found += there
    found = [t for t in found if not any(o != t and site.view.room_of(o) == t for o in found)]
    return (found[0],) if len(set(found)) == 1 else ()


def _meant(noun: NounPhrase, site: Site) -> list[str]:
    """What a noun phrase may mean: a thing of that name, else those of the kind."""
    for rank in sorted({ref.rank for ref in noun.refs}):
        pool: dict[str, None] = {}
        for ref in noun.refs:
            if ref.rank == rank:
                pool.update(
                    dict.fromkeys((ref.id,) if ref.kind == "thing" else site.members(ref.id))
                )
        found = [
            t
            for t in pool
            if all(look in site.words_of(t) for look in noun.looks)
            and all(site.view.attr(t, a) == v for a, v in noun.states.items())
        ]
        if found:
            return found
    return []


def _told_apart(things: Sequence[str], words: Sequence[Token], site: Site) -> list[str]:
    """The things of which every word of the answer is true."""
    ordinal = _ordinal(words, things, site)
    if ordinal is not None:
        return [ordinal]
    found = list(things)
    content = [t for t in words if t.text not in EMPTY and t.text not in lexicon().verbs]
    content = content or [t for t in words if t.text not in EMPTY]
    if not content:
        return []
    states = lexicon().taught(site.view.skills()).words["states"]
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
    known = (*EMPTY, *ordinals, "last", "former", "latter", "option", "number")
    if any(t.text not in known and t.number is None and not _fits(t, things, site) for t in words):
        return None
    for token in words:
        place = ordinals.get(token.text)
        if token.text in ("last", "latter"):
            return things[-1]
        if token.text == "former":
            return things[0]
        by_name = [t for t in things if token.key in _words(t, site)]
        if place is not None and not by_name and place <= len(things):
            return things[place - 1]
    return None


def _fits(token: Token, things: Sequence[str], site: Site) -> bool:
    return any(token.key in _words(t, site) for t in things)
