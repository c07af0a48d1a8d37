"""Stills and videos of a run, seen from above. Seconds of the run, pixels of the picture.

`sim_worlds.drawing.scene` says how everything looks. The same film gives the same pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.site import Point
from sim_worlds.contracts import Banner, Film
from sim_worlds.drawing.canvas import Canvas, Image, text_width, video_file
from sim_worlds.drawing.layout import fit
from sim_worlds.drawing.palette import PAPER, mixed
from sim_worlds.drawing.scene import Scene
from sim_worlds.drawing.sidebar import Sidebar
from sim_worlds.errors import WorldMisuse

# How long a trail and, in video time, a speech bubble last.
TRAIL_S = 7.0
BUBBLE_S = 3.5


def still(
    film: Film,
    t: float,
    size: tuple[int, int] = (1280, 720),
    banners: Sequence[Banner] = (),
) -> Image:
    """One picture of the film at time `t` (s), as rows of blue, green, red.

    Args:
        film: What happened.
        t: The moment.
        size: Width and height, pixels.
        banners: Wishes and doings to show beside it.
    """
    return _Painter(film, size, banners).draw(t).image


def frames(
    film: Film,
    *,
    fps: float = 12.0,
    speed: float = 4.0,
    size: tuple[int, int] = (960, 540),
    banners: Sequence[Banner] = (),
) -> Iterator[Image]:
    """The pictures of a replay, `speed` times as fast as the run. The next one reuses nothing."""
    painter = _Painter(film, size, banners, speed)
    count = max(1, math.ceil(film.duration_s / speed * fps) + 1)
    for k in range(count):
        yield painter.draw(min(k * speed / fps, film.duration_s)).image


def write_video(
    film: Film,
    *paths: Path,
    fps: float = 12.0,
    speed: float = 4.0,
    size: tuple[int, int] = (960, 540),
    banners: Sequence[Banner] = (),
) -> int:
    """Write the replay to each path, drawing it once.

    Args:
        film: What happened.
        paths: Files ending in `.mp4` (every player) or `.webm` (every player and every browser).
        fps: Pictures per second of video.
        speed: Seconds of the run per second of video.
        size: Width and height, pixels; both even.
        banners: Wishes and doings to show beside it.

    Returns:
        How many pictures each video has.

    Raises:
        WorldMisuse: A path ends in something else.
        OSError: A file cannot be written there.
    """
    writers = [video_file(path, fps, size) for path in paths]
    count = 0
    try:
        for image in frames(film, fps=fps, speed=speed, size=size, banners=banners):
            count += 1
            for writer in writers:
                writer.write(image)
    finally:
        for writer in writers:
            writer.release()
    return count


class _Painter:
    """Paints a film at any time; asking in order of time is fastest.

    What stands still is drawn once, what lies about only when something changes; a frame then costs
    the movers and the sidebar. `speed`: speech stays as long as it takes to read.
    """

    def __init__(
        self, film: Film, size: tuple[int, int], banners: Sequence[Banner], speed: float = 1.0
    ) -> None:
        if not film.plan.rooms:
            raise WorldMisuse("there is nothing to draw: the film's plan has no rooms")
        margin, panel = round(size[1] * 0.022), round(size[0] * 0.235)
        view = fit(film.plan, (margin, margin, size[0] - panel - margin, size[1] - margin))
        self._film = film
        self._scene = Scene(film, view, text_width)
        self._bubble_s = BUBBLE_S * max(speed, 1.0)
        box = (size[0] - panel, 0, size[0], size[1])
        self._sidebar = Sidebar(film, tuple(banners), box, text_width)
        # Twice as large, then halved: what is straight has smooth edges.
        large = Canvas.blank((size[0] * 2, size[1] * 2), PAPER)
        self._scene.backdrop.ground(large, 2)
        self._base = large.halved()
        self._scene.backdrop.names(self._base)
        self._sidebar.frame(self._base)
        self._layer = self._base
        self._version = -1

    def draw(self, t: float) -> Canvas:
        """The picture at time `t` (s)."""
        scene, playback = self._scene, self._scene.playback
        version = playback.version(t)
        if self._version != version:
            self._layer, self._version = self._resting(t), version
        canvas = self._layer.copy()
        for who in scene.cards:
            self._trail(canvas, who, t)
        for who in scene.movers:
            self._mover(canvas, who, t)
        for who, text in playback.speech(t, self._bubble_s).items():
            self._bubble(canvas, who, text, t)
        self._sidebar.draw(canvas, t, playback)
        return canvas

    def _resting(self, t: float) -> Canvas:
        """The backdrop with doors, fixtures and what lies about as they are now."""
        canvas, scene, plan = self._base.copy(), self._scene, self._film.plan
        for door in plan.doors:
            scene.door(canvas, door, t)
        for fixture in plan.fixtures:
            scene.fixture(canvas, fixture, t)
        lying = [*(scene.floor(id_, t) for id_ in scene.loose)]
        lying += [scene.on(fixture, t) for fixture in plan.fixtures]
        for one in itertools.chain(*lying):
            scene.thing(canvas, one.at, one.looks, one.faint)
        return canvas

    def _trail(self, canvas: Canvas, who: str, t: float) -> None:
        view = self._scene.view
        way = self._scene.playback.trail(who, t, TRAIL_S)
        colour = self._scene.cards[who].colour
        for (_, a), (at, b) in itertools.pairwise(way):
            if a == b:
                continue
            # Long straight parts fade in steps too.
            parts = max(1, round(abs(b[0] - a[0]) + abs(b[1] - a[1])))
            for k in range(parts):
                ends = [_along(a, b, k / parts), _along(a, b, (k + 1) / parts)]
                age = min(max((t - at) / TRAIL_S + (1 - k / parts) * 0.2, 0.0), 1.0)
                faded = mixed(colour, "#f6f1e8", 0.35 + 0.6 * age)
                canvas.line([view.at(p) for p in ends], faded, 2)

    def _mover(self, canvas: Canvas, who: str, t: float) -> None:
        scene = self._scene
        point = scene.playback.place(who, t)
        if point is None:
            return
        x, y = at = scene.view.at(point)
        scene.heading(canvas, at, who, scene.playback.yaw(who, t), t)
        scene.mover(canvas, at, who, t)
        for one in scene.held(who, t):
            scene.thing(canvas, (x + one.at[0], y + one.at[1]), one.looks, one.faint)

    def _bubble(self, canvas: Canvas, who: str, text: str, t: float) -> None:
        point = self._scene.playback.place(who, t)
        if point is None:
            return
        (x, y), (half, rise) = self._scene.view.at(point), self._scene.bubble_room(text)
        width = canvas.image.shape[1]
        at = min(max(x, half + 3), width - half - 3), max(y, rise + 3)
        self._scene.bubble(canvas, at, text)


def _along(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
