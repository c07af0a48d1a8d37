"""What stands still in the picture from above: floors, walls, fixtures and their names; and what
of it changes: doors and lids that are open, lamps that shine, tops that are dirty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING

from devices.facts import Value
from devices.site import Door, Fixture, Point, SitePlan
from sim_worlds.drawing.layout import View, bounds, fit, gap_of, name_place, outline, seats, walls
from sim_worlds.drawing.palette import (
    CARD,
    DIRT,
    GLOW,
    INK,
    LEAF,
    LINE,
    PAPER,
    SOFT_INK,
    WALL,
    fixture_colour,
    mixed,
    room_colour,
)
from sim_worlds.drawing.svg import SvgPen

if TYPE_CHECKING:
    from sim_worlds.drawing.svg import Pen

Measure = Callable[[str, int, int], int]

# Names on fixtures are no smaller than this many pixels, and no larger.
_SMALLEST, _LARGEST = 8, 12
# Fixtures at least this deep carry their name on them.
_BROAD_M = 0.85
# A plan as SVG, pixels: a metre of a large plan, the width of a small one, and the room around it.
_SCALE = 40.0
_WIDTH = 960.0
_MARGIN = 16.0


class Backdrop:
    """The still part of one plan in one view."""

    def __init__(self, plan: SitePlan, view: View, measure: Measure) -> None:
        self.plan = plan
        self.view = view
        self._measure = measure
        self._gaps = {door.id: gap_of(door, plan) for door in plan.doors}
        self._size = max(_SMALLEST, min(_LARGEST, round(view.scale * 0.28)))

    def ground(self, pen: Pen, fine: int = 1) -> None:
        """Floors, walls and fixtures, `fine` times as large as the view."""
        view = self.view.times(fine)
        for room in self.plan.rooms:
            with pen.named(room.id, room.names):
                pen.shape([view.at(p) for p in room.polygon], room_colour(room.cls))
        self._grid(pen, view, fine)
        for fixture in self.plan.fixtures:
            for spot in seats(fixture):
                pen.disc(view.at(spot), 0.17 * view.scale, "#e9dcc8", "#c3ab88", fine)
        for fixture in self.plan.fixtures:
            with pen.named(fixture.id, fixture.names):
                _top(pen, view, fixture, fine)
        for way in walls(self.plan):
            pen.line([view.at(p) for p in way], WALL, max(2 * fine, 0.11 * view.scale))

    def names(self, pen: Pen) -> None:
        """What rooms and fixtures are called, and how long two metres are."""
        self._room_names(pen)
        for fixture in self.plan.fixtures:
            self._fixture_name(pen, fixture)
        self._ruler(pen)

    def _grid(self, pen: Pen, view: View, fine: int) -> None:
        """A dot every metre, so that distances can be read."""
        x0, y0, x1, y1 = bounds(self.plan)
        for i in range(math.ceil(x0) + 1, math.floor(x1) + 1):
            for j in range(math.ceil(y0) + 1, math.floor(y1) + 1):
                pen.disc(view.at((i, j)), 0.8 * fine, "#e2ddd2")

    def _room_names(self, pen: Pen) -> None:
        size = self._size + 2
        for room in self.plan.rooms:
            words = (room.names[0] if room.names else room.id).upper()
            width = self._measure(words, size, 600)
            place = name_place(
                room, self.plan, width / self.view.scale, 1.3 * size / self.view.scale
            )
            ink = mixed(room_colour(room.cls), INK, 0.42)
            pen.text(self.view.at(place), words, size, ink, 600, "middle")

    def _fixture_name(self, pen: Pen, fixture: Fixture) -> None:
        """A badge for what is numbered; else a name inside or beside, in the size that fits."""
        corners = [self.view.at(p) for p in outline(fixture)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        width, height = max(xs) - min(xs), max(ys) - min(ys)
        middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        if "number" in fixture.attrs:
            self._badge(pen, (min(xs), min(ys)), str(fixture.attrs["number"]))
            return
        turned = height > 1.25 * width
        length, depth = (height, width) if turned else (width, height)
        names = fixture.names or (fixture.id.replace("-", " "),)
        inside = fixture.capacity == 0
        broad = min(fixture.size_m) >= _BROAD_M and not fixture.attrs.get("seats")
        for size in (self._size, self._size - 1):
            for name in names:
                wide = self._measure(name, size, 400)
                if inside and wide <= length * 0.92:
                    ink = mixed(fixture_colour(fixture.cls), "#000000", 0.6)
                    pen.text(middle, name, size, ink, 400, "middle", turned)
                    return
                if broad and wide <= width * 0.95:
                    # What is broad has its name along its top, above what lies on it.
                    at = middle[0], min(ys) + size * 0.7
                    ink = mixed(fixture_colour(fixture.cls), "#000000", 0.5)
                    pen.text(at, name, size, ink, 400, "middle")
                    return
                if wide <= length * 1.1:
                    at = self._beside(fixture, middle, depth, turned, size * 0.8)
                    if not turned:
                        at = self._clamped(fixture, at, wide / 2)
                    pen.text(at, name, size, SOFT_INK, 400, "middle", turned)
                    return
        self._stacked(pen, fixture, middle, (width, height), names[0])

    def _badge(self, pen: Pen, at: Point, words: str) -> None:
        radius = self._size * 0.78
        pen.disc(at, radius, CARD, "#b39a74")
        pen.text(at, words, self._size, INK, 600, "middle")

    def _stacked(self, pen: Pen, fixture: Fixture, middle: Point, box: Point, name: str) -> None:
        """One word below the other, beside a fixture that is shorter than its name."""
        size = max(self._size - 2, _SMALLEST)
        rows = name.split()
        widest = max(self._measure(row, size, 400) for row in rows)
        if len(rows) > 2 or widest > max(1.25 * box[0], 1.5 * self.view.scale):
            return
        turned = box[1] > 1.25 * box[0]
        away = widest / 2 + 4 if turned else size * (0.3 + 0.5 * len(rows))
        x, y = self._beside(fixture, middle, box[0] if turned else box[1], turned, away)
        x, y = self._clamped(fixture, (x, y), widest / 2)
        for k, row in enumerate(rows):
            at = x, y + (k - (len(rows) - 1) / 2) * size * 1.05
            pen.text(at, row, size, SOFT_INK, 400, "middle")

    def _clamped(self, fixture: Fixture, at: Point, half: float) -> Point:
        """Moved sideways until `half` to both sides is inside the room's walls."""
        x0, _, x1, _ = _room_box(self.plan, fixture.room)
        left, right = self.view.at((x0, 0))[0] + 5 + half, self.view.at((x1, 0))[0] - 5 - half
        return max(left, min(at[0], right)), at[1]

    def _beside(
        self, fixture: Fixture, middle: Point, depth: float, turned: bool, away: float
    ) -> Point:
        """`away` pixels off the side of a fixture that looks into the room."""
        x0, y0, x1, y1 = _room_box(self.plan, fixture.room)
        seats_px = 0.32 * self.view.scale if fixture.attrs.get("seats") else 0.0
        away += depth / 2 + seats_px
        if turned:
            return middle[0] + (away if fixture.x < (x0 + x1) / 2 else -away), middle[1]
        return middle[0], middle[1] + (away if fixture.y > (y0 + y1) / 2 else -away)

    def _ruler(self, pen: Pen) -> None:
        _x0, y0, x1, _ = bounds(self.plan)
        right, bottom = self.view.at((x1, y0))
        left = right - 2 * self.view.scale
        y = bottom - 0.35 * self.view.scale
        lowest = min(y for room in self.plan.rooms for x, y in room.polygon if x >= x1 - 2.5)
        if lowest <= y0 + 1e-6:
            return
        pen.line([(left, y), (right, y)], SOFT_INK, 1)
        for x in (left, right):
            pen.line([(x, y - 3), (x, y + 3)], SOFT_INK, 1)
        pen.text(((left + right) / 2, y - 8), "2 m", 10, SOFT_INK, 400, "middle")

    def door(self, pen: Pen, door: Door, states: Mapping[str, Value]) -> None:
        """A leaf, shut in the wall or swung open; an opening has a threshold."""
        a, b = (self.view.at(p) for p in self._gaps[door.id])
        with pen.named(door.id, door.names):
            pen.line([a, b], LINE, 1)
            if door.leaf:
                _leaf(pen, door, a, b, states.get("open") is not False)

    def state(self, pen: Pen, fixture: Fixture, states: Mapping[str, Value]) -> None:
        """A lamp that shines, a lid that is open, a top that is dirty."""
        corners = [self.view.at(p) for p in outline(fixture)]
        middle = self.view.at((fixture.x, fixture.y))
        if states.get("power") is True:
            pen.disc(middle, 0.2 * self.view.scale, GLOW, "#e0b030")
        if states.get("open") is True and fixture.closable:
            pen.shape(corners, None, LEAF, 2)
            pen.line([corners[0], _swung(corners[0], corners[1], 1.2)], LEAF, 2)
        if states.get("clean") is False:
            self._crumbs(pen, fixture)

    def _crumbs(self, pen: Pen, fixture: Fixture) -> None:
        dx, dy = fixture.size_m
        for k in range(9):
            u = ((k * 37) % 100 / 100 - 0.5) * (dx - 0.12)
            v = ((k * 61 + 17) % 100 / 100 - 0.5) * (dy - 0.12)
            cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
            at = fixture.x + u * cos - v * sin, fixture.y + u * sin + v * cos
            pen.disc(self.view.at(at), max(0.035 * self.view.scale, 1.0), DIRT)


