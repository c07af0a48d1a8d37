"""Bright, plain, card-shaped regions in a small picture: the cheap eye of the card trigger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.alpha.vision import opencv as cv

WIDTH = 320
# Shares of the picture: smaller is no card at arm's length, larger no group of cards.
_SMALLEST, _LARGEST = 0.006, 0.30
_SOLID = 0.80
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
    plain = np.ascontiguousarray(small.min(axis=2))
    table, white = (float(v) for v in np.percentile(plain, (50, 99.5)))
    if white - table < _CONTRAST:
        return ()
    bright = plain > table + 0.55 * (white - table)
    mask = cv.opened(cv.closed((bright * 255).astype(np.uint8), 3), 3)
    found = []
    size = WIDTH * height
    for outline in cv.outlines(mask):
        area = cv.area_of(outline)
        if not _SMALLEST * size <= area <= _LARGEST * size:
            continue
        if area < _SOLID * cv.area_of(cv.hull(outline)):
            continue
        x, y, *_ = cv.smallest_box(outline)
        found.append(Sheetlet(x / WIDTH, y / height, area / WIDTH**2))
    return tuple(sorted(found, key=lambda s: (s.y, s.x)))


def steady(one: Sequence[Sheetlet], other: Sequence[Sheetlet]) -> bool:
    """Whether nothing but the head has moved between two pictures."""
    if len(one) != len(other):
        return False
    if not one:
        return True
    pairs = [(a, min(other, key=lambda b: (a.x - b.x) ** 2 + (a.y - b.y) ** 2)) for a in one]
    if len({id(b) for _, b in pairs}) < len(pairs):
        return False
    moves = np.array([(b.x - a.x, b.y - a.y) for a, b in pairs])
    loose = np.abs(moves - np.median(moves, axis=0)).max()
    grown = max(abs(a.area - b.area) / max(a.area, b.area) for a, b in pairs)
    return bool(loose < 0.014 and grown < 0.15)
