"""Exact expected values of splitting and resplitting.

Every hand of a split is played by one fixed strategy: the one that is best for the first hand with the
pair's cards gone. Hands are then alike, so their values add up; only how many there are is left to
chance. That another hand's second card is "no pair card" is turned, by inclusion and exclusion, into
shoes from which more pair cards are gone (E. Farmer, "Optimal" strategy and expected values, CDZ-).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import comb

from services.alpha.tools.blackjack.actions import (
    Table,
    best_of_hit_and_stand,
    double,
    hit,
    stand,
)
from services.alpha.tools.blackjack.rules import ACE, add
from services.alpha.tools.blackjack.shoe import Shoe, draws


@lru_cache(maxsize=20_000)
def split(table: Table, shoe: Shoe, rank: int, hands: int = 1) -> float:
    """Value of splitting a pair, in bets; `shoe` is without the pair and the upcard.

    `hands` is how many hands there are before it.
    """
    rules = table.rules
    limit = rules.max_hands - hands + 1
    if rank == ACE and not rules.resplit_aces:
        limit = min(limit, 2)
    value = 0.0
    if limit == 2:
        return 2.0 * _share(table, shoe, rank, 0, 0, _any_second)
    for count in range(2, limit):
        extra = count - 2
        ways = _sequences(extra, count)
        if _possible(shoe, rank, extra):
            value += ways * count * _share(table, shoe, rank, extra, count - 1, _no_pair)
    extra = limit - 2
    for done in range(limit):
        ways = _reaching(extra, done)
        if not ways or not _possible(shoe, rank, extra):
            continue
        if done:
            value += ways * done * _share(table, shoe, rank, extra, done - 1, _no_pair)
        value += ways * (limit - done) * _share(table, shoe, rank, extra, done, _any_second)
    return value


def _possible(shoe: Shoe, rank: int, extra: int) -> bool:
    return not shoe.finite or shoe.counts[rank] >= extra


@lru_cache(maxsize=256)
def _sequences(pairs: int, others: int) -> int:
    """Orders of second cards, `pairs` of them pair cards, that end all hands at the last one."""
    return _walks(pairs, others - 1) - _blocked(pairs, others - 1)


@lru_cache(maxsize=256)
def _reaching(pairs: int, others: int) -> int:
    """Orders of `pairs` pair cards and `others` others whose last is a pair card and at no point
    of which all hands are done.
    """
    if pairs == 0:
        return int(others == 0)
    return _walks(pairs - 1, others) - _blocked(pairs - 1, others)


def _walks(pairs: int, others: int) -> int:
    return comb(pairs + others, others)


@lru_cache(maxsize=256)
def _blocked(pairs: int, others: int) -> int:
    """Orders during which all hands are done at some point (two hands to begin with)."""
    alive = {(0, 0): 1}
    for step in range(1, pairs + others + 1):
        for a in range(max(0, step - others), min(pairs, step) + 1):
            b = step - a
            here = alive.get((a - 1, b), 0) + alive.get((a, b - 1), 0)
            alive[a, b] = here if 2 + a - b > 0 else 0
    return _walks(pairs, others) - alive[pairs, others]


Second = Callable[[Table, Shoe, int, int], float]


def _share(table: Table, shoe: Shoe, rank: int, extra: int, others: int, second: Second) -> float:
    """E[value of one hand; `extra` given second cards are pair cards, `others` given ones not]."""
    value = 0.0
    for more in range(others + 1):
        gone = extra + more
        if not _possible(shoe, rank, gone):
            break
        chance, left = 1.0, shoe
        for _ in range(gone):
            chance *= dict(draws(left, table.hole_is_not)).get(rank, 0.0)
            if chance == 0.0:
                break
            left = left.without((rank,))
        if chance > 0.0:
            value += (-1) ** more * comb(others, more) * chance * second(table, shoe, rank, gone)
    return value


def _any_second(table: Table, shoe: Shoe, rank: int, gone: int) -> float:
    return _played(table, shoe, rank, gone, pair_counts=True)


def _no_pair(table: Table, shoe: Shoe, rank: int, gone: int) -> float:
    return _played(table, shoe, rank, gone, pair_counts=False)


@lru_cache(maxsize=20_000)
def _played(table: Table, shoe: Shoe, rank: int, gone: int, pair_counts: bool) -> float:
    """Value of one hand from a split, by the fixed strategy, with `gone` more pair cards gone.

    Without `pair_counts`, times the chance that its second card is no pair card.
    """
    left = shoe.without((rank,) * gone)
    one_card = rank == ACE and not table.rules.hit_split_aces
    value = 0.0
    total, soft = add(0, False, rank)
    for card, chance in draws(left, table.hole_is_not):
        if card == rank and not pair_counts:
            continue
        two, two_soft = add(total, soft, card)
        after, plan = left.without((card,)), shoe.without((card,)) if shoe.counts[card] else shoe
        if one_card:
            value += chance * stand(table, after, two)
        else:
            value += chance * _two_cards(table, plan, after, two, two_soft)
    return value


def _two_cards(table: Table, plan: Shoe, left: Shoe, total: int, soft: bool) -> float:
    """Value with two cards: what to do is decided on `plan`, what it brings comes from `left`."""
    if total >= 21:
        return stand(table, left, total)
    choices = {"stand": stand(table, plan, total), "hit": hit(table, plan, total, soft)}
    if table.rules.double_after_split and table.rules.may_double(total, soft):
        choices["double"] = double(table, plan, total, soft)
    best = max(choices, key=lambda name: choices[name])
    if best == "stand":
        return stand(table, left, total)
    if best == "double":
        return double(table, left, total, soft)
    return _follow(table, plan, left, total, soft, first=True)


@lru_cache(maxsize=400_000)
def _follow(
    table: Table, plan: Shoe, left: Shoe, total: int, soft: bool, first: bool = False
) -> float:
    """Value of hitting as decided on `plan` (or of the better of hit and stand, if not `first`)."""
    if plan == left:
        play = hit if first else best_of_hit_and_stand
        return play(table, left, total, soft)
    if not first:
        if total >= 21 or (not soft and total >= 19):
            return stand(table, left, total)
        if stand(table, plan, total) >= hit(table, plan, total, soft):
            return stand(table, left, total)
    value = 0.0
    for rank, chance in draws(left, table.hole_is_not):
        after, after_soft = add(total, soft, rank)
        if after > 21:
            value -= chance
        else:
            value += chance * _follow(
                table, plan.without((rank,)), left.without((rank,)), after, after_soft
            )
    return value
