"""A pen that writes SVG: the verbs of `sim_worlds.drawing.canvas.Canvas`, sharp at any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from devices.site import Point

if TYPE_CHECKING:
    from sim_worlds.drawing.canvas import Anchor, Canvas
# How wide letters and capitals are, and how far their middle is above the base line: parts of the size.
_LETTER, _CAPITAL = 0.54, 0.72
_MIDDLE = 0.32


class SvgPen:
    """Draws in hex colours, at pixels that may be fractions; `markup` is what was drawn so far."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    @property
    def markup(self) -> str:
        """The elements, without an `svg` around them."""
        return "".join(self._parts)

    def disc(
        self, at: Point, radius: float, fill: str, edge: str | None = None, width: float = 1.0
    ) -> None:
        """A filled circle, with a line of `width` around it inside if `edge` is given."""
        inner = radius - width / 2 if edge is not None else radius
        place = f'cx="{_px(at[0])}" cy="{_px(at[1])}" r="{_px(max(inner, 0.5))}"'
        self._parts.append(f"<circle {place}{_paint(fill, edge, width)}/>")

    def line(self, points: Sequence[Point], colour: str, width: float = 1.0) -> None:
        """A line through the points, with round ends."""
        ends = ' stroke-linecap="round" stroke-linejoin="round"'
        self._parts.append(
            f'<polyline points="{_way(points)}"{_paint(None, colour, width)}{ends}/>'
        )

    def shape(
        self, points: Sequence[Point], fill: str | None, edge: str | None = None, width: float = 1.0
    ) -> None:
        """A polygon."""
        self._parts.append(f'<polygon points="{_way(points)}"{_paint(fill, edge, width)}/>')

    def box(
        self, corner: Point, other: Point, radius: float, fill: str | None, edge: str | None = None
    ) -> None:
        """An upright rectangle with round corners."""
        wide, high = other[0] - corner[0], other[1] - corner[1]
        place = f'x="{_px(corner[0])}" y="{_px(corner[1])}" width="{_px(wide)}"'
        size = f'height="{_px(high)}" rx="{_px(min(radius, wide / 2, high / 2))}"'
        self._parts.append(f"<rect {place} {size}{_paint(fill, edge, 1.0)}/>")

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
        x, y = _px(at[0]), _px(at[1])
        turn = f' transform="rotate(-90 {x} {y})"' if turned else ""
        side = {"left": "start", "middle": "middle", "right": "end"}[anchor]
        self._parts.append(
            f'<text x="{x}" y="{y}" dy="{_px(size * _MIDDLE)}" font-size="{size}" '
            f'font-weight="{weight}" text-anchor="{side}" fill="{colour}"{turn}>{escape(words)}</text>'
        )

    @contextmanager
    def named(self, id_: str, names: Sequence[str] = ()) -> Iterator[None]:
        """A group with the thing's id, and its names in a tool tip."""
        tip = f"{id_}: {', '.join(names)}" if names else id_
        self._parts.append(f'<g data-id="{escape(id_)}"><title>{escape(tip)}</title>')
        yield
        self._parts.append("</g>")

    @staticmethod
    def measure(words: str, size: int, weight: int = 400) -> int:
        """About how wide a line of text is in a browser's font, in pixels."""
        letters = sum(_CAPITAL if letter.isupper() else _LETTER for letter in words)
        return round(letters * size * (1.06 if weight > 500 else 1.0))


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _way(points: Sequence[Point]) -> str:
    return " ".join(f"{_px(x)},{_px(y)}" for x, y in points)


def _paint(fill: str | None, edge: str | None, width: float) -> str:
    stroke = f' stroke="{edge}" stroke-width="{_px(width)}"' if edge is not None else ""
    return f' fill="{fill or "none"}"{stroke}'


if TYPE_CHECKING:
    # Whatever one draws with. What is drawn where is told once, for pixels and for pages.
    Pen = Canvas | SvgPen
