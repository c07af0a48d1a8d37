"""A run as it goes on: a live picture on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from services.session.contracts import GoalProgress, Tick
from stem_memory.clock import clock_of

if TYPE_CHECKING:
    from rich.console import Console, Group, RenderableType
    from rich.text import Text

_LINES = 8
_GOALS = 10
_COLOUR = {
    "goal": "cyan",
    "plan": "blue",
    "assign": "magenta",
    "step": "green",
    "fault": "bold red",
    "closed": "bold",
    "note": "yellow",
    "time": "dim",
}
_GOAL_MARK = {
    "posted": ("…", "dim"),
    "planned": ("▸", "cyan"),
    "needs_answer": ("?", "yellow"),
    "paused": ("‖", "dim"),
    "satisfied": ("✓", "green"),
    "answered": ("✓", "green"),
    "missed": ("✓", "yellow"),
    "failed": ("✗", "bold red"),
    "refused": ("⊘", "yellow"),
    "cancelled": ("–", "dim"),
}


@contextmanager
def watched(stream: TextIO, title: str) -> Iterator[Callable[[Tick], None]]:
    """Show the ticks that the yielded function is given, until the block is left.

    What is running is told at once: it takes a while until something happens in it.

    Args:
        stream: Where to write. A terminal gets a live picture, anything else one line a happening.
        title: What is running, for the head of the picture.
    """
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        stream.write(f"{title}\n")
        stream.flush()
        yield _plainly(stream)
        return
    picture = Picture(title)
    opening = picture.drawn(console)
    with Live(opening, console=console, auto_refresh=False, transient=True) as live:
        live.refresh()

        def show(tick: Tick) -> None:
            picture.take(tick)
            live.update(picture.drawn(console))
            live.refresh()

        yield paced(show)


def paced(show: Callable[[Tick], None], per_second: float = 12.0) -> Callable[[Tick], None]:
    """Let through what says something new, and mere passing of time only so often a second."""
    from math import inf
    from time import monotonic

    # The first may always pass: a clock tells differences, and 0 may be a moment ago.
    next_s = -inf

    def maybe(tick: Tick) -> None:
        nonlocal next_s
        now = monotonic()
        if tick.line or now >= next_s:
            next_s = now + 1.0 / per_second
            show(tick)

    return maybe


def _plainly(stream: TextIO) -> Callable[[Tick], None]:
    """Writes a line for each tick that has one, as long as somebody reads them."""
    is_read = True

    def show(tick: Tick) -> None:
        nonlocal is_read
        if not tick.line or not is_read:
            return
        try:
            stream.write(f"{tick.t:8.1f} s  {tick.kind:<6}  {tick.line}\n")
            stream.flush()
        except BrokenPipeError:
            # Whoever read has seen enough (`| head`): no reason to leave bodies in the middle of it.
            is_read = False

    return show


class Picture:
    """What the last ticks add up to."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._tick = Tick(t=0.0)
        self._lines: deque[tuple[float, str, str]] = deque(maxlen=_LINES)

    def take(self, tick: Tick) -> None:
        """Take a tick in."""
        self._tick = tick
        if tick.line:
            self._lines.append((tick.t, tick.kind, tick.line))

    def drawn(self, console: Console) -> Group:
        """The picture, to fit the console."""
        from rich.console import Group
        from rich.rule import Rule
        from rich.table import Table
        from rich.text import Text

        tick = self._tick
        head = Rule(
            f"{self._title}   {clock_of(int(tick.t))}   {tick.goals_done} of "
            f"{tick.goals_done + tick.goals_open} wishes closed",
            style="dim",
        )
        bodies = Table(box=None, pad_edge=False, expand=True)
        for name, ratio in (("body", 2), ("doing", 5), ("where", 3), ("battery", 2)):
            bodies.add_column(name, ratio=ratio, header_style="dim", no_wrap=True)
        for name, glance in tick.bodies.items():
            bodies.add_row(
                Text(name, style="red" if glance.lost else "bold"),
                Text("no sign of life", style="red")
                if glance.lost
                else Text(glance.doing or "idle", style="" if glance.doing else "dim"),
                glance.where,
                _battery(glance.battery),
            )
        lines = [
            Text.assemble(
                (f"{t:7.1f} s  ", "dim"), (line, _COLOUR[kind]), overflow="ellipsis", no_wrap=True
            )
            for t, kind, line in self._lines
        ]
        goals = [line for goal in _newest(tick.goals) for line in _goal_lines(goal)]
        rows: list[RenderableType] = [head, bodies]
        if goals:
            rows += [Rule(style="dim"), *goals]
        return Group(*rows, Rule(style="dim"), *lines)


def _newest(goals: tuple[GoalProgress, ...]) -> list[GoalProgress]:
    """As many goals as fit, open ones first, in the order they were posted."""
    closed = {"satisfied", "answered", "missed", "failed", "refused", "cancelled"}
    order = sorted(range(len(goals)), key=lambda i: (goals[i].status in closed, -i))
    return [goals[i] for i in sorted(order[:_GOALS])]


def _goal_lines(goal: GoalProgress) -> list[RenderableType]:
    """A goal in one line; a question stands below it whole, for somebody is to answer it."""
    from rich.padding import Padding
    from rich.text import Text

    mark, style = _GOAL_MARK.get(goal.status, ("…", "dim"))
    who = f"{goal.who}: " if goal.who else ""
    lines: list[RenderableType] = [
        Text.assemble(
            (f" {mark} ", style), (who, "dim"), goal.text, overflow="ellipsis", no_wrap=True
        )
    ]
    if goal.asks:
        lines.append(Padding(Text(goal.asks, style="yellow"), (0, 0, 0, 3)))
    return lines


def _battery(level: float | None) -> Text:
    from rich.text import Text

    if level is None:
        return Text("")
    full = round(level * 8)
    style = "green" if level > 0.4 else "yellow" if level > 0.2 else "red"
    return Text.assemble(("━" * full, style), ("━" * (8 - full), "dim"), f" {level:3.0%}")
