"""The endpoint's status as a table on the terminal, once or live."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.errors import UserError
from services.llm.cluster.status import ClusterStatus, ProgramStatus, ReplicaStatus
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied, EngineRefused

_PERIOD_S = 1.0
#: How long the endpoint may take to answer such questions.
LIMIT_S = 5.0
_PROGRAM_COLUMNS = (
    "program",
    "replica",
    "state",
    "turns",
    "tokens",
    "kv",
    "pin left",
    "back in (50–90 %)",
    "waits for",
)
_STATES = {"queued": "yellow", "running": "green", "waiting": "cyan"}


def read_status(url: str, key: str) -> ClusterStatus:
    """Ask an endpoint.

    Args:
        url: Its address, with or without ``/v1``.
        key: Its API key.

    Raises:
        UserError: If it does not answer, or refuses.
    """
    return asyncio.run(_read(url, key))


def show(status: ClusterStatus) -> None:
    """Print it once."""
    # A file or a pipe has no width: long lines are better there than wrapped ones.
    width = None if sys.stdout.isatty() else 160
    Console(highlight=False, width=width).print(drawn(status))


def watch(url: str, key: str) -> None:
    """Keep it on the terminal until Ctrl-C.

    Raises:
        UserError: If the endpoint does not answer, or refuses.
    """
    with Live(drawn(read_status(url, key)), auto_refresh=False, screen=True) as live:
        while True:
            time.sleep(_PERIOD_S)
            live.update(drawn(read_status(url, key)), refresh=True)


def drawn(status: ClusterStatus) -> Group:
    """The tables."""
    engines = Table(title="engines", title_justify="left", box=None, pad_edge=False)
    for column in ("replica", "engine", "model", "state", "run", "queue", "pins", "files"):
        engines.add_column(column, header_style="bold")
    for column in ("hits", "resume hits", "turns", "failed", "restarts", "wait", "TTFT error"):
        engines.add_column(column, header_style="bold", justify="right")
    for replica in status.replicas:
        engines.add_row(*_engine_row(replica))
    programs = Table(title="programs", title_justify="left", box=None, pad_edge=False)
    for column in _PROGRAM_COLUMNS:
        programs.add_column(column, header_style="bold", overflow="fold")
    for program in status.programs:
        programs.add_row(*_program_row(program))
    moved = Text(
        f"{status.migrations} programs moved ({status.migrated_bytes / 1e6:.1f} MB), "
        f"{status.rereads} read again elsewhere, "
        f"{status.wanted_replicas} replicas wanted",
        style="dim",
    )
    return Group(engines, Text(), programs, Text(), moved)


async def _read(url: str, key: str) -> ClusterStatus:
    async with asked(url, key, "tell its status") as endpoint:
        return await status_of(endpoint)


@asynccontextmanager
async def asked(url: str, key: str, what: str) -> AsyncIterator[Endpoint]:
    """The endpoint at an address, closed at the end.

    Args:
        url: Its address, with or without ``/v1``.
        key: Its API key.
        what: What it is asked to do, for the sentence that says that it does not.

    Raises:
        UserError: If it does not answer, or refuses.
    """
    endpoint = Endpoint(url.rstrip("/").removesuffix("/v1"), key)
    try:
        yield endpoint
    except EngineDied:
        raise UserError(
            f"nobody answers at {url}; start the endpoint with: retinue llm serve"
        ) from None
    except (EngineRefused, ValueError) as error:
        raise UserError(f"{url} does not {what}: {error}") from None
    finally:
        await endpoint.close()


async def status_of(endpoint: Endpoint) -> ClusterStatus:
    """Ask an open endpoint for its status."""
    return ClusterStatus.model_validate(await endpoint.get("/v1/status", LIMIT_S))


def _engine_row(replica: ReplicaStatus) -> tuple[Text, ...]:
    if replica.starting:
        state = Text("starting", style="yellow")
    elif not replica.stats.alive:
        state = Text("down", style="red")
    else:
        state = Text("draining", style="yellow") if replica.draining else Text("up", style="green")
    return (
        Text(replica.name),
        Text(f"{replica.engine.kind} ({replica.policy})"),
        Text(replica.engine.model),
        state,
        Text(f"{replica.running}/{replica.engine.slots or replica.engine.concurrency}"),
        Text(str(replica.queued)),
        Text(str(replica.pins)),
        Text(str(replica.files)),
        Text(f"{replica.hit_rate:.0%}"),
        Text(f"{replica.resume_hit_rate:.0%}"),
        Text(str(replica.turns)),
        Text(str(replica.failed), style="red" if replica.failed else ""),
        Text(str(replica.stats.restarts)),
        Text(f"{replica.queue_s:.2f} s"),
        Text("" if replica.ttft_error is None else f"{replica.ttft_error:.0%}"),
    )


def _program_row(program: ProgramStatus) -> tuple[Text, ...]:
    if program.pin_left_s is None:
        left = "until needed" if program.kv == "pinned" else ""
    else:
        left = f"{program.pin_left_s:.0f} s"
    tool = program.tool or ("its next turn" if program.state == "waiting" else "")
    if program.body:
        tool += f" on {program.body}"
    if program.away_s is not None:
        expected = f" of {program.expected_s:g}" if program.expected_s is not None else ""
        tool += f", {program.away_s:.0f}{expected} s"
    kv = program.kv if program.slot is None else f"{program.kv} {program.slot}"
    return (
        Text(program.name),
        Text(program.replica),
        Text(program.state, style=_STATES[program.state]),
        Text(str(program.turns)),
        Text(str(program.tokens)),
        Text(kv),
        Text(left),
        Text(_span(program)),
        Text(tool),
    )


def _span(program: ProgramStatus) -> str:
    if program.back_s is None or program.late_s is None:
        return ""
    return f"{program.back_s:.0f}–{program.late_s:.0f} s"
