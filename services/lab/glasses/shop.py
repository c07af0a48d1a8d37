"""A clothes shop: the wearer walks along a rail, takes a garment, reads its tag, hangs it back."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from services.alpha.contracts import Garment, WearerProfile
from services.alpha.recording import GoldEvent
from services.alpha.tools.fit import fit
from services.alpha.vision import opencv as cv
from services.lab.glasses import assets
from services.lab.glasses.film import Key, Prop, Scene, Stage, View
from services.lab.glasses.hands import hand
from services.lab.glasses.style import Style, surface

HEIGHT = 1500
STEP = 620
SIZES = ("S", "M", "L", "XL")
WEARER = WearerProfile(
    id="alex",
    per_hour=10_000,
    sizes={
        "shirt": "M",
        "polo shirt": "L",
        "jacket": "L",
        "t-shirt": "M",
        "scarf": "M",
        "jeans": "M",
    },
    preferences={"budget": 60.0},
    wardrobe=(Garment(name="your blue shirt", category="shirt", colour="blue", size="M"),),
)
_TINTS = {
    "blue": (190, 90, 40), "red": (50, 50, 205), "green": (70, 140, 50),
    "yellow": (60, 215, 235), "purple": (150, 50, 120),
}  # fmt: skip
_PLAIN = {"shirt": "shirt", "polo shirt": "polo shirt", "jacket": "jacket", "scarf": "scarf"}


@dataclass
class Visit:
    """A visit to the shop."""

    scene: Scene
    gold: list[GoldEvent]
    ends: float


def tinted(picture: cv.Image, tint: tuple[int, int, int]) -> cv.Image:
    """A light grey garment dyed, BGRA."""
    out = picture.copy()
    shade = picture[..., :3].astype(np.float32).mean(axis=2, keepdims=True) / 225.0
    out[..., :3] = np.clip(shade * np.array(tint, np.float32), 0, 255).astype(np.uint8)
    return out


def hung(garment: cv.Image, lines: tuple[str, ...], rng: Random) -> cv.Image:
    """A garment with its tag, BGRA, 760 × 700. Without lines the tag's blank back shows."""
    board = np.zeros((700, 760, 4), np.uint8)
    scale = min(480 / garment.shape[1], 660 / garment.shape[0])
    wide, tall = round(garment.shape[1] * scale), round(garment.shape[0] * scale)
    board[20 : 20 + tall, 20 : 20 + wide] = cv.resized(garment, wide, tall)
    tag = np.full((200, 230, 3), (238, 240, 240), np.uint8)
    for i, line in enumerate(lines):
        size = min(38, 340 // max(1, len(line)))  # the longest line must fit on the tag
        cv.write_text(tag, line, (14, 52 + 56 * i), size, (30, 30, 30), weight=500)
    left, top = 515, 330 + rng.randrange(-40, 40)
    board[top : top + 200, left : left + 230, :3] = tag
    board[top : top + 200, left : left + 230, 3] = 255
    string = np.array([[20 + wide // 2, 60], [left + 30, top]], np.int32)
    cv.stroke(board, string, (70, 70, 70, 255), 3)
    return board


def visit(style: Style, rng: Random, begins: float, takes: int) -> Visit:
    """A walk along a rail during which `takes` garments are taken in the hand.

    Gold: the moment a garment with a readable tag is held still; where the tag shows its back,
    nothing can be told.
    """
    count = takes * 2 + 2
    length = STEP * (count + 2)
    wall = rng.choice(style.walls)
    stage = Stage(surface(wall, rng.choice(style.hues), length, HEIGHT, rng.randrange(1 << 30)))
    stage.ground[330:346] = (70, 70, 75)
    gold: list[GoldEvent] = []
    t = begins + 1.0
    views = [View(begins, STEP, HEIGHT / 2, 1750)]
    taken = sorted(rng.sample(range(1, count), takes))
    props, hands = [], []
    for i in range(count):
        x = STEP * (i + 1.0)
        kind = rng.choice(sorted(_PLAIN))
        name = rng.choice(sorted(_TINTS))
        size = rng.choice(SIZES)
        price = f"{rng.randrange(15, 99)}.{rng.choice(['00', '50', '90'])}"
        readable = rng.random() < 0.8
        lines = (kind.upper(), f"SIZE {size}", price) if readable else ()
        picture = hung(tinted(assets.stamp(assets.GARMENTS[kind]), _TINTS[name]), lines, rng)
        keys = [Key(-1.0, x, 560, rng.gauss(0, 0.02), 0.55)]
        if i in taken:
            t += rng.uniform(3.0, 4.5)
            views.append(View(t, x, HEIGHT / 2, 1500))
            t += rng.uniform(1.5, 2.5)
            rest, back = t + 0.8, t + 0.8 + rng.uniform(7.0, 9.0)
            views += [View(t, x, HEIGHT / 2, 1500), View(back + 0.8, x, HEIGHT / 2, 1500)]
            keys += [
                Key(t, *_at(keys[0])),
                Key(rest, x + 40, HEIGHT / 2, rng.gauss(0, 0.05), 1.35),
                Key(back, x + 40, HEIGHT / 2 + 6, rng.gauss(0, 0.05), 1.35),
                Key(back + 0.8, *_at(keys[0])),
            ]
            grip = (
                Key(t - 0.4, x + 400, 2200, 0.3, 1.0),
                Key(rest, x + 120, HEIGHT / 2 + 690, 0.1, 1.0),
                Key(back, x + 120, HEIGHT / 2 + 690, 0.1, 1.0),
                Key(back + 0.8, x + 400, 2200, 0.3, 1.0),
            )
            hands.append(Prop(hand(style.skin), grip, back + 0.8))
            verdict = str(fit(kind, size, WEARER.sizes[kind])["verdict"]) if readable else ""
            gold.append(
                GoldEvent(
                    skill="shopping-fit",
                    t=round(rest, 3),
                    until_s=round(back, 3),
                    subject=f"{name} {kind} {size} {price}",
                    answer=verdict,
                    abstain=not readable,
                )
            )
            t = back + 1.5
        props.append((i in taken, Prop(picture, tuple(keys))))
    stage.props = [p for held, p in props if not held] + [p for held, p in props if held] + hands
    t += 4.0
    views.append(View(t, length - STEP, HEIGHT / 2, 1750))
    scene = Scene(begins, stage, tuple(views), gain=rng.uniform(*style.gain))
    return Visit(scene, gold, t)


def _at(key: Key) -> tuple[float, float, float, float]:
    return key.x, key.y, key.angle, key.scale
