"""Write the report of a run folder: the page and its pictures, and the replay as a video on demand."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from services.errors import UserError
from services.report.colours import body_colours
from services.report.gantt import gantt
from services.report.graph_picture import graph_picture, stacked
from services.report.history import History, read
from services.report.markup import Markup, tag
from services.report.page import page
from services.report.replay import plan_picture
from services.session.folder import RunFolder
from sim_worlds.contracts import Banner
from stem_memory.log.disk import sentence

# A replay of a long run is sped up to about this length; one of a short run is not slowed below 2x.
_VIDEO_S = 45.0
_SPEEDS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)

Progress = Callable[[str], None]


def build(run_dir: Path, video: bool = False, on_progress: Progress | None = None) -> Path:
    """Write the report into the run folder.

    Args:
        run_dir: A folder that `retinue run` wrote; the run may have broken off.
        video: Render the replay as a picture and a video too, unless they are there already. It
            takes about half a minute; the page has a replay of its own.
        on_progress: Told what is being made, before it is made.

    Returns:
        The path of the page.

    Raises:
        UserError: The folder is no run folder, or can not be read or written.
        MemoryFault: The log can not be read.
    """
    tell: Progress = on_progress or (lambda _: None)
    tell("reading the log")
    history = read(run_dir)
    folder = RunFolder(run_dir)
    colours = body_colours(history.bodies, history.cards)
    pictures: tuple[tuple[Path, Callable[[], Markup]], ...] = (
        (folder.gantt, lambda: gantt(history)),
        (folder.graph, lambda: _graphs(history, colours)),
        (
            folder.plan,
            lambda: plan_picture(history.plan, history.bodies.values(), history.cards.values()),
        ),
    )
    for path, picture in pictures:
        tell(path.name)
        folder.write(path, _on_its_own(picture()))
    if video:
        try:
            _film(folder, history, tell)
        except OSError as error:
            raise UserError(sentence(run_dir, error)) from error
    tell(folder.page.name)
    web = folder.web_video if folder.web_video.is_file() else None
    folder.write(folder.page, page(history, web, [path.name for path in folder.files]))
    return folder.page


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


def _film(folder: RunFolder, history: History, tell: Progress) -> None:
    """Render what is not there yet: a finished run does not change, and rendering takes seconds."""
    film = history.film
    if film is None:
        return
    from sim_worlds.drawing.canvas import png
    from sim_worlds.drawing.render import still, write_video

    beside = banners(history)
    if not folder.still.is_file():
        tell(folder.still.name)
        folder.write(folder.still, png(still(film, busiest(history), banners=beside)))
    paths = [path for path in (folder.video, folder.web_video) if not path.is_file()]
    if paths:
        tell(" and ".join(path.name for path in paths))
        speed = next((s for s in _SPEEDS if film.duration_s / s <= _VIDEO_S), _SPEEDS[-1])
        # Under another name until they are whole: whoever loses patience must not keep half a film.
        drafts = [path.with_name(f"draft-{path.name}") for path in paths]
        try:
            write_video(film, *drafts, speed=speed, banners=beside)
            for draft, path in zip(drafts, paths, strict=True):
                draft.replace(path)
        finally:
            for draft in drafts:
                draft.unlink(missing_ok=True)


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
    marks = {
        "satisfied": "done",
        "answered": "done",
        "failed": "failed",
        "refused": "refused",
        "needs_answer": "asked",
    }
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
