"""A picture of completion time against load, one line a policy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.errors import UserError
from sim_worlds.drawing.canvas import Canvas, png
from sim_worlds.drawing.palette import INK, LINE, PAPER, SOFT_INK

_COLOURS = ("#7b8089", "#c8503c", "#d0912b", "#3f9a5a", "#2f6fb0", "#8a5ab0", "#2c3138")
_SIZE = (1800, 1100)
_LEFT, _RIGHT, _TOP, _BOTTOM = 170, 430, 110, 130


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart.

    Attributes:
        name: Its label.
        points: (load, value), in order of load.
    """

    name: str
    points: tuple[tuple[float, float], ...]


def draw(lines: Sequence[Line], title: str, across: str, up: str) -> bytes:
    """A chart as the bytes of a PNG file; the vertical axis is logarithmic.

    Args:
        lines: At least one, with at least two points each, values above 0.
        title: What it shows.
        across: Label of the horizontal axis.
        up: Label of the vertical axis.
    """
    canvas = Canvas.blank(_SIZE, PAPER)
    loads = [x for line in lines for x, _ in line.points]
    values = [y for line in lines for _, y in line.points]
    most = max(loads) * 1.02
    low, high = math.log(min(values) * 0.92), math.log(max(values) * 1.08)

    def place(x: float, y: float) -> tuple[float, float]:
        width, height = _SIZE[0] - _LEFT - _RIGHT, _SIZE[1] - _TOP - _BOTTOM
        share = (math.log(y) - low) / (high - low)
        return _LEFT + width * x / most, _SIZE[1] - _BOTTOM - height * share

    canvas.text((_LEFT, 55), title, 34, INK, weight=600)
    for value in _ticks(math.exp(low), math.exp(high)):
        left, right = place(0.0, value), place(most, value)
        canvas.line([left, right], LINE, 2)
        canvas.text((left[0] - 16, left[1]), f"{value:g}", 24, SOFT_INK, anchor="right")
    step = _step(most)
    for number in range(int(most / step) + 1):
        x, y = place(number * step, math.exp(low))
        canvas.line([(x, y), (x, y + 10)], SOFT_INK, 2)
        canvas.text((x, y + 34), f"{number * step:g}", 24, SOFT_INK, anchor="middle")
    middle = (_LEFT + _SIZE[0] - _RIGHT) / 2
    canvas.text((middle, _SIZE[1] - 45), across, 26, INK, anchor="middle")
    canvas.text((45, (_TOP + _SIZE[1] - _BOTTOM) / 2), up, 26, INK, anchor="middle", turned=True)
    for index, line in enumerate(lines):
        colour = _COLOURS[index % len(_COLOURS)]
        points = [place(x, y) for x, y in line.points]
        canvas.line(points, colour, 6)
        for point in points:
            canvas.disc(point, 9, colour)
        y = _TOP + 30 + 52 * index
        x = _SIZE[0] - _RIGHT + 45
        canvas.line([(x, y), (x + 50, y)], colour, 6)
        canvas.text((x + 70, y), line.name, 26, INK)
    return png(canvas.halved().image)


def save(picture: bytes, path: Path) -> None:
    """Write a picture.

    Raises:
        UserError: If it cannot be written there.
    """
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise UserError(
            f"The picture cannot be written to {path}; name a file in a folder that exists."
        ) from error


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every decade; all nine of it where that would leave hardly any."""
    few = _multiples(low, high, (1.0, 2.0, 5.0))
    return few if len(few) > 2 else _multiples(low, high, [float(m) for m in range(1, 10)])


def _multiples(low: float, high: float, of: Sequence[float]) -> list[float]:
    found = []
    decade = 10.0 ** math.floor(math.log10(low))
    while decade <= high:
        found += [m * decade for m in of if low <= m * decade <= high]
        decade *= 10.0
    return found


def _step(most: float) -> float:
    rough = most / 6.0
    decade = 10.0 ** math.floor(math.log10(rough))
    return next(m * decade for m in (1.0, 2.0, 5.0, 10.0) if m * decade >= rough)