def _top(pen: Pen, view: View, fixture: Fixture, fine: int) -> None:
    colour = fixture_colour(fixture.cls)
    corners = [view.at(p) for p in outline(fixture)]
    shadow = [(x + 1.5 * fine, y + 2 * fine) for x, y in corners]
    pen.shape(shadow, mixed(colour, "#8d8678", 0.45))
    pen.shape(corners, colour, mixed(colour, "#000000", 0.28), fine)
    if fixture.inside and min(fixture.size_m) > 0.3:
        inner = [
            (x + (cx - x) * 0.12, y + (cy - y) * 0.12)
            for cx, cy in [view.at((fixture.x, fixture.y))]
            for x, y in corners
        ]
        pen.shape(inner, None, mixed(colour, "#000000", 0.12), fine)


def plan_svg(plan: SitePlan, over: str | None = None, class_: str = "floor-plan") -> str:
    """A plan as SVG: rooms, walls, doors and fixtures with their names.

    Every room, door and fixture has its id in `data-id` and its names in a tool tip.

    Args:
        plan: The plan.
        over: What is drawn over it, in the pixels of `plan_view`; None: its doors, all of them open.
        class_: The class of the drawing.
    """
    view, width, height = plan_view(plan)
    pen, backdrop = SvgPen(), Backdrop(plan, view, SvgPen.measure)
    pen.box((0, 0), (width, height), 0, PAPER)
    backdrop.ground(pen)
    backdrop.names(pen)
    for door in plan.doors if over is None else ():
        backdrop.door(pen, door, {})
    return (
        f'<svg class="{class_}" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="Floor plan of {escape(plan.name)}" '
        f'font-family="system-ui, sans-serif">{pen.markup}{over or ""}</svg>'
    )


