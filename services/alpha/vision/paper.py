"""Bright, plain, card-shaped regions in a small picture: the cheap eye of the card trigger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.alpha.vision import opencv as cv

WIDTH = 320
# Shares of the picture: smaller is no card at arm's length, larger no group of cards.
_SMALLEST, _LARGEST = 0.006, 0.30
_SOLID = 0.70
_SLIM = 0.25
_CONTRAST = 34.0


@dataclass(frozen=True)
class Sheetlet:
    """One bright region: centre and area as shares of the picture (area of its width squared)."""

    x: float
    y: float
    area: float


def papers(image: cv.Image) -> tuple[Sheetlet, ...]:
    """The bright compact regions of a picture, from the top left on."""
    height = round(image.shape[0] * WIDTH / image.shape[1])
    small = cv.resized(image, WIDTH, height)
    # Paper is bright in all three colours; felt, wood and skin are dark in one at least. The table
    # fills most of the view, so the median is the table's.
    plain = cv.plainest(small)
    table, white = cv.level_at(plain, 0.5), cv.level_at(plain, 0.995)
    if white - table < _CONTRAST:
        return ()
    bright = plain > table + 0.55 * (white - table)
    # Pips and patterns are filled, and cards side by side become one region: it is steadier.
    mask = cv.opened(cv.closed((bright * 255).astype(np.uint8), 9), 5)
    found = []
    size = WIDTH * height
    for outline in cv.outlines(mask):
        area = cv.area_of(cv.hull(outline))
        if not _SMALLEST * size <= area <= _LARGEST * size:
            continue
        if cv.area_of(outline) < _SOLID * area:
            continue
        x, y, wide, tall, _ = cv.smallest_box(outline)
        if min(wide, tall) < _SLIM * max(wide, tall):
            continue  # a line of print on the table
        found.append(Sheetlet(x / WIDTH, y / height, area / WIDTH**2))
    return tuple(sorted(found, key=lambda s: (s.y, s.x)))


def steady(before: Sequence[Sequence[Sheetlet]], now: Sequence[Sheetlet]) -> bool:
    """Whether nothing but the head has moved: each region was there in one of the pictures before.

    One that comes and goes in its place (the pattern of a card's back) does not count as moving.
    """
    return all(any(_rests(region, now, old) for old in before) for region in now)


def _rests(region: Sheetlet, now: Sequence[Sheetlet], old: Sequence[Sheetlet]) -> bool:
    if not old:
        return False
    pairs = [(a, min(old, key=lambda b: (a.x - b.x) ** 2 + (a.y - b.y) ** 2)) for a in now]
    sway = np.median(np.array([(b.x - a.x, b.y - a.y) for a, b in pairs]), axis=0)
    was = min(old, key=lambda b: (b.x - region.x - sway[0]) ** 2 + (b.y - region.y - sway[1]) ** 2)
    off = max(abs(was.x - region.x - sway[0]), abs(was.y - region.y - sway[1]))
    grown = abs(was.area - region.area) / max(was.area, region.area)
    return bool(off < 0.014 and grown < 0.15)
