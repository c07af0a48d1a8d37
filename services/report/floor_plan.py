"""A floor plan as a picture: rooms, walls with doors, fixtures, names. Metres to pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from devices.contracts import BodyCard, BodySpec
from devices.site import Door, Fixture, Point, Room, SitePlan
from services.report.colours import body_colours
from services.report.markup import Markup, join, number, svg, tag
from services.report.words import plain
from sim_worlds.layout import View, bounds, fit, gap_of, name_place, outline, seats, walls
from sim_worlds.palette import fixture_colour, room_colour

WIDTH = 1120.0
_MARGIN = 14.0
_NAME_PX = 13.0
# Rooms lie side by side, so a page higher than this share of its width is mostly empty.
_TALLEST = 0.72


def view_of(plan: SitePlan, width: float = WIDTH) -> tuple[View, float, float]:
    """How the plan lies in a picture at most `width` wide: the view, the width, the height."""
    x0, y0, x1, y1 = bounds(plan)
    scale = min((width - 2 * _MARGIN) / (x1 - x0), (width * _TALLEST - 2 * _MARGIN) / (y1 - y0))
    wide, high = (x1 - x0) * scale + 2 * _MARGIN, (y1 - y0) * scale + 2 * _MARGIN
    return fit(plan, (_MARGIN, _MARGIN, wide - _MARGIN, high - _MARGIN)), wide, high


def floor_plan(plan: SitePlan, *over: Markup, **attributes: object) -> Markup:
    """The plan with whatever is drawn over it."""
    view, width, height = view_of(plan)
    return svg(
        width,
        height,
        tag("g", [_room(room, view) for room in plan.rooms], class_="rooms"),
        tag("g", [_fixture(fixture, view) for fixture in plan.fixtures], class_="fixtures"),
        tag(
            "path",
            class_="walls",
            fill="none",
            stroke="#454c57",
            stroke_width=3.2,
            stroke_linejoin="round",
            stroke_linecap="round",
            d=" ".join(_path(line, view) for line in walls(plan)),
        ),
        tag("g", [_door(door, plan, view) for door in plan.doors if door.leaf], class_="doors"),
        tag("g", [_room_name(room, plan, view) for room in plan.rooms], class_="room-names"),
        *over,
        **attributes,
    )


def standalone(plan: SitePlan, bodies: Iterable[BodySpec], cards: Iterable[BodyCard]) -> Markup:
    """The plan with the bodies where they start, as a file of its own."""
    view, _, _ = view_of(plan)
    by_kind = {card.kind: card for card in cards}
    team = {body.id: body for body in bodies}
    colours = body_colours(team, by_kind)
    return floor_plan(
        plan,
        *(
            _body(body, view, colours[body.id], by_kind[body.kind].radius_m * view.scale)
            for body in team.values()
        ),
        style="background:#f3f1ec",
        font_family="system-ui, sans-serif",
    )


def _body(body: BodySpec, view: View, colour: str, radius: float) -> Markup:
    x, y = view.at((body.pose.x, body.pose.y))
    size = max(radius, 6.0)
    return join(
        tag("circle", cx=x, cy=y, r=size, fill=colour, stroke="#ffffff", stroke_width=1.5),
        tag(
            "text",
            body.id,
            x=x,
            y=y + size + 11,
            font_size=11,
            text_anchor="middle",
            fill="#2c3138",
        ),
    )


def _room(room: Room, view: View) -> Markup:
    return tag(
        "path",
        tag("title", plain(room.id)),
        d=_path(room.polygon, view, closed=True),
        fill=room_colour(room.cls),
    )


def _room_name(room: Room, plan: SitePlan, view: View) -> Markup:
    words = plain(room.names[0] if room.names else room.id)
    wide = len(words) * _NAME_PX * 0.56 / view.scale
    x, y = view.at(name_place(room, plan, wide, 1.2 * _NAME_PX / view.scale))
    return tag(
        "text",
        words,
        x=x,
        y=y + 0.35 * _NAME_PX,
        font_size=_NAME_PX,
        text_anchor="middle",
        fill="#7b8089",
        letter_spacing="0.02em",
    )


def _fixture(fixture: Fixture, view: View) -> Markup:
    return tag(
        "g",
        tag("title", f"{plain(fixture.id)} ({plain(fixture.cls)})"),
        [
            tag("circle", cx=x, cy=y, r=0.17 * view.scale, fill="#cdbfa9")
            for x, y in map(view.at, seats(fixture))
        ],
        tag(
            "path",
            d=_path(outline(fixture), view, closed=True),
            fill=fixture_colour(fixture.cls),
            stroke="#00000033",
            stroke_width=1,
            stroke_linejoin="round",
        ),
        _number(fixture, view),
        data_id=fixture.id,
    )


def _number(fixture: Fixture, view: View) -> Markup | None:
    """The number that people know a table by."""
    value = fixture.attrs.get("number")
    if value is None:
        return None
    x, y = view.at((fixture.x, fixture.y))
    return tag(
        "text",
        str(value),
        x=x,
        y=y + 4,
        font_size=12,
        font_weight=600,
        text_anchor="middle",
        fill="#00000066",
    )


def _door(door: Door, plan: SitePlan, view: View) -> Markup:
    (x1, y1), (x2, y2) = map(view.at, gap_of(door, plan))
    return tag(
        "line",
        tag("title", plain(door.id)),
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        stroke="#a8763e",
        stroke_width=3.2,
        class_="leaf",
        data_id=door.id,
    )


def _path(points: Sequence[Point], view: View, closed: bool = False) -> str:
    corners = " ".join(f"{number(x)} {number(y)}" for x, y in map(view.at, points))
    return f"M{corners}{'Z' if closed else ''}"
