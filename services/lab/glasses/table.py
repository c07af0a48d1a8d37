"""Rounds of blackjack on a table: what is dealt when, and what would be right to tell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from services.alpha.recording import GoldEvent
from services.alpha.tools.blackjack.hand import solve
from services.alpha.tools.blackjack.rules import Rules, add, rank_of, total_of
from services.alpha.vision import opencv as cv
from services.lab.glasses import assets
from services.lab.glasses.film import Key, Prop, Scene, Stage, View
from services.lab.glasses.hands import hand
from services.lab.glasses.style import Style, surface

WIDTH, HEIGHT = 2000, 1500
SCALE = 0.75
CARD_W, CARD_H = assets.CARD_W * SCALE, assets.CARD_H * SCALE
SLIDE_S = 0.5
DECK = [
    rank + suit
    for suit in "cdhs"
    for rank in ["A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K"]
]


@dataclass(frozen=True)
class Laid:
    """A card on the table: what it is, when it came to rest, when it left; for tests of reading."""

    card: str
    t: float
    until: float
    dealer: bool
    overlapping: bool


@dataclass
class Evening:
    """A table for some rounds: the scene, the gold, the cards."""

    scene: Scene
    gold: list[GoldEvent]
    laid: list[Laid]
    ends: float


class _Dealer:
    """Deals one evening; keeps the stage and the clock."""

    def __init__(self, style: Style, rng: Random, begins: float, rules: Rules) -> None:
        self.style, self.rng, self.rules = style, rng, rules
        self.t = begins
        hue = rng.choice(style.hues)
        kind = rng.choice(style.textures)
        self.stage = Stage(surface(kind, hue, WIDTH, HEIGHT, rng.randrange(1 << 30)))
        self.deck = assets.deck(rng.choice(style.decks))
        furnish(self.stage, rng)
        self.shoe = DECK * max(1, rules.decks)
        rng.shuffle(self.shoe)
        self.gold: list[GoldEvent] = []
        self.laid: list[Laid] = []
        self.round = 0

    def play(self) -> None:
        """One round, from the deal to the clearing of the table."""
        rng = self.rng
        self.round += 1
        begins = self.t
        overlap = rng.random() < 0.6
        step_x = CARD_W * (rng.uniform(0.28, 0.45) if overlap else rng.uniform(1.08, 1.2))
        step_y = CARD_H * (rng.uniform(-0.12, 0.12) if overlap else 0.0)
        origin = (WIDTH / 2 - step_x * rng.uniform(0.4, 1.0), 985.0 + rng.uniform(-15, 25))
        covered = rng.random() < 0.2
        cards: list[tuple[str, Prop, float]] = []
        hand_cards: list[str] = []
        dealer_cards: list[str] = []

        def deal(name: str, x: float, y: float, dealer: bool, shown: bool = True) -> None:
            rest = self.t + SLIDE_S
            angle = rng.gauss(0, 0.03)
            picture = self.deck[name if shown else "back"]
            keys = (
                Key(self.t, WIDTH / 2 + 500, 150, angle - 0.8, SCALE),
                Key(rest, x, y, angle, SCALE),
            )
            cards.append((name, Prop(picture, keys), rest))
            if shown:
                self.laid.append(Laid(name, rest, math.inf, dealer, overlap and not dealer))
            self.t = rest + rng.uniform(0.15, 0.4)

        def to_hand() -> None:
            card = self.shoe.pop()
            n = len(hand_cards)
            hand_cards.append(card)
            deal(card, origin[0] + n * step_x, origin[1] + n * step_y, dealer=False)

        up_x, up_y = WIDTH / 2 - 90 + rng.uniform(-30, 30), 495.0
        if covered:
            self._cover(up_x, up_y)
        to_hand()
        up = self.shoe.pop()
        dealer_cards.append(up)
        deal(up, up_x, up_y, dealer=True)
        to_hand()
        hole = self.shoe.pop()
        deal(hole, up_x + CARD_W * 1.12, up_y, dealer=True, shown=False)
        dealer_cards.append(hole)
        self._decide(hand_cards, up, cards[-1][2], covered, deal_more=to_hand)
        if covered:
            self._uncover(hand_cards, up)
        elif total_of([rank_of(c) for c in hand_cards])[0] <= 21:
            self._reveal(dealer_cards, up_x, up_y, deal, cards)
        self.t += rng.uniform(2.0, 4.0)
        self._clear(cards, begins)

    def _decide(
        self, held: list[str], up: str, rest: float, covered: bool, deal_more: Callable[[], None]
    ) -> None:
        rng = self.rng
        first = True
        while True:
            ranks = [rank_of(card) for card in held]
            total, _ = total_of(ranks)
            if total >= 21:
                return
            play = solve(self.rules, ranks, rank_of(up))
            thinking = rng.uniform(6.0, 9.0)
            self.gold.append(
                GoldEvent(
                    skill="blackjack",
                    t=round(rest, 3),
                    # As long as the card is covered, silence or a question is right.
                    until_s=round(rest + (thinking if covered else min(thinking, 5.0)), 3),
                    subject=f"{'-'.join(held)} v {up}",
                    answer="" if covered else play.best,
                    abstain=covered,
                )
            )
            if rng.random() < 0.35 and not covered:
                self._reach(rest + rng.uniform(3.0, 4.5))
            self.t = rest + thinking
            if play.best not in {"hit", "double"} or covered or (not first and total >= 17):
                return
            deal_more()
            rest = self.laid[-1].t
            if play.best == "double":
                return
            first = False

    def _reach(self, t: float) -> None:
        """The wearer's hand passes over the cards."""
        x = WIDTH / 2 + self.rng.uniform(-150, 150)
        keys = (
            Key(t, x + 200, 2100, 0.2, 0.8),
            Key(t + 0.6, x, 1330, 0.0, 0.8),
            Key(t + 1.0, x - 20, 1330, 0.0, 0.8),
            Key(t + 1.7, x + 150, 2100, 0.2, 0.8),
        )
        self.stage.props.append(Prop(hand(self.style.skin), keys, t + 1.7))

    def _cover(self, x: float, y: float) -> None:
        """The dealer's hand lies on the upcard for the whole round."""
        y -= 280  # finger tips just below the card
        keys = (Key(self.t, x - 250, -600, math.pi, 1.0), Key(self.t + 0.5, x, y, math.pi, 1.0))
        self._hand = Prop(hand(self.style.skin, (30, 30, 30)), keys)

    def _uncover(self, held: list[str], up: str) -> None:
        """The dealer's hand leaves: now there is something to tell."""
        prop = self._hand
        keys = (*prop.keys, Key(self.t, *_place(prop)), Key(self.t + 0.5, 700, -500, math.pi, 1.0))
        self.stage.props.append(Prop(prop.picture, keys, self.t + 0.5))
        rest = self.t + 0.5
        ranks = [rank_of(card) for card in held]
        if total_of(ranks)[0] < 21:
            self.gold.append(
                GoldEvent(
                    skill="blackjack",
                    t=round(rest, 3),
                    until_s=round(rest + 4.0, 3),
                    subject=f"{'-'.join(held)} v {up}, uncovered",
                    answer=solve(self.rules, ranks, rank_of(up)).best,
                )
            )
        self.t += 3.0

    def _reveal(
        self,
        held: list[str],
        x: float,
        y: float,
        deal: Callable[[str, float, float, bool], None],
        cards: list[tuple[str, Prop, float]],
    ) -> None:
        """The dealer turns the hidden card and draws to seventeen."""
        name, prop, _ = cards[3]
        cards[3] = (name, Prop(prop.picture, prop.keys, self.t), 0.0)
        at = prop.keys[-1]
        shown = Prop(self.deck[held[1]], (Key(self.t, at.x, at.y, at.angle, SCALE),))
        cards.append((held[1], shown, self.t))
        self.laid.append(Laid(held[1], self.t, math.inf, True, False))
        self.t += 0.8
        total, soft = total_of([rank_of(card) for card in held])
        n = 2
        while total < 17 or (total == 17 and soft and self.rules.hit_soft_17):
            card = self.shoe.pop()
            held.append(card)
            deal(card, x + CARD_W * 1.12 * n, y, True)
            n += 1
            total, soft = add(total, soft, rank_of(card))

    def _clear(self, cards: list[tuple[str, Prop, float]], begins: float) -> None:
        out = self.t
        for name, prop, _ in cards:
            if prop.until < math.inf:
                self.stage.props.append(prop)
                continue
            last = prop.keys[-1]
            away = (
                Key(out, last.x, last.y, last.angle, SCALE),
                Key(out + 0.6, -400, 100, 1.0, SCALE),
            )
            self.stage.props.append(Prop(prop.picture, (*prop.keys, *away), out + 0.6))
            del name
        self.laid = [
            Laid(c.card, c.t, out, c.dealer, c.overlapping)
            if c.t >= begins and c.until == math.inf
            else c
            for c in self.laid
        ]
        # Hands are over the cards.
        hands = [p for p in self.stage.props if p.picture.shape[0] == 900]
        self.stage.props = [p for p in self.stage.props if p.picture.shape[0] != 900] + hands
        self.t = out + 0.6 + self.rng.uniform(4.0, 8.0)


