import asyncio
import contextlib
import os
import signal

import pytest

from brain.model import ModelUnavailable
from services.llm.engines import llamacpp
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.engine import Engine
from services.llm.engines.errors import EngineMissing
from services.llm.engines.llamacpp import LlamaCppEngine, LlamaCppSpec
from services.llm.engines.remote import RemoteEngine, RemoteSpec
from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec
from services.llm.models.weights import SMOLLM2, locate
from services.llm.testing import EngineConformance
from services.runtime.local import LocalRuntime


def _installed() -> bool:
    try:
        import xllamacpp  # noqa: F401

        return locate(SMOLLM2).is_file()
    except (ImportError, ModelUnavailable):
        return False


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


class TestSimulated(EngineConformance):
    def make(self) -> Engine:
        return SimulatedEngine(SimulatedSpec(slots=3, context_tokens=600), at_once)

    def crash(self, engine: Engine) -> None:
        assert isinstance(engine, SimulatedEngine)
        engine.crash()


@pytest.mark.slow
@pytest.mark.skipif(not _installed(), reason="the embedded model is not installed")
class TestLlamaCpp(EngineConformance):
    def make(self) -> Engine:
        return LlamaCppEngine(LlamaCppSpec(slots=3, context_tokens=600), LocalRuntime(), "llama")

    def crash(self, engine: Engine) -> None:
        assert isinstance(engine, LlamaCppEngine)
        pid = engine.pid
        assert pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def _healthy(monkeypatch, url) -> bool:
    """Whether an engine whose process runs is healthy, with its server at an address."""
    engine = LlamaCppEngine(LlamaCppSpec(), LocalRuntime(), "llama")
    monkeypatch.setattr(engine, "_slow", lambda: asyncio.sleep(0, True))
    monkeypatch.setattr(engine, "_endpoint", Endpoint(url, "none"))
    try:
        return await engine.healthy()
    finally:
        await engine._endpoint.close()


def test_who_takes_no_connection_is_dead_though_its_process_is_not_gone_yet(monkeypatch):
    # Port 1 is nobody's.
    assert not asyncio.run(_healthy(monkeypatch, "http://127.0.0.1:1"))


def test_who_breaks_every_connection_off_is_dead_and_who_is_silent_may_be_slow(monkeypatch):
    monkeypatch.setattr(llamacpp, "_HEALTH_LIMIT_S", 0.2)
    asked = []

    async def break_off(reader, writer):
        asked.append(await reader.readline())
        writer.transport.abort()

    async def hang(reader, writer):
        await reader.read()
        writer.close()

    async def body(server):
        async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            return await _healthy(monkeypatch, f"http://127.0.0.1:{port}")

    assert not asyncio.run(body(break_off))
    assert asked == [b"GET /health HTTP/1.1\r\n"] * 2
    assert asyncio.run(body(hang))


@pytest.mark.skipif(not _installed(), reason="the embedded model is not installed")
def test_weights_that_do_not_load_are_told_by_the_engine_in_its_own_words(tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    engine = LlamaCppEngine(LlamaCppSpec(weights=broken), LocalRuntime(), "llama")
    with pytest.raises(EngineMissing, match=r"broken\.gguf could not be loaded; give a whole"):
        asyncio.run(engine.start())


def test_a_remote_endpoint_that_cannot_be_used_is_told_at_the_start():
    nobody = RemoteEngine(RemoteSpec(url="http://127.0.0.1:9/v1", model="qwen3"))
    with pytest.raises(EngineMissing, match="Nobody answers at http://127"):
        asyncio.run(nobody.start())
    assert not asyncio.run(nobody.healthy())
