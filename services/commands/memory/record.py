"""`retinue memory record-body`: what a body did, as a recording that can be played back."""

from __future__ import annotations

import math
from pathlib import Path

import click

from services.commands.memory.asking import asked, run_argument, time_of
from services.commands.output import json_option, print_json


@click.command("record-body")
@click.argument("body", metavar="BODY")
@run_argument
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the recording goes, for example waiter.jsonl.",
)
@click.option(
    "--from",
    "since",
    metavar="TIME",
    help="Where it begins.  [default: where the run began in its memory]",
)
@click.option("--to", "until", metavar="TIME", help="Where it ends.  [default: the end]")
@json_option
def record_body(
    body: str, run: Path, out: Path, since: str | None, until: str | None, as_json: bool
) -> None:
    """Write what BODY reported and did in RUN into a file that takes part in other runs.

    There it is a device: retinue run WORLD --device "ID=recorded:FILE"
    """
    from devices.drivers.recorded import write_recording
    from services.errors import UserError
    from services.memory.recording import KINDS, recording_of

    with asked(run, body, f"into {out}") as question:
        store = question.store
        from_s = _began_s(run) if since is None else time_of(store, since)
        to_s = math.inf if until is None else time_of(store, until)
        log = (entry.event for entry in store.read(kinds=KINDS))
        recording = question.told(recording_of(log, store.state, body, from_s, to_s))
    try:
        write_recording(out, recording)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}") from error
    reports, deeds = len(recording.observations), len(recording.performed)
    last_s = recording.observations[-1].t
    if as_json:
        print_json(
            {"file": str(out), "body": body, "reports": reports, "deeds": deeds, "seconds": last_s}
        )
    else:
        click.echo(f"{out}: {reports} reports and {deeds} deeds of {body}, {last_s:g} s")


def _began_s(run: Path) -> float:
    """When the run began, on the clock of its memory."""
    from services.session.folder import RunFolder

    folder = RunFolder(run)
    return folder.read_config().base_s if folder.config.is_file() else 0.0
