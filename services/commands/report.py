"""`retinue report`: the page that tells the story of a run."""

from __future__ import annotations

from pathlib import Path

import click

from services.commands.asking import asked
from services.commands.output import json_option, print_json


@click.command()
@click.argument("run_dir", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--open", "open_it", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--video/--no-video",
    default=True,
    show_default=True,
    help="Render replay.mp4, unless the folder holds one already.",
)
@json_option
def report(run_dir: Path, open_it: bool, video: bool, as_json: bool) -> None:
    """Build the report of a run and print where it is.

    RUN is a folder that retinue run wrote. The page, report.html, needs no network.
    """
    from services.report.build import build
    from services.report.history import MEMORY

    if (run_dir / MEMORY).is_file():
        with asked(run_dir) as question:
            question.told(question.store.state.ids("person"))
    page = build(run_dir, video=video)
    if as_json:
        print_json({"report": str(page)})
    else:
        click.echo(page)
    if open_it:
        click.launch(page.resolve().as_uri())
