"""Small drawings: objects, people, and bodies with a sign of their kind. Pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from devices.contracts import BodyCard
from devices.facts import Value
from devices.site import Point
from sim_worlds.drawing.palette import DIRT, INK, PERSON, WARN, Icon, fill_colour, icon, mixed

if TYPE_CHECKING:
    from sim_worlds.drawing.canvas import Canvas


def draw_object(
    canvas: Canvas, at: Point, cls: str, states: dict[str, Value], scale: float, faint: bool = False
) -> None:
    """An object as its icon; what is dirty has a brown mark, what is faint is behind a door."""
    look = icon(cls)
    fill, edge = look.fill, look.edge
    dirty = states.get("clean") is False
    if look.shape == "blob" and states.get("clean") is True:
        return
    if dirty and look.shape != "blob":
        fill, edge = mixed(fill, "#c9ad7e", 0.55), mixed(edge, DIRT, 0.6)
    if faint:
        fill, edge = mixed(fill, "#e4e4e2", 0.55), mixed(edge, "#d8d8d6", 0.55)
    radius = max(look.size_m * scale / 2, 2.2)
    _shape(canvas, at, look, radius, fill, edge)
    liquid = fill_colour(states.get("fill"))
    if liquid:
        canvas.disc(at, radius * 0.62, liquid)
    if states.get("hot") is True:
        canvas.disc(
            (at[0] + radius * 0.7, at[1] - radius * 0.7), max(radius * 0.32, 1.6), "#ff7043"
        )
    if states.get("sliced") is True:
        canvas.line([(at[0], at[1] - radius), (at[0], at[1] + radius)], "#ffffff")
    if dirty and look.shape != "blob" and not faint:
        canvas.disc((at[0] + radius * 0.25, at[1] + radius * 0.2), max(radius * 0.36, 1.4), DIRT)


def _shape(canvas: Canvas, at: Point, look: Icon, radius: float, fill: str, edge: str) -> None:
    x, y = at
    if look.shape == "disc":
        canvas.disc(at, radius, fill, edge)
    elif look.shape == "ring":
        canvas.disc(at, radius, fill, edge)
        if radius > 3.5:
            canvas.disc(at, radius * 0.68, mixed(fill, edge, 0.12))
    elif look.shape == "square":
        side = radius * 0.86
        canvas.box((x - side, y - side), (x + side, y + side), side * 0.4, fill, edge)
    elif look.shape == "bar":
        dx, dy = radius * 0.8, radius * 0.45
        canvas.line([(x - dx, y + dy), (x + dx, y - dy)], fill, max(radius * 0.5, 2))
    elif look.shape == "bottle":
        canvas.disc(at, radius, fill, edge)
        canvas.disc(at, radius * 0.4, edge)
    else:
        for dx, dy, part in ((0, 0, 0.8), (-0.6, 0.25, 0.5), (0.6, -0.1, 0.55), (0.1, 0.45, 0.5)):
            canvas.disc((x + dx * radius, y + dy * radius), radius * part, fill)
        canvas.disc(
            (x - 0.2 * radius, y - 0.2 * radius), radius * 0.25, mixed(fill, "#ffffff", 0.5)
        )


def draw_person(canvas: Canvas, at: Point, yaw: float, radius: float) -> None:
    """Head and shoulders from above, looking along `yaw`."""
    cos, sin = math.cos(yaw), -math.sin(yaw)
    shoulders = [
        (
            at[0] + radius * (0.5 * math.cos(a) * cos - 1.1 * math.sin(a) * sin),
            at[1] + radius * (0.5 * math.cos(a) * sin + 1.1 * math.sin(a) * cos),
        )
        for a in (k * math.pi / 10 for k in range(20))
    ]
    canvas.shape(shoulders, PERSON, mixed(PERSON, "#000000", 0.25))
    canvas.disc(at, radius * 0.62, "#e9c9a6", mixed(PERSON, "#000000", 0.25))


def draw_body(
    canvas: Canvas, at: Point, yaw: float, radius: float, card: BodyCard, dead: bool
) -> None:
    """A disc of the body's colour with a nose that shows its heading and the sign of its kind."""
    colour = "#a3a6ab" if dead else card.colour
    dark = mixed(colour, "#000000", 0.35)
    canvas.disc((at[0] + 1.2, at[1] + 1.8), radius + 1.2, "#b9b5ac")
    tip, spread = radius * 1.45, 0.5
    nose = [
        (at[0] + tip * math.cos(yaw), at[1] - tip * math.sin(yaw)),
        (at[0] + radius * math.cos(yaw + spread), at[1] - radius * math.sin(yaw + spread)),
        (at[0] + radius * math.cos(yaw - spread), at[1] - radius * math.sin(yaw - spread)),
    ]
    canvas.shape(nose, dark)
    canvas.disc(at, radius + 1.2, "#ffffff")
    canvas.disc(at, radius, colour, dark)
    _sign(canvas, at, radius * 0.56, card)
    if dead:
        far = radius * 0.95
        for side in (-1, 1):
            ends = [(at[0] - far, at[1] - side * far), (at[0] + far, at[1] + side * far)]
            canvas.line(ends, WARN, 3)


