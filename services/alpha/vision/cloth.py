"""The colour of a garment that is held up, by the light that falls on the white of its tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv
from services.alpha.vision.colour import name_of
from services.alpha.vision.framed import apart_from_edges
from services.alpha.vision.ocr import Line

WIDTH = 320
# What paper looks like in good light.
_WHITE = 238.0
# Nothing is lit so oddly that one channel differs from this by more.
_GAINS = (0.7, 2.5)
# What differs so much from the sides and the top of the view is no wall.
_FAR = 34.0
_RIM = 12
# Shares of the view: smaller is no garment in hand, larger no garment but the wall.
_LEAST, _MOST = 0.03, 0.5
_BELOW = 0.65


def colour_of_cloth(image: cv.Image, tag: Sequence[Line]) -> tuple[str, float] | None:
    """The name of the held garment's colour, and the share of its cloth that has it.

    None where no paper or no garment is found: a colour by unknown light would be a guess.

    Args:
        image: The view.
        tag: The lines of the tag that is held up.
    """
    if not tag:
        return None
    height = round(image.shape[0] * WIDTH / image.shape[1])
    small = cv.resized(image, WIDTH, height)
    lead = max(tag, key=lambda line: line.height)
    gains = np.clip(_WHITE / np.maximum(_paper(small, lead), 1.0), *_GAINS)
    lit = np.clip(small * gains, 0, 255).astype(np.uint8)
    unlike = (apart_from_edges(lit, _RIM) > _FAR) & ~_sheet(lit, lead)
    # What is held up is in the middle; below it are arms, beside it others' garments.
    unlike[round(_BELOW * height) :] = False
    mask = cv.opened(cv.closed((unlike * 255).astype(np.uint8), 3), 7)
    found, labels = cv.blobs(mask, round(_LEAST * WIDTH * height))
    held = [
        blob
        for blob in found
        if blob.left <= WIDTH / 2 <= blob.left + blob.width and blob.area < _MOST * WIDTH * height
    ]
    if not held:
        return None
    best = max(held, key=lambda blob: blob.area)
    return name_of(lit[labels == best.label])


def _paper(small: cv.Image, line: Line) -> NDArray[np.float64]:
    """The colour of what a line is printed on: its ground is brighter than its letters."""
    return np.asarray(np.percentile(_around(small, line).reshape(-1, 3), 75, axis=0))


def _around(small: NDArray[Any], line: Line) -> NDArray[Any]:
    x, y, half = line.x * WIDTH, line.y * WIDTH, line.height * WIDTH / 2
    top, left = max(0, round(y - half)), max(0, round(x - 2 * half))
    return small[top : round(y + half) + 1, left : round(x + 2 * half) + 1]


def _sheet(lit: cv.Image, line: Line) -> NDArray[np.bool_]:
    """The tag's paper: the bright region that the line is printed on."""
    bright = ((lit.min(axis=2) > 0.8 * _WHITE) * 255).astype(np.uint8)
    _, labels = cv.blobs(cv.closed(bright, 9))
    under = np.bincount(_around(labels, line).ravel())
    if len(under) < 2:
        return np.zeros(lit.shape[:2], bool)
    tag = labels == 1 + int(under[1:].argmax())
    return cv.grown((tag * 255).astype(np.uint8), 5) > 0
