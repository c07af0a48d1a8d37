"""Which robots an instruction means."""

from __future__ import annotations

from collections.abc import Sequence

from brain.language.instruct_patterns import listed
from brain.language.lexicon import among
from brain.language.site import Site
from brain.language.tokens import Token

_BETWEEN = among("the a an all both every each of my our this that these those no number")
_ROBOT = among("robot bot body machine unit")


def bodies_of(tokens: Sequence[Token], site: Site) -> tuple[str, ...] | None:
    """The ids of the robots that the tokens name: empty for all of them, None where others are meant.

    Where a name fits several, all are meant: who calls "stop the waiter" gets every waiter stopped.
    """
    plain = tuple(t.text for t in tokens if not t.is_mark)
    if plain in listed("everybody"):
        return ()
    found: dict[str, None] = {}
    i = 0
    while i < len(tokens):
        if tokens[i].is_mark or tokens[i].text in (*_BETWEEN, "and", "please"):
            i += 1
            continue
        end, bodies = _named(tokens, i, site)
        if not bodies and tokens[i].key in _ROBOT and i + 1 < len(tokens):
            i += 1
            continue
        if not bodies:
            return None
        found.update(dict.fromkeys(bodies))
        i = end
    every = tuple(site.view.bodies())
    if not found:
        return None
    return () if set(every) == set(found) else tuple(b for b in every if b in found)


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
