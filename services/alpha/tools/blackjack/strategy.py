"""Basic strategy and the edge of a whole game, derived from the exact values: nothing typed in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

from services.alpha.tools.blackjack.dealer import gives_blackjack
from services.alpha.tools.blackjack.hand import Play, solve, solve_from
from services.alpha.tools.blackjack.rules import ACE, RANKS, TEN, Action, Rules, total_of
from services.alpha.tools.blackjack.shoe import Shoe


@dataclass(frozen=True)
class Chart:
    """Basic strategy: the best action by row ("hard 16", "soft 18", "pair 8") and upcard.

    Each cell weighs all two-card hands of that row by how often they are dealt.
    """

    rules: Rules
    cells: dict[tuple[str, int], Action]

    def action(self, cards: tuple[int, int], up: int) -> Action:
        """What to do with two cards."""
        return self.cells[row_of(cards), up]


def row_of(cards: tuple[int, int]) -> str:
    """The row of the chart for a two-card hand."""
    if cards[0] == cards[1]:
        return f"pair {RANKS[cards[0]]}"
    total, soft = total_of(cards)
    return f"{'soft' if soft else 'hard'} {total}"


def _deal(rules: Rules, cards: tuple[int, int], up: int) -> float:
    """Probability of being dealt these two cards against this upcard."""
    shoe, chance = Shoe.full(rules), 1.0
    for rank in (*cards, up):
        chance *= shoe.counts[rank] / shoe.left
        shoe = shoe.without((rank,))
    return chance * (1 if cards[0] == cards[1] else 2)


@lru_cache(maxsize=64)
def _plays(rules: Rules) -> dict[tuple[tuple[int, int], int], Play]:
    hands = list(combinations_with_replacement(range(10), 2))
    return {(cards, up): solve(rules, cards, up) for cards in hands for up in range(10)}


@lru_cache(maxsize=64)
def chart(rules: Rules) -> Chart:
    """The basic strategy of a table. Takes seconds for few decks: every hand is solved exactly."""
    sums: dict[tuple[str, int], dict[Action, float]] = {}
    for (cards, up), play in _plays(rules).items():
        cell = sums.setdefault((row_of(cards), up), {})
        for action, value in play.values.items():
            cell[action] = cell.get(action, 0.0) + _deal(rules, cards, up) * value
    return Chart(rules, {key: max(cell, key=lambda a: cell[a]) for key, cell in sums.items()})


@lru_cache(maxsize=64)
def edge(rules: Rules) -> float:
    """The player's expected gain per bet over a whole game, every hand played best; usually < 0."""
    return sum(
        _deal(rules, cards, up) * _round(rules, cards, up, play)
        for (cards, up), play in _plays(rules).items()
    )


@lru_cache(maxsize=64)
def edge_estimate(rules: Rules) -> float:
    """The edge within 0.0003 in a fraction of a second: of each deal the two hands' first cards are
    taken out of the shoe, later ones are not.
    """
    total = 0.0
    for cards in combinations_with_replacement(range(10), 2):
        for up in range(10):
            chance = _deal(rules, cards, up)
            if chance:
                left = Shoe(Shoe.full(rules).without((*cards, up)).counts, finite=False)
                total += chance * _round(rules, cards, up, solve_from(rules, cards, up, left))
    return total


def _round(rules: Rules, cards: tuple[int, int], up: int, play: Play) -> float:
    """Value of a round from the deal: a peeked blackjack of the dealer ends it."""
    value = play.values[play.best]
    hole = gives_blackjack(up)
    if hole is None or not rules.peek:
        return value
    shoe = Shoe.full(rules).without((*cards, up))
    taken = shoe.counts[hole] / shoe.left
    ours = set(cards) == {ACE, TEN}
    return taken * (0.0 if ours else -1.0) + (1.0 - taken) * value
