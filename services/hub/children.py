"""The daemons of a simulated site's own bodies, each in a process of its own, begun anew when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

from cerebellum.daemon.program import DeviceFolder
from cerebellum.daemon.timing import BackOff
from devices import child
from devices.clock import WallClock
from devices.contracts import BodySpec
from services.hub.people import People

# Who lived so long (s) did not die of how it was begun.
_LONG_S = 10.0


async def keep_daemons(
    bodies: Iterable[BodySpec], url: str, people: People, state: Path, ca: Path | None
) -> None:
    """Keep a daemon running for each body until cancelled; they end with this process, however it ends.

    Args:
        bodies: Who takes part.
        url: The site's address.
        people: Where each of them is given a key.
        state: The site's folder, in which each of them has its own.
        ca: A certificate authority of the site's own.
    """
    async with asyncio.TaskGroup() as group:
        for body in bodies:
            folder = DeviceFolder(state / "devices" / body.id)
            if people.who(folder.key()) is None:
                folder.enrolled(people.add(body.id, "device"))
            group.create_task(_kept(body, url, folder, ca))


async def _kept(body: BodySpec, url: str, folder: DeviceFolder, ca: Path | None) -> None:
    command = [
        sys.executable, "-m", "cerebellum.daemon.command", "run", body.kind,
        "--id", body.id, "--hub", url, "--state", str(folder.path),
        *(("--ca", str(ca)) if ca is not None else ()),
    ]  # fmt: skip
    clock, back_off = WallClock(), BackOff(Random())
    while True:
        begun = clock.now()
        with (folder.path / "daemon.log").open("ab") as log:
            process = child.start(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            await asyncio.to_thread(process.wait)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        if clock.now() - begun > _LONG_S:
            back_off.reset()
        await asyncio.sleep(back_off.next_s())
