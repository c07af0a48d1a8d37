"""Blackjack: the exact best play, told when the cards lie still, from cards that were read.

Perception: bright card shapes come to rest (trigger); ranks and suits by corner index, voted over
three pictures (look). The dealer's one open card must have been read: without it the skill looks
again, then asks, and never guesses. Nothing is counted over rounds.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

from devices.facts import Value
from devices.glasses.contracts import Box, Words
from devices.glasses.shot import Shot
from services.alpha.contracts import (
    Draft,
    Evidence,
    Gone,
    Hud,
    HudMark,
    LookRequest,
    LookResult,
    Notice,
    Silence,
    SkillSpec,
    SlotSpec,
    ToolCall,
    ToolSpec,
    Trigger,
    WearerProfile,
)
from services.alpha.skill import Case, Tool
from services.alpha.tools.blackjack.advice import advise, bet
from services.alpha.tools.blackjack.rules import Rules, rank_of, total_of
from services.alpha.vision.cards import CardRead, read_corners, voted
from services.alpha.vision.glyphs import network
from services.alpha.vision.paper import Sheetlet, papers, steady
from services.errors import UserError

NAME = "blackjack"
STILL_S = 0.35
GONE_S = 1.0
# The table is taken for cleared when less than this share of the cards is left.
LEFT = 0.35
# A further card shows at least this share of itself when it lies on others.
NEW_CARD = 0.17
DEALER_BELOW = 0.42
SURE = 0.6
_PAIRS = (
    "aces", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines", "tens",
)  # fmt: skip
_SUITS = {"c": "♣", "d": "♦", "h": "♥", "s": "♠"}
_NAMES = {"A": "an ace", "8": "an 8", "J": "a jack", "Q": "a queen", "K": "a king"}
_WORDS = {
    "ace": "A", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "jack": "J", "queen": "Q", "king": "K",
}  # fmt: skip
_PLAY = re.compile(
    r"\b(what (should|do) i (do|play)|should i (hit|stand|double|split)|hit or stand)\b"
)
_BET = re.compile(r"\bhow much (should|do) i bet\b")
_DEALER = re.compile(r"\bdealer\b.*?\b(?:an?|the)?\s*(?P<card>\w+)\s*$")
_SAID = {
    "hit": r"\bhit\b",
    "stand": r"\bstand\b",
    "double": r"\bdouble\b",
    "split": r"\bsplit\b",
    "surrender": r"\bsurrender\b",
}

SPEC = SkillSpec(
    name=NAME,
    title="Blackjack: the exact best play",
    every_s=0.1,
    look_width=1280,
    look_frames=3,
    looks=2,
    look_cost_s=0.3,
    deadline_s=5.0,
    slots=(
        SlotSpec(name="hand", min_confidence=SURE, max_age_s=4.0),
        SlotSpec(name="dealer", min_confidence=SURE, max_age_s=4.0),
        SlotSpec(name="round", optional=True, kept=False),
    ),
    tools=(
        ToolSpec(
            name="blackjack.advise",
            title="Exact best play",
            needs=("hand", "dealer"),
            cost_s=0.05,
            timeout_s=2.0,
        ),
        ToolSpec(name="blackjack.bet", title="What to bet", cost_s=0.4, timeout_s=3.0),
    ),
    value=2.0,
    annoyance=1.0,
    repeat_s=30.0,
    answers='"what should I do?", "the dealer has a nine", "how much should I bet?"',
)


class Blackjack:
    """The skill. Copies in different units keep different things: see `GlassesSkill`."""

    spec = SPEC

    def __init__(self) -> None:
        self.rules = Rules()
        self._last: deque[tuple[Sheetlet, ...]] = deque(maxlen=3)
        self._still_since = 0.0
        self._told: float = 0.0
        self._seen_s = -1.0
        self._version = 0
        self._round = 0

    def configure(self, settings: Mapping[str, Value]) -> None:
        """Take the table's rules: fields of `Rules`, such as decks, hit_soft_17, surrender."""
        unknown = sorted(set(settings) - set(Rules.model_fields))
        if unknown:
            known = ", ".join(Rules.model_fields)
            raise UserError(f"blackjack knows no setting {unknown[0]!r}: its rules are {known}")
        try:
            self.rules = Rules.model_validate({**self.rules.model_dump(), **settings})
        except ValueError as error:
            raise UserError(f"these are no rules of blackjack: {_first_line(error)}") from error

    # -- perception --------------------------------------------------------------------------

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """Cards have come to rest that were not there before; or all are gone."""
        t = shot.frame.t
        now = papers(shot.pixels)
        if not steady(self._last, now):
            self._still_since = t
        self._last.append(now)
        here = sum(p.area for p in now)
        if here < LEFT * self._told or not now:
            return self._empty(t, here)
        self._seen_s = t
        if t - self._still_since < STILL_S - 1e-6:
            return ()
        total = min(sum(p.area for p in regions) for regions in self._last)
        card = min(p.area for p in now)
        if len(now) < 2 or total < self._told + NEW_CARD * card:
            return ()
        self._told = total
        self._version += 1
        return (
            Trigger(
                skill=NAME,
                subject=f"cards-{self._version}",
                t=t,
                since_s=round(min(t, self._still_since), 3),
                score=0.9,
                version=self._version,
                reason="cards came to rest on the table",
            ),
        )

    def _empty(self, t: float, left: float) -> Sequence[Notice]:
        if not self._told or t - self._seen_s < GONE_S:
            return ()
        self._told = left
        self._round += 1
        self._version += 1
        return (Gone(skill=NAME, t=t, version=self._version, reason="the cards are gone"),)

    def prepare(self) -> None:
        """Load the network that names ranks and suits."""
        network()

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """Read the cards: the dealer's far from the wearer, the wearer's own near."""
        size = shots[-1].pixels.shape
        reads = voted([read_corners(s.pixels) for s in shots if s.pixels.shape == size])
        height, width = shots[-1].pixels.shape[:2]
        t = shots[-1].frame.t
        sure = [read for read in reads if read.confidence >= SURE]
        dealer = [read for read in sure if read.y < DEALER_BELOW * height]
        hand = [read for read in sure if read.y >= DEALER_BELOW * height]
        doubtful = [read for read in reads if 0.35 <= read.confidence < SURE]
        evidence = []
        missing = []
        if len(hand) >= 2 and not any(r.y >= DEALER_BELOW * height for r in doubtful):
            evidence.append(_evidence("hand", hand, t, width, height))
        else:
            missing.append("your cards")
        if dealer:
            evidence.append(_evidence("dealer", dealer, t, width, height))
        elif request.attempt >= SPEC.looks and len(hand) >= 2:
            # Looked as often as it may: there is no open card to be seen. That, too, is evidence.
            evidence.append(Evidence(slot="dealer", value=(), confidence=1.0, t=t))
        if not dealer:
            missing.append("the dealer's open card")
        evidence.append(Evidence(slot="round", value=self._round, confidence=1.0, t=t))
        text = f"{' and '.join(missing)} could not be read" if missing else ""
        return LookResult(
            request=request.id,
            case=request.case,
            skill=NAME,
            t=t,
            evidence=tuple(evidence),
            missing=text,
        )

    # -- words -------------------------------------------------------------------------------

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """What to do, what the dealer has, what to bet."""
        text = words.text.lower().strip(" .?!")
        ask = partial(
            Trigger, skill=NAME, t=words.t, since_s=words.t, score=1.0, asked=True, words=words.text
        )
        if _BET.search(text):
            return ask(subject="bet", reason="the wearer asks what to bet", look=False)
        named = _DEALER.search(text)
        card = _card(named["card"]) if named else None
        if card is not None:
            told = Evidence(
                slot="dealer", value=(card,), confidence=1.0, t=words.t, source="wearer"
            )
            return ask(
                subject="play", reason="the wearer names the dealer's card", evidence=(told,)
            )
        if _PLAY.search(text):
            return ask(subject="play", reason="the wearer asks how to play")
        return None

    # -- deciding ----------------------------------------------------------------------------

    def plan(self, case: Case) -> ToolCall | Silence | None:
        """Advice once hand and dealer are there; a bet when that was asked."""
        if case.trigger.subject == "bet":
            if "blackjack.bet" in case.results:
                return None
            wallet = case.wearer.preferences
            args = {
                name: wallet[name] for name in ("bankroll", "minimum", "maximum") if name in wallet
            }
            if not {"bankroll", "minimum"} <= set(args):
                return None
            return ToolCall(tool="blackjack.bet", args=args)
        hand, dealer = _cards(case.value("hand")), _cards(case.value("dealer"))
        if hand is None or dealer is None or "blackjack.advise" in case.results:
            return None
        if len(dealer) > 1:
            return Silence(why="the dealer is playing", code="not_useful")
        total, _ = total_of([rank_of(card) for card in hand])
        if total >= 21:
            return Silence(why=f"with {total} there is nothing to decide", code="not_useful")
        if not dealer:
            return None
        return ToolCall(
            tool="blackjack.advise",
            args={"cards": hand, "dealer": dealer},
            evidence=("hand", "dealer"),
        )

    def tools(self) -> Mapping[str, Tool]:
        """The exact engine under this table's rules."""
        return {
            "blackjack.advise": partial(advise, self.rules),
            "blackjack.bet": partial(bet, self.rules),
        }

    def phrase(self, case: Case) -> Draft | Silence:
        """The action first, then why."""
        if case.trigger.subject == "bet":
            return _bet_words(case)
        hand, dealer = _cards(case.value("hand")), _cards(case.value("dealer"))
        if hand is None:
            return Silence(why="your cards were not read", code="missing_evidence")
        deal = f"round {case.value('round')}"
        if not dealer:
            question = "I can't see the dealer's card. What is it?"
            return Draft(
                wordings=(question, "What is the dealer's card?"),
                why=question,
                score=0.7,
                about=f"{deal}: the dealer's card",
            )
        advice = case.results.get("blackjack.advise")
        if advice is None:
            return Silence(why="the exact play is not known", code="missing_evidence")
        action, total = str(advice.value["action"]), advice.value["total"]
        soft = "soft " if advice.value["soft"] else ""
        held = f"{soft}{total}"
        if action == "split":
            held = f"a pair of {_PAIRS[rank_of(hand[0])]}"
        up = _spoken(dealer[0])
        margin, bust = float(str(advice.value["margin"])), float(str(advice.value["bust"]))
        close = " It is close." if margin < 0.02 else ""
        risk = f" One more card busts {bust:.0%} of the time." if action == "stand" and bust else ""
        found = case.evidence.get("hand")
        return Draft(
            wordings=(
                f"{action.capitalize()}: {held} against {up}.{risk}{close}",
                f"{action.capitalize()}: {held} against {up}.",
                f"{action.capitalize()}.",
            ),
            why=f"{held} against {up}: {action} is best by {margin:.3f} bets",
            score=min(0.95, 0.75 + margin),
            hud=Hud(
                title=action.upper(),
                lines=(
                    f"{_shown(hand)}  v  {_shown(dealer)}",
                    f"worth {float(str(advice.value['value'])):+.2f} bets",
                ),
                marks=(HudMark(box=found.box, label=action, tone="good"),)
                if found is not None and found.box is not None
                else (),
                tone="good",
            ),
            answer=action,
            about=f"{deal}: {' '.join(sorted(hand))} v {dealer[0]}",
        )

    def check(self, text: str, case: Case) -> str:
        """Text must name no other action than the exact one."""
        advice = case.results.get("blackjack.advise")
        if advice is None:
            return ""
        right = advice.value["action"]
        for action, pattern in _SAID.items():
            if action != right and re.search(pattern, text.lower()):
                return f"the text says {action}, the exact best play is {right}"
        return ""


