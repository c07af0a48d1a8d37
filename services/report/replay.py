"""The replay in the page: the film as compact data that a script plays over the floor plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from devices.site import Fixture
from services.report.floor_plan import SMALLEST_BODY_PX, floor_plan
from services.report.markup import Markup, tag
from services.report.words import plain
from sim_worlds.contracts import Film, FilmCut
from sim_worlds.drawing.layout import View, slots
from sim_worlds.drawing.palette import fill_colour, icon
from sim_worlds.drawing.plan_svg import plan_view

_PERSON_RADIUS_M = 0.22


def stage(film: Film) -> Markup:
    """The floor plan with empty layers that the script fills."""
    layers = ("things", "trails", "people", "bodies", "speech")
    return floor_plan(
        film.plan,
        *(tag("g", class_=f"layer-{name}") for name in layers),
        class_="stage",
    )


def data(film: Film, colours: Mapping[str, str], doing: list[list[Any]]) -> Markup:
    """Everything the script needs, as JSON that cannot end its script element early.

    Args:
        film: What happened.
        colours: A colour for each body.
        doing: What bodies were doing: [body, from_s, until_s, words].
    """
    view, _, _ = plan_view(film.plan)
    classes = sorted({cut.cls for cut in film.cuts if cut.cls})
    content = {
        "duration": film.duration_s,
        "scale": round(view.scale, 3),
        "movers": [*_bodies(film, view, colours), *_people(film, view)],
        "tracks": {who: _track(film, who, view) for who in film.tracks},
        "cuts": [_cut(cut, view) for cut in film.cuts],
        "marks": [[round(t, 2), who, mark] for t, who, mark in film.marks],
        "fixtures": {f.id: _places(f, view) for f in film.plan.fixtures},
        "icons": {cls: _icon(cls, view) for cls in classes},
        "fills": {
            str(fill): fill_colour(fill)
            for fill in sorted({str(c.states["fill"]) for c in film.cuts if "fill" in c.states})
        },
        "doing": doing,
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


def _bodies(film: Film, view: View, colours: Mapping[str, str]) -> list[dict[str, Any]]:
    cards = {card.kind: card for card in film.cards}
    return [
        {
            "id": body.id,
            "body": True,
            "colour": colours.get(body.id, "#777777"),
            "r": round(max(cards[body.kind].radius_m * view.scale, SMALLEST_BODY_PX), 1),
            "air": cards[body.kind].mobility == "air",
            "start": [round(v, 1) for v in view.at((body.pose.x, body.pose.y))],
        }
        for body in film.bodies
    ]


def _people(film: Film, view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": who,
            "body": False,
            "colour": "#6c7686",
            "r": round(_PERSON_RADIUS_M * view.scale, 1),
        }
        for who in film.people
    ]


def _track(film: Film, who: str, view: View) -> list[list[float]]:
    points = [(p.t, *view.at((p.x, p.y))) for p in film.tracks[who]]
    # Points in the middle of a straight, steady piece say nothing new.
    kept = [
        p
        for i, p in enumerate(points)
        if i in (0, len(points) - 1) or not _between(points[i - 1], p, points[i + 1])
    ]
    return [[round(t, 2), round(x, 1), round(y, 1)] for t, x, y in kept]


def _between(
    a: tuple[float, float, float], p: tuple[float, float, float], b: tuple[float, float, float]
) -> bool:
    if b[0] <= a[0]:
        return False
    share = (p[0] - a[0]) / (b[0] - a[0])
    return all(abs(a[i] + (b[i] - a[i]) * share - p[i]) < 0.05 for i in (1, 2))


def _cut(cut: FilmCut, view: View) -> list[Any]:
    """The list [t, thing, class, holder, states, words, gone, spot], as page.js reads it."""
    spot = [round(v, 1) for v in view.at(cut.spot)] if cut.spot is not None else None
    return [
        round(cut.t, 2),
        cut.thing,
        cut.cls,
        cut.holder,
        cut.states,
        cut.caption,
        cut.gone,
        spot,
    ]


def _places(fixture: Fixture, view: View) -> list[list[list[float]]]:
    """For 1, 2, 3 ... objects on the fixture, where each of them lies."""
    most = min(max(fixture.capacity, 1), 24)
    return [
        [[round(v, 1) for v in view.at(place)] for place in slots(fixture, count)]
        for count in range(1, most + 1)
    ]


def _icon(cls: str, view: View) -> list[Any]:
    look = icon(cls)
    return [look.shape, look.fill, look.edge, round(look.size_m * view.scale, 1), plain(cls)]
