"""Names of colours, and histograms of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.alpha.vision import opencv as cv

# Middle values in CIE L*a*b* as OpenCV has them (0..255 each); dark cloth has less colour in it.
_NAMES: tuple[tuple[str, tuple[float, float, float]], ...] = (
    ("black", (40, 128, 128)),
    ("white", (240, 128, 130)),
    ("grey", (140, 128, 128)),
    ("red", (120, 195, 170)),
    ("red", (75, 175, 158)),
    ("orange", (165, 165, 190)),
    ("yellow", (215, 120, 205)),
    ("green", (115, 92, 160)),
    ("green", (75, 108, 145)),
    ("blue", (85, 145, 70)),
    ("blue", (45, 148, 92)),
    ("light blue", (195, 118, 108)),
    ("purple", (85, 170, 88)),
    ("pink", (190, 165, 128)),
    ("brown", (85, 142, 155)),
    ("beige", (205, 132, 148)),
)


def name_of(pixels: NDArray[np.uint8]) -> tuple[str, float]:
    """The name of the colour that most of n × 3 pixels (blue green red) have, and their share."""
    tones = cv.lab(np.ascontiguousarray(pixels.reshape(1, -1, 3)))[0].astype(np.float32)
    names = sorted({name for name, _ in _NAMES})
    which = np.array([names.index(name) for name, _ in _NAMES])
    middles = np.array([middle for _, middle in _NAMES], np.float32)
    # Lightness matters less than hue: cloth has folds and shadows.
    weights = np.array([0.45, 1.0, 1.0], np.float32)
    apart = (((tones[:, None] - middles[None]) * weights) ** 2).sum(axis=2)
    counts = np.bincount(which[apart.argmin(axis=1)], minlength=len(names))
    best = int(counts.argmax())
    return names[best], float(counts[best] / max(1, counts.sum()))


def histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares of n × 3 pixels in 6 × 8 × 8 cells of L*a*b*, neighbours blended in."""
    tones = cv.lab(np.ascontiguousarray(pixels.reshape(1, -1, 3)))[0].astype(np.float64)
    cells = np.zeros((6, 12, 12))
    place = np.stack(
        [
            np.clip(tones[:, 0] / 256 * 6 - 0.5, 0, 4.999),
            np.clip((tones[:, 1] - 64) / 128 * 12 - 0.5, 0, 10.999),
            np.clip((tones[:, 2] - 64) / 128 * 12 - 0.5, 0, 10.999),
        ]
    )
    low = place.astype(np.int64)
    share = place - low
    for corner in range(8):
        bits = [(corner >> k) & 1 for k in range(3)]
        weight = np.prod([share[k] if bits[k] else 1 - share[k] for k in range(3)], axis=0)
        np.add.at(cells, tuple(low[k] + bits[k] for k in range(3)), weight)
    return np.asarray(cells.ravel() / max(1, len(tones)))


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How much two histograms have in common, 0..1 (Bhattacharyya)."""
    return float(np.sqrt(one * other).sum())
