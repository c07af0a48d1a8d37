"""Hours in which nothing is to be told: corridors, desks, screens, plates, people passing, empty tables."""

from __future__ import annotations

from random import Random

import numpy as np

from services.alpha.vision import opencv as cv
from services.lab.glasses import assets
from services.lab.glasses.film import Film, Key, Prop, Scene, Stage, View
from services.lab.glasses.gallery import foreign, framed
from services.lab.glasses.hands import hand
from services.lab.glasses.style import Style, surface
from services.lab.glasses.table import furnish

WIDTH, HEIGHT = 2000, 1500


def _board(wide: int, tall: int, colour: tuple[int, int, int]) -> cv.Image:
    board = np.full((tall, wide, 4), 255, np.uint8)
    board[..., :3] = colour
    return board


def _paper(rng: Random) -> cv.Image:
    """A printed page."""
    page = _board(300, 420, (236, 240, 242))
    image = np.ascontiguousarray(page[..., :3])
    for y in range(50, 400, 24):
        words = " ".join("x" * rng.randrange(2, 9) for _ in range(6))
        cv.write_text(image, words[:34], (24, y), 15, (70, 70, 70))
    page[..., :3] = image
    return page


def _plate(rng: Random) -> cv.Image:
    """A plate with something on it."""
    plate = np.zeros((320, 320, 4), np.uint8)
    cv.disc(plate, (160, 160), 155, (235, 235, 235, 255))
    cv.disc(plate, (160, 160), 110, (215, 218, 220, 255))
    cv.disc(plate, (150, 170), 60, (60, rng.randrange(60, 160), 150, 255))
    return plate


def _screen(rng: Random) -> cv.Image:
    """A laptop's screen with windows."""
    screen = _board(760, 480, (40, 35, 30))
    for _ in range(5):
        x, y = rng.randrange(0, 560), rng.randrange(0, 340)
        screen[y : y + 130, x : x + 190, :3] = rng.choice(
            [(235, 235, 235), (180, 120, 60), (60, 60, 60), (210, 230, 240)]
        )
    return screen


def _person(rng: Random) -> cv.Image:
    """Somebody, from afar."""
    body = np.zeros((900, 360, 4), np.uint8)
    coat = tuple(rng.randrange(30, 200) for _ in range(3))
    cv.polygon(
        body, np.array([[90, 260], [270, 260], [320, 880], [40, 880]], np.int32), (*coat, 255)
    )
    cv.disc(body, (180, 150), 100, (120, 150, 200, 255))
    return body


def _desk(style: Style, rng: Random, begins: float, ends: float) -> Stage:
    """A desk with pages, a plate, a screen, things, and hands that move them."""
    stage = Stage(_ground(style, rng))
    makers = [_paper, _plate, _screen, _paper]
    for maker in rng.sample(makers, rng.randrange(2, 4)):
        at = Key(-1.0, rng.uniform(350, 1650), rng.uniform(350, 1150), rng.gauss(0, 0.2))
        stage.props.append(Prop(maker(rng), (at,)))
    for name in rng.sample(sorted(assets.THINGS), 2):
        at = Key(-1.0, rng.uniform(400, 1600), rng.uniform(400, 1100), 0.0, 0.5)
        stage.props.append(Prop(assets.stamp(assets.THINGS[name]), (at,)))
    t = begins + rng.uniform(5, 15)
    while t < ends - 5:
        x, y = rng.uniform(500, 1500), rng.uniform(500, 1100)
        thing = rng.choice([_paper, _plate])(rng)
        come = (Key(t, x + 200, 2000, 0.2, 0.8), Key(t + 1.0, x, y, 0.0, 0.8))
        leave = min(t + rng.uniform(8, 25), ends + 1)
        keys = (*come, Key(leave, x, y, 0.0, 0.8), Key(leave + 1.0, x + 200, 2000, 0.2, 0.8))
        stage.props.append(Prop(thing, keys, leave + 1.0))
        grip = (
            Key(t, x + 250, 2300, 0.2),
            Key(t + 1.0, x + 60, y + 450, 0.0),
            Key(t + 2.0, x + 300, 2300, 0.2),
        )
        stage.props.append(Prop(hand(style.skin), grip, t + 2.0))
        t += rng.uniform(12, 30)
    return stage


def _ground(style: Style, rng: Random) -> cv.Image:
    kind, hue = rng.choice(style.textures), rng.choice(style.hues)
    return surface(kind, hue, WIDTH, HEIGHT, rng.randrange(1 << 30))


def _corridor(style: Style, rng: Random, begins: float, ends: float) -> Stage:
    """A wall with posters that are in no catalogue, and people passing."""
    stage = Stage(_ground(style, rng))
    for x in (450, 1500):
        stage.props.append(Prop(framed(foreign(rng), rng), (Key(-1.0, x, 700, 0.0, 0.9),)))
    t = begins + rng.uniform(2, 6)
    while t < ends:
        left = rng.random() < 0.5
        a, b = (-300.0, 2300.0) if left else (2300.0, -300.0)
        keys = (Key(t, a, 900), Key(t + rng.uniform(4, 8), b, 900))
        stage.props.append(Prop(_person(rng), keys, keys[1].t))
        t += rng.uniform(8, 20)
    return stage


def _empty_table(style: Style, rng: Random, begins: float, ends: float) -> Stage:
    """A card table at which nothing is dealt; a closed deck lies on it."""
    stage = Stage(_ground(style, rng))
    furnish(stage, rng)
    back = assets.deck(rng.choice(style.decks))["back"]
    stage.props.append(Prop(back, (Key(-1.0, 1500, 420, rng.gauss(0, 0.3), 0.75),)))
    t = begins + 10.0
    while t < ends - 5:
        x = rng.uniform(700, 1300)
        keys = (Key(t, x, 2300), Key(t + 1, x, 1250), Key(t + 3, x, 1250), Key(t + 4, x, 2300))
        stage.props.append(Prop(hand(style.skin), keys, t + 4))
        t += rng.uniform(15, 40)
    return stage


def quiet(style: Style, seed: int, duration_s: float) -> Film:
    """A quiet film of that length, the same for the same seed."""
    rng = Random(seed)
    scenes = []
    t = 0.0
    while t < duration_s:
        ends = t + rng.uniform(60.0, 180.0)
        make = rng.choice([_desk, _desk, _corridor, _corridor, _empty_table])
        stage = make(style, rng, t, ends)
        views = [View(t, 1000, 750, rng.uniform(1200, 1700), rng.gauss(0, 0.03))]
        at = t
        while at < ends - 6:
            at += rng.uniform(4, 20)
            last = views[-1]
            views.append(View(at, last.x, last.y, last.width, last.roll))
            if rng.random() < 0.5:
                at += rng.uniform(0.8, 2.5)
                views.append(
                    View(
                        at, rng.uniform(800, 1200), rng.uniform(620, 880),
                        rng.uniform(1100, 1700), rng.gauss(0, 0.03),
                    )
                )  # fmt: skip
        scenes.append(Scene(t, stage, tuple(views), gain=rng.uniform(*style.gain)))
        t = ends
    return Film(scenes, duration_s, style, seed)