def _evidence(slot: str, reads: list[CardRead], t: float, width: int, height: int) -> Evidence:
    box = Box(
        left=round(min(r.x - r.size for r in reads) / width, 4),
        top=round(min(r.y - r.size for r in reads) / height, 4),
        right=round(min(1.0, max(r.x + 6 * r.size for r in reads) / width), 4),
        bottom=round(min(1.0, max(r.y + 9 * r.size for r in reads) / height), 4),
    )
    ordered = sorted(reads, key=lambda r: r.x)
    sure = min(r.confidence for r in reads)
    return Evidence(
        slot=slot,
        value=tuple(r.card for r in ordered),
        confidence=round(min(1.0, sure), 4),
        t=t,
        box=box,
    )


def _cards(value: object) -> tuple[str, ...] | None:
    """The cards of a slot, or None where it is empty; words of the wearer are understood."""
    if value is None:
        return None
    if isinstance(value, str):
        card = next((c for c in map(_card, value.lower().split()) if c), None)
        return (card,) if card else ()
    return tuple(str(card) for card in value) if isinstance(value, tuple) else None


def _card(word: str) -> str | None:
    name = _WORDS.get(word.lower().strip(".,!?"), word.upper().strip(".,!?"))
    try:
        rank_of(name)
    except ValueError:
        return None
    return name


def _spoken(card: str) -> str:
    rank = card[:-1] if card[-1] in "cdhs" and len(card) > 1 else card
    return _NAMES.get(rank, f"a {rank}")


def _shown(cards: Sequence[str]) -> str:
    """Cards as the display shows them."""
    return " ".join(card[:-1] + _SUITS.get(card[-1], card[-1]) for card in cards)


def _bet_words(case: Case) -> Draft | Silence:
    found = case.results.get("blackjack.bet")
    if found is None:
        text = "Tell me your bankroll and the table's minimum first."
        return Draft(wordings=(text,), why="no bankroll is known", score=1.0)
    value = found.value
    amount, edge = float(str(value["bet"])), float(str(value["edge"]))
    full = (
        f"Bet {amount:g}: {value['reason']}. The edge is {edge:+.2%}, and the chance to lose it all "
        f"this session is {float(str(value['ruin'])):.0%}."
    )
    short = f"Bet {amount:g}."
    return Draft(wordings=(full, short), why=str(value["reason"]), score=1.0, answer=f"{amount:g}")


def _first_line(error: ValueError) -> str:
    return " ".join(str(error).split()[:24])
