"""One film as pictures: the still backdrop, what lies where, who moves, who speaks, a sidebar.

What stands still is drawn once, what lies about only when something changes; a frame then costs
the movers and the sidebar.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from devices.contracts import BodyCard
from devices.facts import Value
from devices.site import Point
from sim_worlds.contracts import Banner, Film
from sim_worlds.drawing.backdrop import Backdrop, Measure
from sim_worlds.drawing.glyphs import draw_battery, draw_body, draw_object, draw_person
from sim_worlds.drawing.layout import fit, slots
from sim_worlds.drawing.palette import CARD, INK, SOFT_INK, mixed
from sim_worlds.drawing.playback import Playback
from sim_worlds.drawing.sidebar import Sidebar

if TYPE_CHECKING:
    from sim_worlds.drawing.canvas import Canvas

# How long a trail and, in video time, a speech bubble last.
TRAIL_S = 7.0
BUBBLE_S = 3.5
_NO_STATES: dict[str, Value] = {}


class Scene:
    """Draws a film at any time; asking in order of time is fastest.

    Args:
        film: What happened.
        size: Width and height of the picture, pixels.
        banners: Wishes and doings beside it.
        speed: How fast the replay runs; speech stays as long as it takes to read.
        blank: Makes a canvas of one colour.
        measure: The width of a line of text, pixels.
    """

    def __init__(
        self,
        film: Film,
        size: tuple[int, int],
        banners: tuple[Banner, ...],
        speed: float,
        blank: Callable[[tuple[int, int], str], Canvas],
        measure: Measure,
    ) -> None:
        self.film = film
        self.playback = Playback(film)
        self._measure = measure
        self._bubble_s = BUBBLE_S * max(speed, 1.0)
        margin = round(size[1] * 0.022)
        panel = round(size[0] * 0.235)
        self.view = fit(film.plan, (margin, margin, size[0] - panel - margin, size[1] - margin))
        self._backdrop = Backdrop(film.plan, self.view, measure)
        cards = {card.kind: card for card in film.cards}
        self.cards: dict[str, BodyCard] = {spec.id: cards[spec.kind] for spec in film.bodies}
        self._sidebar = Sidebar(film, banners, (size[0] - panel, 0, size[0], size[1]), measure)
        self._fixtures = {fixture.id: fixture for fixture in film.plan.fixtures}
        self._base = self._backdrop.draw(size, blank)
        self._sidebar.frame(self._base)
        self._layer = self._base
        self._layer_version = -1
        self._label = max(8, min(12, round(self.view.scale * 0.27)))

    def draw(self, t: float) -> Canvas:
        """The picture at time `t` (s)."""
        self.playback.seek(t)
        if self._layer_version != self.playback.version:
            self._layer = self._resting()
            self._layer_version = self.playback.version
        canvas = self._layer.copy()
        dead = self.playback.offline(t)
        held = self.playback.held()
        for spec in self.film.bodies:
            self._trail(canvas, spec.id, t)
        for person in self.film.people:
            self._person(canvas, person, t, held[person])
        # What flies is drawn above what walks.
        order = sorted(self.film.bodies, key=lambda spec: self.cards[spec.id].mobility == "air")
        for spec in order:
            self._body(canvas, spec.id, t, held[spec.id], spec.id in dead)
        for who, text in self.playback.speech(t, self._bubble_s).items():
            self._bubble(canvas, who, text, t)
        self._sidebar.draw(canvas, t, self.playback, dead, held)
        return canvas

    def _states(self, thing: str) -> dict[str, Value]:
        shown = self.playback.things.get(thing)
        return shown.states if shown else _NO_STATES

    def _resting(self) -> Canvas:
        """The backdrop with doors, fixtures and what lies on them as they are now."""
        canvas = self._base.copy()
        self._backdrop.doors(canvas, self._states)
        self._backdrop.fixtures(canvas, self._states)
        on: dict[str, list[str]] = {}
        for name, shown in self.playback.things.items():
            if shown.spot is not None and shown.holder not in self._fixtures:
                at = self.view.at(shown.spot)
                draw_object(canvas, at, shown.cls, shown.states, self.view.scale)
            elif shown.holder in self._fixtures:
                on.setdefault(shown.holder, []).append(name)
        for holder, names in on.items():
            fixture = self._fixtures[holder]
            faint = fixture.closable and self._states(holder).get("open") is not True
            for name, spot in zip(names, slots(fixture, len(names)), strict=True):
                shown = self.playback.things[name]
                at = self.view.at(spot)
                draw_object(canvas, at, shown.cls, shown.states, self.view.scale, faint)
        return canvas

    def _trail(self, canvas: Canvas, who: str, t: float) -> None:
        way = self.playback.trail(who, t, TRAIL_S)
        colour = self.cards[who].colour
        for (_, a), (at, b) in itertools.pairwise(way):
            if a == b:
                continue
            # Long straight parts fade in steps too.
            parts = max(1, round(abs(b[0] - a[0]) + abs(b[1] - a[1])))
            for k in range(parts):
                ends = [_along(a, b, k / parts), _along(a, b, (k + 1) / parts)]
                age = min(max((t - at) / TRAIL_S + (1 - k / parts) * 0.2, 0.0), 1.0)
                faded = mixed(colour, "#f6f1e8", 0.35 + 0.6 * age)
                canvas.line([self.view.at(p) for p in ends], faded, 2)

    def _person(self, canvas: Canvas, who: str, t: float, held: list[str]) -> None:
        point = self.playback.place(who, t)
        if point is None:
            return
        at = self.view.at(point)
        radius = max(0.24 * self.view.scale, 6.0)
        draw_person(canvas, at, self.playback.yaw(who, t), radius)
        canvas.text(
            (at[0], at[1] + radius + self._label * 0.55), who, self._label,
            mixed(INK, "#ffffff", 0.2), 500, "middle",
        )  # fmt: skip
        self._held(canvas, at, radius, held)

    def _body(self, canvas: Canvas, who: str, t: float, held: list[str], dead: bool) -> None:
        point = self.playback.place(who, t)
        if point is None:
            return
        at = self.view.at(point)
        card = self.cards[who]
        radius = max(card.radius_m * self.view.scale, 8.0)
        draw_body(canvas, at, self.playback.yaw(who, t), radius, card, dead)
        self._held(canvas, at, radius, held)
        size = self._label
        half = self._measure(who, size, 600) / 2 + 3
        y = at[1] + radius + size * 0.85
        pill = "#8b8f96" if dead else mixed(card.colour, "#000000", 0.22)
        canvas.box((at[0] - half, y - size * 0.68), (at[0] + half, y + size * 0.68), 4, pill)
        canvas.text((at[0], y), who, size, "#ffffff", 600, "middle")
        level = self._states(who).get("battery")
        if isinstance(level, int | float):
            draw_battery(canvas, (at[0] - half, y + size * 0.8), float(level), 2 * half, 4)

    def _held(self, canvas: Canvas, at: Point, radius: float, held: list[str]) -> None:
        """What hands and trays carry, in a row above the head."""
        step = 0.24 * self.view.scale
        left = at[0] - step * (len(held) - 1) / 2
        if held:
            y = at[1] - radius - 0.16 * self.view.scale
            half = step * len(held) / 2 + 2
            canvas.box(
                (at[0] - half, y - step * 0.6), (at[0] + half, y + step * 0.6), 4, CARD, "#c9c4b8"
            )
        for k, name in enumerate(held):
            shown = self.playback.things[name]
            spot = left + k * step, at[1] - radius - 0.16 * self.view.scale
            draw_object(canvas, spot, shown.cls, shown.states, self.view.scale)

    def _bubble(self, canvas: Canvas, who: str, text: str, t: float) -> None:
        point = self.playback.place(who, t)
        if point is None:
            return
        size = self._label + 1
        rows = textwrap.wrap(text, 26)[:4] or [""]
        half = max(self._measure(row, size, 500) for row in rows) / 2 + 7
        tall = len(rows) * size * 1.35 + 8
        x, y = self.view.at(point)
        foot = y - max(0.3 * self.view.scale, 9) - 7
        width = canvas.image.shape[1]
        x = min(max(x, half + 3), width - half - 3)
        top = max(foot - tall, 3)
        canvas.box((x - half, top), (x + half, top + tall), 7, CARD, SOFT_INK)
        tail = [(x - 5, top + tall - 1), (x + 5, top + tall - 1), (x, top + tall + 7)]
        canvas.shape(tail, CARD)
        canvas.line([tail[0], tail[2], tail[1]], SOFT_INK)
        for k, row in enumerate(rows):
            canvas.text((x, top + 4 + (k + 0.5) * size * 1.35), row, size, INK, 500, "middle")


def _along(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
