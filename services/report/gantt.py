"""Who did what when, as a picture: one lane a body, time to the right."""

from __future__ import annotations

import math

from services.report.colours import wish_colour
from services.report.history import History
from services.report.markup import Markup, join, svg, tag
from services.report.words import duration_words, plain
from services.session.diary import Attempt
from stem_memory.clock import clock_of

LANE = 34.0
BAR = 20.0
LEFT = 150.0
TOP = 30.0
RIGHT = 16.0
_WIDTH = 1120.0
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


def gantt(history: History) -> Markup:
    """The lanes of all bodies. Colours are wishes; pale is travel, hatched is failed or lost."""
    end = max(history.end_s, 1.0)
    # Long runs get more room, so that a ten-second step stays visible; the page scrolls sideways.
    scale = max((_WIDTH - LEFT - RIGHT) / end, min(2.0, 20000.0 / end))
    width = LEFT + end * scale + RIGHT
    height = TOP + LANE * len(history.bodies) + 8
    goals = {goal: index for index, goal in enumerate(history.goals)}
    lanes = {body: TOP + LANE * row for row, body in enumerate(history.bodies)}
    bars = [
        _bar(attempt, history, goals, lanes[attempt.started.body], scale, end)
        for attempt in history.attempts
        if attempt.started.body in lanes
    ]
    return svg(
        width,
        height,
        _patterns(),
        _axis(end, scale, height),
        [
            tag("line", class_="lane", x1=LEFT, x2=width - RIGHT, y1=y + LANE, y2=y + LANE)
            for y in lanes.values()
        ],
        [
            _dark(spans, lanes[body], scale, end)
            for body, spans in history.offline.items()
            if body in lanes
        ],
        bars,
        tag("line", class_="cursor", x1=LEFT, x2=LEFT, y1=TOP - 8, y2=height - 4),
        # Last, so that the names stay readable where bars are scrolled below them.
        tag(
            "g",
            tag("rect", class_="names-ground", x=-14, y=0, width=LEFT + 8, height=height),
            [_name(history, body, y) for body, y in lanes.items()],
            class_="names",
        ),
        class_="gantt",
        role="img",
        aria_label="Who did what when: one lane for each body",
        data_left=LEFT,
        data_scale=f"{scale:.6f}",
    )


def _bar(
    attempt: Attempt, history: History, goals: dict[str, int], y: float, scale: float, end: float
) -> Markup:
    started = attempt.started
    stop = attempt.end_s if attempt.end_s is not None else end
    x, width = LEFT + attempt.start_s * scale, max((stop - attempt.start_s) * scale, 2.0)
    travel = started.skill == "navigate" or started.role == "approach"
    colour = wish_colour(goals[started.goal]) if started.goal in goals else "#8a8f98"
    kind = "travel" if travel else started.role
    top = y + (LANE - BAR) / 2
    bad = attempt.outcome in ("failed", "lapsed")
    label = plain(started.skill)
    shown = width > 6.4 * len(label) + 8 and not travel
    return tag(
        "g",
        tag("title", _hover(attempt, history, stop)),
        tag(
            "rect",
            x=x,
            y=top + (5 if travel else 0),
            width=width,
            height=BAR - (10 if travel else 0),
            rx=3,
            fill=colour,
            class_=f"bar {kind}",
        ),
        tag("rect", x=x, y=top, width=width, height=BAR, rx=3, fill="url(#hatch-bad)")
        if bad
        else None,
        _cross(x + width, top) if bad else None,
        tag("text", label, x=x + 5, y=top + BAR / 2 + 4, class_="in-bar") if shown else None,
        class_=f"attempt {attempt.outcome}",
        data_goal=started.goal,
        data_t=attempt.start_s,
        tabindex=0,
    )


def _hover(attempt: Attempt, history: History, stop: float) -> str:
    started = attempt.started
    story = history.goals.get(started.goal)
    title = history.title(started.goal, started.step)
    target = f" ({history.name(started.target)})" if started.target else ""
    lines = [
        f"{started.body}: {plain(started.skill)}{target}",
        f"{attempt.start_s:.1f} s to {stop:.1f} s ({duration_words(stop - attempt.start_s)})",
        {
            "step": title,
            "approach": f"on the way to: {title}",
            "errand": "errand",
        }[started.role],
    ]
    if story is not None:
        lines.append(f"for {story.id}: “{story.record.goal.text}”")
    ended = attempt.ended
    if ended is None:
        lines.append("never ended")
    elif ended.outcome != "done":
        lines.append(f"{ended.outcome}: {ended.detail or plain(ended.reason)}")
    elif ended.evidenced:
        lines.append("done, and seen to be done")
    return "\n".join(lines)


def _name(history: History, body: str, y: float) -> Markup:
    card = history.card(body)
    return join(
        tag("text", body, class_="name", x=0, y=y + LANE / 2),
        tag("text", card.title if card else "", class_="sub", x=0, y=y + LANE / 2 + 12),
    )


def _dark(
    spans: list[tuple[float, float | None]], y: float, scale: float, end: float
) -> list[Markup]:
    """Where a body gave no sign of life."""
    return [
        tag(
            "g",
            tag("title", f"no sign of life from {start:.1f} s to {back or end:.1f} s"),
            tag(
                "rect",
                x=LEFT + start * scale,
                y=y + 3,
                width=max(((end if back is None else back) - start) * scale, 2.0),
                height=LANE - 6,
                class_="offline",
                fill="url(#hatch-off)",
            ),
            tag("text", "offline", class_="off-word", x=LEFT + start * scale + 5, y=y + 14),
        )
        for start, back in spans
    ]


def _axis(end: float, scale: float, height: float) -> list[Markup]:
    step = next((tick for tick in _TICKS if tick * scale >= 64), _TICKS[-1])
    marks = []
    for index in range(math.floor(end / step) + 1):
        t = index * step
        x = LEFT + t * scale
        marks.append(tag("line", class_="grid", x1=x, x2=x, y1=TOP - 6, y2=height - 4))
        marks.append(
            tag("text", clock_of(t) if t >= 60 else f"{t} s", class_="tick", x=x, y=TOP - 12)
        )
    return marks


def _cross(x: float, y: float) -> Markup:
    return tag("path", class_="cross", d=f"M{x - 4:.1f} {y + 6:.1f}l8 8m0 -8l-8 8", fill="none")


def _patterns() -> Markup:
    def hatch(name: str, class_: str) -> Markup:
        return tag(
            "pattern",
            tag("line", x1=0, y1=0, x2=0, y2=7, class_=class_),
            id=name,
            width=7,
            height=7,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        )

    return tag("defs", hatch("hatch-bad", "hatch-bad"), hatch("hatch-off", "hatch-off"))
