"""Keeps a site up: its session, its API, and the note by which it is found."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib.metadata
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.contracts import BodySpec
from services.errors import UserError
from services.http_server import Server, listen
from services.hub.app import make_app
from services.hub.authority import certificate
from services.hub.children import keep_daemons
from services.hub.hub import Hub, OnRound
from services.hub.people import People
from services.hub.places import PEOPLE, TOKEN, Place, noted, sites_up
from services.hub.secret_file import write_secret
from services.session.contracts import RunConfig
from services.session.folder import RunFolder
from services.session.live import check
from sim_worlds.loader import read_world

# May be another each time a site is taken up; everything else is what the site is.
_PORT = "port"
CHANGEABLE = {"speed", "model", "runtime"}


@dataclass(frozen=True)
class Address:
    """Where a site listens, and its certificate if it has one; `is_own`: of its own authority."""

    host: str = "127.0.0.1"
    port: int = 0
    cert: Path | None = None
    key: Path | None = None
    is_own: bool = False

    @property
    def scheme(self) -> str:
        """How it is spoken to."""
        return "https" if self.cert is not None or self.is_own else "http"


def open_site(config: RunConfig, given: set[str], state: Path) -> tuple[RunConfig, RunFolder]:
    """The folder of a site, made if there is none, and what the site is.

    Args:
        config: What is asked for.
        given: The fields of it that somebody gave; the others are as they were.
        state: The folder.

    Raises:
        UserError: The folder holds something else or another site, or the site is up already.
    """
    for place in sites_up():
        if Path(place.state) == state.resolve():
            raise UserError(
                f"{place.name} is up already, at {place.url}: say something to it, or end it"
            )
    folder = RunFolder(state)
    if not folder.config.is_file():
        check(config)
        folder = RunFolder.create(str(state), config.world)
        state.chmod(0o700)
        folder.write_config(config)
        return config, folder
    before = folder.read_config()
    if not before.stays:
        raise UserError(f"{state} is the folder of a run: choose another --state")
    for name in sorted(given - CHANGEABLE):
        if getattr(before, name) != getattr(config, name):
            raise UserError(
                f"{state} is a site with {name} {_told(getattr(before, name))}: leave that out, or "
                "begin another with --state"
            )
    now = before.model_copy(update={n: getattr(config, n) for n in given & CHANGEABLE})
    check(now)
    folder.write_config(now)
    return now, folder


def keep_up(
    config: RunConfig,
    folder: RunFolder,
    address: Address,
    on_round: OnRound,
    ready: Callable[[str], None],
) -> None:
    """Keep a site up until it is told to go down.

    Args:
        config: What the site is.
        folder: Its folder.
        address: Where it listens.
        on_round: Told of each round, in the session's thread.
        ready: Told the address once the first call may come.

    Raises:
        UserError: The address is taken, or the site can not begin.
    """
    bound = _listening(address, folder.path / _PORT)
    try:
        asyncio.run(_kept_up(config, folder, address, bound, on_round, ready))
    finally:
        bound.close()


def _listening(address: Address, remembered: Path) -> socket.socket:
    """Where it was told to listen, else where it did before: devices call again at that address."""
    bound: socket.socket | None = None
    if not address.port and remembered.is_file():
        with contextlib.suppress(UserError, ValueError):
            bound = listen(address.host, int(remembered.read_text(encoding="utf-8")))
    bound = bound or listen(address.host, address.port)
    write_secret(remembered, str(bound.getsockname()[1]).encode())
    return bound


async def _kept_up(
    config: RunConfig,
    folder: RunFolder,
    address: Address,
    bound: socket.socket,
    on_round: OnRound,
    ready: Callable[[str], None],
) -> None:
    name, state = Path(config.world).stem, folder.path.resolve()
    people = People(state / PEOPLE)
    own = state / TOKEN
    if not own.is_file():
        write_secret(own, people.add("console", "admin").encode() + b"\n")
    hub = Hub(config, folder, on_round)
    await hub.start()
    host = f"[{address.host}]" if ":" in address.host else address.host
    url = f"{address.scheme}://{host}:{bound.getsockname()[1]}"
    app = make_app(hub, people, name, importlib.metadata.version("retinue"))
    ca, cert = None, address.cert
    if address.is_own and cert is None:
        ca, cert = certificate(state, address.host, name, dt.datetime.now(dt.UTC))
    trusted = None if ca is None else str(ca)
    place = Place(name=name, state=str(state), url=url, pid=os.getpid(), ca=trusted)
    server = Server(app, lambda: ready(url), on_signal=hub.end, cert=cert, key=address.key)
    with noted(place):
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        # Each of them calls until the site answers.
        apart = asyncio.create_task(keep_daemons(_apart(config), url, people, state, ca))
        await hub.ended()
        apart.cancel()
        server.stop()
        await asyncio.gather(serving, apart, return_exceptions=True)
    hub.standing.close()
    if hub.failure is not None:
        raise hub.failure


def _apart(config: RunConfig) -> tuple[BodySpec, ...]:
    """The bodies of the world that are daemons."""
    return read_world(config.world).bodies[: config.bodies] if config.apart else ()


def _told(value: object) -> str:
    if value in ((), "", None):
        return "left out"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
