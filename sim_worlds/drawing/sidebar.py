"""The right side of the picture: the clock, the wishes and how they stand, who does what."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from devices.facts import Value
from devices.site import Point
from sim_worlds.contracts import Banner, Film
from sim_worlds.drawing.backdrop import Measure
from sim_worlds.drawing.glyphs import draw_battery, draw_body, draw_object
from sim_worlds.drawing.palette import ASK, CARD, GOOD, INK, LEAF, LINE, SOFT_INK, WARN, mixed
from sim_worlds.drawing.playback import Playback

if TYPE_CHECKING:
    from sim_worlds.drawing.canvas import Canvas

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

    def frame(self, canvas: Canvas) -> None:
        """What never changes: the card, the title, the headings, the legend."""
        left, top, right, bottom = self.box
        canvas.shape([(left, top), (right, top), (right, bottom), (left, bottom)], CARD)
        canvas.line([(left, top), (left, bottom)], LINE, 1)
        x = left + self._pad
        title = self.film.plan.name.replace("-", " ")
        canvas.text((x, top + self._pad + self._size * 0.6), title, self._size + 6, INK, 700)
        y = top + self._pad + self._size * 2.9
        self._heading(canvas, y, "WISHES")
        self._heading(canvas, self._roster, "BODIES")
        self._draw_legend(canvas)

    def _heading(self, canvas: Canvas, y: float, words: str) -> None:
        left, _, right, _ = self.box
        canvas.text((left + self._pad, y), words, self._size - 1, SOFT_INK, 700)
        start = left + self._pad + self._measure(words, self._size - 1, 700) + 8
        canvas.line([(start, y), (right - self._pad, y)], LINE, 1)

    def _draw_legend(self, canvas: Canvas) -> None:
        left, _, right, _ = self.box
        size = self._size - 1
        x, y = left + self._pad, self._legend + self._size * 0.6
        canvas.line([(x, y - size * 1.3), (right - self._pad, y - size * 1.3)], LINE, 1)
        half = (right - left) / 2 - self._pad * 0.5
        entries: tuple[tuple[str, dict[str, Value], str], ...] = (
            ("plate", {"clean": True}, "clean"),
            ("plate", {"clean": False}, "dirty"),
            ("cup", {"fill": "coffee"}, "coffee"),
            ("glass", {"fill": "water"}, "water"),
        )
        for k, (cls, states, words) in enumerate(entries):
            at = x + half / 2 * k + 6, y
            draw_object(canvas, at, cls, states, 45 * size / 12)
            canvas.text((at[0] + size * 0.9, y), words, size, SOFT_INK)
        y += size * 1.9
        canvas.line([(x, y), (x + 14, y)], LEAF, 4)
        canvas.text((x + 20, y), "shut", size, SOFT_INK)
        canvas.line([(x + half / 2, y + 4), (x + half / 2 + 6, y - 6)], LEAF, 2)
        canvas.text((x + half / 2 + 12, y), "open", size, SOFT_INK)
        canvas.line([(x + half, y - 4), (x + half + 9, y + 4)], WARN, 3)
        canvas.line([(x + half, y + 4), (x + half + 9, y - 4)], WARN, 3)
        canvas.text((x + half + 15, y), "off line", size, SOFT_INK)

    def draw(
        self,
        canvas: Canvas,
        t: float,
        playback: Playback,
        dead: set[str],
        held: dict[str, list[str]],
    ) -> None:
        """What changes: clock, wishes, bodies."""
        _, top, right, _ = self.box
        whole = int(t)
        clock = f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        clock = clock[2:] if whole < 3600 else clock
        corner = right - self._pad, top + self._pad + self._size * 0.6
        canvas.text(corner, clock, self._size + 6, INK, 600, "right")
        self._draw_wishes(canvas, t)
        y = self._roster + self._size * 1.1
        for spec in self.film.bodies:
            self._draw_body(canvas, (self.box[0] + self._pad, y), spec.id, t, playback, dead, held)
            y += self._row

    def _draw_wishes(self, canvas: Canvas, t: float) -> None:
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
            self._mark(canvas, (left + self._pad + size * 0.45, y), banner.mark, colour)
            ink = SOFT_INK if banner.mark == "done" else INK
            for row in rows:
                canvas.text((left + self._pad + size * 1.5, y), row, size, ink)
                y += size * 1.5

    def _mark(self, canvas: Canvas, at: Point, mark: str, colour: str) -> None:
        x, y = at
        r = self._size * 0.5
        canvas.disc(at, r, colour)
        if mark == "done":
            way = [(x - r * 0.5, y), (x - r * 0.1, y + r * 0.4), (x + r * 0.5, y - r * 0.4)]
            canvas.line(way, "#ffffff", 2)
        elif mark in ("failed", "refused"):
            for side in (-1, 1):
                ends = [(x - r * 0.4, y - side * r * 0.4), (x + r * 0.4, y + side * r * 0.4)]
                canvas.line(ends, "#ffffff", 2)
        elif mark == "asked":
            canvas.text(at, "?", self._size - 1, "#ffffff", 800, "middle")
        else:
            canvas.disc(at, r * 0.45, "#ffffff")

    def _draw_body(
        self,
        canvas: Canvas,
        corner: Point,
        who: str,
        t: float,
        playback: Playback,
        dead: set[str],
        held: dict[str, list[str]],
    ) -> None:
        spec = next(spec for spec in self.film.bodies if spec.id == who)
        card = self._cards[spec.kind]
        size = self._size
        x, y = corner[0] + size * 0.8, corner[1] + self._row * 0.42
        draw_body(canvas, (x, y), -1.5708, size * 0.72, card, who in dead)
        text_x = x + size * 1.5
        canvas.text((text_x, y - size * 0.55), who, size, INK, 600)
        kind_x = text_x + self._measure(who, size, 600) + 6
        canvas.text((kind_x, y - size * 0.55), card.title, size - 1, SOFT_INK)
        doing = self._doing(who, t) if who not in dead else "off line"
        ink = WARN if who in dead else mixed(INK, "#ffffff", 0.15)
        room = self.box[2] - self._pad - text_x - len(held[who]) * size
        canvas.text((text_x, y + size * 0.65), self._cut(doing, room), size - 1, ink)
        for k, name in enumerate(held[who]):
            thing = playback.things[name]
            at = self.box[2] - self._pad - (k + 0.5) * size, y + size * 0.65
            draw_object(canvas, at, thing.cls, thing.states, size * 4.2)
        shown = playback.things.get(who)
        level = shown.states.get("battery") if shown else None
        if isinstance(level, int | float):
            width = size * 2.2
            at = self.box[2] - self._pad - width, y - size * 0.8
            draw_battery(canvas, at, float(level), width, size * 0.55)

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
