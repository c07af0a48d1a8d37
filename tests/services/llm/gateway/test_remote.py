"""Our own endpoint as the remote engine of another one."""

import asyncio

import pytest

from services.llm.engines.engine import Engine
from services.llm.engines.errors import EngineMissing
from services.llm.engines.remote import RemoteEngine, RemoteSpec
from services.llm.gateway.app import GatewayLimits
from services.llm.testing import EngineConformance
from tests.services.llm.gateway.conftest import served, simulated

MODEL = "simulated"


@pytest.mark.parametrize(
    ("model", "key", "sentence"),
    [
        ("gpt-7", "sesame", "it has no model 'gpt-7'; it has all-minilm-l6-v2, simulated"),
        (MODEL, "guess", "The API key is wrong or missing"),
    ],
)
def test_a_remote_endpoint_that_does_not_fit_is_told_at_the_start(model, key, sentence):
    with served(simulated(), limits=GatewayLimits(key="sesame")) as endpoint:
        engine = RemoteEngine(RemoteSpec(url=endpoint.url, model=model, key=key))
        with pytest.raises(EngineMissing, match=sentence):
            asyncio.run(engine.start())


class TestRemote(EngineConformance):
    """Our own endpoint is a remote engine of another one."""

    @pytest.fixture(autouse=True)
    def _endpoint(self, endpoint):
        self._url = endpoint.url

    def make(self) -> Engine:
        return RemoteEngine(RemoteSpec(url=f"{self._url}/v1", model=MODEL, embeds=True))
