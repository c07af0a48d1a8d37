"""How a film looks from above: what stands still, what lies about, who moves, who speaks.

Whoever plays the film, as pixels or in a page, asks here how each thing looks at a moment.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from devices.contracts import BodyCard
from devices.site import Door, Fixture, Point
from sim_worlds.contracts import Film
from sim_worlds.drawing.backdrop import Backdrop, Measure
from sim_worlds.drawing.glyphs import draw_battery, draw_disc, draw_nose, draw_object, draw_person
from sim_worlds.drawing.layout import View, slots
from sim_worlds.drawing.palette import CARD, INK, SOFT_INK, mixed
from sim_worlds.drawing.playback import PLAIN, Playback, Shown

if TYPE_CHECKING:
    from sim_worlds.drawing.svg import Pen

# Bodies and people are drawn no smaller than this (pixels); how far from its middle a person reaches (m).
_SMALLEST_BODY, _SMALLEST_PERSON, _PERSON_M = 8.0, 6.0, 0.24
# How far apart things in somebody's hands are, and how far above the head (m).
_APART_M, _ABOVE_M = 0.24, 0.16


class Lying(NamedTuple):
    """A thing at a place of the picture; `faint`: behind the door of what it is in."""

    id: str
    looks: Shown
    at: Point
    faint: bool = False


class Scene:
    """The looks of a film in one view.

    Args:
        film: What happened.
        view: How the plan lies in the picture.
        measure: The width of a line of text, pixels.
        colours: Colours of bodies, instead of those of their kinds.
    """

    def __init__(
        self, film: Film, view: View, measure: Measure, colours: Mapping[str, str] | None = None
    ) -> None:
        self.film = film
        self.view = view
        self.playback = Playback(film)
        self.backdrop = Backdrop(film.plan, view, measure)
        cards = {card.kind: card for card in film.cards}
        self.cards: dict[str, BodyCard] = {}
        for spec in film.bodies:
            card = cards[spec.kind]
            colour = (colours or {}).get(spec.id, card.colour)
            self.cards[spec.id] = card.model_copy(update={"colour": colour})
        # People and bodies, the lowest first: what flies is above what walks.
        flies = {id_: card.mobility == "air" for id_, card in self.cards.items()}
        self.movers = (*film.people, *sorted(flies, key=lambda id_: flies[id_]))
        self._measure = measure
        self._fixtures = {fixture.id for fixture in film.plan.fixtures}
        # Everything that lies on a floor at some time.
        self.loose = [
            id_
            for id_, spans in self.playback.spans.items()
            if any(shown is not None and shown.spot is not None for _, shown in spans)
        ]
        self._label = max(8, min(12, round(view.scale * 0.27)))

    def _now(self, id_: str, t: float) -> Shown:
        return self.playback.shown(id_, t) or PLAIN

    # -- what does not move --------------------------------------------------------------------

    def door(self, pen: Pen, door: Door, t: float) -> None:
        """A door, open or shut."""
        self.backdrop.door(pen, door, self._now(door.id, t).states)

    def fixture(self, pen: Pen, fixture: Fixture, t: float) -> None:
        """What of a fixture changes: a lamp that shines, a lid that is open, a top that is dirty."""
        self.backdrop.state(pen, fixture, self._now(fixture.id, t).states)

    def on(self, fixture: Fixture, t: float) -> Iterator[Lying]:
        """What lies on a fixture or in it."""
        now = self._now(fixture.id, t)
        faint = fixture.closable and now.states.get("open") is not True
        spots = slots(fixture, len(now.held)) if now.held else ()
        for (name, thing), spot in zip(now.held, spots, strict=True):
            yield Lying(name, thing, self.view.at(spot), faint)

    def floor(self, id_: str, t: float) -> Iterator[Lying]:
        """A thing, while it lies on a floor."""
        shown = self._now(id_, t)
        if shown.spot is not None and shown.holder not in self._fixtures:
            yield Lying(id_, shown, self.view.at(shown.spot))

    def thing(self, pen: Pen, at: Point, looks: Shown, faint: bool) -> None:
        """A thing."""
        draw_object(pen, at, looks.cls, looks.states, self.view.scale, faint)

    # -- who moves -----------------------------------------------------------------------------

    def heading(self, pen: Pen, at: Point, who: str, yaw: float, t: float) -> None:
        """What shows where somebody looks (`yaw`: radians, counter-clockwise from x)."""
        card = self.cards.get(who)
        if card is None:
            draw_person(pen, at, yaw, self._radius(who))
        else:
            draw_nose(pen, at, yaw, self._radius(who), card, self._now(who, t).is_dead)

    def mover(self, pen: Pen, at: Point, who: str, t: float) -> None:
        """Somebody, over what shows the heading: the disc of a body, the name, the battery, a tray."""
        radius, size, card = self._radius(who), self._label, self.cards.get(who)
        now = self._now(who, t)
        if card is None:
            below = at[0], at[1] + radius + size * 0.55
            pen.text(below, who, size, mixed(INK, "#ffffff", 0.2), 500, "middle")
        else:
            draw_disc(pen, at, radius, card, now.is_dead)
            half = self._measure(who, size, 600) / 2 + 3
            y = at[1] + radius + size * 0.85
            pill = "#8b8f96" if now.is_dead else mixed(card.colour, "#000000", 0.22)
            pen.box((at[0] - half, y - size * 0.68), (at[0] + half, y + size * 0.68), 4, pill)
            pen.text((at[0], y), who, size, "#ffffff", 600, "middle")
            level = now.states.get("battery")
            if isinstance(level, int | float):
                draw_battery(pen, (at[0] - half, y + size * 0.8), float(level), 2 * half, 4)
        if now.held:
            step, y = _APART_M * self.view.scale, at[1] - self._above(who)
            half = step * len(now.held) / 2 + 2
            corners = (at[0] - half, y - step * 0.6), (at[0] + half, y + step * 0.6)
            pen.box(*corners, 4, CARD, "#c9c4b8")

    def held(self, who: str, t: float) -> Iterator[Lying]:
        """What hands and trays carry, in a row above the head: places beside the middle of who carries."""
        held = self._now(who, t).held
        step = _APART_M * self.view.scale
        for k, (name, thing) in enumerate(held):
            x = (k - (len(held) - 1) / 2) * step
            yield Lying(name, thing, (x, -self._above(who)))

    def _radius(self, who: str) -> float:
        card = self.cards.get(who)
        if card is None:
            return max(_PERSON_M * self.view.scale, _SMALLEST_PERSON)
        return max(card.radius_m * self.view.scale, _SMALLEST_BODY)

    def _above(self, who: str) -> float:
        return self._radius(who) + _ABOVE_M * self.view.scale

    # -- who speaks ----------------------------------------------------------------------------

    def bubble(self, pen: Pen, at: Point, text: str) -> None:
        """Words above somebody."""
        size = self._label + 1
        rows = _rows(text)
        half, rise = self.bubble_room(text)
        x, top = at[0], at[1] - rise
        foot = top + len(rows) * size * 1.35 + 8
        pen.box((x - half, top), (x + half, foot), 7, CARD, SOFT_INK)
        tail = [(x - 5, foot - 1), (x + 5, foot - 1), (x, foot + 7)]
        pen.shape(tail, CARD)
        pen.line([tail[0], tail[2], tail[1]], SOFT_INK)
        for k, row in enumerate(rows):
            pen.text((x, top + 4 + (k + 0.5) * size * 1.35), row, size, INK, 500, "middle")

    def bubble_room(self, text: str) -> Point:
        """What a bubble needs to both sides of who speaks, and above (pixels)."""
        rows, size = _rows(text), self._label + 1
        half = max(self._measure(row, size, 500) for row in rows) / 2 + 7
        return half, len(rows) * size * 1.35 + 15 + max(0.3 * self.view.scale, 9)


def _rows(text: str) -> list[str]:
    return textwrap.wrap(text, 26)[:4] or [""]
