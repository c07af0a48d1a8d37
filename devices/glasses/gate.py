"""The frame gate: which pictures are worth looking at. About a millisecond a picture.

It works on a grey copy of 160 pixels' width and keeps one such copy (of the last picture let
through) and a few numbers; it never keeps the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.camera import Grey, grey, sharpness
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
        change: Mean absolute difference (0..255) to the last picture below which it is the same.
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


class Gate:
    """Judges pictures in order of time."""

    def __init__(self, limits: GateLimits | None = None) -> None:
        self._limits = limits or GateLimits()
        self._last: Grey | None = None
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
        change = self._difference(small)
        verdict = self._verdict(t, brightness, contrast, blur, change)
        if verdict == "good":
            self._last, self._last_t = small, t
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

    def _difference(self, small: Grey) -> float:
        if self._last is None or self._last.shape != small.shape:
            return 255.0
        return float(np.abs(small.astype(np.int16) - self._last).mean())

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