def plan_view(plan: SitePlan) -> tuple[View, float, float]:
    """How a plan is laid out as SVG: the view, and the natural width and height (pixels)."""
    x0, y0, x1, y1 = bounds(plan)
    scale = max(_SCALE, _WIDTH / (x1 - x0))
    width, height = (x1 - x0) * scale + 2 * _MARGIN, (y1 - y0) * scale + 2 * _MARGIN
    return fit(plan, (_MARGIN, _MARGIN, width - _MARGIN, height - _MARGIN)), width, height


def _room_box(plan: SitePlan, room: str) -> tuple[float, float, float, float]:
    polygon = plan.room(room).polygon
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def _leaf(pen: Pen, door: Door, a: Point, b: Point, is_open: bool) -> None:
    if not is_open:
        pen.line([a, b], LEAF, 4)
        return
    # A wide door has two leaves.
    halves = [(a, b)] if door.width_m < 1.5 else [(a, _between(a, b)), (b, _between(a, b))]
    for k, (hinge, end) in enumerate(halves):
        turn = 1.35 if k == 0 else -1.35
        arc = [_swung(hinge, end, turn * s / 8) for s in range(9)]
        pen.line(arc, "#d8c8b2", 1)
        pen.line([hinge, arc[-1]], LEAF, 2)


def _between(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _swung(hinge: Point, end: Point, angle: float) -> Point:
    dx, dy = end[0] - hinge[0], end[1] - hinge[1]
    cos, sin = math.cos(angle), math.sin(angle)
    return hinge[0] + dx * cos - dy * sin, hinge[1] + dx * sin + dy * cos
