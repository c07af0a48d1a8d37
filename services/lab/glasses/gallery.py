"""Rooms of a museum: the wearer walks along a wall and stops in front of some works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from services.alpha.recording import GoldEvent
from services.alpha.vision import opencv as cv
from services.lab.glasses.assets import Artwork
from services.lab.glasses.film import Key, Prop, Scene, Stage, View
from services.lab.glasses.style import Style, surface

HEIGHT = 1500
STEP = 1500
DWELL_S = 1.0


@dataclass
class Room:
    """A walk along one wall."""

    scene: Scene
    gold: list[GoldEvent]
    stops: list[tuple[float, float, str, bool]]
    ends: float


def framed(picture: cv.Image, rng: Random) -> cv.Image:
    """A work in its frame, BGRA."""
    scale = rng.uniform(560, 680) / max(picture.shape[:2])
    inner = cv.resized(
        np.ascontiguousarray(picture[..., :3]),
        round(picture.shape[1] * scale),
        round(picture.shape[0] * scale),
    )
    wide = rng.randrange(18, 44)
    colour = rng.choice([(30, 60, 110), (40, 40, 45), (60, 110, 150), (25, 35, 60)])
    frame = np.zeros((inner.shape[0] + 2 * wide, inner.shape[1] + 2 * wide, 4), np.uint8)
    frame[..., :3], frame[..., 3] = colour, 255
    lit = tuple(min(255, c + 40) for c in colour)
    frame[4 : wide - 6, 4:-4, :3] = lit
    frame[wide:-wide, wide:-wide, :3] = inner
    return frame


def plate(words: Sequence[str]) -> cv.Image:
    """The small label beside a work, BGRA."""
    label = np.full((110, 260, 4), 255, np.uint8)
    label[..., :3] = (225, 230, 232)
    image = np.ascontiguousarray(label[..., :3])
    for i, line in enumerate(words):
        cv.write_text(image, line[:26], (12, 34 + 32 * i), 20, (40, 40, 40))
    label[..., :3] = image
    return label


def foreign(rng: Random) -> cv.Image:
    """A picture that is in no catalogue."""
    noise = np.random.default_rng(rng.randrange(1 << 30))
    picture = cv.resized(noise.integers(0, 256, (6, 8, 3)).astype(np.uint8), 640, 480)
    for _ in range(30):
        colour = tuple(int(c) for c in noise.integers(0, 256, 3))
        x, y = (int(v) for v in noise.integers(0, 640, 2))
        if noise.random() < 0.5:
            cv.disc(picture, (x, y % 480), int(noise.integers(6, 70)), colour)
        else:
            corners = noise.integers(-80, 80, (4, 2)) + np.array((x, y % 480))
            cv.polygon(picture, corners.astype(np.int32), colour)
    return picture


def walk(
    style: Style,
    rng: Random,
    begins: float,
    works: Sequence[Artwork],
    catalogue: Sequence[str],
    known: Sequence[str],
    strangers: int = 1,
) -> Room:
    """A walk past `works` and some pictures of nobody; stops at most of them.

    Gold: a second after each first stop at a work of the catalogue that the wearer does not know.
    """
    hung: list[tuple[str, cv.Image]] = [(w.id, w.picture) for w in works]
    hung += [("", foreign(rng)) for _ in range(strangers)]
    rng.shuffle(hung)
    length = STEP * (len(hung) + 1)
    wall = rng.choice(style.walls)
    stage = Stage(surface(wall, rng.choice(style.hues), length, HEIGHT, rng.randrange(1 << 30)))
    t = begins
    views = [View(t, STEP * 0.4, HEIGHT / 2, rng.uniform(1700, 1900))]
    gold: list[GoldEvent] = []
    stops = []
    told = set(known)
    for i, (name, picture) in enumerate(hung):
        x, y = STEP * (i + 0.9), HEIGHT / 2 + rng.uniform(-40, 40)
        work = framed(picture, rng)
        stage.props.append(Prop(work, (Key(-1.0, x, y, rng.gauss(0, 0.006)),)))
        label = plate(["", name.replace("-", " ")[:24]] if name else ["untitled"])
        side = work.shape[1] / 2 + 190
        stage.props.append(Prop(label, (Key(-1.0, x + side, y + 180),)))
        t += rng.uniform(3.5, 5.0)
        if rng.random() < 0.2:
            views.append(View(t, x, HEIGHT / 2, rng.uniform(1700, 1900)))
            continue
        at = View(
            t, x + rng.uniform(-40, 40), y + rng.uniform(-30, 30), rng.uniform(950, 1300),
            rng.gauss(0, 0.03),
        )  # fmt: skip
        stay = rng.uniform(8.0, 12.0)
        views += [at, View(t + stay, at.x + rng.uniform(-20, 20), at.y, at.width * 0.98, at.roll)]
        stops.append((t, t + stay, name, name in catalogue))
        if name in catalogue and name not in told:
            told.add(name)
            gold.append(
                GoldEvent(
                    skill="museum-guide",
                    t=round(t + DWELL_S, 3),
                    until_s=round(t + stay, 3),
                    subject=name,
                    answer=name,
                )
            )
        t += stay
    t += 4.0
    views.append(View(t, length - STEP * 0.3, HEIGHT / 2, 1800))
    scene = Scene(begins, stage, tuple(views), gain=rng.uniform(*style.gain))
    return Room(scene, gold, stops, t)
