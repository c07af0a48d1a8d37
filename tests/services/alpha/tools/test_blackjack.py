"""Exact blackjack against published tables, against simulation, and against its own rules."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alpha.tools.blackjack.advice import advise, bet
from services.alpha.tools.blackjack.bankroll import advise_bet, swing_of
from services.alpha.tools.blackjack.dealer import outcomes
from services.alpha.tools.blackjack.hand import insurance, solve
from services.alpha.tools.blackjack.rules import Rules, add, rank_of, total_of
from services.alpha.tools.blackjack.shoe import Shoe
from services.alpha.tools.blackjack.strategy import chart, edge

ENDLESS = Rules(decks=0)
UPCARDS = "23456789TA"


def _hand(cards: str) -> list[int]:
    return [rank_of(card) for card in cards]


# M. Shackleford, "Blackjack expected returns", Wizard of Odds, appendix 9: one deck, the dealer stands
# on soft 17; hands against an ace, given that the dealer has no blackjack.
@pytest.mark.parametrize(
    ("cards", "stands", "hits", "doubles"),
    [
        ("2A", -0.661732, -0.067808, -0.593281),
        ("32", -0.659375, -0.291565, -1.318751),
        ("4A", -0.658818, -0.153931, -0.619882),
        ("54", -0.654533, -0.070215, -0.395771),
        ("64", -0.636118, 0.081506, 0.048615),
        ("65", -0.634013, 0.172946, 0.240259),
        ("7A", -0.101015, -0.108386, -0.357778),
    ],
)
def test_one_deck_agrees_with_the_published_table(cards, stands, hits, doubles):
    values = solve(Rules(decks=1), _hand(cards), rank_of("A")).values
    assert values["stand"] == pytest.approx(stands, abs=1e-6)
    assert values["hit"] == pytest.approx(hits, abs=1e-6)
    assert values["double"] == pytest.approx(doubles, abs=1e-6)


# The same appendix: six decks, soft 17 hit, no hole card; two decks, soft 17 hit; against an ace.
@pytest.mark.parametrize(
    ("rules", "cards", "stands", "hits", "doubles"),
    [
        (Rules(decks=6, hit_soft_17=True, peek=False), "32", -0.721887, -0.529734, -1.443774),
        (Rules(decks=6, hit_soft_17=True, peek=False), "65", -0.720879, -0.235772, -0.535879),
        (Rules(decks=2, hit_soft_17=True), "65", -0.587564, 0.121079, 0.166650),
        (Rules(decks=2, hit_soft_17=True), "7A", -0.224703, -0.165428, -0.416886),
        (Rules(decks=5, hit_soft_17=True), "6A", -0.513982, -0.221727, -0.547853),
    ],
)
def test_more_decks_agree_with_the_published_tables(rules, cards, stands, hits, doubles):
    values = solve(rules, _hand(cards), rank_of("A")).values
    assert values["stand"] == pytest.approx(stands, abs=1e-6)
    assert values["hit"] == pytest.approx(hits, abs=1e-6)
    assert values["double"] == pytest.approx(doubles, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("das", "published"), [(True, 0.001839), (False, 0.000423)])
def test_the_edge_of_one_deck_agrees_with_the_published_one(das, published):
    # The published splits are approximate where hands share the shoe; hence the tolerance.
    assert edge(Rules(decks=1, double_after_split=das)) == pytest.approx(published, abs=2e-5)


def test_an_endless_shoe_knows_the_famous_close_call():
    # The closest decision of the game: hard 16 against ten.
    values = solve(ENDLESS, _hand("T6"), rank_of("T")).values
    assert values["stand"] == pytest.approx(-0.540430, abs=1e-6)
    assert values["hit"] == pytest.approx(-0.539826, abs=1e-6)


def test_basic_strategy_comes_out_as_everyone_knows_it():
    # An endless shoe, soft 17 stood on, double after split: rows against 2..10, ace. Soft 15 against
    # 4 is hit here, by less than a thousandth of the bet; with eight decks or fewer it is doubled.
    known = {
        "hard 8": "hhhhhhhhhh",
        "hard 9": "hddddhhhhh",
        "hard 10": "ddddddddhh",
        "hard 11": "dddddddddh",
        "hard 12": "hhssshhhhh",
        "hard 13": "ssssshhhhh",
        "hard 15": "ssssshhhhh",
        "hard 16": "ssssshhhhh",
        "hard 17": "ssssssssss",
        "soft 14": "hhhddhhhhh",
        "soft 15": "hhhddhhhhh",
        "soft 17": "hddddhhhhh",
        "soft 18": "sddddsshhh",
        "soft 19": "ssssssssss",
        "pair 2": "pppppphhhh",
        "pair 4": "hhhpphhhhh",
        "pair 6": "ppppphhhhh",
        "pair 8": "pppppppppp",
        "pair 9": "pppppsppss",
        "pair T": "ssssssssss",
        "pair A": "pppppppppp",
    }
    letters = {"stand": "s", "hit": "h", "double": "d", "split": "p"}
    found = chart(Rules(decks=0))
    for row, wanted in known.items():
        assert "".join(letters[found.cells[row, rank_of(up)]] for up in UPCARDS) == wanted, row


def test_rules_change_what_is_right():
    six_a = _hand("7A")
    assert solve(ENDLESS, six_a, rank_of("2")).best == "stand"
    hits = ENDLESS.model_copy(update={"hit_soft_17": True})
    assert solve(hits, six_a, rank_of("2")).best == "double"
    assert solve(hits, _hand("65"), rank_of("A")).best == "double"
    late = ENDLESS.model_copy(update={"surrender": True})
    assert solve(late, _hand("T6"), rank_of("T")).best == "surrender"
    no_peek = ENDLESS.model_copy(update={"peek": False})
    assert solve(no_peek, _hand("65"), rank_of("T")).best == "hit"
    one = ENDLESS.model_copy(update={"max_hands": 1})
    assert "split" not in solve(one, _hand("88"), rank_of("6")).values


@pytest.mark.parametrize("up", range(10))
@pytest.mark.parametrize("decks", [0, 1, 6])
def test_the_dealer_always_ends_somewhere(up, decks):
    rules = Rules(decks=decks)
    found = outcomes(up, Shoe.full(rules).without((up,)), False, False)
    assert sum(found.totals) + found.bust + found.blackjack == pytest.approx(1.0, abs=1e-12)


def _dealer_total(shoe: list[int], up: int) -> int:
    total, soft = add(*add(0, False, up), shoe.pop())
    while total < 17:
        total, soft = add(total, soft, shoe.pop())
    return total


def _shuffled(rng: random.Random, gone: list[int]) -> list[int]:
    shoe = [rank for rank in range(10) for _ in range(16 if rank == 9 else 4)]
    for rank in gone:
        shoe.remove(rank)
    rng.shuffle(shoe)
    return shoe


def _settle(total: int, dealer: int) -> int:
    if total > 21:
        return -1
    return 1 if dealer > 21 or total > dealer else -(total < dealer)


def test_simulated_stands_and_doubles_agree_with_the_exact_values():
    rng, n = random.Random(3), 20_000
    for cards, up in (("T4", 5), ("65", 5), ("T9", 6)):
        hand = _hand(cards)
        exact = solve(Rules(decks=1), hand, up).values
        stood = doubled = 0
        for _ in range(n):
            shoe = _shuffled(rng, [*hand, up])
            stood += _settle(total_of(hand)[0], _dealer_total(shoe, up))
            shoe = _shuffled(rng, [*hand, up])
            after = total_of([*hand, shoe.pop()])[0]
            doubled += 2 * _settle(after, _dealer_total(shoe, up))
        assert stood / n == pytest.approx(exact["stand"], abs=0.03)
        if "double" in exact:
            assert doubled / n == pytest.approx(exact["double"], abs=0.06)


def test_a_simulated_resplit_agrees_with_the_exact_value():
    # Eights against a six in one deck, up to four hands, no doubling: each hand stands on 12 or more.
    rules = Rules(decks=1, double="none")
    rng, n, gained = random.Random(5), 20_000, 0
    for _ in range(n):
        shoe = _shuffled(rng, [7, 7, 5])
        pending, hands = [[7], [7]], []
        while pending:
            hand = pending.pop()
            hand.append(shoe.pop())
            if hand == [7, 7] and len(hands) + len(pending) + 1 < rules.max_hands:
                pending += [[7], [7]]
                continue
            while total_of(hand)[0] < 12:
                hand.append(shoe.pop())
            hands.append(total_of(hand)[0])
        dealer = _dealer_total(shoe, 5)
        gained += sum(_settle(total, dealer) for total in hands)
    assert gained / n == pytest.approx(solve(rules, [7, 7], 5).values["split"], abs=0.05)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=5), st.integers(0, 9))
def test_the_best_action_is_never_worse_than_another(cards, up):
    play = solve(ENDLESS, cards, up)
    assert play.values[play.best] == max(play.values.values())
    assert all(-2.0 <= value <= 8.0 for value in play.values.values())


def test_advice_says_what_it_is_based_on():
    found = advise(ENDLESS, ("10h", "5c"), ("10d",))
    assert found["action"] == "hit"
    assert found["total"] == 15
    assert found["bust"] == pytest.approx(7 / 13, abs=1e-6)


@pytest.mark.parametrize("dealer", [(), ("9d", "8c")])
def test_no_dealer_card_no_advice(dealer):
    with pytest.raises(ValueError, match="exactly one"):
        advise(ENDLESS, ("10h", "6c"), dealer)


@pytest.mark.parametrize("word", ["", "11", "joker", "B"])
def test_what_is_no_card_is_said_so(word):
    with pytest.raises(ValueError, match="is no card"):
        rank_of(word)


def test_five_kings_in_one_deck_are_noticed():
    with pytest.raises(ValueError, match="check the decks"):
        solve(Rules(decks=1), [0, 0, 0, 0, 0], 3)


def test_insurance_is_a_bad_bet_without_a_count():
    assert insurance(ENDLESS, _hand("T6")) == pytest.approx(-1 / 13)


def test_against_the_house_the_smallest_bet_is_the_best():
    found = advise_bet(ENDLESS, bankroll=200, minimum=10)
    assert found.bet == 10
    assert found.edge < 0
    assert 0.0 < found.ruin < 0.2
    more = advise_bet(ENDLESS, bankroll=200, minimum=25)
    assert more.ruin > found.ruin


def test_with_an_edge_the_bet_grows_with_the_bankroll():
    kind = Rules(decks=0, blackjack_pays=2.0)
    assert edge(kind) > 0.01
    small, large = (advise_bet(kind, money, 5).bet for money in (5_000, 50_000))
    assert 5 <= small < large


def test_the_swing_of_a_round_is_the_known_one():
    # About 1.15 bets a round (P. Griffin, "The Theory of Blackjack").
    assert 1.10 < swing_of(ENDLESS) < 1.18


def test_money_that_is_none_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        bet(ENDLESS, 0, 10)
