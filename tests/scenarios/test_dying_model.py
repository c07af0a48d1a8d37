"""A model endpoint that dies while a run goes on, and one that was never there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.llm.models.openai_model import OpenAiModel

# No grammar knows what to do about it: the model is asked.
HARD = ("table 2 deserves some love", "table 4 deserves some love")


@pytest.fixture
def mortal() -> Iterator[str]:
    """The address of a model that is up when the run begins, and hangs up on who asks it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.close_connection = True
            threading.Thread(target=server.shutdown, daemon=True).start()
            server.socket.close()

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/v1#small"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.scenario
def test_a_model_that_dies_in_the_middle_of_a_run_is_told(tmp_path, retinue, mortal, monkeypatch):
    impatient = partial(OpenAiModel, pause=lambda seconds: None)
    monkeypatch.setattr("services.llm.models.openai_model.OpenAiModel", impatient)
    words = [part for wish in HARD for part in ("--do", wish)]
    out = tmp_path / "run"
    code, text, err = retinue(
        "run", "restaurant", *words, "--model", mortal, "--out", out, "--json"
    )
    result = json.loads(text)
    assert code == 0
    assert {goal["status"] for goal in result["goals"]} <= {"needs_answer", "refused"}
    assert result["llm"]["calls"] == 0
    assert result["llm"]["failed"] >= 1
    assert result["llm"]["trouble"]
    said = "the model gave no answer"
    assert [line for line in err.splitlines() if line.startswith(f"retinue: {said}")]
    assert result["llm"]["trouble"] in err


@pytest.mark.parametrize("runtime", ["local", "ray"])
def test_a_model_that_is_not_there_is_one_sentence_before_anything_is_made(
    tmp_path, retinue, runtime
):
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    out = tmp_path / "run"
    spec = f"http://127.0.0.1:{port}/v1#small"
    for model, says in ((spec, "nobody answers"), ("gpt", "is not known")):
        code, _, err = retinue(
            "run", "household", "--runtime", runtime, "--model", model, "--out", out
        )
        assert code == 2
        assert says in err
        assert err.count("\n") == 1
        assert not out.exists()
