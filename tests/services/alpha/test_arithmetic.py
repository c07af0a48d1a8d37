"""Tools: evidence first, time limits, and one sentence when something is wrong."""

import shlex
import sys
import textwrap
import threading

import pytest

from services.alpha.arithmetic.mcp import McpServer, open_servers
from services.alpha.arithmetic.trouble import ToolUnavailable
from services.alpha.arithmetic.unit import ArithmeticUnit
from services.alpha.contracts import Evidence, ToolCall
from services.alpha.orders import Call, GlassesConfig
from services.errors import UserError

LIGHT = "services.alpha.template:CrossingLight"
ADVISE = "crossing-light.advise"
RED = Evidence(slot="colour", value="red", confidence=1.0, t=0.0)


@pytest.fixture
def unit():
    """Makes units and closes them."""
    made = []

    def make(**fields):
        made.append(ArithmeticUnit(GlassesConfig(skills=(LIGHT,), **fields)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def call(tool=ADVISE, evidence=(RED,), t=1.0, **args):
    order = ToolCall(tool=tool, args=args, id="c1.t1", case="c1", t=t, deadline_s=9.0)
    return Call(call=order, evidence=evidence)


def test_a_tool_answers(unit):
    result = unit().call(call(colour="red"))
    assert (result.status, result.value) == ("ok", {"advice": "wait"})


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        (call(colour="red", evidence=()), "missing_evidence", "colour"),
        (call(colour="blue"), "failed", "never blue"),
        (call(shade="red"), "failed", "TypeError"),
        (call(tool="none.such"), "unknown", "none.such"),
        (call(tool="llm.answer", evidence=(), question="why?"), "failed", "no language model"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(unit, order, status, words):
    result = unit().call(order)
    assert result.status == status
    assert words in result.why
    assert result.value == {}


def test_a_tool_that_takes_too_long_has_failed(unit):
    result = unit(costs={ADVISE: 60.0}).call(call(colour="red"))
    assert (result.status, result.cost_s) == ("timeout", 1.0)


def test_without_network_remote_tools_are_unavailable_and_exact_ones_work(unit):
    cut = unit(outages=((10.0, 40.0),))
    assert (
        cut.call(call(tool="llm.answer", evidence=(), t=20.0, question="?")).status == "unavailable"
    )
    assert cut.call(call(colour="red", t=20.0)).status == "ok"
    assert cut.call(call(tool="llm.answer", evidence=(), t=41.0, question="?")).status == "failed"


SERVER = textwrap.dedent(
    """
    import json, sys
    print("this is no message", flush=True)
    for line in sys.stdin:
        m = json.loads(line)
        if "id" not in m:
            continue
        if m["method"] == "initialize":
            r = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                 "serverInfo": {"name": "fake", "version": "1"}}
        elif m["method"] == "tools/list" and not m["params"].get("cursor"):
            r = {"tools": [{"name": "add", "inputSchema": {}}], "nextCursor": "2"}
        elif m["method"] == "tools/list":
            r = {"tools": [{"name": "die", "inputSchema": {}}]}
        elif m["params"]["name"] == "die":
            sys.exit(1)
        else:
            a = m["params"]["arguments"]
            if "x" not in a:
                r = {"content": [{"type": "text", "text": "x is missing"}], "isError": True}
            else:
                total = a["x"] + a["y"]
                r = {"content": [{"type": "text", "text": f"it is {total}"}],
                     "structuredContent": {"sum": total}}
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/noise"}), flush=True)
        print(json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": r}), flush=True)
    """
)


@pytest.fixture
def command(tmp_path):
    """Starts the fake tool server."""
    path = tmp_path / "server.py"
    path.write_text(SERVER, encoding="utf-8")
    return shlex.join([sys.executable, str(path)])


def test_tools_of_a_server_are_called_by_name(unit, command):
    with_server = unit(mcp=(command,))
    assert {"mcp.add", "mcp.die"} <= set(with_server.names())
    result = with_server.call(call(tool="mcp.add", evidence=(), x=2, y=3))
    assert result.value == {"text": "it is 5", "sum": 5}
    assert result.remote
    wrong = with_server.call(call(tool="mcp.add", evidence=(), y=3))
    assert (wrong.status, wrong.why) == ("failed", "x is missing")


def test_a_server_that_dies_makes_its_tools_unavailable_and_nothing_else(unit, command):
    with_server = unit(mcp=(command,))
    assert with_server.call(call(tool="mcp.die", evidence=())).status == "unavailable"
    assert with_server.call(call(tool="mcp.add", evidence=(), x=1, y=1)).status == "unavailable"
    assert with_server.call(call(colour="red")).status == "ok"


@pytest.mark.parametrize(
    "wrong", ["no-such-program-anywhere", f"{shlex.quote(sys.executable)} -c 1"]
)
def test_what_is_no_server_is_told_in_a_sentence(wrong):
    with pytest.raises(UserError, match="tool server"):
        open_servers((wrong,))


def test_two_threads_share_a_server(command):
    server = McpServer(command)
    answers = []
    threads = [
        threading.Thread(target=lambda k=k: answers.append(server.call("add", {"x": k, "y": 0})))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.close()
    assert sorted(answer["sum"] for answer in answers) == list(range(8))
    with pytest.raises(ToolUnavailable):
        server.call("add", {"x": 1, "y": 1})
