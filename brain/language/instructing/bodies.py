"""Which robots an instruction means."""

from __future__ import annotations

from collections.abc import Sequence

from brain.language.instructing.patterns import listed
from brain.language.words.lexicon import among
from brain.language.words.site import Site
from brain.language.words.tokens import Token

_BETWEEN = among("the a an all both every each of my our this that these those no number")
_ROBOT = among("robot bot body machine unit")
_EXCEPT = among("except but besides excluding")
_WHERE = among("in at on near")


def bodies_of(tokens: Sequence[Token], site: Site) -> tuple[str, ...] | None:
    """The ids of the robots that the tokens name: empty for all of them, None where others are meant.

    Where a name fits several, all are meant: who calls "stop the waiter" gets every waiter stopped.
    """
    every = tuple(site.view.bodies())
    words = [t for t in tokens if not t.is_mark]
    end = next((i for i, t in enumerate(words) if i and t.text in _EXCEPT), len(words))
    found = _listed(words[:end], site)
    if found is None:
        return None
    but = _listed([t for t in words[end + 1 :] if t.text not in ("for", "from")], site)
    if end < len(words) and but is None:
        return None
    left = tuple(b for b in every if b in found and b not in (but or ()))
    return () if left == every else left or None


def _listed(tokens: Sequence[Token], site: Site) -> frozenset[str] | None:
    """The robots that are named one by one, or as all of them; None where others are."""
    end = next((i for i, t in enumerate(tokens) if i and t.text in _WHERE), len(tokens))
    if end < len(tokens):
        there = _place(tokens[end + 1 :], site)
        found = _listed(tokens[:end], site)
        if there is None or found is None:
            return None
        near = frozenset(b for b in found if site.within(b, there) or _room(b, site) == there)
        # Who is not known to be there may be on its way.
        return near or found
    if tuple(t.text for t in tokens) in listed("everybody"):
        return frozenset(site.view.bodies())
    named: set[str] = set()
    i = 0
    while i < len(tokens):
        if tokens[i].text in (*_BETWEEN, "and", "please"):
            i += 1
            continue
        end, bodies = _named(tokens, i, site)
        if not bodies and tokens[i].key in _ROBOT and i + 1 < len(tokens):
            i += 1
            continue
        if not bodies:
            return None
        named |= set(bodies)
        i = end
    return frozenset(named) or None


def _place(tokens: Sequence[Token], site: Site) -> str | None:
    """The one place that the tokens name."""
    key = tuple(t.key for t in tokens if t.text not in ("the", "this", "that"))
    places = [r.id for r in site.index.get(key, ()) if r.kind == "thing"]
    return places[0] if len(places) == 1 else None


def _room(body: str, site: Site) -> str | None:
    return site.view.room_of(body)


def _named(tokens: Sequence[Token], i: int, site: Site) -> tuple[int, tuple[str, ...]]:
    """Where the name of robots at `i` ends, and which they are; none if it is no such name."""
    known = site.view.bodies()
    for size in range(min(site.longest, len(tokens) - i), 0, -1):
        refs = site.index.get(tuple(t.key for t in tokens[i : i + size]), ())
        best = min((r.rank for r in refs), default=0)
        found: dict[str, None] = {}
        for ref in refs:
            if ref.rank == best:
                things = (ref.id,) if ref.kind == "thing" else site.members(ref.id)
                found.update(dict.fromkeys(t for t in things if t in known))
        if found:
            return i + size, tuple(found)
    return i, ()
