"""The floor plan with something drawn over it: bodies where they start, or a stage for the replay."""

from __future__ import annotations

from collections.abc import Iterable

from devices.contracts import BodyCard, BodySpec
from devices.site import SitePlan
from services.report.colours import body_colours
from services.report.markup import Markup, join, tag
from sim_worlds.drawing.layout import View
from sim_worlds.drawing.plan_svg import plan_svg, plan_view

SMALLEST_BODY_PX = 7.0


def floor_plan(plan: SitePlan, *over: Markup, class_: str = "floor-plan") -> Markup:
    """The plan with whatever is drawn over it, in the pixels of `plan_view`."""
    drawing = plan_svg(plan).replace("<svg ", f'<svg class="{class_}" ', 1)
    inner, end, _ = drawing.rpartition("</svg>")
    return join(Markup(inner), over, Markup(end))


def standalone(plan: SitePlan, bodies: Iterable[BodySpec], cards: Iterable[BodyCard]) -> Markup:
    """The plan with the bodies where they start, as a file of its own."""
    view, _, _ = plan_view(plan)
    by_kind = {card.kind: card for card in cards}
    team = {body.id: body for body in bodies}
    colours = body_colours(team, by_kind)
    return floor_plan(
        plan,
        *(
            _body(body, view, colours[body.id], by_kind[body.kind].radius_m * view.scale)
            for body in team.values()
        ),
    )


def _body(body: BodySpec, view: View, colour: str, radius: float) -> Markup:
    x, y = view.at((body.pose.x, body.pose.y))
    size = max(radius, SMALLEST_BODY_PX)
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
