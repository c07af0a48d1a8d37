import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from brain.model import (
    LanguageModel,
    Message,
    ModelAnswerInvalid,
    ModelRefused,
    ModelRequest,
    ModelUnavailable,
)
from services.llm.models.openai_model import OpenAiModel

QUESTION = ModelRequest(messages=(Message(role="user", content="Which verb?"),), max_tokens=9)
SCHEMA = {"type": "object", "properties": {"verb": {"enum": ["bring", "put"]}}}


class Endpoint:
    """An HTTP server on loopback that gives one fixed answer and keeps what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.content_type = "application/json"
        self.body = completion("hello")
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answers = threading.Event()
        self.answers.set()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                headers = {name.lower(): value for name, value in self.headers.items()}
                endpoint.received.append((headers, json.loads(self.rfile.read(length))))
                endpoint.answers.wait(5)
                self.send_response(endpoint.status)
                self.send_header("Content-Type", endpoint.content_type)
                self.send_header("Content-Length", str(len(endpoint.body)))
                self.end_headers()
                self.wfile.write(endpoint.body)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.answers.set()
        self.server.shutdown()
        self.server.server_close()


def completion(text: str, finish_reason: str = "stop") -> bytes:
    return json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish_reason,
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13},
        }
    ).encode()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    yield server
    server.close()


@pytest.fixture
def connect() -> Iterator[Callable[..., OpenAiModel]]:
    opened: list[OpenAiModel] = []

    def make(url: str, **options: Any) -> OpenAiModel:
        opened.append(OpenAiModel(url, "m", "secret", **{"retries": 0, **options}))
        return opened[-1]

    yield make
    for model in opened:
        model.close()


def test_asks_and_reports_what_it_cost(endpoint, connect):
    model = connect(endpoint.url)
    assert isinstance(model, LanguageModel)
    reply = model.reply(QUESTION)
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("hello", 11, 2)
    assert reply.seconds > 0
    headers, body = endpoint.received[0]
    assert headers["authorization"] == "Bearer secret"
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 9, 0.0)
    assert "response_format" not in body


def test_a_schema_is_sent_and_its_answer_must_be_json(endpoint, connect):
    endpoint.body = completion('{"verb":"put"}')
    asked = QUESTION.model_copy(update={"schema_": SCHEMA})
    assert json.loads(connect(endpoint.url).reply(asked).text) == {"verb": "put"}
    sent = endpoint.received[0][1]["response_format"]
    assert sent["json_schema"]["schema"] == SCHEMA
    endpoint.body = completion("I would say put.")
    with pytest.raises(ModelAnswerInvalid, match="not JSON: use an endpoint that supports"):
        connect(endpoint.url).reply(asked)
    endpoint.body = completion('{"verb":', finish_reason="length")
    with pytest.raises(ModelAnswerInvalid, match="cut off: allow more tokens"):
        connect(endpoint.url).reply(asked)


def test_the_program_travels_as_a_header_that_others_ignore(endpoint, connect):
    connect(endpoint.url).reply(QUESTION.model_copy(update={"program": "goal-7"}))
    headers, body = endpoint.received[0]
    assert headers["x-session-id"] == "goal-7"
    assert "program" not in body


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        (401, ModelRefused, r"key was refused by .*; give a valid API key"),
        (404, ModelRefused, r"no model 'm' at .*; correct the model's name"),
        (400, ModelRefused, r"rejected by .* \(status 400\): .*too long"),
        (429, ModelUnavailable, r"overloaded or broken at .* \(status 429\)"),
        (503, ModelUnavailable, r"overloaded or broken at .* \(status 503\)"),
    ],
)
def test_an_endpoint_that_says_no_becomes_one_sentence(endpoint, connect, status, error, sentence):
    endpoint.status = status
    endpoint.body = json.dumps({"error": {"message": "too long", "code": status}}).encode()
    with pytest.raises(error, match=sentence) as caught:
        connect(endpoint.url).reply(QUESTION)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html>Welcome</html>"),
        ("application/json", b"<html>Welcome</html>"),
        ("application/json", b'{"hello": "world"}'),
    ],
)
def test_something_that_is_no_model_is_recognised(endpoint, connect, content_type, body):
    endpoint.content_type, endpoint.body = content_type, body
    with pytest.raises(ModelAnswerInvalid, match="not an OpenAI chat completion"):
        connect(endpoint.url).reply(QUESTION)


def test_nobody_at_the_address(endpoint, connect):
    endpoint.close()
    with pytest.raises(ModelUnavailable, match=r"Nobody answers at .*; start the server"):
        connect(endpoint.url).reply(QUESTION)


def test_an_answer_that_takes_too_long(endpoint, connect):
    endpoint.answers.clear()
    with pytest.raises(ModelUnavailable, match=r"no answer from .* within 0\.05 s"):
        connect(endpoint.url, timeout_s=0.05, retries=1).reply(QUESTION)
    # Whoever waited that long does not wait once more.
    assert len(endpoint.received) == 1


def test_a_busy_server_is_asked_once_more(endpoint, connect):
    endpoint.status = 503
    pauses = []

    def relax(seconds):
        pauses.append(seconds)
        endpoint.status = 200

    assert connect(endpoint.url, retries=1, pause=relax).reply(QUESTION).text == "hello"
    assert (len(pauses), len(endpoint.received)) == (1, 2)


def test_pictures_go_as_parts_of_the_message(endpoint, connect):
    picture = "data:image/jpeg;base64,AAAA"
    message = Message(role="user", content="What is this?", images=(picture,))
    connect(endpoint.url).reply(QUESTION.model_copy(update={"messages": (message,)}))
    (sent,) = endpoint.received[0][1]["messages"]
    assert sent == {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": picture}},
        ],
    }
