"""Letters, digits and suits as ink on paper: finding them, and saying what they are.

Ink is what is darker than its surroundings in the green channel, where red and black are both dark.
A small network (one hidden layer over gradient histograms and a coarse picture) names each piece of
ink or says that it is none of the names. Its weights come from `services.lab.glasses.glyph_training`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv

RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K")
SUITS = ("c", "d", "h", "s")
CLASSES = (*RANKS, *SUITS, "other")
SIDE = 24
_CELLS, _BINS = 6, 8
WEIGHTS = Path(__file__).with_name("glyphs.npz")

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Ink:
    """A connected piece of ink: its box in pixels, its area, how much darker than the paper it is,
    and how red (red minus green of its darkest part).
    """

    left: int
    top: int
    width: int
    height: int
    area: int
    contrast: float
    red: float

    @property
    def x(self) -> float:
        """Middle, from the left."""
        return self.left + self.width / 2

    @property
    def y(self) -> float:
        """Middle, from the top."""
        return self.top + self.height / 2

    def joined(self, other: Ink) -> Ink:
        """Both as one piece."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        right = max(self.left + self.width, other.left + other.width)
        bottom = max(self.top + self.height, other.top + other.height)
        return Ink(
            left,
            top,
            right - left,
            bottom - top,
            self.area + other.area,
            min(self.contrast, other.contrast),
            (self.red + other.red) / 2,
        )


@dataclass(frozen=True)
class Sheet:
    """A picture prepared for reading: how dark each pixel is against the paper near it, 0..255."""

    image: cv.Image
    darkness: cv.Grey
    pieces: tuple[Ink, ...]


def sheet(image: cv.Image, tallest: int = 64, least_contrast: int = 40) -> Sheet:
    """Find the ink in a picture: pieces from 8 to `tallest` pixels high on bright paper."""
    green = np.ascontiguousarray(image[..., 1])
    # The paper near a pixel: what is left when everything darker and narrower than a card is filled.
    small = cv.resized(green, max(1, image.shape[1] // 4), max(1, image.shape[0] // 4))
    paper = cv.resized(cv.box_mean(cv.grown(small, 9), 7), image.shape[1], image.shape[0])
    darkness = np.where(paper > green, paper - green, 0).astype(np.uint8)
    mask = (darkness > np.maximum(least_contrast * 0.7, paper * 0.28)).astype(np.uint8)
    found, labels = cv.blobs(mask, 18)
    pieces = []
    for blob in found:
        if not (8 <= blob.height <= tallest and 2 <= blob.width <= tallest * 1.3):
            continue
        here = np.s_[blob.top : blob.top + blob.height, blob.left : blob.left + blob.width]
        level = int(paper[here].mean())
        if level < 90:
            continue
        own = labels[here] == blob.label
        depth = darkness[here][own]
        deep = depth >= np.percentile(depth, 60)
        contrast = float(depth[deep].mean())
        if contrast < least_contrast:
            continue
        colours = image[here][own][deep].astype(np.float32)
        red = float((colours[:, 2] - colours[:, 1]).mean())
        pieces.append(Ink(blob.left, blob.top, blob.width, blob.height, blob.area, contrast, red))
    return Sheet(image, darkness, tuple(pieces))


def patch(on: Sheet, ink: Ink, turned: bool = False) -> cv.Grey:
    """The ink as a SIDE × SIDE picture, its proportions kept; `turned` upside down."""
    edge = 1
    top, left = max(0, ink.top - edge), max(0, ink.left - edge)
    cut = on.darkness[top : ink.top + ink.height + edge, left : ink.left + ink.width + edge]
    level = np.minimum(cut.astype(np.float32) * (230.0 / max(ink.contrast, 1.0)), 255.0)
    scale = (SIDE - 4) / max(cut.shape)
    small = cv.resized(
        level.astype(np.uint8),
        max(1, round(cut.shape[1] * scale)),
        max(1, round(cut.shape[0] * scale)),
    )
    out = np.zeros((SIDE, SIDE), np.uint8)
    y, x = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    out[y : y + small.shape[0], x : x + small.shape[1]] = small
    return np.ascontiguousarray(out[::-1, ::-1]) if turned else out


def describe(patches: NDArray[np.uint8]) -> Vector:
    """Feature vectors of n × SIDE × SIDE patches (N. Dalal and B. Triggs, 2005, and the picture)."""
    p = patches.astype(np.float32) / 255.0
    gy = np.zeros_like(p)
    gx = np.zeros_like(p)
    gy[:, 1:-1] = p[:, 2:] - p[:, :-2]
    gx[:, :, 1:-1] = p[:, :, 2:] - p[:, :, :-2]
    size = np.sqrt(gx * gx + gy * gy)
    place = (np.arctan2(gy, gx) / (2 * np.pi) % 1.0) * _BINS
    low = np.floor(place).astype(np.int64) % _BINS
    share = place - np.floor(place)
    cell = SIDE // _CELLS
    rows = np.arange(SIDE) // cell
    index = (rows[:, None] * _CELLS + rows[None, :])[None] * _BINS
    length = _CELLS * _CELLS * _BINS
    base = np.arange(len(p))[:, None, None] * length
    counts = np.zeros(len(p) * length, np.float32)
    for which, weight in ((low, size * (1 - share)), ((low + 1) % _BINS, size * share)):
        counts += np.bincount(
            (base + index + which).ravel(), weight.ravel(), minlength=len(counts)
        ).astype(np.float32)
    gradients = counts.reshape(len(p), length)
    gradients /= np.sqrt((gradients**2).sum(1, keepdims=True)) + 1e-3
    coarse = p.reshape(len(p), 12, 2, 12, 2).mean((2, 4)).reshape(len(p), -1)
    tall = (p.max(2) > 0.3).sum(1, keepdims=True) / SIDE
    wide = (p.max(1) > 0.3).sum(1, keepdims=True) / SIDE
    return np.concatenate([4.0 * gradients, coarse, tall, wide], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Network:
    """One hidden layer: what each class is worth for a feature vector."""

    w1: Vector
    b1: Vector
    w2: Vector
    b2: Vector

    def chances(self, vectors: Vector) -> Vector:
        """Probability of each class of CLASSES, by row."""
        hidden = np.maximum(vectors @ self.w1 + self.b1, 0)
        raw = hidden @ self.w2 + self.b2
        raw -= raw.max(1, keepdims=True)
        e = np.exp(raw)
        return np.asarray(e / e.sum(1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def network() -> Network:
    """The network that comes with this package."""
    with np.load(WEIGHTS) as kept:
        return Network(*(kept[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2")))


def name_all(on: Sheet, pieces: list[Ink], turned: bool = False) -> Vector:
    """Probability of each class for each piece, by row."""
    if not pieces:
        return np.zeros((0, len(CLASSES)), np.float32)
    patches = np.stack([patch(on, ink, turned) for ink in pieces])
    return network().chances(describe(patches))
