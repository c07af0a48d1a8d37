"""The cards still to come, as counts by rank; an infinite shoe never changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.alpha.tools.blackjack.rules import TEN, Rules


@dataclass(frozen=True)
class Shoe:
    """Counts of the ten ranks; for an infinite shoe they are parts of thirteen and stay."""

    counts: tuple[int, ...]
    finite: bool = True

    @classmethod
    def full(cls, rules: Rules) -> Shoe:
        """The shoe before the first card."""
        each = 4 * rules.decks if rules.decks else 1
        return cls(tuple(4 * each if r == TEN else each for r in range(10)), rules.decks > 0)

    @property
    def left(self) -> int:
        """How many cards there are."""
        return sum(self.counts)

    def without(self, ranks: Iterable[int]) -> Shoe:
        """The shoe after these cards have left it.

        Raises:
            ValueError: There are not so many of them.
        """
        if not self.finite:
            return self
        counts = list(self.counts)
        for rank in ranks:
            counts[rank] -= 1
        if min(counts) < 0:
            raise ValueError("more cards of one rank are seen than the shoe holds: check the decks")
        return Shoe(tuple(counts))


@lru_cache(maxsize=400_000)
def draws(shoe: Shoe, hole_is_not: int | None) -> tuple[tuple[int, float], ...]:
    """The next card's rank and probability, when the dealer's hidden card is known not to be
    `hole_is_not` (the dealer peeked).

    With the hidden card drawn first: P(x | hole is no b) is the count of x times the ways in which
    another card is no b. For an infinite shoe the hidden card tells nothing.
    """
    total = shoe.left
    if hole_is_not is None or not shoe.finite:
        return tuple((r, c / total) for r, c in enumerate(shoe.counts) if c)
    bad = shoe.counts[hole_is_not]
    ways = (total - 1) * (total - bad)
    return tuple(
        (r, c * (total - 1 - bad + (r == hole_is_not)) / ways)
        for r, c in enumerate(shoe.counts)
        if c
    )
