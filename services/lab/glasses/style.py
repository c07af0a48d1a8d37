"""How a scene looks and moves. Training and test styles share no deck, surface, light or motion."""

from __future__ import annotations

from typing import Literal

import numpy as np

from devices.noun import Noun
from services.alpha.vision import opencv as cv

Texture = Literal["felt", "wood", "marble", "plaster", "brick", "cloth", "planks", "tiles"]


class Style(Noun):
    """One way of looking at the world.

    Args:
        name: For reports.
        split: On which side it stands.
        decks: Decks of cards, by name.
        textures: Of tables and walls.
        hues: Their colours (blue, green, red).
        sway: How far the head sways, as a share of the view's width.
        tempo: How fast it sways, in hertz.
        noise: Sensor noise, standard deviation in grey levels at full resolution.
        gain: Range of brightness between scenes.
        cast: Colour of the light (factors of blue, green, red).
        flicker: How much the light flickers (share).
        tilt: How much narrower near things are seen than far ones (share).
        skin: Colour of hands.
    """

    name: str
    split: Literal["train", "test"]
    decks: tuple[str, ...]
    textures: tuple[Texture, ...]
    hues: tuple[tuple[int, int, int], ...]
    sway: float
    tempo: float
    noise: float
    gain: tuple[float, float]
    cast: tuple[float, float, float]
    flicker: float
    tilt: float
    skin: tuple[int, int, int]

    @property
    def walls(self) -> tuple[Texture, ...]:
        """The textures that a wall may have."""
        return tuple(t for t in self.textures if t not in {"felt", "cloth"}) or ("plaster",)


STYLES = {
    style.name: style
    for style in (
        Style(
            name="club",
            split="train",
            decks=("anglo", "anglo_poker", "gnomangelo"),
            textures=("felt", "wood", "plaster"),
            hues=((60, 110, 40), (70, 90, 130), (170, 180, 185)),
            sway=0.010,
            tempo=0.35,
            noise=3.0,
            gain=(0.85, 1.1),
            cast=(1.0, 1.0, 1.0),
            flicker=0.01,
            tilt=0.10,
            skin=(140, 170, 220),
        ),
        Style(
            name="evening",
            split="train",
            decks=("atlasnye", "anglo_bitmap", "dondorf"),
            textures=("cloth", "planks", "brick"),
            hues=((60, 40, 120), (60, 80, 110), (110, 130, 170)),
            sway=0.014,
            tempo=0.5,
            noise=4.0,
            gain=(0.7, 0.95),
            cast=(0.86, 0.97, 1.05),
            flicker=0.02,
            tilt=0.16,
            skin=(90, 125, 180),
        ),
        Style(
            name="daylight",
            split="test",
            decks=("anglo_modern", "neoclassical"),
            textures=("marble", "tiles"),
            hues=((120, 85, 45), (150, 140, 120), (200, 190, 180)),
            sway=0.012,
            tempo=0.42,
            noise=3.5,
            gain=(0.8, 1.12),
            cast=(1.06, 1.0, 0.95),
            flicker=0.005,
            tilt=0.12,
            skin=(120, 150, 205),
        ),
        Style(
            name="lamp",
            split="test",
            decks=("tigullio",),
            textures=("felt", "planks"),
            hues=((40, 40, 95), (50, 70, 95), (90, 120, 140)),
            sway=0.016,
            tempo=0.6,
            noise=4.5,
            gain=(0.7, 0.9),
            cast=(0.84, 0.96, 1.06),
            flicker=0.015,
            tilt=0.18,
            skin=(60, 85, 130),
        ),
    )
}


def surface(
    kind: Texture, hue: tuple[int, int, int], width: int, height: int, seed: int
) -> cv.Image:
    """A textured surface, the same for the same seed."""
    rng = np.random.default_rng([seed, len(kind), *hue])

    def rough(cells_x: int, cells_y: int) -> np.ndarray:
        small = rng.integers(0, 256, (max(2, cells_y), max(2, cells_x))).astype(np.uint8)
        return np.asarray(cv.resized(small, width, height).astype(np.float32) / 127.5 - 1.0)

    light = 0.06 * rough(4, 3)
    if kind == "felt":
        light += 0.04 * rough(width // 2, height // 2)
    elif kind in {"wood", "planks"}:
        light += 0.10 * rough(6, height // 6) + 0.05 * rough(20, height // 2)
    elif kind == "marble":
        light += 0.10 * np.abs(rough(9, 7)) + 0.06 * rough(40, 30)
    elif kind == "cloth":
        light += 0.05 * rough(width // 3, 3) + 0.05 * rough(3, height // 3)
    else:
        light += 0.05 * rough(width // 8, height // 8)
    image = np.clip(np.array(hue, np.float32) * (1.0 + light[..., None]), 0, 255).astype(np.uint8)
    rows = {"brick": 60, "tiles": 150, "planks": 170}.get(kind)
    if rows is not None:
        joint = tuple(int(c * 0.72) for c in hue)
        for i, y in enumerate(range(0, height, rows)):
            image[y : y + 4] = joint
            if kind == "planks":
                continue
            for x in range((i % 2) * rows if kind == "brick" else 0, width, rows * 2):
                image[y : y + rows, x : x + 4] = joint
    return image
