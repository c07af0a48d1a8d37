"""What a client of the endpoint sees, through the real `openai` client and through plain HTTP."""

import http.client
import json
import threading
from urllib.parse import urlsplit

import openai
import pytest
from pydantic import BaseModel

from services.errors import UserError
from services.llm.cluster.maintenance import drain
from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec
from services.llm.gateway.app import GatewayLimits
from services.llm.watch import read_status, show
from tests.services.llm.gateway.conftest import LIMIT_S, Gate, served, simulated

MODEL = "simulated"
HELLO = [{"role": "user", "content": "bring me a cup of tea please, and then clear the table"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "navigate",
            "parameters": {
                "type": "object",
                "properties": {"to": {"enum": ["kitchen"]}},
                "required": ["to"],
            },
        },
    }
]


def plain(endpoint, method, path, body=None, headers=None):
    host = urlsplit(endpoint.url)
    connection = http_client(host.hostname, host.port)
    sent = {"content-type": "application/json", **(headers or {})}
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def http_client(host, port):
    return http.client.HTTPConnection(host, port, timeout=LIMIT_S)


def test_a_chat_is_answered_and_its_tokens_are_counted(endpoint):
    reply = endpoint.client().chat.completions.create(model=MODEL, messages=HELLO, max_tokens=5)
    assert reply.choices[0].message.role == "assistant"
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason in {"stop", "length"}
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_a_stream_says_the_same_as_the_whole_answer(endpoint):
    ask = {"model": MODEL, "messages": HELLO, "max_tokens": 9}
    whole = endpoint.client().chat.completions.create(**ask)
    stream = endpoint.client().chat.completions.create(
        **ask, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert not last.choices
    assert last.usage.completion_tokens == whole.usage.completion_tokens


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called(endpoint, stream):
    client = endpoint.client()
    if stream:
        with client.chat.completions.stream(model=MODEL, messages=HELLO, tools=TOOLS) as events:
            reply = events.get_final_completion()
    else:
        reply = client.chat.completions.create(model=MODEL, messages=HELLO, tools=TOOLS)
    called = reply.choices[0].message.tool_calls[0].function
    assert called.name == "navigate"
    assert json.loads(called.arguments) == {"to": "kitchen"}
    assert reply.choices[0].finish_reason == "tool_calls"


def test_an_answer_follows_the_schema_of_a_model(endpoint):
    class Step(BaseModel):
        skill: str
        seconds: int

    class Plan(BaseModel):
        title: str
        first: Step

    reply = endpoint.client().chat.completions.parse(
        model=MODEL, messages=HELLO, response_format=Plan
    )
    assert isinstance(reply.choices[0].message.parsed, Plan)


@pytest.mark.parametrize("form", ["float", "base64"])
def test_sentences_become_vectors(endpoint, form):
    reply = endpoint.client().embeddings.create(
        model="all-minilm-l6-v2", input=["cup", "plates"], encoding_format=form
    )
    assert reply.data[1].index == 1
    if form == "float":
        assert reply.data[1].embedding == [6.0, 0.5]
    # Left alone the client asks for base64 and decodes it.
    assert endpoint.client().embeddings.create(model="all-minilm-l6-v2", input="cup").data[
        0
    ].embedding == [3.0, 0.5]


def test_vectors_have_the_length_of_their_model(endpoint):
    with pytest.raises(openai.BadRequestError, match="vectors of this model have 2 numbers"):
        endpoint.client().embeddings.create(model="all-minilm-l6-v2", input="cup", dimensions=7)


def test_models_are_listed_and_looked_up(endpoint):
    client = endpoint.client()
    assert [card.id for card in client.models.list()] == [MODEL, "all-minilm-l6-v2"]
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError, match="there are simulated, all-minilm-l6-v2"):
        client.models.retrieve("gpt-7")


