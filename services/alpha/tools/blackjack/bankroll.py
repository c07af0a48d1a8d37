"""What to bet, without counting: from the table's edge, its swing and the money at hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from services.alpha.tools.blackjack.actions import Table, double, hit, stand
from services.alpha.tools.blackjack.dealer import gives_blackjack, outcomes
from services.alpha.tools.blackjack.hand import solve
from services.alpha.tools.blackjack.rules import ACE, TEN, Rules, add, total_of
from services.alpha.tools.blackjack.shoe import Shoe, draws
from services.alpha.tools.blackjack.strategy import edge_estimate


@dataclass(frozen=True)
class BetAdvice:
    """How much to bet, in money, and what that means.

    `ruin` is the chance of losing the whole bankroll within the session, `expected` the mean gain
    over it in money, `swing` one standard deviation of it.
    """

    bet: float
    edge: float
    expected: float
    swing: float
    ruin: float
    reason: str


def advise_bet(
    rules: Rules, bankroll: float, minimum: float, maximum: float = math.inf, hands: int = 80
) -> BetAdvice:
    """The bet for a session of `hands` hands.

    Against an edge no bet is a good one, so the smallest is the best; with an edge, half of Kelly's
    fraction of the bankroll (J. Kelly, 1956), within the table's limits. Ruin by the first passage
    of Brownian motion with drift.

    Raises:
        ValueError: Money that is no money, or limits that cross.
    """
    if not (bankroll > 0 and minimum > 0 and maximum >= minimum and hands > 0):
        raise ValueError("give a bankroll, a minimum bet and a number of hands above zero")
    mean, variance = edge_estimate(rules), swing_of(rules) ** 2
    if mean <= 0:
        bet, reason = minimum, "the house has the edge, so the smallest bet loses least"
    else:
        bet = min(max(minimum, 0.5 * mean / variance * bankroll), maximum)
        reason = "the edge is yours: half of Kelly's fraction"
    if bet > bankroll:
        bet, reason = 0.0, "the bankroll is smaller than the table's minimum"
    ruin = _ruin(mean * bet, math.sqrt(variance) * bet, bankroll, hands) if bet else 0.0
    return BetAdvice(
        bet=round(bet, 2),
        edge=mean,
        expected=mean * bet * hands,
        swing=math.sqrt(variance * hands) * bet,
        ruin=ruin,
        reason=reason,
    )


def _ruin(drift: float, spread: float, bankroll: float, hands: int) -> float:
    """P(a random walk of this drift and spread a hand falls by the bankroll within `hands`)."""
    width = spread * math.sqrt(hands)

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    direct = normal((-bankroll - drift * hands) / width)
    again = math.exp(min(700.0, -2 * drift * bankroll / spread**2))
    return min(1.0, direct + again * normal((-bankroll + drift * hands) / width))


@lru_cache(maxsize=64)
def swing_of(rules: Rules) -> float:
    """Standard deviation of one round in bets, every hand played best, for an infinite shoe.

    Hands of one split share the dealer; their covariance is left out, which makes the figure about
    one per cent too small.
    """
    endless = rules.model_copy(update={"decks": 0, "max_hands": min(2, rules.max_hands)})
    shoe = Shoe.full(endless)
    mean = square = 0.0
    for up in range(10):
        for first in range(10):
            for second in range(10):
                chance = math.prod(shoe.counts[r] / shoe.left for r in (up, first, second))
                m, s = _round(endless, (first, second), up, shoe)
                mean += chance * m
                square += chance * s
    return math.sqrt(square - mean * mean)


def _round(rules: Rules, cards: tuple[int, int], up: int, shoe: Shoe) -> tuple[float, float]:
    table = Table(rules, up)
    play = solve(rules, cards, up)
    mean = play.values[play.best]
    total, soft = total_of(cards)
    natural = set(cards) == {ACE, TEN}
    if natural:
        square = rules.blackjack_pays**2
    elif play.best == "split":
        square = _split_square(table, shoe, cards[0])
    elif play.best == "double":
        square = _double_square(table, shoe, total, soft)
    elif play.best == "surrender":
        square = 0.25
    else:
        square = _square(table, shoe, total, soft)
    hole = gives_blackjack(up)
    if hole is None or not rules.peek:
        return mean, square
    taken = shoe.counts[hole] / shoe.left
    lost = 0.0 if natural else 1.0
    return taken * -lost + (1 - taken) * mean, taken * lost + (1 - taken) * square


def _not_pushed(table: Table, shoe: Shoe, total: int) -> float:
    if total > 21:
        return 1.0
    dealer = outcomes(table.up, shoe, table.rules.hit_soft_17, table.rules.peek)
    return 1.0 - dealer.push(total)


@lru_cache(maxsize=4096)
def _square(table: Table, shoe: Shoe, total: int, soft: bool) -> float:
    """E[result squared] of hitting and standing as is best."""
    done = total >= 19 and not soft
    if total >= 21 or done or stand(table, shoe, total) >= hit(table, shoe, total, soft):
        return _not_pushed(table, shoe, total)
    return sum(
        chance * _square(table, shoe, *add(total, soft, rank))
        for rank, chance in draws(shoe, table.hole_is_not)
    )


def _double_square(table: Table, shoe: Shoe, total: int, soft: bool) -> float:
    return 4.0 * sum(
        chance * _not_pushed(table, shoe, add(total, soft, rank)[0])
        for rank, chance in draws(shoe, table.hole_is_not)
    )


def _split_square(table: Table, shoe: Shoe, rank: int) -> float:
    rules = table.rules
    mean = square = 0.0
    for card, chance in draws(shoe, table.hole_is_not):
        total, soft = add(*add(0, False, rank), card)
        if rank == ACE and not rules.hit_split_aces:
            mean += chance * stand(table, shoe, total)
            square += chance * _not_pushed(table, shoe, total)
            continue
        keep = stand(table, shoe, total)
        play = keep if total >= 21 else max(keep, hit(table, shoe, total, soft))
        twice = -9.0
        if total < 21 and rules.double_after_split and rules.may_double(total, soft):
            twice = double(table, shoe, total, soft)
        mean += chance * max(play, twice)
        square += chance * (
            _double_square(table, shoe, total, soft)
            if twice > play
            else _square(table, shoe, total, soft)
        )
    return 2.0 * square + 2.0 * mean * mean
