"""Known things on a surface: told from it by colour, recognised by colours and shape together.

Honest about its limits: things must be enrolled with a picture, lie apart from each other, and differ
in colour or outline. What is not clearly one of them is not named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv
from services.alpha.vision.colour import alike, histogram

WIDTH = 640
_UNLIKE = 24
_LEAST, _MOST = 0.0015, 0.08
SURE = 0.70
LEAD = 0.05


@dataclass(frozen=True)
class Known:
    """A thing as enrolled: its colours and the numbers of its shape."""

    colours: NDArray[np.float64]
    shape: NDArray[np.float64]
    stretch: float


@dataclass(frozen=True)
class Spotted:
    """A thing in a picture: which, how sure (0..1), its middle as shares of width and height."""

    name: str
    confidence: float
    x: float
    y: float


def enrol(picture: NDArray[np.uint8]) -> Known:
    """Learn a thing from a BGRA picture."""
    solid = picture[..., 3] > 127
    return _known(np.ascontiguousarray(picture[..., :3]), (solid * 255).astype(np.uint8))


def _known(image: cv.Image, mask: cv.Grey) -> Known:
    outline = max(cv.outlines(mask), key=cv.area_of)
    _, _, wide, tall, _ = cv.smallest_box(outline)
    stretch = max(wide, tall) / max(1.0, min(wide, tall))
    return Known(histogram(image[mask > 0]), cv.hu_moments(mask)[:4], stretch)


def spot(image: cv.Image, things: Mapping[str, Known]) -> list[Spotted]:
    """The enrolled things in a picture, from the left on."""
    height = round(image.shape[0] * WIDTH / image.shape[1])
    small = cv.resized(image, WIDTH, height)
    tones = cv.lab(cv.blurred(small, 1.2)).astype(np.int16)
    # The surface's own colour changes slowly; what differs from its surroundings lies on it.
    ground = np.median(tones.reshape(-1, 3), axis=0)
    unlike = np.abs(tones - ground) * np.array([0.7, 1.4, 1.4])
    mask = cv.opened(cv.closed(((unlike.sum(axis=2) > _UNLIKE) * 255).astype(np.uint8), 7), 3)
    found = []
    for outline in cv.outlines(mask):
        area = cv.area_of(outline)
        if not _LEAST * WIDTH * height <= area <= _MOST * WIDTH * height:
            continue
        own = cv.filled((height, WIDTH), [outline])
        seen = _known(small, np.asarray(own & mask, np.uint8))
        scores = sorted(((_likeness(seen, k), n) for n, k in things.items()), reverse=True)
        if not scores or scores[0][0] < SURE:
            continue
        second = scores[1][0] if len(scores) > 1 else 0.0
        if scores[0][0] - second < LEAD:
            continue
        x, y, *_ = cv.smallest_box(outline)
        sure = min(1.0, scores[0][0] + (scores[0][0] - second))
        found.append(Spotted(scores[0][1], round(sure, 3), x / WIDTH, y / height))
    return sorted(_once(found), key=lambda s: s.x)


def _likeness(seen: Known, known: Known) -> float:
    colours = alike(seen.colours, known.colours)
    bend = float(np.abs(seen.shape[:2] - known.shape[:2]).mean())
    stretch = min(seen.stretch, known.stretch) / max(seen.stretch, known.stretch)
    return 0.7 * colours + 0.15 * float(np.exp(-1.5 * bend)) + 0.15 * stretch


def _once(found: list[Spotted]) -> list[Spotted]:
    """The surest place of each thing."""
    best: dict[str, Spotted] = {}
    for item in found:
        if item.name not in best or item.confidence > best[item.name].confidence:
            best[item.name] = item
    return list(best.values())


def balanced(image: cv.Image, corners: cv.Points) -> cv.Image:
    """The picture with the white around a mark made white: the colour of the light taken out."""
    low = np.maximum(corners.min(axis=0) - 0.14 * np.ptp(corners, axis=0), 0).astype(int)
    high = (corners.max(axis=0) + 0.14 * np.ptp(corners, axis=0)).astype(int)
    patch = image[low[1] : high[1], low[0] : high[0]].reshape(-1, 3).astype(np.float32)
    if not len(patch):
        return image
    white = np.percentile(patch, 85, axis=0)
    return np.asarray(np.clip(image * (235.0 / np.maximum(white, 40)), 0, 255), np.uint8)
