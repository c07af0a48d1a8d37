"""Playing cards by their corner index: a rank with its suit under it.

Reading needs only the corner, so overlapping cards are read as well as separate ones. A card shows its
index upright at the top left and upside down at the bottom right; both readings become one card.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.alpha.vision import opencv as cv
from services.alpha.vision.glyphs import CLASSES, RANKS, SUITS, Ink, Sheet, name_all, sheet

_RED = {"d": True, "h": True, "c": False, "s": False}
# Highest index read, as a share of the picture's width.
_TALLEST = 0.042
_LEAST = 0.25
RED_LEVEL = 28.0


@dataclass(frozen=True)
class CardRead:
    """A card: what it is ("10h"), how sure (0..1), where its index is (pixels), how high the rank's
    sign is, and whether it was read upside down.
    """

    card: str
    confidence: float
    x: float
    y: float
    size: float
    turned: bool


def read_corners(image: cv.Image) -> list[CardRead]:
    """Every index that can be seen; a card may have several."""
    on = sheet(image, tallest=max(24, round(_TALLEST * image.shape[1])))
    pieces = [ink for ink in on.pieces if ink.height <= 3.2 * ink.width + 12]
    joined = list(_joined(on.pieces))
    every = [*pieces, *joined]
    reads = [*_pairs(on, pieces, every, False), *_pairs(on, pieces, every, True)]
    return _distinct(reads)


def _joined(pieces: Sequence[Ink]) -> list[Ink]:
    """Neighbours side by side that may be the two signs of a ten."""
    found = []
    for a in pieces:
        for b in pieces:
            gap = b.left - (a.left + a.width)
            if a is b or not -2 <= gap <= 0.45 * a.height:
                continue
            alike = 0.75 <= a.height / b.height <= 1.33
            if alike and abs(a.y - b.y) <= 0.3 * a.height and (a.red > 28) == (b.red > 28):
                both = a.joined(b)
                if both.width <= 1.6 * both.height:
                    found.append(both)
    return found


def _pairs(on: Sheet, pieces: list[Ink], every: list[Ink], turned: bool) -> list[CardRead]:
    ranks = name_all(on, every, turned)
    suits = ranks[: len(pieces)]
    way = -1.0 if turned else 1.0
    suit_at = [(i, ink) for i, ink in enumerate(pieces)]
    found = []
    first_suit = len(RANKS)
    for row, rank in zip(ranks, every, strict=True):
        best = int(row[:first_suit].argmax())
        if row[best] < _LEAST:
            continue
        for i, suit in suit_at:
            down, side = way * (suit.y - rank.y), abs(suit.x - rank.x)
            if not 0.6 * rank.height <= down <= 1.7 * rank.height or side > 0.55 * rank.height:
                continue
            if not 0.35 * rank.height <= suit.height <= 1.25 * rank.height:
                continue
            if suit.width > 1.5 * suit.height or abs(suit.contrast - rank.contrast) > 90:
                continue
            chances = suits[i][first_suit : first_suit + 4].copy()
            red = (suit.red + rank.red) / 2 > RED_LEVEL
            chances *= [1.0 if _RED[s] == red else 0.05 for s in SUITS]
            which = int(chances.argmax())
            sure = float(min(row[best], chances[which]))
            if sure >= _LEAST:
                name = CLASSES[best] + SUITS[which]
                found.append(CardRead(name, sure, rank.x, rank.y, rank.height, turned))
    return found


def _distinct(reads: list[CardRead]) -> list[CardRead]:
    """The surest reading of each place."""
    kept: list[CardRead] = []
    for read in sorted(reads, key=lambda r: (-r.confidence, r.y, r.x)):
        near = (math.hypot(read.x - k.x, read.y - k.y) < 1.5 * max(read.size, k.size) for k in kept)
        if not any(near):
            kept.append(read)
    return kept


def merged(reads: list[CardRead]) -> list[CardRead]:
    """One reading a card: its corners brought together."""
    kept: list[CardRead] = []
    for read in sorted(reads, key=lambda r: (r.turned, r.y, r.x)):
        twin = next((i for i, k in enumerate(kept) if _same_card(k, read, reads)), None)
        if twin is None:
            kept.append(read)
        else:
            first = kept[twin]
            sure = max(first.confidence, read.confidence)
            kept[twin] = CardRead(first.card, sure, first.x, first.y, first.size, first.turned)
    return sorted(kept, key=lambda r: (r.y, r.x))


def _same_card(one: CardRead, other: CardRead, reads: Sequence[CardRead]) -> bool:
    """Whether two corners, among those of all cards, are of one card and not of two from a long shoe."""
    if one.card != other.card:
        return False
    size = (one.size + other.size) / 2
    dx, dy = (other.x - one.x) / size, (other.y - one.y) / size
    if one.turned != other.turned:  # the opposite corner, or the one below in decks with four
        return -10.5 <= dx <= 10.5 and 3.0 <= dy <= 16.0
    # The top right in decks with four indices.
    return abs(dy) <= 2.0 and 3.0 <= abs(dx) <= 7.2 and not _parted(one, other, reads)


def _parted(one: CardRead, other: CardRead, reads: Sequence[CardRead]) -> bool:
    """Whether another card begins between two corners of one row: it would cover the right one."""
    left, right = sorted((one.x, other.x))
    return any(
        left < read.x < right
        and abs(read.y - one.y) <= one.size
        and read.turned == one.turned
        and read.card != one.card
        for read in reads
    )


def voted(readings: Sequence[Sequence[CardRead]]) -> list[CardRead]:
    """Cards over pictures of the same moment, from the corners read in each.

    Places are compared after taking out the sway of the head; each place gets the name that most
    pictures give it. A corner seen in fewer than half of the pictures counts less.
    """
    if not readings:
        return []
    places: list[list[CardRead]] = []
    anchor = max(readings, key=len)
    for reads in readings:
        dx, dy = _shift(anchor, reads)
        for read in reads:
            moved = replace(read, x=read.x + dx, y=read.y + dy)
            home = next((p for p in places if _near(p[0], moved)), None)
            if home is None:
                places.append([moved])
            else:
                home.append(moved)
    return merged([_winner(place, len(readings)) for place in places])


def _winner(place: list[CardRead], pictures: int) -> CardRead:
    score: dict[tuple[str, bool], float] = {}
    for read in place:
        key = read.card, read.turned
        score[key] = score.get(key, 0.0) + read.confidence
    best = max(sorted(score), key=lambda key: score[key])
    agree = score[best] / sum(score.values())
    steady = min(1.0, len(place) / (0.5 * pictures))
    ours = [r for r in place if (r.card, r.turned) == best]
    surest = max(ours, key=lambda r: r.confidence)
    return replace(surest, confidence=surest.confidence * agree * steady)


def _shift(anchor: Sequence[CardRead], reads: Sequence[CardRead]) -> tuple[float, float]:
    moves = [
        (a.x - r.x, a.y - r.y)
        for r in reads
        for a in anchor
        if (a.card, a.turned) == (r.card, r.turned)
        and math.hypot(a.x - r.x, a.y - r.y) < 4 * a.size
    ]
    if not moves:
        return 0.0, 0.0
    return float(np.median([m[0] for m in moves])), float(np.median([m[1] for m in moves]))


def _near(one: CardRead, other: CardRead) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) < 1.2 * max(one.size, other.size)
