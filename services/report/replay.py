"""The replay in the page: how everything looks when, as compact data that a script plays.

`sim_worlds.drawing.scene` draws, here with a pen that writes SVG. The script only picks, at each moment,
the looks that hold then, and moves who moves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from html import escape
from typing import Any

from devices.contracts import BodyCard, BodySpec
from devices.site import Fixture, Point, SitePlan
from services.report.colours import body_colours
from services.report.markup import Markup, tag
from services.report.words import plain
from sim_worlds.contracts import Film
from sim_worlds.drawing.backdrop import plan_svg, plan_view
from sim_worlds.drawing.scene import Lying, Scene
from sim_worlds.drawing.svg import SvgPen

# How long words stand above who said them (s of the run).
_SPEECH_S = 6.0
_HERE = (0.0, 0.0)
# Headings are shown in steps of so many degrees.
_TURN = 5
# A piece of a drawing: the symbol, where it is (pixels), and its class, as page.js reads it.
Part = tuple[int, float, float, str]
Spans = list[tuple[float, list[Part]]]


def plan_picture(plan: SitePlan, bodies: Iterable[BodySpec], cards: Iterable[BodyCard]) -> Markup:
    """The floor plan with the bodies where they start, as a file of its own."""
    team = {body.id: body for body in bodies}
    by_kind = {card.kind: card for card in cards}
    film = Film(
        plan=plan,
        bodies=tuple(team.values()),
        cards=tuple(by_kind.values()),
        people=(),
        tracks={},
        cuts=(),
        duration_s=0.0,
    )
    view, _, _ = plan_view(plan)
    scene, pen = Scene(film, view, SvgPen.measure, body_colours(team, by_kind)), SvgPen()
    for door in plan.doors:
        scene.door(pen, door, 0.0)
    for who, body in team.items():
        at = view.at((body.pose.x, body.pose.y))
        scene.heading(pen, at, who, body.pose.yaw, 0.0)
        scene.mover(pen, at, who, 0.0)
    return Markup(plan_svg(plan, pen.markup))


def stage(film: Film) -> Markup:
    """The floor plan with empty layers that the script fills."""
    layers = ("things", "trails", "people", "bodies", "speech")
    over = "".join(tag("g", class_=f"layer-{name}") for name in layers)
    return Markup(plan_svg(film.plan, over, "stage"))


def data(film: Film, colours: Mapping[str, str], doing: list[list[Any]]) -> Markup:
    """Everything the script needs, as JSON that cannot end its script element early.

    Args:
        film: What happened.
        colours: A colour for each body.
        doing: What bodies were doing: [body, from_s, until_s, words].
    """
    view, _, _ = plan_view(film.plan)
    looks = _Looks(Scene(film, view, SvgPen.measure, colours))
    content = {
        "duration": film.duration_s,
        "things": looks.still(),
        "movers": [looks.mover(who) for who in looks.scene.movers],
        "says": looks.says(),
        "doing": doing,
        "symbols": list(looks.symbols),
    }
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return tag("script", Markup(safe), type="application/json", id="film")


def controls() -> Markup:
    """Play, speed, time, and where we are in the run."""
    return tag(
        "div",
        tag("button", "▶", type="button", id="play", aria_label="Play or pause"),
        tag(
            "input",
            type="range",
            id="seek",
            min="0",
            max="1000",
            value="0",
            step="1",
            aria_label="Time",
        ),
        tag("output", "0:00", id="clock"),
        tag(
            "select",
            [
                tag("option", f"{speed}×", value=str(speed), selected=speed == 8)
                for speed in (1, 4, 8, 16, 64)
            ],
            id="speed",
            aria_label="Speed",
        ),
        class_="controls",
    )


class _Looks:
    """The looks of a film as data; each drawing stands once, among `symbols`."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.symbols: dict[str, int] = {}

    def still(self) -> list[Spans]:
        """What stays where it is: for each, its looks from when on, as [t, parts]."""
        scene, plan = self.scene, self.scene.film.plan
        looks: list[tuple[str, Callable[[float], list[Part]]]] = [
            *((door.id, partial(self._part, scene.door, door)) for door in plan.doors),
            *((item.id, partial(self._fixture, item)) for item in plan.fixtures),
            *((id_, lambda t, id_=id_: self._lying(scene.floor(id_, t))) for id_ in scene.loose),
        ]
        return [spans for id_, parts in looks if (spans := self._spans(self._times(id_), parts))]

    def mover(self, who: str) -> dict[str, Any]:
        """A body or a person: its way, where it begins, and its looks as [t, parts, is off]."""
        scene, playback = self.scene, self.scene.playback
        track = scene.film.tracks.get(who, ())
        start, card = playback.place(who, 0.0), scene.cards.get(who)
        # Who goes on another way looks elsewhere.
        times = sorted({*self._times(who), *(point.t for point in track)})
        spans = self._spans(times, partial(self._mover, who))
        return {
            "id": who,
            "colour": card.colour if card is not None else None,
            "track": _thinned([(p.t, *scene.view.at((p.x, p.y))) for p in track]),
            "start": None if start is None else _rounded(scene.view.at(start)),
            "spans": [[t, parts, int(playback.is_dead(who, t))] for t, parts in spans],
        }

    def says(self) -> list[list[Any]]:
        """Who says what: [from, until, who, symbol, room to both sides, room above]."""
        found: list[list[Any]] = []
        until: dict[str, float] = {}
        for t, who, text in reversed(self.scene.playback.says):
            # The last words of somebody take the place of those before.
            end = min(t + _SPEECH_S, until.get(who, math.inf))
            until[who] = t
            ((symbol, *_),) = self._part(self.scene.bubble, _HERE, text)
            found.append([t, end, who, symbol, *_rounded(self.scene.bubble_room(text))])
        return found[::-1]

    def _times(self, id_: str) -> list[float]:
        return [-1.0, *(t for t, _ in self.scene.playback.spans.get(id_, ()))]

    def _spans(self, times: list[float], parts: Callable[[float], list[Part]]) -> Spans:
        """From when on something looks how; nothing for what is never seen."""
        spans: Spans = []
        for t in times:
            now = parts(t)
            if now != (spans[-1][1] if spans else []):
                spans.append((round(t, 2), now))
        return spans

    def _fixture(self, fixture: Fixture, t: float) -> list[Part]:
        return self._part(self.scene.fixture, fixture, t) + self._lying(self.scene.on(fixture, t))

    def _mover(self, who: str, t: float) -> list[Part]:
        scene = self.scene
        yaw = math.radians(_TURN * round(math.degrees(scene.playback.yaw(who, t)) / _TURN))
        found = self._part(scene.heading, _HERE, who, yaw, t)
        found += self._part(scene.mover, _HERE, who, t, words=who)
        return found + self._lying(scene.held(who, t), "held")

    def _lying(self, things: Iterable[Lying], class_: str = "") -> list[Part]:
        found: list[Part] = []
        for one in things:
            states = "".join(f"\n{key}: {value}" for key, value in one.looks.states.items())
            words = f"{one.id} ({plain(one.looks.cls)}){states}"
            draw = self.scene.thing
            found += self._part(
                draw, _HERE, one.looks, one.faint, words=words, at=one.at, class_=class_
            )
        return found

    def _part(
        self,
        draw: Callable[..., None],
        *args: object,
        words: str = "",
        at: Point = _HERE,
        class_: str = "",
    ) -> list[Part]:
        """A piece drawn at the origin and put at a place, with a tool tip; nothing if it is empty."""
        pen = SvgPen()
        draw(pen, *args)
        if not pen.markup:
            return []
        drawing = (f"<title>{escape(words)}</title>" if words else "") + pen.markup
        symbol = self.symbols.setdefault(drawing, len(self.symbols))
        return [(symbol, *_rounded(at), class_)]


def _rounded(point: Point) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)


def _thinned(points: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """A way without the points in the middle of its straight, steady pieces."""
    kept = [
        p
        for i, p in enumerate(points)
        if i in (0, len(points) - 1) or not _between(points[i - 1], p, points[i + 1])
    ]
    return [(round(t, 2), *_rounded((x, y))) for t, x, y in kept]


def _between(
    a: tuple[float, float, float], p: tuple[float, float, float], b: tuple[float, float, float]
) -> bool:
    if b[0] <= a[0]:
        return False
    share = (p[0] - a[0]) / (b[0] - a[0])
    return all(abs(a[i] + (b[i] - a[i]) * share - p[i]) < 0.05 for i in (1, 2))
