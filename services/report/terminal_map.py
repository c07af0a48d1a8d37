"""A floor plan in a terminal, in Braille dots: two by four of them fit in one character."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable

from devices.contracts import BodySpec
from devices.site import Point, SitePlan

_WIDEST = 132
_MARGIN = 1
# Bit of each dot in a Braille character (Unicode block 2800), by column and row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def drawn(plan: SitePlan, bodies: Iterable[BodySpec] = (), columns: int | None = None) -> str:
    """The plan as text: walls with gaps for doors, fixtures as outlines, rooms and bodies by name.

    Args:
        plan: The floor plan.
        bodies: Bodies to mark where they start.
        columns: Width in characters; the terminal's unless given.
    """
    width = columns or min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    sheet = _Sheet(plan, width)
    for room in plan.rooms:
        for start, end in _sides(room.polygon):
            sheet.line(start, end, plan)
    for fixture in plan.fixtures:
        dx, dy = (size / 2 for size in fixture.size_m)
        cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
        corners = tuple(
            (fixture.x + x * cos - y * sin, fixture.y + x * sin + y * cos)
            for x, y in ((-dx, -dy), (dx, -dy), (dx, dy), (-dx, dy))
        )
        for start, end in _sides(corners):
            sheet.line(start, end)
    for body in bodies:
        sheet.mark((body.pose.x, body.pose.y), f"●{body.id}")
    for room in plan.rooms:
        sheet.title(room.polygon, room.id)
    return sheet.text()


def _sides(polygon: tuple[Point, ...]) -> Iterable[tuple[Point, Point]]:
    return zip(polygon, (*polygon[1:], polygon[0]), strict=True)


class _Sheet:
    """A raster of dots with text laid over it."""

    def __init__(self, plan: SitePlan, columns: int) -> None:
        points = [point for room in plan.rooms for point in room.polygon] or [(0.0, 0.0)]
        self._left = min(x for x, _ in points)
        self._top = max(y for _, y in points)
        wide = max(max(x for x, _ in points) - self._left, 1.0)
        high = max(self._top - min(y for _, y in points), 1.0)
        self._scale = (columns - 2 * _MARGIN) * 2 / wide
        rows = math.ceil(high * self._scale / 4) + 1
        self._bits = [[0] * columns for _ in range(rows)]
        self._over: list[list[str]] = [[""] * columns for _ in range(rows)]

    def line(self, start: Point, end: Point, plan: SitePlan | None = None) -> None:
        """Draw a straight line, leaving gaps where the plan has doors on it."""
        length = math.dist(start, end)
        steps = max(1, math.ceil(length * self._scale))
        for step in range(steps + 1):
            share = step / steps
            point = (
                start[0] + (end[0] - start[0]) * share,
                start[1] + (end[1] - start[1]) * share,
            )
            doors = plan.doors if plan is not None else ()
            if not any(math.dist(point, door.at) < door.width_m / 2 for door in doors):
                self._dot(point)

    def mark(self, point: Point, text: str) -> None:
        """Write text that begins at a point."""
        row, column = self._cell(point)
        if not any(self._over[row][column : column + len(text)]):
            self._write(row, column, text)

    def title(self, polygon: tuple[Point, ...], text: str) -> None:
        """Write a room's name where nothing is drawn, or across its middle."""
        xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
        top, left = self._cell((min(xs), max(ys)))
        bottom, right = self._cell((max(xs), min(ys)))
        room = right - left - 1
        words = text if len(text) <= room else text[: max(room, 1)]
        middle = (left + right - len(words)) // 2 + 1
        centre = (top + bottom) // 2
        for row in sorted(range(top + 1, bottom), key=lambda row: (abs(row - centre), row)):
            for column in sorted(
                range(left + 1, right - len(words) + 1), key=lambda c: (abs(c - middle), c)
            ):
                if self._is_free(row, column, len(words)):
                    self._write(row, column, words)
                    return
        self._write(min(centre, len(self._bits) - 1), middle, words)

    def text(self) -> str:
        """The finished sheet."""
        lines = (
            "".join(
                over or (chr(0x2800 + bits) if bits else " ")
                for bits, over in zip(*pair, strict=True)
            )
            for pair in zip(self._bits, self._over, strict=True)
        )
        return "\n".join(line.rstrip() for line in lines)

    def _is_free(self, row: int, column: int, length: int) -> bool:
        around = slice(max(column - 1, 0), column + length + 1)
        return not any(self._bits[row][around]) and not any(self._over[row][around])

    def _write(self, row: int, column: int, text: str) -> None:
        for offset, letter in enumerate(text):
            if 0 <= column + offset < len(self._over[row]):
                self._over[row][column + offset] = letter

    def _dot(self, point: Point) -> None:
        x, y = self._dots(point)
        row, column = y // 4, x // 2
        if 0 <= row < len(self._bits) and 0 <= column < len(self._bits[row]):
            self._bits[row][column] |= _DOTS[x % 2][y % 4]

    def _cell(self, point: Point) -> tuple[int, int]:
        x, y = self._dots(point)
        return min(max(y // 4, 0), len(self._bits) - 1), min(max(x // 2, 0), len(self._bits[0]) - 1)

    def _dots(self, point: Point) -> tuple[int, int]:
        x = (point[0] - self._left) * self._scale + 2 * _MARGIN
        return round(x), round((self._top - point[1]) * self._scale)
