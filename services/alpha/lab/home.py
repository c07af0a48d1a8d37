"""Surfaces at home, each with its mark, on which the wearer leaves things and later asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from devices.glasses.contracts import Words
from services.alpha.lab import assets
from services.alpha.lab.film import Key, Prop, Scene, Stage, View
from services.alpha.lab.hands import hand
from services.alpha.lab.style import Style, surface
from services.alpha.recording import GoldEvent
from services.alpha.vision import opencv as cv

WIDTH, HEIGHT = 2000, 1500
PLACES = {3: "desk", 7: "kitchen-counter", 11: "shelf", 19: "bedside-table"}
THINGS = ("keys", "kettle", "duck", "handbag", "umbrella", "globe", "boot")
SETTING = ",".join(f"{number}={name}" for number, name in PLACES.items())


@dataclass
class Day:
    """Some minutes at home."""

    scenes: list[Scene]
    words: list[Words]
    gold: list[GoldEvent]
    ends: float


def signed(number: int) -> cv.Image:
    """A mark on white card, BGRA."""
    card = np.full((230, 230, 4), 250, np.uint8)
    card[..., 3] = 255
    card[35:195, 35:195, :3] = cv.mark(number, 160)[..., None]
    return card


def day(style: Style, rng: Random, begins: float, visits: int) -> Day:
    """Walk between surfaces, leave things on them, then ask where some of them are."""
    numbers = sorted(PLACES)
    grounds = {
        n: surface(
            rng.choice(style.textures),
            rng.choice(style.hues),
            WIDTH,
            HEIGHT,
            rng.randrange(1 << 30),
        )
        for n in numbers
    }
    where: dict[str, int] = {}
    spots: dict[int, list[tuple[str, float, float]]] = {n: [] for n in numbers}
    scenes, words, gold = [], [], []
    t = begins
    for _ in range(visits):
        number = rng.choice(numbers)
        things = [k for k in rng.sample(THINGS, 2) if where.get(k) != number]
        stage = Stage(grounds[number])
        stage.props.append(Prop(signed(number), (Key(-1.0, 1000, 400, rng.gauss(0, 0.1)),)))
        for name, x, y in spots[number]:
            stage.props.append(_thing(name, (Key(-1.0, x, y, 0.0, 0.5),)))
        at = t + 2.0
        free = [(600.0, 900.0), (1000.0, 960.0), (1400.0, 900.0), (650.0, 560.0), (1380.0, 560.0)]
        free = [
            p for p in free if all(abs(p[0] - x) + abs(p[1] - y) > 150 for _, x, y in spots[number])
        ]
        for name in things[: len(free)]:
            x, y = free.pop(rng.randrange(len(free)))
            held = hand(style.skin)
            stage.props.append(
                _thing(name, (Key(at, x + 300, 2000, 0.3, 0.5), Key(at + 0.9, x, y, 0.0, 0.5)))
            )
            stage.props.append(
                Prop(
                    held,
                    (
                        Key(at, x + 340, 2380, 0.3, 0.9),
                        Key(at + 0.9, x + 20, y + 380, 0.0, 0.9),
                        Key(at + 1.7, x + 340, 2380, 0.3, 0.9),
                    ),
                    at + 1.7,
                )
            )
            if name in where:
                spots[where[name]] = [s for s in spots[where[name]] if s[0] != name]
            where[name] = number
            spots[number].append((name, x, y))
            at += rng.uniform(2.5, 4.0)
        ends = at + 4.0
        width = rng.uniform(1250, 1350)
        views = (View(t, 1000, 720, width, rng.gauss(0, 0.03)), View(ends, 1010, 725, width))
        scenes.append(Scene(t, stage, views, gain=rng.uniform(*style.gain)))
        t = ends
    for name in sorted(where):
        t = round(t + 6.0, 3)
        words.append(Words(t=t, text=f"where did I leave my {name}?"))
        gold.append(
            GoldEvent(
                skill="where-is-it", t=t, until_s=t + 6.0, subject=name,
                answer=PLACES[where[name]], asked=True,
            )
        )  # fmt: skip
    return Day(scenes, words, gold, t + 8.0)


def _thing(name: str, keys: tuple[Key, ...]) -> Prop:
    return Prop(assets.stamp(assets.THINGS[name]), keys)
