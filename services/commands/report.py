"""`retinue report`: the page that tells the story of a run."""

from __future__ import annotations

from pathlib import Path

import click

from services.commands.memory.asking import asked
from services.commands.output import json_option, print_json, stages


@click.command()
@click.argument("run_dir", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--open", "open_it", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--video/--no-video",
    default=False,
    show_default=True,
    help="Render the replay as replay.mp4, replay.webm and replay.png too, unless they are there "
    "already. It takes about half a minute.",
)
@json_option
def report(run_dir: Path, open_it: bool, video: bool, as_json: bool) -> None:
    """Build the report of a run and print where it is.

    RUN is a folder that retinue run wrote; a run that broke off is told as far as its log goes.
    The page, report.html, needs no network and has a replay that plays in the browser.
    """
    from services.report.build import build
    from services.session.folder import RunFolder

    RunFolder.open(run_dir)
    with asked(run_dir) as question:
        question.told(question.store.state.ids("person"))
    with stages("report") as on_progress:
        page = build(run_dir, video=video, on_progress=on_progress)
    if as_json:
        print_json({"report": str(page)})
    else:
        click.echo(page)
    if open_it:
        click.launch(page.resolve().as_uri())
