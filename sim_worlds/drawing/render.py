"""Stills and videos of a run, seen from above. Seconds of the run, pixels of the picture.

`sim_worlds.drawing.scene` says what is drawn where. The same film gives the same pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim_worlds.contracts import Banner, Film
from sim_worlds.drawing.canvas import Canvas, Image, text_width, video_file
from sim_worlds.drawing.scene import Scene
from sim_worlds.errors import WorldMisuse


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
    return _scene(film, size, banners).draw(t).image


def frames(
    film: Film,
    *,
    fps: float = 12.0,
    speed: float = 4.0,
    size: tuple[int, int] = (960, 540),
    banners: Sequence[Banner] = (),
) -> Iterator[Image]:
    """The pictures of a replay, `speed` times as fast as the run. The next one reuses nothing."""
    scene = _scene(film, size, banners, speed)
    count = max(1, math.ceil(film.duration_s / speed * fps) + 1)
    for k in range(count):
        yield scene.draw(min(k * speed / fps, film.duration_s)).image


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


def _scene(
    film: Film, size: tuple[int, int], banners: Sequence[Banner], speed: float = 1.0
) -> Scene:
    if not film.plan.rooms:
        raise WorldMisuse("there is nothing to draw: the film's plan has no rooms")
    return Scene(film, size, tuple(banners), speed, Canvas.blank, text_width)