BAD = [
    ({"model": "gpt-7"}, 404, "There is no model 'gpt-7' here; there are simulated"),
    ({"messages": []}, 400, "The field 'messages' is wrong: list should have at least 1"),
    ({"messages": [{"role": "boss", "content": "x"}]}, 400, "The field 'messages[0].role' is"),
    ({"temperature": 9}, 400, "The field 'temperature' is wrong: input should be less than"),
    ({"extra_body": {"programm": "a"}}, 400, "There is no field 'programm' in this request"),
    ({"extra_body": {"deadline": -1}}, 400, "The field 'deadline' is wrong"),
    ({"n": 2}, 400, "The field 'n' is wrong"),
    ({"response_format": {"type": "json_schema"}}, 400, "give json_schema"),
    ({"messages": [{"role": "user", "content": "w " * 5000}]}, 400, "5001 tokens and this model"),
    ({"extra_headers": {"x-expected-tool-seconds": "soon"}}, 400, "give seconds, such as 4.5"),
    ({"extra_headers": {"x-priority": "high"}}, 400, "give a whole number from -1000 to 1000"),
    ({"extra_headers": {"x-deadline": "0"}}, 400, "give more than 0 seconds"),
    ({"max_tokens": -1}, 400, "The field 'max_tokens' is wrong"),
    ({"stop": [""]}, 400, "The field 'stop"),
    (
        {"messages": [{"role": "user", "content": 5}]},
        400,
        "The field 'messages[0].content' is wrong",
    ),
    ({"messages": [{"role": "user"}]}, 400, "a message of role user has content"),
    (
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        400,
        "'messages[0].content[0]' is wrong: a part of type text has a text",
    ),
    (
        {"messages": [*HELLO, {"role": "assistant", "tool_calls": [{"id": "1"}]}]},
        400,
        "The field 'messages[1].tool_calls[0].function' is missing",
    ),
    ({"tool_choice": "required"}, 400, "tool_choice asks for a tool, and tools offers none"),
    (
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "fly"}}},
        400,
        "tool_choice names 'fly', which is not among the tools",
    ),
    (
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": "navigate"}},
        400,
        "The field 'tool_choice.function' is wrong",
    ),
]


@pytest.mark.parametrize(("change", "status", "sentence"), BAD)
def test_bad_input_is_told_in_one_sentence(endpoint, change, status, sentence):
    with pytest.raises(openai.APIStatusError) as caught:
        endpoint.client().chat.completions.create(**{"model": MODEL, "messages": HELLO, **change})
    assert caught.value.status_code == status
    assert sentence in caught.value.body["message"]


def test_what_is_not_the_protocol_is_refused(endpoint):
    chat = "/v1/chat/completions"
    assert plain(endpoint, "POST", chat, "{")[0] == 400
    assert plain(endpoint, "POST", chat, "[]")[0] == 400
    assert plain(endpoint, "POST", chat, "[" * 100_000)[0] == 400
    assert plain(endpoint, "POST", chat, '{"temperature": NaN}')[0] == 400
    assert plain(endpoint, "POST", chat, "{}")[1].count("The field 'model' is missing.") == 1
    assert plain(endpoint, "POST", chat, "{}", {"content-type": "text/plain"})[0] == 415
    assert plain(endpoint, "GET", chat)[0] == 405
    assert plain(endpoint, "GET", "/v2/chat")[0] == 404
    # A page whose name resolves to loopback must not reach an endpoint that asks for no key.
    assert plain(endpoint, "GET", "/v1/models", headers={"host": "evil.example:80"})[0] == 403
    assert plain(endpoint, "GET", "/health") == (200, '{"status":"ok"}')


def test_the_key_is_asked_for_and_requests_have_limits():
    gate = Gate()
    limits = GatewayLimits(key="opensesame", body_bytes=2000, concurrent=1)
    with served(simulated(gate), limits=limits) as endpoint:
        with pytest.raises(openai.AuthenticationError, match="API key is wrong or missing"):
            endpoint.client("guess").models.list()
        assert plain(endpoint, "GET", "/v1/status")[0] == 401
        assert plain(endpoint, "GET", "/health")[0] == 200
        client = endpoint.client("opensesame")
        long = [{"role": "user", "content": "x" * 3000}]
        with pytest.raises(openai.APIStatusError) as caught:
            client.chat.completions.create(model=MODEL, messages=long)
        assert caught.value.status_code == 413
        gate.shut_after = 2
        with (
            client.chat.completions.create(model=MODEL, messages=HELLO, stream=True),
            pytest.raises(openai.RateLimitError, match="which is the limit"),
        ):
            client.chat.completions.create(model=MODEL, messages=HELLO)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_stops_the_engine_and_frees_its_kv(stream):
    gate = Gate()
    gate.shut_after = 3
    with served(simulated(gate)) as endpoint:
        host = urlsplit(endpoint.url)
        connection = http_client(host.hostname, host.port)
        body = {"model": MODEL, "messages": HELLO, "stream": stream, "program": "guest"}
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"}
        )
        if stream:
            connection.getresponse().readline()
        assert gate.waiting.wait(LIMIT_S)
        connection.close()
        assert gate.cancelled.wait(LIMIT_S)
        status = endpoint.on_loop(endpoint.cluster.status)
        assert status.replicas[0].cancelled == 1
        assert status.replicas[0].running == 0
        assert status.replicas[0].pins == 0
        assert status.programs == ()


