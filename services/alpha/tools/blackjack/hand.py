"""One hand worked out: what each thing that its player may do is worth, in bets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.alpha.tools.blackjack.actions import Table, double, hit, natural, stand
from services.alpha.tools.blackjack.dealer import outcomes
from services.alpha.tools.blackjack.rules import ACE, TEN, Action, Rules, total_of
from services.alpha.tools.blackjack.shoe import Shoe
from services.alpha.tools.blackjack.split import split


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
            values["split"] = split(table, shoe, cards[0], hands)
        if rules.surrender and not from_split:
            taken = outcomes(up, shoe, rules.hit_soft_17, rules.peek).blackjack
            values["surrender"] = -0.5 - 0.5 * taken
    return Play(total, soft, values)


def insurance(rules: Rules, cards: Sequence[int], seen: Sequence[int] = ()) -> float:
    """Value of insurance against a dealer's ace, per unit of the side bet (pays two to one)."""
    shoe = Shoe.full(rules).without((*cards, ACE, *seen))
    return 3.0 * shoe.counts[TEN] / shoe.left - 1.0
