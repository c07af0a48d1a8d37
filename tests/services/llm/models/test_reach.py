"""The doctor's look at the endpoint."""

import pytest

from services.llm.models import reach as module
from services.llm.models.reach import reach
from tests.services.llm.gateway.conftest import served, simulated


@pytest.fixture(scope="module")
def url():
    with served(simulated()) as endpoint:
        yield endpoint.url


def test_an_endpoint_that_is_named_is_looked_up(url):
    assert reach(f"{url}/v1#simulated", "none").fits
    wrong = reach(f"{url}/v1#qwen3", "none")
    assert not wrong.fits
    assert "has no model 'qwen3'; it has simulated" in wrong.detail
    assert not reach("http://127.0.0.1:9/v1#qwen3", "none").fits
    assert "no address with a model" in reach("localhost:8000", "none").detail


def test_one_that_nobody_named_is_told_and_not_used(url, monkeypatch):
    monkeypatch.setattr(module, "DEFAULT_URL", url)
    found = reach("", "none")
    assert found.fits
    assert "none is named" in found.detail
    assert found.fix == f"export RETINUE_LLM={url}/v1#simulated"
    monkeypatch.setattr(module, "DEFAULT_URL", "http://127.0.0.1:9")
    assert reach("", "none").fix == ""
