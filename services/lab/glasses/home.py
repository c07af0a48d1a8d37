"""Surfaces at home, each with its mark, on which the wearer leaves things and later asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from devices.glasses.contracts import Words
from services.alpha.recording import GoldEvent
from services.alpha.vision import opencv as cv
from services.errors import UserError
from services.lab.glasses import assets
from services.lab.glasses.film import Key, Prop, Scene, Stage, View
from services.lab.glasses.hands import hand
from services.lab.glasses.style import Style, surface

WIDTH, HEIGHT = 2000, 1500
PLACES = {3: "desk", 7: "kitchen-counter", 11: "shelf", 19: "bedside-table"}
THINGS = ("keys", "kettle", "duck", "handbag", "umbrella", "globe", "boot")
SETTING = ",".join(f"{number}={name}" for number, name in PLACES.items())
# Where things lie on a surface, and how long the wearer looks at one, in seconds.
SPOTS = ((600.0, 900.0), (1000.0, 960.0), (1400.0, 900.0), (650.0, 560.0), (1380.0, 560.0))
LOOK_S = 5.0


@dataclass
class Day:
    """Some minutes at home."""

    scenes: list[Scene]
    words: list[Words]
    gold: list[GoldEvent]
    ends: float


@dataclass(frozen=True)
class Lying:
    """A thing that lies somewhere: what it looks like (one of THINGS), and the ids, in the world that
    the film is for, of the thing and of the place.
    """

    picture: str
    id: str
    place: str


def marked(lying: Sequence[Lying]) -> dict[int, str]:
    """The mark of each place on which something lies, in the order in which they are named.

    Raises:
        UserError: There are more places than marks, or more things on one than it has room for.
    """
    places = tuple(dict.fromkeys(thing.place for thing in lying))
    if len(places) > len(PLACES):
        raise UserError(f"a film shows {len(PLACES)} places at most: name fewer than {len(places)}")
    for place in places:
        there = sum(thing.place == place for thing in lying)
        if there > len(SPOTS):
            raise UserError(f"{there} things do not fit on {place}: name {len(SPOTS)} at most")
    return dict(zip(sorted(PLACES), places, strict=False))


def walk(style: Style, rng: Random, lying: Sequence[Lying], until_s: float) -> Day:
    """Look at one place after the other, and go on looking at the last one until `until_s`.

    Raises:
        UserError: As `marked`.
    """
    marks = marked(lying)
    scenes: list[Scene] = []
    ends = max(len(marks) * LOOK_S, until_s)
    for visit, (number, place) in enumerate(marks.items()):
        stage = _signed_stage(_ground(style, rng), rng, number)
        here = [thing for thing in lying if thing.place == place]
        for thing, (x, y) in zip(here, SPOTS, strict=False):
            stage.props.append(_thing(thing.picture, (Key(-1.0, x, y, 0.0, 0.5),)))
        begins = visit * LOOK_S
        leaves = begins + LOOK_S if visit + 1 < len(marks) else ends
        scenes.append(Scene(begins, stage, _looking(rng, begins, leaves), rng.uniform(*style.gain)))
    return Day(scenes, [], [], ends)


def signed(number: int) -> cv.Image:
    """A mark on white card, BGRA."""
    card = np.full((230, 230, 4), 250, np.uint8)
    card[..., 3] = 255
    card[35:195, 35:195, :3] = cv.mark(number, 160)[..., None]
    return card


def day(style: Style, rng: Random, begins: float, visits: int) -> Day:
    """Walk between surfaces, leave things on them, then ask where some of them are."""
    numbers = sorted(PLACES)
    grounds = {n: _ground(style, rng) for n in numbers}
    where: dict[str, int] = {}
    spots: dict[int, list[tuple[str, float, float]]] = {n: [] for n in numbers}
    scenes, words, gold = [], [], []
    t = begins
    for _ in range(visits):
        number = rng.choice(numbers)
        things = [k for k in rng.sample(THINGS, 2) if where.get(k) != number]
        stage = _signed_stage(grounds[number], rng, number)
        for name, x, y in spots[number]:
            stage.props.append(_thing(name, (Key(-1.0, x, y, 0.0, 0.5),)))
        at = t + 2.0
        free = [
            p
            for p in SPOTS
            if all(abs(p[0] - x) + abs(p[1] - y) > 150 for _, x, y in spots[number])
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
        views = _looking(rng, t, ends)
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


def _ground(style: Style, rng: Random) -> cv.Image:
    texture, hue = rng.choice(style.textures), rng.choice(style.hues)
    return surface(texture, hue, WIDTH, HEIGHT, rng.randrange(1 << 30))


def _signed_stage(ground: cv.Image, rng: Random, number: int) -> Stage:
    stage = Stage(ground)
    stage.props.append(Prop(signed(number), (Key(-1.0, 1000, 400, rng.gauss(0, 0.1)),)))
    return stage


def _looking(rng: Random, begins: float, ends: float) -> tuple[View, View]:
    width = rng.uniform(1250, 1350)
    return View(begins, 1000, 720, width, rng.gauss(0, 0.03)), View(ends, 1010, 725, width)


def _thing(name: str, keys: tuple[Key, ...]) -> Prop:
    return Prop(assets.stamp(assets.THINGS[name]), keys)