def _place(prop: Prop) -> tuple[float, float, float, float]:
    last = prop.keys[-1]
    return last.x, last.y, last.angle, last.scale


def furnish(stage: Stage, rng: Random) -> None:
    """What lies on such a table besides cards: printed lines, stacks of chips, a coaster."""
    ground = stage.ground
    table = ground.mean(axis=(0, 1))
    shift = 70 if table.min() < 120 else -80
    ink = tuple(int(c) for c in np.clip(table + shift, 0, 185))
    for x in range(120, WIDTH, 260):
        for y in range(90, HEIGHT, 260):
            spade = [(x, y - 26), (x + 22, y + 6), (x, y + 22), (x - 22, y + 6), (x, y - 26)]
            cv.stroke(ground, np.array(spade, np.int32), ink, 3)
    angles = [math.pi * (0.1 + 0.8 * k / 60) for k in range(61)]
    for radius in (500, 540):
        arc = [(WIDTH / 2 + 1.7 * radius * math.cos(a), 250 + radius * math.sin(a)) for a in angles]
        cv.stroke(ground, np.array(arc, np.int32), ink, 5)
    words = rng.choice(["BLACKJACK PAYS 3 TO 2", "DEALER STANDS ON ALL 17s"])
    cv.write_text(ground, words, (WIDTH // 2 - 330, 765), 54, ink, weight=600)
    for x in (350, 1650):
        ring = [(x + 120 * math.cos(a), 1000 + 120 * math.sin(a)) for a in np.linspace(0, 6.3, 60)]
        cv.stroke(ground, np.array(ring, np.int32), ink, 6)
    for _ in range(rng.randrange(2, 5)):
        colour = rng.choice([(40, 40, 180), (150, 60, 40), (50, 120, 50), (40, 40, 40)])
        x = rng.choice([rng.randrange(480, 700), rng.randrange(1400, 1600)])
        y = rng.randrange(880, 1180)
        for k in range(rng.randrange(1, 4)):
            at = (x + 3 * k, y - 12 * k)
            cv.disc(ground, at, 42, tuple(int(c * 0.6) for c in colour))
            cv.disc(ground, at, 39, colour)
            for a in range(0, 360, 45):
                spot = (
                    at[0] + round(33 * math.cos(math.radians(a))),
                    at[1] + round(33 * math.sin(math.radians(a))),
                )
                cv.disc(ground, spot, 6, (220, 220, 220))


def evening(
    style: Style, rng: Random, begins: float, rounds: int, rules: Rules | None = None
) -> Evening:
    """Some rounds at one table, from `begins` (seconds) on."""
    dealer = _Dealer(style, rng, begins + rng.uniform(2.0, 5.0), rules or Rules())
    for _ in range(rounds):
        dealer.play()
    x, y = WIDTH / 2 + rng.uniform(-25, 25), 745 + rng.uniform(-12, 12)
    width = rng.uniform(1080, 1160)
    away = dealer.t
    views = (
        View(begins, x - 60, y, width, rng.gauss(0, 0.02)),
        View(begins + 2, x, y, width, rng.gauss(0, 0.02)),
        View((begins + away) / 2, x + 10, y, width, rng.gauss(0, 0.02)),
        View(away, x, y + 5, width, rng.gauss(0, 0.02)),
    )
    scene = Scene(begins, dealer.stage, views, gain=rng.uniform(*style.gain))
    return Evening(scene, dealer.gold, dealer.laid, away)
