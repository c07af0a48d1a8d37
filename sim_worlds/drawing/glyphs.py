"""Small drawings: objects, people, and bodies with a sign of their kind. Pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from devices.contracts import BodyCard
from devices.facts import Value
from devices.site import Point
from sim_worlds.drawing.palette import DIRT, INK, PERSON, WARN, Icon, fill_colour, icon, mixed

if TYPE_CHECKING:
    from sim_worlds.drawing.svg import Pen


def draw_object(
    pen: Pen, at: Point, cls: str, states: dict[str, Value], scale: float, faint: bool = False
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
    _shape(pen, at, look, radius, fill, edge)
    liquid = fill_colour(states.get("fill"))
    if liquid:
        pen.disc(at, radius * 0.62, liquid)
    if states.get("hot") is True:
        pen.disc((at[0] + radius * 0.7, at[1] - radius * 0.7), max(radius * 0.32, 1.6), "#ff7043")
    if states.get("sliced") is True:
        pen.line([(at[0], at[1] - radius), (at[0], at[1] + radius)], "#ffffff")
    if dirty and look.shape != "blob" and not faint:
        pen.disc((at[0] + radius * 0.25, at[1] + radius * 0.2), max(radius * 0.36, 1.4), DIRT)


def _shape(pen: Pen, at: Point, look: Icon, radius: float, fill: str, edge: str) -> None:
    x, y = at
    if look.shape == "disc":
        pen.disc(at, radius, fill, edge)
    elif look.shape == "ring":
        pen.disc(at, radius, fill, edge)
        if radius > 3.5:
            pen.disc(at, radius * 0.68, mixed(fill, edge, 0.12))
    elif look.shape == "square":
        side = radius * 0.86
        pen.box((x - side, y - side), (x + side, y + side), side * 0.4, fill, edge)
    elif look.shape == "bar":
        dx, dy = radius * 0.8, radius * 0.45
        pen.line([(x - dx, y + dy), (x + dx, y - dy)], fill, max(radius * 0.5, 2))
    elif look.shape == "bottle":
        pen.disc(at, radius, fill, edge)
        pen.disc(at, radius * 0.4, edge)
    else:
        for dx, dy, part in ((0, 0, 0.8), (-0.6, 0.25, 0.5), (0.6, -0.1, 0.55), (0.1, 0.45, 0.5)):
            pen.disc((x + dx * radius, y + dy * radius), radius * part, fill)
        pen.disc((x - 0.2 * radius, y - 0.2 * radius), radius * 0.25, mixed(fill, "#ffffff", 0.5))


def draw_person(pen: Pen, at: Point, yaw: float, radius: float) -> None:
    """Head and shoulders from above, looking along `yaw`."""
    cos, sin = math.cos(yaw), -math.sin(yaw)
    shoulders = [
        (
            at[0] + radius * (0.5 * math.cos(a) * cos - 1.1 * math.sin(a) * sin),
            at[1] + radius * (0.5 * math.cos(a) * sin + 1.1 * math.sin(a) * cos),
        )
        for a in (k * math.pi / 10 for k in range(20))
    ]
    pen.shape(shoulders, PERSON, mixed(PERSON, "#000000", 0.25))
    pen.disc(at, radius * 0.62, "#e9c9a6", mixed(PERSON, "#000000", 0.25))


def draw_nose(pen: Pen, at: Point, yaw: float, radius: float, card: BodyCard, dead: bool) -> None:
    """What shows the heading of a body, and its shadow."""
    pen.disc((at[0] + 1.2, at[1] + 1.8), radius + 1.2, "#b9b5ac")
    tip, spread = radius * 1.45, 0.5
    nose = [
        (at[0] + tip * math.cos(yaw), at[1] - tip * math.sin(yaw)),
        (at[0] + radius * math.cos(yaw + spread), at[1] - radius * math.sin(yaw + spread)),
        (at[0] + radius * math.cos(yaw - spread), at[1] - radius * math.sin(yaw - spread)),
    ]
    pen.shape(nose, _colours(card, dead)[1])


def draw_disc(pen: Pen, at: Point, radius: float, card: BodyCard, dead: bool) -> None:
    """A disc of the body's colour with the sign of its kind; crossed out if it is dead."""
    colour, dark = _colours(card, dead)
    pen.disc(at, radius + 1.2, "#ffffff")
    pen.disc(at, radius, colour, dark)
    _sign(pen, at, radius * 0.56, card)
    if dead:
        far = radius * 0.95
        for side in (-1, 1):
            ends = [(at[0] - far, at[1] - side * far), (at[0] + far, at[1] + side * far)]
            pen.line(ends, WARN, 3)


def _colours(card: BodyCard, dead: bool) -> tuple[str, str]:
    colour = "#a3a6ab" if dead else card.colour
    return colour, mixed(colour, "#000000", 0.35)


def _sign(pen: Pen, at: Point, r: float, card: BodyCard) -> None:
    """White lines that tell kinds apart: tray, arm, two arms, figure, four feet, rotors."""
    x, y = at
    white, width = "#ffffff", max(1.0, r / 4)

    def lines(*ways: list[tuple[float, float]]) -> None:
        for way in ways:
            pen.line([(x + u * r, y + v * r) for u, v in way], white, width)

    if card.mobility == "air":
        lines([(-0.8, -0.8), (0.8, 0.8)], [(-0.8, 0.8), (0.8, -0.8)])
        for u in (-0.8, 0.8):
            for v in (-0.8, 0.8):
                pen.disc((x + u * r, y + v * r), r * 0.34, white)
    elif card.mobility == "fixed":
        lines([(-0.7, 0.9), (-0.2, -0.5), (0.8, -0.1)])
        pen.disc((x - 0.7 * r, y + 0.8 * r), r * 0.3, white)
        pen.disc((x + 0.8 * r, y - 0.1 * r), r * 0.24, white)
    elif card.mobility == "legs" and card.hands >= 2:
        pen.disc((x, y - 0.6 * r), r * 0.34, white)
        lines([(0, -0.2), (0, 0.35)], [(-0.7, 0), (0.7, 0)])
        lines([(0, 0.35), (-0.5, 1)], [(0, 0.35), (0.5, 1)])
    elif card.mobility == "legs":
        lines([(-0.7, 0), (0.7, 0)])
        for u, v in ((-0.7, -0.6), (-0.7, 0.6), (0.7, -0.6), (0.7, 0.6)):
            lines([(u, 0), (u, v)])
            pen.disc((x + u * r, y + v * r), r * 0.22, white)
    elif card.hands >= 2:
        lines([(0, -0.9), (0, 0.9)])
        lines([(0, -0.4), (-0.8, 0.1), (-0.8, 0.7)], [(0, -0.4), (0.8, 0.1), (0.8, 0.7)])
    else:
        lines(
            [(-0.8, -0.55), (0.8, -0.55)], [(-0.8, 0.05), (0.8, 0.05)], [(-0.8, 0.65), (0.8, 0.65)]
        )


def draw_battery(pen: Pen, corner: Point, level: float, width: float, height: float) -> None:
    """A bar from red (empty) to green (full); `level` is 0..1."""
    x, y = corner
    level = min(max(level, 0.0), 1.0)
    colour = WARN if level < 0.2 else "#d9a62e" if level < 0.45 else "#4aa564"
    pen.box((x, y), (x + width, y + height), height / 3, "#e3e0d8", mixed(INK, "#ffffff", 0.6))
    if level > 0.03:
        pen.box((x + 1, y + 1), (x + 1 + (width - 2) * level, y + height - 1), height / 4, colour)
