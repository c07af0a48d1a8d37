import asyncio
import contextlib
import os
import signal

import pytest

from brain.model import ModelUnavailable
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


def test_who_takes_no_connection_is_dead_though_its_process_is_not_gone_yet(monkeypatch):
    async def body():
        engine = LlamaCppEngine(LlamaCppSpec(), LocalRuntime(), "llama")
        monkeypatch.setattr(engine, "_slow", lambda: asyncio.sleep(0, True))
        # Port 1 is nobody's.
        monkeypatch.setattr(engine, "_endpoint", Endpoint("http://127.0.0.1:1", "none"))
        return await engine.healthy()

    assert asyncio.run(body()) is False


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
