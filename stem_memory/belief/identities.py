"""Which ids mean one and the same thing, and what is believed of it altogether.

What each id was reported of is kept apart, so two ids can be made one and parted again without
anything being lost: evidence that came in between belongs to the id it named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stem_memory.belief.entity import UNSEEN, Entity
from stem_memory.belief.evidence import SURVEY, Evidence


class Identities:
    """A forest of ids: each id that was merged points to the one it was merged into."""

    def __init__(self) -> None:
        self.into: dict[str, str] = {}

    def merge(self, thing: str, into: str) -> None:
        """Let `thing` be the same as `into`; without effect if it is merged already, or a circle."""
        if thing not in self.into and self.root(into) != thing:
            self.into[thing] = into

    def part(self, thing: str) -> None:
        """Let a merged id stand for itself again, with what was merged into it."""
        self.into.pop(thing, None)

    def root(self, thing: str) -> str:
        """The id that stands for all that are the same."""
        while thing in self.into:
            thing = self.into[thing]
        return thing

    def members(self, thing: str) -> tuple[str, ...]:
        """All ids that are the same, the one that stands for them first."""
        root = self.root(thing)
        others = sorted(other for other in self.into if self.root(other) == root)
        return (root, *others)


def united(entities: Sequence[Entity]) -> Entity:
    """What is believed of several ids that are one thing; the first stands for all.

    For each attribute the newest evidence holds. That one id was looked for in vain does not speak
    against another having been seen: it only counts if none was.
    """
    first = entities[0]
    known = next((e for e in entities if e.cls != UNSEEN), first)
    whole = Entity(first.id, first.category, known.cls, fixed=first.fixed)
    whole.names = tuple(dict.fromkeys(name for e in entities for name in e.names))
    for entity in reversed(entities):
        whole.attrs.update(entity.attrs)
        for holder, times in entity.been.items():
            whole.been[holder] = whole.been.get(holder, 0) + times
    for name in sorted({name for e in entities for name in e.states}):
        held = [e.states[name] for e in entities if name in e.states]
        whole.states[name] = max(held, key=_rank)
    placed = [e for e in entities if e.place is not None and e.place.value is not None]
    missed = [e for e in entities if e.place is not None]
    if placed or missed:
        best = max(placed or missed, key=lambda e: _rank(e.place))
        whole.place, whole.xy = best.place, best.xy
    return whole


def _rank(evidence: Evidence[Any] | None) -> tuple[float, bool, float, str]:
    if evidence is None:
        return (float("-inf"), False, 0.0, "")
    return (evidence.seen, evidence.source != SURVEY, evidence.confidence, evidence.source)
