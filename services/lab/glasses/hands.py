"""Hands and forearms, drawn."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from services.alpha.vision import opencv as cv


@lru_cache(maxsize=8)
def hand(skin: tuple[int, int, int], sleeve: tuple[int, int, int] = (70, 60, 50)) -> cv.Image:
    """A right hand from below with its forearm, 300 × 900, BGRA; finger tips at the top."""
    picture = np.zeros((900, 300, 4), np.uint8)
    dark = tuple(int(c * 0.82) for c in skin)

    def limb(points: list[tuple[int, int]], width: int, colour: tuple[int, ...]) -> None:
        cv.stroke(picture, np.array(points, np.int32), (*colour, 255), width)

    limb([(160, 380), (165, 900)], 120, skin)
    limb([(165, 620), (165, 900)], 165, sleeve)
    cv.polygon(
        picture,
        np.array([[85, 230], [230, 220], [245, 360], [205, 420], [120, 420]], np.int32),
        (*skin, 255),
    )
    for tip, root in (((70, 110), (105, 250)), ((118, 40), (138, 240)), ((172, 30), (175, 240))):
        limb([root, tip], 40, dark)
        limb([root, tip], 34, skin)
    limb([(212, 250), (228, 80)], 32, skin)
    limb([(100, 350), (35, 250)], 42, skin)
    return picture
