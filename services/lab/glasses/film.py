"""A film of what a wearer sees: stages with things that come, move and go, seen by a swaying head.

A stage is flat: things lie on a table, hang on a wall. Its picture is kept as long as nothing on it
moves, so a frame costs one warp. Any frame can be drawn at any width, at any time, in any order:
the same film gives the stream at low resolution and the burst at a high one.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from services.alpha.vision import opencv as cv
from services.lab.glasses.style import Style

ASPECT = 0.75
_NOISES = 5
_LEVELS = 4


@dataclass(frozen=True)
class Key:
    """Where a thing is at a time: centre on the stage (pixels), angle (radians), scale."""

    t: float
    x: float
    y: float
    angle: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Prop:
    """A thing on a stage: its picture (BGRA), where it is when; it is there from the first key on
    until `until`. Things are drawn in the order of the stage's list.
    """

    picture: cv.Image
    keys: tuple[Key, ...]
    until: float = math.inf

    def there(self, t: float) -> bool:
        """Whether it is on the stage."""
        return self.keys[0].t <= t < self.until

    def at(self, t: float) -> Key:
        """Where it is, moving smoothly from key to key."""
        keys = self.keys
        if t >= keys[-1].t:
            return keys[-1]
        for a, b in itertools.pairwise(keys):
            if a.t <= t < b.t:
                s = (t - a.t) / (b.t - a.t)
                s = s * s * (3 - 2 * s)
                return Key(
                    t,
                    a.x + (b.x - a.x) * s,
                    a.y + (b.y - a.y) * s,
                    a.angle + (b.angle - a.angle) * s,
                    a.scale + (b.scale - a.scale) * s,
                )
        return keys[0]

    def moves(self, t: float) -> bool:
        """Whether it is between two different places."""
        for a, b in zip(self.keys, self.keys[1:], strict=False):
            if a.t <= t < b.t:
                return (a.x, a.y, a.angle, a.scale) != (b.x, b.y, b.angle, b.scale)
        return False


@dataclass
class Stage:
    """A flat scene. `props` are in the order in which they are drawn."""

    ground: cv.Image
    props: list[Prop] = field(default_factory=list)

    def resting(self, t: float) -> tuple[int, ...]:
        """Which things lie still below everything that moves."""
        still: list[int] = []
        for i, prop in enumerate(self.props):
            if prop.there(t):
                if prop.moves(t):
                    break
                still.append(i)
        return tuple(still)


@dataclass(frozen=True)
class View:
    """Where the wearer looks at a time: centre on the stage, width seen (pixels), roll (radians)."""

    t: float
    x: float
    y: float
    width: float
    roll: float = 0.0


@dataclass(frozen=True)
class Scene:
    """A stage seen from `begins` on (seconds), through smoothly changing views."""

    begins: float
    stage: Stage
    views: tuple[View, ...]
    gain: float = 1.0
    still: bool = False


class Film:
    """Scenes one after the other. Pure: a frame depends on time, width, style and seed only."""

    def __init__(self, scenes: Sequence[Scene], duration_s: float, style: Style, seed: int) -> None:
        self.scenes = tuple(scenes)
        self.duration_s = duration_s
        self.style = style
        self.seed = seed
        rng = np.random.default_rng([seed, 11])
        self._phases = rng.uniform(0, 2 * math.pi, (4, 3))
        self._kept: OrderedDict[tuple[int, tuple[int, ...], int], cv.Image] = OrderedDict()

    def frame(self, t: float, width: int = 640) -> cv.Image:
        """What is seen at `t`, in a picture of that width (three quarters as high)."""
        index = max(i for i, scene in enumerate(self.scenes) if scene.begins <= t or i == 0)
        scene = self.scenes[index]
        height = round(width * ASPECT)
        view = self._view(scene, t)
        level = 0
        while level + 1 < _LEVELS and view.width / (2 ** (level + 1)) >= width * 0.9:
            level += 1
        picture = self._picture(index, scene, t, level)
        corners = _corners(view, self.style.tilt if not scene.still else 0.04)
        way = cv.quad_map(
            corners / 2**level,
            np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32),
        )
        image = cv.warped(picture, way, width, height)
        return self._seen(image, scene, t, view, width)

    def _view(self, scene: Scene, t: float) -> View:
        now = _between(scene.views, t)
        sway = [
            sum(
                math.sin(2 * math.pi * self.style.tempo * f * t + self._phases[axis][k]) / (k + 1)
                for k, f in enumerate((1.0, 2.3, 4.7))
            )
            for axis in range(4)
        ]
        reach = self.style.sway * now.width
        return View(
            t,
            now.x + reach * sway[0],
            now.y + reach * sway[1],
            now.width * (1 + 0.4 * self.style.sway * sway[2]),
            now.roll + 0.6 * self.style.sway * sway[3],
        )

    def _picture(self, index: int, scene: Scene, t: float, level: int) -> cv.Image:
        stage = scene.stage
        resting = stage.resting(t)
        base = self._base(index, stage, resting, t, level)
        lying = set(resting)
        loose = [p for i, p in enumerate(stage.props) if p.there(t) and i not in lying]
        if not loose:
            return base
        picture = base.copy()
        for prop in loose:
            _draw(picture, prop.picture, prop.at(t), 2**level)
        return picture

    def _base(
        self, index: int, stage: Stage, resting: tuple[int, ...], t: float, level: int
    ) -> cv.Image:
        key = (index, resting, level)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        if level:
            made = cv.halved(self._base(index, stage, resting, t, level - 1))
        else:
            made = stage.ground.copy()
            for i in resting:
                _draw(made, stage.props[i].picture, stage.props[i].at(t), 1)
        self._kept[key] = made
        while len(self._kept) > 12:
            self._kept.popitem(last=False)
        return made

    def _seen(self, image: cv.Image, scene: Scene, t: float, view: View, width: int) -> cv.Image:
        before = self._view(scene, t - 0.02)
        scale = width / view.width
        dx, dy = (view.x - before.x) * scale, (view.y - before.y) * scale
        if math.hypot(dx, dy) >= 2.5:
            image = cv.smeared(image, dx, dy)
        flicker = 1 + self.style.flicker * math.sin(2 * math.pi * 1.7 * t + self._phases[0][0])
        lit = cv.toned(image, _light(self.style.cast, round(scene.gain * flicker, 3)))
        return cv.added(lit, _noise(width, self.style.noise, round(t * 1000) % _NOISES))


def _between(views: Sequence[View], t: float) -> View:
    if t <= views[0].t:
        return views[0]
    for a, b in itertools.pairwise(views):
        if t < b.t:
            s = (t - a.t) / (b.t - a.t)
            s = s * s * (3 - 2 * s)
            return View(
                t,
                a.x + (b.x - a.x) * s,
                a.y + (b.y - a.y) * s,
                a.width + (b.width - a.width) * s,
                a.roll + (b.roll - a.roll) * s,
            )
    return views[-1]


def _corners(view: View, tilt: float) -> cv.Points:
    half, tall = view.width / 2, view.width * ASPECT / 2
    far, near = half * (1 + tilt), half * (1 - tilt)
    points = np.array([[-far, -tall], [far, -tall], [near, tall], [-near, tall]])
    c, s = math.cos(view.roll), math.sin(view.roll)
    turned: cv.Points = (points @ np.array([[c, s], [-s, c]]) + [view.x, view.y]).astype(np.float32)
    return turned


def _draw(ground: cv.Image, picture: cv.Image, key: Key, shrink: int) -> None:
    """Draw a BGRA picture, turned and scaled, onto the ground in place."""
    scale = key.scale / shrink
    if scale < 0.75:
        # Shrinking by linear sampling alone would alias: take the nearest power of two first.
        steps = max(0, math.floor(math.log2(1 / scale)))
        for _ in range(steps):
            picture = _halved(picture)
        scale *= 2**steps
    tall, wide = picture.shape[:2]
    c, s = math.cos(key.angle) * scale, math.sin(key.angle) * scale
    reach_x = (abs(c) * wide + abs(s) * tall) / 2
    reach_y = (abs(s) * wide + abs(c) * tall) / 2
    x, y = key.x / shrink, key.y / shrink
    left, top = max(0, math.floor(x - reach_x)), max(0, math.floor(y - reach_y))
    right = min(ground.shape[1], math.ceil(x + reach_x) + 1)
    bottom = min(ground.shape[0], math.ceil(y + reach_y) + 1)
    if left >= right or top >= bottom:
        return
    way = np.array(
        [
            [c, -s, x - left - c * wide / 2 + s * tall / 2],
            [s, c, y - top - s * wide / 2 - c * tall / 2],
        ]
    )
    laid = cv.turned(picture, way, right - left, bottom - top)
    alpha = laid[..., 3:].astype(np.float32) / 255.0
    under = ground[top:bottom, left:right]
    mixed = under + (laid[..., :3].astype(np.float32) - under) * alpha
    ground[top:bottom, left:right] = mixed.astype(np.uint8)


_SMALLER: OrderedDict[int, tuple[cv.Image, cv.Image]] = OrderedDict()


def _halved(picture: cv.Image) -> cv.Image:
    """Half the size, remembered: the same picture is drawn in every frame of its motion."""
    kept = _SMALLER.get(id(picture))
    if kept is not None and kept[0] is picture:
        return kept[1]
    small = cv.halved(picture)
    _SMALLER[id(picture)] = (picture, small)
    while len(_SMALLER) > 256:
        _SMALLER.popitem(last=False)
    return small


@lru_cache(maxsize=64)
def _light(cast: tuple[float, float, float], gain: float) -> cv.Image:
    """What each level of each colour becomes in the light, 256 × 3."""
    levels = np.arange(256)[:, None] * gain * np.array(cast)
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


@lru_cache(maxsize=32)
def _noise(width: int, spread: float, number: int) -> np.ndarray:
    """One of a few noise pictures; what a small picture averages has less of it."""
    rng = np.random.default_rng([width, number])
    felt = spread * min(1.0, width / 1280) ** 0.5
    noise = rng.normal(0, felt, (round(width * ASPECT), width, 1))
    return np.asarray(np.repeat(np.rint(noise), 3, axis=2), np.int16)
