"""A large thing in the middle of a plain surrounding: a framed work, a garment held up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv

WIDTH = 160
_FAR = 26.0


@dataclass(frozen=True)
class Figure:
    """The thing in the middle: its box as shares of the picture, how much of the picture it covers,
    how much of its box it fills.
    """

    left: float
    top: float
    right: float
    bottom: float
    area: float
    fill: float


class _Latest:
    """What was made of the latest picture, for the skills that ask for the same of it.

    Only of pictures that nobody can write to, as the input unit hands them out.
    """

    def __init__(self, make: Callable[[cv.Image], cv.Image]) -> None:
        self._make = make
        self._kept: tuple[cv.Image, cv.Image] | None = None

    def __call__(self, image: cv.Image) -> cv.Image:
        if image.flags.writeable:
            return self._make(image)
        kept = self._kept
        if kept is None or kept[0] is not image:
            self._kept = kept = (image, self._make(image))
        return kept[1]


@_Latest
def _small(image: cv.Image) -> cv.Image:
    return cv.resized(image, WIDTH, round(image.shape[0] * WIDTH / image.shape[1]))


@_Latest
def small_grey(image: cv.Image) -> cv.Grey:
    """A grey copy for measuring motion."""
    return cv.grey(_small(image))


def apart_from_edges(small: cv.Image, edge: int) -> NDArray[np.float64]:
    """How far the colour of each pixel is from that of the sides and the top (`edge` pixels wide)."""
    tones = cv.lab(cv.blurred(small, 1.0)).astype(np.int16)
    ring = np.concatenate(
        [
            tones[:edge].reshape(-1, 3),
            tones[:, :edge].reshape(-1, 3),
            tones[:, -edge:].reshape(-1, 3),
        ]
    )
    apart = np.abs(tones - np.median(ring, axis=0))
    return np.asarray(apart[..., 0] + apart[..., 1] + apart[..., 2])


@_Latest
def _unlike(image: cv.Image) -> cv.Grey:
    """What differs in colour from the edges of a small copy of the picture."""
    unlike = apart_from_edges(_small(image), 6) > _FAR
    return cv.opened(cv.closed((unlike * 255).astype(np.uint8), 7), 3)


def middle_cover(image: cv.Image) -> float:
    """The share of the middle of a picture that differs in colour from the picture's edges."""
    mask = _unlike(image)
    height = mask.shape[0]
    middle = mask[round(0.08 * height) : round(0.85 * height), WIDTH // 5 : WIDTH - WIDTH // 6]
    return float((middle > 0).mean())


def figure(image: cv.Image) -> Figure | None:
    """The thing in the middle, told from its surroundings by colour; None if there is none."""
    mask = _unlike(image)
    height = mask.shape[0]
    found, _ = cv.blobs(mask, round(0.03 * WIDTH * height))
    middle = [
        b
        for b in found
        if b.left < 0.55 * WIDTH < b.left + b.width + 0.1 * WIDTH
        and b.left <= 0.5 * WIDTH <= b.left + b.width
        and b.top <= 0.5 * height <= b.top + b.height
    ]
    if not middle:
        return None
    best = max(middle, key=lambda b: b.area)
    return Figure(
        best.left / WIDTH,
        best.top / height,
        (best.left + best.width) / WIDTH,
        (best.top + best.height) / height,
        best.area / (WIDTH * height),
        best.area / (best.width * best.height),
    )


class Dwelling:
    """Whether the wearer stays with one view: the way the picture has drifted in the last while."""

    def __init__(self, for_s: float, reach: float = 0.07) -> None:
        self._for_s = for_s
        self._reach = reach
        self._last: cv.Grey | None = None
        self._at = np.zeros(2)
        self._path: list[tuple[float, float, float]] = []

    def stays(self, image: cv.Image, t: float) -> float | None:
        """Since when (seconds) the view stays; None while it moves on."""
        now = small_grey(image)
        if self._last is not None:
            dx, dy, sure = cv.moved(self._last, now)
            if sure < 0.12:
                self._path.clear()
            self._at += (dx / WIDTH, dy / WIDTH)
        self._last = now
        self._path.append((t, float(self._at[0]), float(self._at[1])))
        here = self._path[-1]
        first = len(self._path) - 1
        while first > 0:
            at = self._path[first - 1]
            if abs(at[1] - here[1]) > self._reach or abs(at[2] - here[2]) > self._reach:
                break
            first -= 1
        self._path = self._path[max(0, first - 1) :][-400:]
        since = self._path[min(1, len(self._path) - 1) if first else 0][0]
        return since if t - since >= self._for_s - 1e-6 else None
