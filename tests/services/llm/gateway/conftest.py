"""A real endpoint on loopback, in a thread, over simulated engines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import openai
import pytest

from services.http_server import listen
from services.llm.cluster.cluster import Cluster
from services.llm.cluster.replica import Replica
from services.llm.engines.engine import Engine
from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec
from services.llm.gateway.app import GatewayLimits
from services.llm.gateway.serve import serve

LIMIT_S = 30.0


class HashEmbedder:
    """Vectors without a model."""

    def embed(self, texts):
        return [[float(len(text)), 0.5] for text in texts]


class Gate:
    """The engine's work: passes at once until it is shut; tells when somebody waits or gives up."""

    def __init__(self) -> None:
        self._open: asyncio.Event | None = None
        self.shut = False
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self.steps = 0
        self.shut_after: int | None = None

    def open(self) -> None:
        self.shut = False
        if self._open is not None:
            self._open.set()

    async def __call__(self, _: float) -> None:
        self.steps += 1
        if self.shut_after is not None and self.steps > self.shut_after:
            self.shut = True
        if not self.shut:
            await asyncio.sleep(0)
            return
        self._open = self._open or asyncio.Event()
        self.waiting.set()
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


class Served:
    """A running endpoint."""

    def __init__(self, url: str, cluster: Cluster, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self.cluster = cluster
        self._loop = loop

    def client(self, key: str = "none", retries: int = 0) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.url}/v1", api_key=key, max_retries=retries, timeout=LIMIT_S
        )

    def on_loop(self, call: Callable[[], object]) -> object:
        async def run() -> object:
            result = call()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(LIMIT_S)


@contextmanager
def served(
    *engines: Engine, limits: GatewayLimits | None = None, policy: str = "ttl-60s"
) -> Iterator[Served]:
    """Serve these engines until the block ends."""
    bound = listen("127.0.0.1", 0)
    cluster = Cluster([Replica(f"replica-{i}", engine, policy) for i, engine in enumerate(engines)])
    loop = asyncio.new_event_loop()
    up, stops = threading.Event(), []

    def ready(stop: Callable[[], None]) -> None:
        stops.append(stop)
        up.set()

    def run() -> None:
        loop.run_until_complete(
            serve(cluster, HashEmbedder(), limits or GatewayLimits(), bound, ready)
        )
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(LIMIT_S)
    try:
        yield Served(f"http://127.0.0.1:{bound.getsockname()[1]}", cluster, loop)
    finally:
        loop.call_soon_threadsafe(stops[0])
        thread.join(LIMIT_S)
        assert not thread.is_alive()


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


def simulated(work=at_once, **spec) -> SimulatedEngine:
    return SimulatedEngine(SimulatedSpec(**spec), work)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with served(simulated()) as running:
        yield running
