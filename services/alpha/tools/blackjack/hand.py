"""Exact expected values of playing one hand, in bets, cards removed from the shoe as they are seen.

The classic recursion (R. Baldwin and others, "The Optimum Strategy in Blackjack", JASA 51, 1956;
E. Thorp, 1962) on the exact composition of the hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.alpha.tools.blackjack.dealer import gives_blackjack, outcomes
from services.alpha.tools.blackjack.rules import ACE, TEN, Action, Rules, add, total_of
from services.alpha.tools.blackjack.shoe import Shoe, draws


@dataclass(frozen=True)
class Play:
    """One decision, worked out: the value of each thing that may be done, in bets.

    After a peek, values are given that the dealer has no blackjack.
    """

    total: int
    soft: bool
    values: dict[Action, float]

    @property
    def best(self) -> Action:
        """The action of the highest value."""
        return max(self.values, key=lambda action: self.values[action])

    @property
    def margin(self) -> float:
        """How much the best action is better than the next best, in bets."""
        ordered = sorted(self.values.values(), reverse=True)
        return ordered[0] - ordered[1] if len(ordered) > 1 else ordered[0]


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


def solve(
    rules: Rules,
    cards: Sequence[int],
    up: int,
    seen: Sequence[int] = (),
    hands: int = 1,
    from_split: bool = False,
) -> Play:
    """Every allowed action's value for these cards against this upcard.

    Args:
        rules: The table's.
        cards: Ranks (0..9) of the hand, two or more.
        up: Rank of the dealer's open card.
        seen: Other ranks known to have left the shoe (other players' cards on the table).
        hands: How many hands the player has already, by splitting.
        from_split: The hand came from a split.

    Raises:
        ValueError: Fewer than two cards, or more of a rank than the shoe holds.
    """
    if len(cards) < 2:
        raise ValueError("a hand has at least two cards")
    shoe = Shoe.full(rules).without((*cards, up, *seen))
    return solve_from(rules, cards, up, shoe, hands, from_split)


def solve_from(
    rules: Rules,
    cards: Sequence[int],
    up: int,
    shoe: Shoe,
    hands: int = 1,
    from_split: bool = False,
) -> Play:
    """Like `solve`, with the shoe as it is after all cards that were seen."""
    table = Table(rules, up)
    total, soft = total_of(cards)
    if total > 21:
        return Play(total, soft, {"stand": -1.0})
    if len(cards) == 2 and total == 21 and not from_split:
        return Play(total, soft, {"stand": natural(table, shoe)})
    values: dict[Action, float] = {"stand": stand(table, shoe, total)}
    if from_split and cards[0] == ACE and not rules.hit_split_aces:
        may_resplit = rules.resplit_aces
    else:
        may_resplit = True
        if total < 21:
            values["hit"] = hit(table, shoe, total, soft)
        double_here = rules.double_after_split or not from_split
        if len(cards) == 2 and double_here and rules.may_double(total, soft):
            values["double"] = double(table, shoe, total, soft)
    if len(cards) == 2:
        if cards[0] == cards[1] and hands < rules.max_hands and may_resplit:
            from services.alpha.tools.blackjack.split import split

            values["split"] = split(table, shoe, cards[0], hands)
        if rules.surrender and not from_split:
            taken = outcomes(up, shoe, rules.hit_soft_17, rules.peek).blackjack
            values["surrender"] = -0.5 - 0.5 * taken
    return Play(total, soft, values)


def insurance(rules: Rules, cards: Sequence[int], seen: Sequence[int] = ()) -> float:
    """Value of insurance against a dealer's ace, per unit of the side bet (pays two to one)."""
    shoe = Shoe.full(rules).without((*cards, ACE, *seen))
    return 3.0 * shoe.counts[TEN] / shoe.left - 1.0
