"""Write the report of a run folder: report.html, its pictures, replay.mp4 and replay.png."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from services.errors import UserError
from services.report.colours import body_colours
from services.report.floor_plan import standalone
from services.report.gantt import gantt
from services.report.graph_picture import graph_picture, stacked
from services.report.history import CONFIG, FILM, MEMORY, METRICS, History, read
from services.report.markup import Markup, tag
from services.report.page import page
from sim_worlds.contracts import Banner

PAGE = "report.html"
# Every player knows the first; browsers play the second, which the page holds.
VIDEO, WEB_VIDEO, STILL = "replay.mp4", "replay.webm", "replay.png"
# A replay of a long run is sped up to about this length; one of a short run is not slowed below 2x.
_VIDEO_S = 45.0
_SPEEDS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


def build(run_dir: Path, video: bool = True) -> Path:
    """Write the report into the run folder.

    Args:
        run_dir: A folder that `retinue run` wrote.
        video: Render the replay as a video too, unless one is there already.

    Returns:
        The path of the page.

    Raises:
        UserError: The folder is no run folder, or can not be read or written.
        MemoryFault: The log can not be read.
    """
    history = read(run_dir)
    try:
        _write(run_dir, history, video)
    except OSError as error:
        raise UserError(f"the report can not be written to {run_dir}: {error.strerror}") from error
    return run_dir / PAGE


def _write(run_dir: Path, history: History, video: bool) -> None:
    colours = body_colours(history.bodies, history.cards)
    pictures = {
        "gantt.svg": gantt(history),
        "graph.svg": _graphs(history, colours),
        "plan.svg": standalone(history.plan, history.bodies.values(), history.cards.values()),
    }
    for name, picture in pictures.items():
        (run_dir / name).write_text(_on_its_own(picture), encoding="utf-8")
    if video and history.film is not None:
        _film(run_dir, history)
    web = run_dir / WEB_VIDEO
    names = (VIDEO, WEB_VIDEO, STILL, *pictures, METRICS, CONFIG, MEMORY, FILM)
    beside = [name for name in names if (run_dir / name).is_file()]
    text = page(history, web if web.is_file() else None, beside)
    (run_dir / PAGE).write_text(text, encoding="utf-8")


def _graphs(history: History, colours: dict[str, str]) -> Markup:
    found = [
        (f"{story.id} {story.record.goal.text}", picture)
        for story in history.goals.values()
        if (picture := graph_picture(story, history, colours)) is not None
    ]
    return stacked(found)


def _on_its_own(picture: Markup) -> str:
    """A picture with its own style sheet, so that it looks the same outside the page."""
    style = (files("services.report") / "picture.css").read_text(encoding="utf-8")
    start = picture.index(">") + 1
    return picture[:start] + tag("style", Markup(style)) + picture[start:]


def _film(run_dir: Path, history: History) -> None:
    """Render what is not there yet: a finished run does not change, and rendering takes seconds."""
    film = history.film
    if film is None:
        return
    from sim_worlds.drawing.canvas import png
    from sim_worlds.drawing.render import still, write_video

    beside = banners(history)
    if not (run_dir / STILL).is_file():
        (run_dir / STILL).write_bytes(png(still(film, busiest(history), banners=beside)))
    paths = [run_dir / name for name in (VIDEO, WEB_VIDEO) if not (run_dir / name).is_file()]
    if paths:
        speed = next((s for s in _SPEEDS if film.duration_s / s <= _VIDEO_S), _SPEEDS[-1])
        write_video(film, *paths, speed=speed, banners=beside)


def busiest(history: History) -> float:
    """The moment when most bodies were at work: the one to show in a picture."""
    starts = sorted({attempt.start_s for attempt in history.attempts})

    def at_work(t: float) -> int:
        return sum(a.start_s <= t < (a.end_s or history.end_s) for a in history.attempts)

    # A moment later, when what just began can be seen.
    return max(starts, key=lambda t: (at_work(t), -t)) + 1.0 if starts else 0.0


def banners(history: History) -> list[Banner]:
    """The wishes and how they stand, and what each body does, beside the video."""
    shown: list[Banner] = []
    marks = {"satisfied": "done", "failed": "failed", "refused": "refused", "needs_answer": "asked"}
    for story in history.goals.values():
        goal, closed = story.record.goal, story.record.closed_s
        text = f"{history.name(goal.who)}: {goal.text}"
        shown.append(Banner(t=goal.t, until=closed, text=text, mark="open"))
        if closed is not None:
            mark = marks.get(story.status, "note")
            shown.append(Banner.model_validate({"t": closed, "text": text, "mark": mark}))
    for attempt in history.attempts:
        words = f"{attempt.started.skill} {attempt.started.target}".strip().replace("_", " ")
        shown.append(
            Banner(t=attempt.start_s, until=attempt.end_s, text=words, who=attempt.started.body)
        )
    return shown