def test_an_answer_after_its_deadline_is_not_waited_for():
    gate = Gate()
    gate.shut = True
    with served(simulated(gate)) as endpoint:
        with pytest.raises(openai.APIStatusError) as caught:
            endpoint.client(retries=2).chat.completions.create(
                model=MODEL, messages=HELLO, extra_body={"deadline": 0.05}
            )
        assert caught.value.status_code == 504
        assert "0.05 s passed" in caught.value.body["message"]
        assert gate.steps == 1


def test_urgent_requests_go_first_and_so_do_those_that_would_be_late(monkeypatch):
    gate = Gate()
    gate.shut = True
    order = []

    class Ordered(SimulatedEngine):
        async def generate(self, call, slot=None, hint=None):
            order.append(hint.program)
            async for piece in super().generate(call, slot, hint):
                yield piece

    with served(Ordered(SimulatedSpec(slots=1), gate)) as endpoint:

        def ask(name, words=1, **fields):
            endpoint.client().chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": "word " * words}],
                extra_body={"program": name, "last_step": True, **fields},
            )

        board = endpoint.cluster.replicas["replica-0"].board
        arrived, arrivals = board.arrived, threading.Semaphore(0)

        def told(*args, **fields):
            arrived(*args, **fields)
            arrivals.release()

        monkeypatch.setattr(board, "arrived", told)
        threads = []
        for count, (name, fields) in enumerate(
            [
                ("running", {}),
                ("early", {}),
                ("patient", {"deadline": 25.0}),
                # Its prompt is long, so there is little time left for it.
                ("hasty", {"deadline": 30.0, "words": 3500}),
                ("urgent", {"priority": 5}),
                ("idle", {"priority": -5}),
            ]
        ):
            threads.append(threading.Thread(target=ask, args=(name,), kwargs=fields))
            threads[-1].start()
            assert gate.waiting.wait(LIMIT_S)
            assert arrivals.acquire(timeout=LIMIT_S)
            assert len(endpoint.on_loop(lambda: board.waiting)) == count
        endpoint.on_loop(gate.open)
        for thread in threads:
            thread.join(LIMIT_S)
        assert order == ["running", "urgent", "hasty", "early", "patient", "idle"]


def test_a_crash_in_the_middle_of_a_stream_is_told_and_the_endpoint_goes_on():
    steps = []

    async def work(_):
        steps.append(1)
        if len(steps) == 4:
            engine.crash()

    engine = simulated(work)
    with served(engine) as endpoint:
        client = endpoint.client()
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        with pytest.raises(openai.APIError, match="died in the middle of this answer"):
            list(stream)
        assert client.chat.completions.create(model=MODEL, messages=HELLO).choices
        status = endpoint.on_loop(endpoint.cluster.status)
        assert status.replicas[0].stats.alive
        assert status.replicas[0].stats.restarts == 1
        assert status.replicas[0].failed == 1
        assert status.replicas[0].pins <= 1


def test_a_crash_before_the_first_word_is_mended_unseen():
    engine = simulated()
    with served(engine) as endpoint:
        engine.crash()
        assert endpoint.client().chat.completions.create(model=MODEL, messages=HELLO).choices
        status = endpoint.on_loop(endpoint.cluster.status)
        assert status.replicas[0].retried == 1
        assert status.replicas[0].failed == 0


def test_a_program_finds_its_kv_again_named_or_not():
    with served(simulated(slots=2)) as endpoint:
        client = endpoint.client()
        first = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=HELLO, tools=TOOLS
        )
        answer = first.parse().choices[0].message
        longer = [
            *HELLO,
            {"role": "assistant", "tool_calls": [answer.tool_calls[0].model_dump()]},
            {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "arrived"},
        ]
        again = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=longer, tools=TOOLS
        )
        assert again.headers["x-program"] == first.headers["x-program"]
        usage = again.parse().usage
        assert usage.prompt_tokens_details.cached_tokens >= usage.prompt_tokens - 3
        other = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=HELLO, extra_headers={"x-session-id": "goal-7"}
        )
        assert other.headers["x-program"] == "goal-7"


def test_status_tells_what_programs_wait_for_and_they_can_be_ended(endpoint, capsys):
    client = endpoint.client()
    client.chat.completions.create(
        model=MODEL,
        messages=HELLO,
        tools=TOOLS,
        extra_body={"program": "goal/1", "body": "waiter-1", "expected_tool_seconds": 12.5},
    )
    program = next(p for p in read_status(endpoint.url, "none").programs if p.name == "goal/1")
    assert program.state == "waiting"
    assert (program.tool, program.body, program.expected_s) == ("navigate", "waiter-1", 12.5)
    assert program.kv == "pinned"
    assert 0.0 < program.pin_left_s <= 60.0
    show(read_status(endpoint.url, "none"))
    assert "navigate on waiter-1" in capsys.readouterr().out
    assert plain(endpoint, "DELETE", "/v1/programs/goal/1")[0] == 200
    assert plain(endpoint, "DELETE", "/v1/programs/goal/1")[0] == 404
    assert "goal/1" not in {p.name for p in read_status(endpoint.url, "none").programs}


