"""How the brain reaches the house's own endpoint."""

import pytest

from brain.model import Message, ModelRequest
from services.llm.openai_model import OpenAiModel
from services.minds import make_models


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    monkeypatch.setenv("RETINUE_LLM_KEY", "ours")


def test_the_default_goes_to_the_endpoint_that_is_named(monkeypatch):
    monkeypatch.setenv("RETINUE_LLM", "http://127.0.0.1:8000/v1#small")
    model, _ = make_models("embedded")
    assert isinstance(model, OpenAiModel)
    assert (model.base_url, model.model) == ("http://127.0.0.1:8000/v1", "small")
    assert model._api_key == "ours"


def test_other_endpoints_never_see_its_key(monkeypatch):
    monkeypatch.setenv("RETINUE_LLM", "http://127.0.0.1:8000/v1#small")
    model, _ = make_models("https://models.example/v1#large")
    assert isinstance(model, OpenAiModel)
    assert model._api_key == "theirs"


def test_what_a_program_does_next_goes_into_headers():
    request = ModelRequest(
        messages=(Message(role="user", content="where is the cup?"),),
        program="goal-1",
        tool="navigate",
        body="waiter-1",
        expected_tool_s=12.5,
        last_step=True,
    )
    sent = OpenAiModel("http://127.0.0.1:1/v1", "small")._arguments(request)
    assert sent["extra_headers"] == {
        "X-Session-ID": "goal-1",
        "X-Last-Step": "1",
        "X-Tool": "navigate",
        "X-Body": "waiter-1",
        "X-Expected-Tool-Seconds": "12.5",
    }
