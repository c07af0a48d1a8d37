"""A floor plan as a drawing for pages: SVG text, sharp at any size, one group per kind of thing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from devices.site import Fixture, Point, SitePlan
from sim_worlds.drawing.layout import View, bounds, fit, gap_of, name_place, outline, walls
from sim_worlds.drawing.palette import (
    INK,
    LEAF,
    LINE,
    PAPER,
    WALL,
    fixture_colour,
    mixed,
    room_colour,
)

# Pixels per metre at the drawing's natural size, and the mean width of a letter of a font.
_SCALE = 40.0
_MARGIN = 16.0
_LETTER = 0.56


def plan_svg(plan: SitePlan) -> str:
    """Draw rooms, walls, doors and fixtures with their names.

    Every room, door and fixture has its id in `data-id` and its names in a tool tip.
    """
    view, width, height = plan_view(plan)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="Floor plan of {escape(plan.name)}" '
        'font-family="system-ui, sans-serif">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        *_rooms(plan, view),
        *(_fixture(fixture, view) for fixture in plan.fixtures),
        *(
            f'<path d="{_path(view, way)}" fill="none" stroke="{WALL}" stroke-width="4" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
            for way in walls(plan)
        ),
        *_doors(plan, view),
        "</svg>",
    ]
    return "\n".join(parts)


def plan_view(plan: SitePlan) -> tuple[View, float, float]:
    """How `plan_svg` lays the plan out: the view, and the drawing's natural width and height."""
    x0, y0, x1, y1 = bounds(plan)
    width, height = (x1 - x0) * _SCALE + 2 * _MARGIN, (y1 - y0) * _SCALE + 2 * _MARGIN
    return fit(plan, (_MARGIN, _MARGIN, width - _MARGIN, height - _MARGIN)), width, height


def _path(view: View, points: Iterable[Point], closed: bool = False) -> str:
    pixels = [view.at(point) for point in points]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in pixels) + ("Z" if closed else "")


def _rooms(plan: SitePlan, view: View) -> Iterable[str]:
    for room in plan.rooms:
        name = room.names[0] if room.names else room.id
        colour = room_colour(room.cls)
        yield (
            f'<path d="{_path(view, room.polygon, True)}" fill="{colour}" '
            f'data-id="{escape(room.id)}"><title>{_tip(room.id, room.names)}</title></path>'
        )
        wide = len(name) * 13 * _LETTER * 1.3
        x, y = view.at(name_place(room, plan, wide / _SCALE, 18 / _SCALE))
        yield (
            f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="13" '
            f'font-weight="600" fill="{mixed(colour, INK, 0.45)}">{escape(name.upper())}</text>'
        )


def _fixture(fixture: Fixture, view: View) -> str:
    colour = fixture_colour(fixture.cls)
    x, y = view.at((fixture.x, fixture.y))
    corners = [view.at(point) for point in outline(fixture)]
    wide = max(x for x, _ in corners) - min(x for x, _ in corners)
    tall = max(y for _, y in corners) - min(y for _, y in corners)
    number = fixture.attrs.get("number")
    names = (str(number),) if number is not None else fixture.names or (fixture.id,)
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if tall > 1.25 * wide else ""
    fitting = (
        (size, name)
        for size in (11, 10, 9, 8)
        for name in names
        if len(name) * size * _LETTER <= max(wide, tall) and size * 1.2 <= min(wide, tall)
    )
    size, words = next(fitting, (0, ""))
    label = ""
    if words:
        label = (
            f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" text-anchor="middle" '
            f'font-size="{size}" fill="{mixed(colour, "#000000", 0.62)}"{turn}>'
            f"{escape(words)}</text>"
        )
    return (
        f'<g data-id="{escape(fixture.id)}"><title>{_tip(fixture.id, fixture.names)}</title>'
        f'<path d="{_path(view, outline(fixture), True)}" fill="{colour}" '
        f'stroke="{mixed(colour, "#000000", 0.3)}"/>{label}</g>'
    )


def _doors(plan: SitePlan, view: View) -> Iterable[str]:
    for door in plan.doors:
        look = f'stroke="{LEAF}" stroke-width="3"' if door.leaf else f'stroke="{LINE}"'
        dash = "" if door.leaf else ' stroke-dasharray="3 3"'
        yield (
            f'<path d="{_path(view, gap_of(door, plan))}" fill="none" {look}{dash} '
            f'data-id="{escape(door.id)}"><title>{_tip(door.id, door.names)}</title></path>'
        )


def _tip(name: str, names: tuple[str, ...]) -> str:
    return escape(f"{name}: {', '.join(names)}" if names else name)
