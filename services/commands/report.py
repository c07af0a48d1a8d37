"""`retinue report`: the page that tells the story of a run."""

from __future__ import annotations

from pathlib import Path

import click

from services.commands.memory.asking import asked
from services.commands.output import Output, stages


def report(run: Path, open_: bool = False, video: bool = False) -> Output:
    """Build the report of a run and print where it is.

    RUN is a folder that retinue run wrote; a run that broke off is told as far as its log goes.
    The page, report.html, needs no network and has a replay that plays in the browser.

    Options:
        --open: Open the page in a browser.
        --video/--no-video: Render the replay as replay.mp4, replay.webm and replay.png too,
            unless they are there already. It takes about half a minute.
    """
    from services.report.build import build
    from services.session.folder import RunFolder

    RunFolder.open(run)
    with asked(run) as question:
        question.told(question.store.state.ids("person"))
    with stages("report") as on_progress:
        page = build(run, video=video, on_progress=on_progress)
    if open_:
        click.launch(page.resolve().as_uri())
    return Output({"report": str(page)}, str(page))
