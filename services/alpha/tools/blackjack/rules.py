"""The rules of a blackjack table, and ranks as the arithmetic sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from devices.noun import Noun

# Ranks are counted 0..9: ace, two .. nine, and everything that counts ten.
RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "T")
ACE, TEN = 0, 9
_SAME = {"10": TEN, "J": TEN, "Q": TEN, "K": TEN, "1": ACE}

Action = Literal["stand", "hit", "double", "split", "surrender"]


class Rules(Noun):
    """What this table allows. `decks` 0 means so many that no card is missed (an infinite shoe).

    `max_hands` is how many hands splitting may make (1: no splitting, 2: no resplitting). With
    `peek` the dealer looks for a blackjack before anyone plays; without, a blackjack takes doubled
    and split bets too. `surrender` is late: after the dealer has peeked.
    """

    decks: int = Field(default=6, ge=0, le=16)
    hit_soft_17: bool = False
    double: Literal["any", "9-11", "10-11", "none"] = "any"
    double_after_split: bool = True
    max_hands: int = Field(default=4, ge=1, le=8)
    resplit_aces: bool = False
    hit_split_aces: bool = False
    surrender: bool = False
    peek: bool = True
    blackjack_pays: float = Field(default=1.5, gt=0)

    def may_double(self, total: int, soft: bool) -> bool:
        """Whether a hand of two cards of this total may be doubled."""
        if self.double == "any":
            return True
        lowest = {"9-11": 9, "10-11": 10}.get(self.double, 99)
        return not soft and lowest <= total <= 11


def rank_of(name: str) -> int:
    """The rank (0..9) of "A", "2" .. "10", "T", "J", "Q", "K"; suits after it are ignored.

    Raises:
        ValueError: It is no card.
    """
    word = name.strip().upper().rstrip("♠♥♦♣")
    if len(word) > 1 and word[-1] in "CDHS":
        word = word[:-1]
    if word in _SAME:
        return _SAME[word]
    if word in RANKS:
        return RANKS.index(word)
    raise ValueError(f"{name!r} is no card: give A, 2 to 10, J, Q or K")


def add(total: int, soft: bool, rank: int) -> tuple[int, bool]:
    """The best total and whether an ace counts eleven in it, after one more card."""
    points = 11 if rank == ACE else rank + 1
    soft_aces = int(soft) + int(rank == ACE)
    total += points
    while total > 21 and soft_aces:
        total -= 10
        soft_aces -= 1
    return total, soft_aces > 0


def total_of(cards: Sequence[int]) -> tuple[int, bool]:
    """The best total of the cards, and whether an ace counts eleven in it."""
    total, soft = 0, False
    for rank in cards:
        total, soft = add(total, soft, rank)
    return total, soft
