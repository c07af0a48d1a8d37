"""`retinue memory serve`: one memory held open for several programs."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import click

from brain.language.words.plural import counted
from services.commands.output import print_json
from services.commands.signature import AsJson

if TYPE_CHECKING:
    from services.memory.client import MemoryClient

_EVERY_S = 1.0


def serve(
    file: Annotated[Path, click.Path(path_type=Path, dir_okay=False)], as_json: AsJson = False
) -> None:
    """Hold a memory FILE open, so that several programs on this host write to it at once.

    They find it by the address that is printed: glasses (retinue glasses run --memory FILE
    --runtime ray), and programs of your own (services.memory.client.MemoryClient). What each
    records is on the disk before it is told so. Ctrl-C ends it, when everybody has an answer.
    """
    from services.errors import UserError
    from services.memory.client import MemoryClient
    from services.runtime.ray_runtime import RayRuntime

    runtime = RayRuntime()
    try:
        with MemoryClient.join(file, runtime) as memory:
            if not runtime.holds(memory.port.name):
                raise UserError(f"{file} is served already on the Ray at {runtime.address}")
            ended = Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: ended.set())
            if as_json:
                print_json({"file": str(file), "environment": runtime.environment})
            else:
                words = " ".join(f"{name}={value}" for name, value in runtime.environment.items())
                click.echo(f"{file} is open to other programs on this host, which find it with:")
                click.echo(f"  export {words}")
            sys.stdout.flush()
            _watch(memory, ended)
            counts = memory.counts()
            events = memory.position()
    finally:
        runtime.close()
    if as_json:
        print_json(counts.model_dump(mode="json") | {"events": events})
    else:
        click.echo(
            f"closed: {counted(counts.rows, 'event')} recorded in {counted(counts.calls, 'call')} "
            f"and {counted(counts.commits, 'commit')}, {counted(counts.refused, 'call')} refused; "
            f"{counted(events, 'event')} in all"
        )


def _watch(memory: MemoryClient, ended: Event) -> None:
    """Show on a terminal what is going on, until it is to end."""
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True)
    if not console.is_terminal:
        ended.wait()
        return
    with Status("", console=console) as status:
        before = memory.counts().rows
        while not ended.wait(_EVERY_S):
            counts = memory.counts()
            rate = max(0, counts.rows - before) / _EVERY_S
            before = counts.rows
            status.update(
                f"{counted(memory.position(), 'event')}, {rate:,.0f} rows/s, "
                f"{counts.calls / max(1, counts.commits):.1f} calls a commit"
            )
