"""What one hub bears: many daemons on loopback from one generator, against `retinue up` as a process.

The generator's daemons speak the real protocol over real sockets; their bodies stand still and do at once
what they are told, so what is measured is the hub and its session, not robots.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles

from websockets.asyncio.client import ClientConnection, connect

from cerebellum.daemon.messages import (
    SUBPROTOCOL,
    TO_DEVICE,
    Accepted,
    Beat,
    Did,
    Do,
    Hello,
    Hold,
    Holding,
    Report,
    Sync,
)
from devices import child
from devices.catalogue import body_kinds
from devices.contracts import BodySpec, BodyState, Observation, Pose
from devices.noun import Noun
from devices.skill import Succeeded
from services.hub.client import SiteClient
from services.hub.people import People
from services.hub.places import PEOPLE

# A site without bodies: a hall that devices join.
HALL = """
name: hall
title: A hall
operator: olga
plan:
  name: hall
  rooms:
    - {id: hall, cls: storage, polygon: [[0, 0], [60, 0], [60, 60], [0, 60]]}
  doors: []
  fixtures:
    - {id: desk, cls: table, room: hall, x: 30, y: 30}
people:
  - {id: olga, at: hall}
"""
REPORT_S = 2.0
# Hostile devices, each of which says one thing after another.
_ENEMIES = 8


class Load(Noun):
    """What was measured with so many daemons. Seconds; `cpu` is a share of one core.

    `link_*`: from a beat to its answer; `stop_*`: from Stop all until each body's daemon said that it
    holds, as the hub measured it; `lost`: how often a body was declared lost.
    """

    daemons: int
    cpu: float
    link_p50_s: float
    link_p99_s: float
    stop_p50_s: float
    stop_p99_s: float
    held: int
    lost: int
    hostile: int = 0
    refused: int = 0


@dataclass
class _Body:
    """One daemon of the generator."""

    name: str
    url: str
    key: str
    beat_s: float
    took: list[float] = field(default_factory=list)

    async def live(self, joined: Callable[[], None]) -> None:
        card = body_kinds()["humanoid"].card
        pose = Pose(x=10.0, y=10.0)
        spec = BodySpec(id=self.name, kind="humanoid", pose=pose)
        async with connect(
            f"ws{self.url.removeprefix('http')}/api/v1/devices/link",
            additional_headers={"Authorization": f"Bearer {self.key}"},
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            open_timeout=60.0,
            proxy=None,
        ) as socket:
            await socket.send(Hello(id=self.name, card=card, spec=spec).model_dump_json())
            await socket.recv()
            joined()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell(socket, pose))
                group.create_task(self._hear(socket))

    async def _tell(self, socket: ClientConnection, pose: Pose) -> None:
        state = BodyState(pose=pose, room="hall", battery=1.0)
        turn = 0
        while True:
            await socket.send(Beat(local_s=time.monotonic()).model_dump_json())
            if turn % round(REPORT_S / self.beat_s) == 0:
                seen = Observation(body=self.name, t=0.0, state=state)
                await socket.send(Report(observation=seen).model_dump_json())
            turn += 1
            await asyncio.sleep(self.beat_s)

    async def _hear(self, socket: ClientConnection) -> None:
        number = 0
        async for frame in socket:
            word = TO_DEVICE.validate_json(frame)
            if isinstance(word, Sync):
                self.took.append(time.monotonic() - word.local_s)
            elif isinstance(word, Hold):
                await socket.send(Holding(epoch=word.epoch).model_dump_json())
            elif isinstance(word, Do):
                request = word.order.request.id
                number += 1
                done = Succeeded(request=request, body=self.name, t=0.0)
                await socket.send(Accepted(request=request).model_dump_json())
                await socket.send(Did(seq=number, event=done).model_dump_json())


def measure(daemons: int, seconds: float, folder: Path, hostile: int = 0, seed: int = 1) -> Load:
    """Measure a hub with so many daemons.

    Args:
        daemons: How many.
        seconds: For how long, once all have joined.
        folder: An empty folder.
        hostile: So many malformed messages come meanwhile, over connections of their own.
        seed: Decides them.
    """
    scenario = folder / "hall.yaml"
    scenario.write_text(HALL, encoding="utf-8")
    state = folder / "site"
    with _up(scenario, state, folder) as (url, pid):
        people = People(state / PEOPLE)
        keys = {f"body-{n}": people.add(f"body-{n}", "device") for n in range(daemons)}
        enemies = {f"enemy-{n}": people.add(f"enemy-{n}", "device") for n in range(_ENEMIES)}
        token = people.add("bench", "admin")
        with contextlib.closing(SiteClient(url, token)) as client:
            return asyncio.run(_loaded(url, pid, keys, client, seconds, hostile, enemies, seed))


async def _loaded(
    url: str,
    pid: int,
    keys: dict[str, str],
    client: SiteClient,
    seconds: float,
    hostile: int,
    enemies: dict[str, str],
    seed: int,
) -> Load:
    bodies = [_Body(name, url, key, 1.0) for name, key in keys.items()]
    left = len(bodies)
    all_in = asyncio.Event()

    def joined() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            all_in.set()

    lives = [asyncio.create_task(body.live(joined)) for body in bodies]
    try:
        async with asyncio.timeout(120.0):
            await all_in.wait()
        await asyncio.to_thread(_await_bodies, client, len(bodies))
        for body in bodies:
            body.took.clear()
        begun, cpu = time.monotonic(), _cpu_s(pid)
        share = hostile // len(enemies)
        attacks = [
            _attack(url, name, key, share, Random(f"{seed} {name}"))
            for name, key in enemies.items()
        ]
        refused = sum(await asyncio.gather(*attacks)) if hostile else 0
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        busy = (_cpu_s(pid) - cpu) / (time.monotonic() - begun)
        took = sorted(t for body in bodies for t in body.took)
        stops: list[float] = []
        for _ in range(3):
            await asyncio.to_thread(client.post, "/stop")
            await asyncio.sleep(1.0)
            found = await asyncio.to_thread(client.get, "/bodies")
            stops += [b["stop_latency_s"] for b in found if b["stopped"] and b["stop_latency_s"]]
            await asyncio.to_thread(client.post, "/release")
        site = await asyncio.to_thread(client.get, "/site")
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
    return Load(
        daemons=len(bodies),
        cpu=round(busy, 3),
        link_p50_s=_at(took, 50),
        link_p99_s=_at(took, 99),
        stop_p50_s=_at(stops, 50),
        stop_p99_s=_at(stops, 99),
        held=len(stops) // 3,
        lost=len(set(site["lost"]) & keys.keys()),
        hostile=hostile // len(enemies) * len(enemies),
        refused=refused,
    )


async def _attack(url: str, name: str, key: str, count: int, random: Random) -> int:
    """Say so many things that are none of the protocol; returns how many were refused with a reason."""
    refused = 0
    card = body_kinds()["humanoid"].card
    spec = BodySpec(id=name, kind="humanoid", pose=Pose(x=5.0, y=5.0))
    hello = Hello(id=name, card=card, spec=spec).model_dump_json()
    for _ in range(count):
        async with connect(
            f"ws{url.removeprefix('http')}/api/v1/devices/link",
            additional_headers={"Authorization": f"Bearer {key}"},
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            proxy=None,
        ) as socket:
            if random.random() < 0.5:
                await socket.send(hello)
                await socket.recv()
            with contextlib.suppress(Exception):
                await socket.send(nonsense(random))
                async with asyncio.timeout(5.0):
                    async for frame in socket:
                        refused += '"kind":"bye"' in str(frame)
    return refused


def nonsense(random: Random) -> str | bytes:
    """A message that is none: no JSON, another shape, wrong types, too deep, not a number, bytes."""
    kinds = ("beat", "did", "report", "act", "hello", "holding", "accepted", "attack", "")
    kind = random.choice(kinds)
    return random.choice(
        (
            "",
            "null",
            "[" * random.randint(1, 5000),
            f'{{"kind": "{kind}"}}',
            f'{{"kind": "{kind}", "local_s": "soon", "seq": -1, "event": {{}}}}',
            '{"kind": "beat", "local_s": NaN}',
            '{"kind": "beat", "local_s": 1e999}',
            '{"kind": "hello", "id": "body-0"}',
            f'{{"kind": "report", "observation": {{"body": "body-0", "t": {random.randint(-9, 9)}}}}}',
            f'{{"kind": "act", "commands": [{{"kind": "{kind}", "id": "x"}}]}}',
            random.randbytes(random.randint(1, 200)),
            "".join(chr(random.randint(32, 0xD7FF)) for _ in range(random.randint(1, 200))),
        )
    )


@contextlib.contextmanager
def _up(scenario: Path, state: Path, home: Path) -> Iterator[tuple[str, int]]:
    """A site as a process of its own, until the block is left."""
    command = [sys.executable, "-m", "services.cli", "up", str(scenario), "--state", str(state),
               "--model", "none"]  # fmt: skip
    environment = {**os.environ, "XDG_STATE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with (
        (home / "up.log").open("wb") as log,
        child.start(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        ) as process,
    ):
        try:
            yield _address(home / "up.log", process), process.pid
        finally:
            process.terminate()
            process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    while process.poll() is None:
        found = re.search(r"up at (http://[\d.]+:\d+)", log.read_text(encoding="utf-8"))
        if found is not None:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(log.read_text(encoding="utf-8"))


def _await_bodies(client: SiteClient, count: int) -> None:
    while sum(not body["lost"] for body in client.get("/bodies")) < count:
        time.sleep(0.2)


def _cpu_s(pid: int) -> float:
    """Processor time of a process and its threads (s)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _at(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return round(values[0], 6) if values else 0.0
    return round(quantiles(values, n=100, method="inclusive")[percent - 1], 6)
