"""The right side of the picture: the clock, the wishes and how they stand, who does what."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from devices.facts import Value
from devices.site import Point
from sim_worlds.contracts import Banner, Film
from sim_worlds.drawing.backdrop import Measure
from sim_worlds.drawing.glyphs import draw_battery, draw_disc, draw_nose, draw_object
from sim_worlds.drawing.palette import ASK, CARD, GOOD, INK, LEAF, LINE, SOFT_INK, WARN, mixed
from sim_worlds.drawing.playback import PLAIN, Playback

if TYPE_CHECKING:
    from sim_worlds.drawing.svg import Pen

_MARKS = {
    "open": "#4a7fc1",
    "done": GOOD,
    "failed": WARN,
    "refused": WARN,
    "asked": ASK,
    "note": SOFT_INK,
}


class Sidebar:
    """Lays text out in a box (left, top, right, bottom), pixels."""

    def __init__(
        self,
        film: Film,
        banners: tuple[Banner, ...],
        box: tuple[int, int, int, int],
        measure: Measure,
    ) -> None:
        self.film = film
        self.box = box
        self._measure = measure
        self._wishes = [banner for banner in banners if not banner.who]
        self._doings: dict[str, list[Banner]] = {}
        for banner in sorted(banners, key=lambda banner: banner.t):
            if banner.who:
                self._doings.setdefault(banner.who, []).append(banner)
        self._cards = {card.kind: card for card in film.cards}
        height = box[3] - box[1]
        self._size = max(9, round(height / 54))
        self._pad = round(height * 0.028)
        # Room for the legend at the bottom and for one row per body above it.
        self._row = min(self._size * 2.7, height * 0.5 / max(len(film.bodies), 1))
        self._legend = box[3] - self._pad - self._size * 3.4
        self._roster = self._legend - self._row * len(film.bodies) - self._size * 2.2

    def frame(self, pen: Pen) -> None:
        """What never changes: the card, the title, the headings, the legend."""
        left, top, right, bottom = self.box
        pen.shape([(left, top), (right, top), (right, bottom), (left, bottom)], CARD)
        pen.line([(left, top), (left, bottom)], LINE, 1)
        x = left + self._pad
        title = self.film.plan.name.replace("-", " ")
        pen.text((x, top + self._pad + self._size * 0.6), title, self._size + 6, INK, 700)
        y = top + self._pad + self._size * 2.9
        self._heading(pen, y, "WISHES")
        self._heading(pen, self._roster, "BODIES")
        self._draw_legend(pen)

    def _heading(self, pen: Pen, y: float, words: str) -> None:
        left, _, right, _ = self.box
        pen.text((left + self._pad, y), words, self._size - 1, SOFT_INK, 700)
        start = left + self._pad + self._measure(words, self._size - 1, 700) + 8
        pen.line([(start, y), (right - self._pad, y)], LINE, 1)

    def _draw_legend(self, pen: Pen) -> None:
        left, _, right, _ = self.box
        size = self._size - 1
        x, y = left + self._pad, self._legend + self._size * 0.6
        pen.line([(x, y - size * 1.3), (right - self._pad, y - size * 1.3)], LINE, 1)
        half = (right - left) / 2 - self._pad * 0.5
        entries: tuple[tuple[str, dict[str, Value], str], ...] = (
            ("plate", {"clean": True}, "clean"),
            ("plate", {"clean": False}, "dirty"),
            ("cup", {"fill": "coffee"}, "coffee"),
            ("glass", {"fill": "water"}, "water"),
        )
        for k, (cls, states, words) in enumerate(entries):
            at = x + half / 2 * k + 6, y
            draw_object(pen, at, cls, states, 45 * size / 12)
            pen.text((at[0] + size * 0.9, y), words, size, SOFT_INK)
        y += size * 1.9
        pen.line([(x, y), (x + 14, y)], LEAF, 4)
        pen.text((x + 20, y), "shut", size, SOFT_INK)
        pen.line([(x + half / 2, y + 4), (x + half / 2 + 6, y - 6)], LEAF, 2)
        pen.text((x + half / 2 + 12, y), "open", size, SOFT_INK)
        pen.line([(x + half, y - 4), (x + half + 9, y + 4)], WARN, 3)
        pen.line([(x + half, y + 4), (x + half + 9, y - 4)], WARN, 3)
        pen.text((x + half + 15, y), "off line", size, SOFT_INK)

    def draw(
        self,
        pen: Pen,
        t: float,
        playback: Playback,
    ) -> None:
        """What changes: clock, wishes, bodies."""
        _, top, right, _ = self.box
        whole = int(t)
        clock = f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        clock = clock[2:] if whole < 3600 else clock
        corner = right - self._pad, top + self._pad + self._size * 0.6
        pen.text(corner, clock, self._size + 6, INK, 600, "right")
        self._draw_wishes(pen, t)
        y = self._roster + self._size * 1.1
        for spec in self.film.bodies:
            self._draw_body(pen, (self.box[0] + self._pad, y), spec.id, t, playback)
            y += self._row

    def _draw_wishes(self, pen: Pen, t: float) -> None:
        """The newest wishes that fit, oldest first; open ones before finished ones."""
        left, top, right, _ = self.box
        size = self._size
        y = top + self._pad + size * 4.6
        room = int((self._roster - size * 1.6 - y) // (size * 1.5))
        letters = max(12, int((right - left - 2 * self._pad - size * 1.6) / (size * 0.52)))
        now = [b for b in self._wishes if b.t <= t and (b.until is None or t < b.until)]
        ranked = sorted(now, key=lambda b: (b.mark != "open", -b.t))
        shown: list[tuple[Banner, list[str]]] = []
        for banner in ranked:
            rows = textwrap.wrap(banner.text, letters)[:3]
            if len(rows) > room:
                break
            room -= len(rows)
            shown.append((banner, rows))
        for banner, rows in sorted(shown, key=lambda pair: pair[0].t):
            colour = _MARKS[banner.mark]
            self._mark(pen, (left + self._pad + size * 0.45, y), banner.mark, colour)
            ink = SOFT_INK if banner.mark == "done" else INK
            for row in rows:
                pen.text((left + self._pad + size * 1.5, y), row, size, ink)
                y += size * 1.5

    def _mark(self, pen: Pen, at: Point, mark: str, colour: str) -> None:
        x, y = at
        r = self._size * 0.5
        pen.disc(at, r, colour)
        if mark == "done":
            way = [(x - r * 0.5, y), (x - r * 0.1, y + r * 0.4), (x + r * 0.5, y - r * 0.4)]
            pen.line(way, "#ffffff", 2)
        elif mark in ("failed", "refused"):
            for side in (-1, 1):
                ends = [(x - r * 0.4, y - side * r * 0.4), (x + r * 0.4, y + side * r * 0.4)]
                pen.line(ends, "#ffffff", 2)
        elif mark == "asked":
            pen.text(at, "?", self._size - 1, "#ffffff", 800, "middle")
        else:
            pen.disc(at, r * 0.45, "#ffffff")

    def _draw_body(
        self,
        pen: Pen,
        corner: Point,
        who: str,
        t: float,
        playback: Playback,
    ) -> None:
        spec = next(spec for spec in self.film.bodies if spec.id == who)
        card = self._cards[spec.kind]
        size = self._size
        x, y = corner[0] + size * 0.8, corner[1] + self._row * 0.42
        shown = playback.shown(who, t) or PLAIN
        draw_nose(pen, (x, y), -math.pi / 2, size * 0.72, card, shown.is_dead)
        draw_disc(pen, (x, y), size * 0.72, card, shown.is_dead)
        text_x = x + size * 1.5
        pen.text((text_x, y - size * 0.55), who, size, INK, 600)
        kind_x = text_x + self._measure(who, size, 600) + 6
        pen.text((kind_x, y - size * 0.55), card.title, size - 1, SOFT_INK)
        doing = self._doing(who, t) if not shown.is_dead else "off line"
        ink = WARN if shown.is_dead else mixed(INK, "#ffffff", 0.15)
        room = self.box[2] - self._pad - text_x - len(shown.held) * size
        pen.text((text_x, y + size * 0.65), self._cut(doing, room), size - 1, ink)
        for k, (_, thing) in enumerate(shown.held):
            at = self.box[2] - self._pad - (k + 0.5) * size, y + size * 0.65
            draw_object(pen, at, thing.cls, thing.states, size * 4.2)
        level = shown.states.get("battery")
        if isinstance(level, int | float):
            width = size * 2.2
            at = self.box[2] - self._pad - width, y - size * 0.8
            draw_battery(pen, at, float(level), width, size * 0.55)

    def _doing(self, who: str, t: float) -> str:
        found = ""
        for banner in self._doings.get(who, ()):
            if banner.t > t:
                break
            found = banner.text if banner.until is None or t < banner.until else ""
        return found

    def _cut(self, words: str, room: float) -> str:
        while words and self._measure(words, self._size - 1, 400) > room:
            words = words[:-2].rstrip() + "…" if len(words) > 2 else ""
        return words