def test_what_a_program_waits_for_can_be_told_later(endpoint):
    path = "/v1/programs/goal/7"
    wait = {"tool": "wash", "body": "arm-1", "expected_tool_seconds": 40.0}
    assert plain(endpoint, "POST", path, json.dumps(wait))[0] == 404
    endpoint.client().chat.completions.create(
        model=MODEL, messages=HELLO, extra_body={"program": "goal/7", "tool": "fleet"}
    )
    assert plain(endpoint, "POST", path, json.dumps(wait))[0] == 200
    program = next(p for p in read_status(endpoint.url, "none").programs if p.name == "goal/7")
    assert (program.tool, program.body) == ("wash", "arm-1")
    assert 40.0 <= program.expected_s < 70.0
    assert 0.0 < program.back_s < program.late_s
    for wrong in ('{"expected_tool_seconds": -1}', '{"tol": "wash"}', "[]"):
        assert plain(endpoint, "POST", path, wrong)[0] == 400
    assert plain(endpoint, "DELETE", path)[0] == 200


def test_clients_that_send_no_unknown_fields_tell_by_headers(endpoint):
    headers = {
        "x-session-id": "goal-2",
        "x-tool": "wash",
        "x-body": "arm-1",
        "x-expected-tool-seconds": "30",
    }
    client = endpoint.client()
    client.chat.completions.create(model=MODEL, messages=HELLO, extra_headers=headers)
    program = next(p for p in read_status(endpoint.url, "none").programs if p.name == "goal-2")
    assert (program.tool, program.body, program.expected_s) == ("wash", "arm-1", 30.0)
    last = {"x-session-id": "goal-2", "x-last-step": "1"}
    client.chat.completions.create(model=MODEL, messages=HELLO, extra_headers=last)
    assert "goal-2" not in {p.name for p in read_status(endpoint.url, "none").programs}


def test_a_replica_is_drained_for_maintenance_and_given_back():
    with served(simulated(), simulated()) as endpoint:
        client = endpoint.client()
        for name in "abcd":
            client.chat.completions.create(
                model=MODEL, messages=HELLO, tools=TOOLS, extra_body={"program": name}
            )
        left = drain(endpoint.url, "none", "replica-0", True, wait=True)
        assert left.is_empty
        programs = read_status(endpoint.url, "none").programs
        assert {p.replica for p in programs} == {"replica-1"}
        assert sorted(p.name for p in programs) == list("abcd")
        with pytest.raises(UserError, match="replica-1 is the only replica that takes programs"):
            drain(endpoint.url, "none", "replica-1", True)
        assert drain(endpoint.url, "none", "replica-0", False).is_empty
        assert not read_status(endpoint.url, "none").replicas[0].draining
        path = "/v1/replicas/replica-0/drain"
        assert plain(endpoint, "POST", path, '{"drainin": false}')[0] == 400
        assert plain(endpoint, "POST", path, '{"draining": 5}')[0] == 400
        with pytest.raises(UserError, match="there are replica-0, replica-1"):
            drain(endpoint.url, "none", "replica-9", True)


def test_a_fault_of_ours_is_told_in_a_stream_too(caplog):
    async def work(_):
        steps.append(1)
        if len(steps) == 4:
            raise RuntimeError("a bug")

    steps = []
    with served(simulated(work)) as endpoint:
        client = endpoint.client()
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        with pytest.raises(openai.APIError, match="The endpoint has a fault"):
            list(stream)
        assert client.chat.completions.create(model=MODEL, messages=HELLO).choices
    assert "a bug" in caplog.text


def test_the_last_step_frees_everything(endpoint):
    endpoint.client().chat.completions.create(
        model=MODEL, messages=HELLO, extra_body={"program": "brief", "last_step": True}
    )
    assert "brief" not in {p.name for p in read_status(endpoint.url, "none").programs}


def test_prometheus_reads_metrics(endpoint):
    status, text = plain(endpoint, "GET", "/metrics")
    assert status == 200
    assert 'retinue_llm_engine_up{replica="replica-0"} 1.0' in text
    assert "retinue_llm_time_to_first_token_seconds_bucket" in text


def test_many_clients_at_once_are_all_answered(endpoint):
    answers = []

    def ask(number):
        messages = [{"role": "user", "content": f"wish number {number}"}]
        reply = endpoint.client().chat.completions.create(model=MODEL, messages=messages)
        answers.append(reply.choices[0].message.content)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert len(answers) == 16
