"""What the dealer ends with, exactly, for any shoe.

All orders of the same cards are equally likely, so the dealer's hands are counted once per upcard as
multisets of drawn cards with the number of orders in which they are drawn; a shoe then gives each
multiset its probability by falling factorials.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.alpha.tools.blackjack.rules import ACE, TEN, add
from services.alpha.tools.blackjack.shoe import Shoe

BUST, BLACKJACK = 22, 23


@dataclass(frozen=True)
class Outcomes:
    """Probabilities of the dealer's final totals 17..21, of a bust and of a blackjack."""

    totals: tuple[float, float, float, float, float]
    bust: float
    blackjack: float

    def stand(self, total: int) -> float:
        """Expected value of standing on a total that is no blackjack, in bets."""
        won = self.bust + sum(self.totals[: max(0, total - 17)])
        lost = sum(self.totals[max(0, total - 16) :]) + self.blackjack
        return won - lost

    def push(self, total: int) -> float:
        """Probability that the bet comes back."""
        return self.totals[total - 17] if total >= 17 else 0.0


@dataclass(frozen=True)
class _Hands:
    drawn: NDArray[np.int64]
    size: NDArray[np.int64]
    orders: NDArray[np.float64]
    ends: NDArray[np.int64]


@lru_cache(maxsize=64)
def _hands(up: int, hit_soft_17: bool) -> _Hands:
    found: Counter[tuple[tuple[int, ...], int]] = Counter()
    drawn = [0] * 10

    def draw(total: int, soft: bool, depth: int) -> None:
        done = total > 17 or (total == 17 and not (soft and hit_soft_17))
        if depth and done:
            natural = depth == 1 and total == 21
            end = BUST if total > 21 else BLACKJACK if natural else total
            found[tuple(drawn), end] += 1
            return
        for rank in range(10):
            drawn[rank] += 1
            draw(*add(total, soft, rank), depth + 1)
            drawn[rank] -= 1

    draw(*add(0, False, up), 0)
    rows = sorted(found)
    table = np.array([row for row, _ in rows], np.int64)
    return _Hands(
        table,
        table.sum(1),
        np.array([found[row] for row in rows], np.float64),
        np.array([end for _, end in rows], np.int64),
    )


@lru_cache(maxsize=10_000)
def _falling(count: int, longest: int) -> NDArray[np.float64]:
    """1, c, c(c-1), ... up to `longest` factors."""
    factors = np.maximum(count - np.arange(longest, dtype=np.float64), 0.0)
    return np.concatenate([[1.0], np.cumprod(factors)])


@lru_cache(maxsize=400_000)
def outcomes(up: int, shoe: Shoe, hit_soft_17: bool, peeked: bool) -> Outcomes:
    """The dealer's results from an upcard (0..9) and the shoe without it.

    With `peeked`, given that the dealer has no blackjack.
    """
    hands = _hands(up, hit_soft_17)
    chance = hands.orders.copy()
    if shoe.finite:
        longest = int(hands.size.max())
        for rank, count in enumerate(shoe.counts):
            chance *= _falling(count, longest)[hands.drawn[:, rank]]
        chance /= np.maximum(_falling(shoe.left, longest), 1.0)[hands.size]
    else:
        parts = np.array(shoe.counts, np.float64) / shoe.left
        chance *= np.prod(parts[None, :] ** hands.drawn, axis=1)
    ends = np.bincount(hands.ends, weights=chance, minlength=BLACKJACK + 1)
    natural = float(ends[BLACKJACK])
    scale = 1.0 / (1.0 - natural) if peeked else 1.0
    t17, t18, t19, t20, t21 = (float(ends[total]) * scale for total in range(17, 22))
    return Outcomes(
        (t17, t18, t19, t20, t21), float(ends[BUST]) * scale, 0.0 if peeked else natural
    )


def gives_blackjack(up: int) -> int | None:
    """The hidden rank that makes a blackjack with this upcard; None if there is none."""
    return {ACE: TEN, TEN: ACE}.get(up)
