"""The frame gate: which pictures are worth looking at. About a millisecond a picture.

It measures a grey copy of 160 pixels' width. All it keeps is a mosaic of 32 cells' width (of the
last picture let through), in which nobody can be recognised, and a few numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.camera import Grey, grey, narrowed, sharpness
from devices.glasses.contracts import Frame, Verdict
from devices.glasses.shot import Image


@dataclass(frozen=True)
class GateLimits:
    """When a picture is refused.

    Attributes:
        dark: Mean grey level (0..255) below which it is too dark.
        flat: Standard deviation of grey below which, with little sharpness, something lies on the
            lens.
        covered_blur: That little sharpness (variance of the Laplacian).
        blur: Sharpness below which a picture is blurred in any scene.
        blur_share: And below this share of the sharpness of the last seconds.
        memory_s: Over how long the sharpness of before fades.
        change: Difference to the last picture (0..255, see `Frame.change`) below which it is the same.
        settle_s: How long pictures pass after the last change, so that a trigger sees it settle.
        heartbeat_s: How often a picture of an unchanged scene passes.
        width: Of the grey copy, in pixels.
    """

    dark: float = 30.0
    flat: float = 9.0
    covered_blur: float = 14.0
    blur: float = 18.0
    blur_share: float = 0.3
    memory_s: float = 3.0
    change: float = 1.2
    settle_s: float = 1.0
    heartbeat_s: float = 1.0
    width: int = 160


MOSAIC = 32
# A change of one cell by this much counts like a change of the whole picture by one.
CELL_SHARE = 8.0


class Gate:
    """Judges pictures in order of time."""

    def __init__(self, limits: GateLimits | None = None) -> None:
        self._limits = limits or GateLimits()
        self._mosaic: Grey | None = None
        self._last_t = 0.0
        self._changed_t = 0.0
        self._usual = 0.0
        self._usual_t = 0.0

    def judge(self, pixels: Image, seq: int, t: float) -> Frame:
        """Measure a picture taken at `t` seconds and say whether it is good."""
        small = grey(pixels, self._limits.width)
        brightness = float(small.mean())
        contrast = float(small.std())
        blur = sharpness(small)
        mosaic = narrowed(small, MOSAIC)
        change = self._difference(mosaic)
        verdict = self._verdict(t, brightness, contrast, blur, change)
        if verdict == "good":
            self._mosaic, self._last_t = mosaic, t
        return Frame(
            seq=seq,
            t=round(t, 3),
            width=pixels.shape[1],
            height=pixels.shape[0],
            blur=round(blur, 1),
            brightness=round(brightness, 1),
            contrast=round(contrast, 1),
            change=round(change, 2),
            verdict=verdict,
        )

    def _difference(self, mosaic: Grey) -> float:
        if self._mosaic is None or self._mosaic.shape != mosaic.shape:
            return 255.0
        apart = np.abs(mosaic.astype(np.int16) - self._mosaic)
        return max(float(apart.mean()), float(apart.max()) / CELL_SHARE)

    def _verdict(
        self, t: float, brightness: float, contrast: float, blur: float, change: float
    ) -> Verdict:
        limits = self._limits
        # A finger on the lens is often dark, too: what is flat is covered, whatever its light.
        if contrast < limits.flat and blur < limits.covered_blur and brightness >= limits.dark / 2:
            return "covered"
        if brightness < limits.dark:
            return "dark"
        faded = self._usual * 0.5 ** ((t - self._usual_t) / limits.memory_s)
        self._usual, self._usual_t = max(blur, faded), t
        if blur < max(limits.blur, limits.blur_share * faded):
            return "blurred"
        if change >= limits.change:
            self._changed_t = t
        elif t - self._changed_t > limits.settle_s and t - self._last_t < limits.heartbeat_s:
            return "same"
        return "good"