def _sign(canvas: Canvas, at: Point, r: float, card: BodyCard) -> None:
    """White lines that tell kinds apart: tray, arm, two arms, figure, four feet, rotors."""
    x, y = at
    white, width = "#ffffff", max(1.0, r / 4)

    def lines(*ways: list[tuple[float, float]]) -> None:
        for way in ways:
            canvas.line([(x + u * r, y + v * r) for u, v in way], white, width)

    if card.mobility == "air":
        lines([(-0.8, -0.8), (0.8, 0.8)], [(-0.8, 0.8), (0.8, -0.8)])
        for u in (-0.8, 0.8):
            for v in (-0.8, 0.8):
                canvas.disc((x + u * r, y + v * r), r * 0.34, white)
    elif card.mobility == "fixed":
        lines([(-0.7, 0.9), (-0.2, -0.5), (0.8, -0.1)])
        canvas.disc((x - 0.7 * r, y + 0.8 * r), r * 0.3, white)
        canvas.disc((x + 0.8 * r, y - 0.1 * r), r * 0.24, white)
    elif card.mobility == "legs" and card.hands >= 2:
        canvas.disc((x, y - 0.6 * r), r * 0.34, white)
        lines([(0, -0.2), (0, 0.35)], [(-0.7, 0), (0.7, 0)])
        lines([(0, 0.35), (-0.5, 1)], [(0, 0.35), (0.5, 1)])
    elif card.mobility == "legs":
        lines([(-0.7, 0), (0.7, 0)])
        for u, v in ((-0.7, -0.6), (-0.7, 0.6), (0.7, -0.6), (0.7, 0.6)):
            lines([(u, 0), (u, v)])
            canvas.disc((x + u * r, y + v * r), r * 0.22, white)
    elif card.hands >= 2:
        lines([(0, -0.9), (0, 0.9)])
        lines([(0, -0.4), (-0.8, 0.1), (-0.8, 0.7)], [(0, -0.4), (0.8, 0.1), (0.8, 0.7)])
    else:
        lines(
            [(-0.8, -0.55), (0.8, -0.55)], [(-0.8, 0.05), (0.8, 0.05)], [(-0.8, 0.65), (0.8, 0.65)]
        )


def draw_battery(canvas: Canvas, corner: Point, level: float, width: float, height: float) -> None:
    """A bar from red (empty) to green (full); `level` is 0..1."""
    x, y = corner
    level = min(max(level, 0.0), 1.0)
    colour = WARN if level < 0.2 else "#d9a62e" if level < 0.45 else "#4aa564"
    canvas.box((x, y), (x + width, y + height), height / 3, "#e3e0d8", mixed(INK, "#ffffff", 0.6))
    if level > 0.03:
        canvas.box(
            (x + 1, y + 1), (x + 1 + (width - 2) * level, y + height - 1), height / 4, colour
        )
