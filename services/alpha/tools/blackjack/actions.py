"""Exact values of each thing that may be done with a hand, in bets, cards removed from the shoe as they are seen.

The classic recursion (R. Baldwin and others, "The Optimum Strategy in Blackjack", JASA 51, 1956;
E. Thorp, 1962) on the exact composition of the hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from services.alpha.tools.blackjack.dealer import gives_blackjack, outcomes
from services.alpha.tools.blackjack.rules import Rules, add
from services.alpha.tools.blackjack.shoe import Shoe, draws


@dataclass(frozen=True)
class Table:
    """The rules and the dealer's upcard: all that stays the same while a hand is played."""

    rules: Rules
    up: int

    @property
    def hole_is_not(self) -> int | None:
        """The rank that a peek has ruled out for the hidden card."""
        return gives_blackjack(self.up) if self.rules.peek else None


@lru_cache(maxsize=400_000)
def stand(table: Table, shoe: Shoe, total: int) -> float:
    """Value of standing."""
    if total > 21:
        return -1.0
    return outcomes(table.up, shoe, table.rules.hit_soft_17, table.rules.peek).stand(total)


@lru_cache(maxsize=400_000)
def best_of_hit_and_stand(table: Table, shoe: Shoe, total: int, soft: bool) -> float:
    """Value of a hand that can only be hit or stood on, played as well as can be."""
    if total >= 21:
        return stand(table, shoe, total)
    if not soft and total >= 19:  # a further card cannot be right
        return stand(table, shoe, total)
    return max(stand(table, shoe, total), hit(table, shoe, total, soft))


def hit(table: Table, shoe: Shoe, total: int, soft: bool) -> float:
    """Value of taking one card and then playing on as well as can be."""
    value = 0.0
    for rank, chance in draws(shoe, table.hole_is_not):
        after, after_soft = add(total, soft, rank)
        if after > 21:
            value -= chance
        else:
            value += chance * best_of_hit_and_stand(table, shoe.without((rank,)), after, after_soft)
    return value


def double(table: Table, shoe: Shoe, total: int, soft: bool) -> float:
    """Value of doubling: one card, two bets."""
    value = 0.0
    for rank, chance in draws(shoe, table.hole_is_not):
        after, _ = add(total, soft, rank)
        value += chance * stand(table, shoe.without((rank,)), after)
    return 2.0 * value


def natural(table: Table, shoe: Shoe) -> float:
    """Value of holding a blackjack."""
    dealer = outcomes(table.up, shoe, table.rules.hit_soft_17, table.rules.peek).blackjack
    return table.rules.blackjack_pays * (1.0 - dealer)
