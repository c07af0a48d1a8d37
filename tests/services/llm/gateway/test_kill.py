"""A real engine's process is killed while it answers: the client is told, the endpoint stays up."""

import os
import signal

import openai
import pytest

from brain.model import ModelUnavailable
from services.llm.engines.llamacpp import LlamaCppEngine, LlamaCppSpec
from services.llm.models.weights import SMOLLM2, locate
from services.llm.watch import read_status
from services.runtime.local import LocalRuntime
from tests.services.llm.gateway.conftest import served


def _installed() -> bool:
    try:
        import xllamacpp  # noqa: F401

        return locate(SMOLLM2).is_file()
    except (ImportError, ModelUnavailable):
        return False


@pytest.mark.slow
@pytest.mark.skipif(not _installed(), reason="the embedded model is not installed")
def test_kill_9_of_the_engine_during_a_stream():
    engine = LlamaCppEngine(LlamaCppSpec(slots=2, context_tokens=512), LocalRuntime(), "llama")
    model = engine.capabilities.model
    ask = {"model": model, "messages": [{"role": "user", "content": "Tell a long story."}]}
    with served(engine) as endpoint:
        client = endpoint.client()
        killed = engine.pid
        stream = iter(client.chat.completions.create(**ask, stream=True, max_tokens=300))
        for _ in range(3):
            next(stream)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(openai.APIError, match="died in the middle of this answer"):
            list(stream)
        again = client.chat.completions.create(**ask, max_tokens=8)
        assert again.choices[0].message.content
        (replica,) = read_status(endpoint.url, "none").replicas
        assert replica.stats.alive
        assert replica.stats.pid not in {None, killed}
        assert (replica.stats.restarts, replica.failed, replica.running) == (1, 1, 0)
