"""How the brain reaches the house's own endpoint."""

import pytest

from brain.model import Message, ModelRequest
from services.commands.run import run
from services.llm.models.openai_model import OpenAiModel
from services.llm.models.registry import make_interpreter, make_models

HOUSE = "http://127.0.0.1:8000/v1#small"


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    monkeypatch.setenv("RETINUE_LLM_KEY", "ours")


class Stopped(Exception):
    """The run would begin here."""


def test_the_default_of_a_run_is_the_endpoint_that_is_named(monkeypatch):
    seen = []

    def stop(config, on_tick, inputs=None):
        seen.append(config.model)
        raise Stopped

    def start(*arguments):
        with pytest.raises(Stopped):
            run.main(["restaurant", *arguments], standalone_mode=False)

    monkeypatch.setattr("services.session.run.run", stop)
    monkeypatch.setenv("RETINUE_LLM", HOUSE)
    start()
    start("--model", "none")
    monkeypatch.delenv("RETINUE_LLM")
    start()
    # A server that nobody named changes nothing, whether one is up or not.
    assert seen == [HOUSE, "none", "embedded"]


def test_the_house_s_endpoint_gets_its_own_key(monkeypatch):
    monkeypatch.setenv("RETINUE_LLM", HOUSE)
    understanding = make_interpreter(HOUSE)
    model, _ = make_models(HOUSE)
    assert understanding.meter is not None
    assert isinstance(model, OpenAiModel)
    assert (model.base_url, model.model) == ("http://127.0.0.1:8000/v1", "small")
    assert model._api_key == "ours"


def test_other_endpoints_never_see_its_key(monkeypatch):
    monkeypatch.setenv("RETINUE_LLM", HOUSE)
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
        priority=3,
        deadline_s=60.0,
    )
    sent = OpenAiModel("http://127.0.0.1:1/v1", "small")._arguments(request)
    assert sent["extra_headers"] == {
        "X-Session-ID": "goal-1",
        "X-Last-Step": "1",
        "X-Tool": "navigate",
        "X-Body": "waiter-1",
        "X-Expected-Tool-Seconds": "12.5",
        "X-Priority": "3",
        "X-Deadline": "60",
    }
