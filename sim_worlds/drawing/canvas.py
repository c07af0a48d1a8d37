"""A picture to draw on, and files of pictures. The only file of this package that knows OpenCV.

`Canvas` draws anti-aliased shapes and text in pixels; what is drawn where is the scene's business.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.site import Point
from sim_worlds.drawing.palette import bgr
from sim_worlds.errors import WorldMisuse

Image = NDArray[np.uint8]
Anchor = Literal["left", "middle", "right"]

# Coordinates are given to OpenCV in sixteenths of a pixel.
_SHIFT = 4
_UNIT = 1 << _SHIFT
_SMALL_PX = 8
# What the wheels of OpenCV can write. Every player knows MPEG-4; browsers play VP8 in WebM.
_CODECS = {".mp4": "mp4v", ".webm": "VP80"}


class Canvas:
    """A picture one can draw on. Colours are hex, points are pixels and may be fractions."""

    def __init__(self, image: Image) -> None:
        self.image = image

    @classmethod
    def blank(cls, size: tuple[int, int], colour: str) -> Canvas:
        """A canvas of one colour; `size` is (width, height)."""
        return cls(np.full((size[1], size[0], 3), bgr(colour), np.uint8))

    def copy(self) -> Canvas:
        """The same picture on a canvas of its own."""
        return Canvas(self.image.copy())

    def halved(self) -> Canvas:
        """The picture at half the size, each pixel the mean of four."""
        height, width = self.image.shape[:2]
        small = cv2.resize(self.image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        return Canvas(np.asarray(small, np.uint8))

    def disc(
        self, at: Point, radius: float, fill: str, edge: str | None = None, width: float = 1.0
    ) -> None:
        """A filled circle, with a line of `width` around it inside if `edge` is given."""
        if edge is not None:
            self._circle(at, radius, edge)
            radius -= width
        self._circle(at, radius, fill)

    def _circle(self, at: Point, radius: float, colour: str) -> None:
        if radius >= _SMALL_PX:
            cv2.circle(
                self.image, _fixed(at), round(radius * _UNIT), bgr(colour), -1,
                cv2.LINE_AA, _SHIFT,
            )  # fmt: skip
            return
        # OpenCV draws small circles with four corners.
        left, top = math.floor(at[0]), math.floor(at[1])
        eighths = round((at[0] - left) * 8), round((at[1] - top) * 8)
        mask = _dot(*eighths, round(max(radius, 0.5) * 8))
        self._stamp(mask, left - _SMALL_PX, top - _SMALL_PX, colour)

    def line(self, points: Sequence[Point], colour: str, width: float = 1.0) -> None:
        """A line through the points."""
        cv2.polylines(
            self.image, [_array(points)], False, bgr(colour), max(1, round(width)),
            cv2.LINE_AA, _SHIFT,
        )  # fmt: skip

    def shape(
        self, points: Sequence[Point], fill: str | None, edge: str | None = None, width: float = 1.0
    ) -> None:
        """A polygon."""
        array = _array(points)
        if fill is not None:
            cv2.fillPoly(self.image, [array], bgr(fill), cv2.LINE_AA, _SHIFT)
        if edge is not None:
            cv2.polylines(
                self.image, [array], True, bgr(edge), max(1, round(width)), cv2.LINE_AA, _SHIFT
            )

    def box(
        self, corner: Point, other: Point, radius: float, fill: str | None, edge: str | None = None
    ) -> None:
        """An upright rectangle with round corners."""
        self.shape(_rounded(*corner, *other, radius), fill, edge)

    def text(
        self,
        at: Point,
        words: str,
        size: int,
        colour: str,
        weight: int = 400,
        anchor: Anchor = "left",
        turned: bool = False,
    ) -> None:
        """A line of text; `at` is its left, middle or right at half the height of a small x."""
        mask = _mask(words, size, weight)
        if turned:
            mask = np.rot90(mask)
        height, width = mask.shape
        along = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor]
        left = round(at[0] - (0.5 if turned else along) * width)
        top = round(at[1] - (along if turned else 0.5) * height)
        self._stamp(mask, left, top, colour)

    def named(self, id_: str, names: Sequence[str] = ()) -> AbstractContextManager[None]:
        """Pixels have no names."""
        return nullcontext()

    def _stamp(self, mask: Image, left: int, top: int, colour: str) -> None:
        height, width = self.image.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + mask.shape[1], width), min(top + mask.shape[0], height)
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.int32)
        under = self.image[y0:y1, x0:x1].astype(np.int32)
        ink = np.array(bgr(colour), np.int32)
        self.image[y0:y1, x0:x1] = (under + ((ink - under) * part + 127) // 255).astype(np.uint8)


@lru_cache(maxsize=4096)
def _dot(x_eighths: int, y_eighths: int, radius_eighths: int) -> Image:
    """A small disc as coverage 0..255, its centre off the middle pixel by eighths of a pixel."""
    span = np.arange(-_SMALL_PX, _SMALL_PX + 1)
    far = np.hypot(span[None, :] - x_eighths / 8, span[:, None] - y_eighths / 8)
    mask: Image = np.rint(np.clip(radius_eighths / 8 + 0.5 - far, 0, 1) * 255).astype(np.uint8)
    mask.flags.writeable = False
    return mask


def text_width(words: str, size: int, weight: int = 400) -> int:
    """How wide a line of text is, in pixels."""
    return int(_mask(words, size, weight).shape[1])


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")


@lru_cache(maxsize=4096)
def _mask(words: str, size: int, weight: int) -> Image:
    """The text as coverage 0..255; rows are centred on half the height of a small x."""
    font = _font()
    _, _, width, _ = cv2.getTextSize((4096, 256), words or " ", (0, 0), font, size, weight)
    above, below = round(size * 0.9), round(size * 0.4)
    image = np.zeros((above + below, width + 2, 3), np.uint8)
    cv2.putText(image, words, (1, above), (255, 255, 255), font, size, weight)
    # Half of a small x lies this far above the base line.
    middle = above - round(size * 0.3)
    reach = max(middle, above + below - middle)
    mask = np.zeros((2 * reach, width + 2), np.uint8)
    mask[reach - middle : reach - middle + above + below] = image[:, :, 0]
    mask.flags.writeable = False
    return mask


def _fixed(point: Point) -> tuple[int, int]:
    return round(point[0] * _UNIT), round(point[1] * _UNIT)


def _array(points: Sequence[Point]) -> NDArray[np.int32]:
    return np.array([_fixed(point) for point in points], np.int32)


def _rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> list[Point]:
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    corners = [
        (x1 - radius, y1 - radius, 0.0),
        (x0 + radius, y1 - radius, 90.0),
        (x0 + radius, y0 + radius, 180.0),
        (x1 - radius, y0 + radius, 270.0),
    ]
    return [
        (
            x + radius * math.cos(math.radians(start + k * 22.5)),
            y + radius * math.sin(math.radians(start + k * 22.5)),
        )
        for x, y, start in corners
        for k in range(5)
    ]


def png(image: Image) -> bytes:
    """A picture as the bytes of a PNG file.

    Raises:
        WorldMisuse: It is no picture.
    """
    done, data = cv2.imencode(".png", image)
    if not done:
        raise WorldMisuse("the picture cannot be encoded as PNG; give rows of blue, green, red")
    return data.tobytes()


def video_file(path: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter:
    """Begin a video in `.mp4` or `.webm`; `write` pictures to it, then `release` it.

    Raises:
        WorldMisuse: The path ends in something else.
        OSError: The file cannot be written there.
    """
    codec = _CODECS.get(path.suffix)
    if codec is None:
        raise WorldMisuse(f"cannot write a video to {path}: name a file in .mp4 or .webm")
    with _quiet():
        writer = cv2.VideoWriter(
            str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size
        )
    if not writer.isOpened():
        raise OSError(
            f"cannot write a video to {path}: does its folder exist, and may you write there?"
        )
    return writer


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what OpenCV's library writes to the error stream itself: with every WebM file, that
    the container chooses the codec's tag, as it should.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
