"""The tools of the blackjack skill: advice from cards that were read, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from devices.facts import Value
from services.alpha.contracts import Content
from services.alpha.tools.blackjack.bankroll import advise_bet
from services.alpha.tools.blackjack.hand import Play, solve
from services.alpha.tools.blackjack.rules import Rules, rank_of
from services.alpha.tools.blackjack.shoe import Shoe, draws


def advise(
    rules: Rules, cards: Sequence[Value], dealer: Sequence[Value], seen: Sequence[Value] = ()
) -> dict[str, Content]:
    """The best action for the cards read ("10h", "6c") against the dealer's one open card.

    Returns:
        `action`, `total`, `soft`, `value` (in bets), `margin` over the next best action, `bust` (the
        chance that one more card breaks the hand), `actions` as (name, value) pairs, best first.

    Raises:
        ValueError: There is not exactly one open dealer card, there are fewer than two cards, or
            they cannot all come from this shoe.
    """
    if len(dealer) != 1:
        raise ValueError(f"the dealer shows {len(dealer)} cards: advice needs exactly one")
    hand = [rank_of(str(card)) for card in cards]
    up = rank_of(str(dealer[0]))
    others = [rank_of(str(card)) for card in seen]
    play = solve(rules, hand, up, others)
    ranked = sorted(play.values.items(), key=lambda item: -item[1])
    return {
        "action": play.best,
        "total": play.total,
        "soft": play.soft,
        "value": round(play.values[play.best], 6),
        "margin": round(play.margin, 6),
        "bust": round(_bust(rules, hand, up, others, play), 6),
        "actions": tuple((name, round(value, 6)) for name, value in ranked),
    }


def _bust(rules: Rules, hand: list[int], up: int, others: list[int], play: Play) -> float:
    if play.soft:
        return 0.0
    shoe = Shoe.full(rules).without((*hand, up, *others))
    return sum(chance for rank, chance in draws(shoe, None) if play.total + rank + 1 > 21)


def bet(
    rules: Rules, bankroll: Value, minimum: Value, maximum: Value | None = None, hands: Value = 80
) -> dict[str, Content]:
    """What to bet in a session; money as numbers of one currency.

    Returns:
        `bet`, `edge`, `expected`, `swing`, `ruin`, `reason`.

    Raises:
        ValueError: A figure is no number above zero.
    """
    try:
        top = float("inf") if maximum is None else float(maximum)
        found = advise_bet(rules, float(bankroll), float(minimum), top, int(float(hands)))
    except TypeError as error:
        raise ValueError("give the bankroll and the minimum bet as numbers") from error
    return {
        "bet": found.bet,
        "edge": round(found.edge, 6),
        "expected": round(found.expected, 2),
        "swing": round(found.swing, 2),
        "ruin": round(found.ruin, 6),
        "reason": found.reason,
    }
