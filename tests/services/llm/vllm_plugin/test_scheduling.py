"""The mixin over a scheduler that behaves as vLLM's does, and vLLM's own interface where it is installed."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import services
from services.llm.engines.contracts import OwnScheduling
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineRefused
from services.llm.engines.vllm import PYTHON_VARIABLE
from services.llm.vllm_plugin import interface
from services.llm.vllm_plugin.interface import VllmMoved, require_interface
from services.llm.vllm_plugin.ranked import RankedQueue
from tests.services.llm.vllm_plugin import conftest
from tests.services.llm.vllm_plugin.conftest import Request, Scheduler, ask, tokens

needs_vllm = pytest.mark.skipif(
    PYTHON_VARIABLE not in os.environ,
    reason=f"{PYTHON_VARIABLE} names no environment with vLLM; see make bench-llm",
)


def test_an_agent_that_comes_back_finds_its_blocks_however_many_strangers_came():
    scheduler = Scheduler(24)
    words = tokens("agent", 40)
    assert ask(scheduler, 0, words, "agent") == 0
    for number in range(1, 9):
        ask(scheduler, number, tokens(number, 40))
    assert ask(scheduler, 9, words + tokens("more", 8), "agent") == 40
    assert [pin["program"] for pin in scheduler.pins()] == ["agent"]


def test_a_pin_gives_way_to_who_would_else_wait_for_ever():
    scheduler = Scheduler(12)
    ask(scheduler, 0, tokens("agent", 40), "agent")
    assert ask(scheduler, 1, tokens("stranger", 44)) == 0
    assert scheduler.pins() == []
    assert scheduler.pinned_blocks == {}


def test_the_last_step_an_abort_and_a_reset_leave_no_pin():
    scheduler = Scheduler(40)
    words = tokens("agent", 20)
    ask(scheduler, 0, words, "agent")
    ask(scheduler, 1, words + tokens("x", 4), "agent", last_step=1)
    assert scheduler.pins() == []
    ask(scheduler, 2, words, "agent")
    again = Request(3, words, {"program": "agent"})
    scheduler.add_request(again)
    scheduler.finish(again, "FINISHED_ABORTED")
    assert scheduler.pins() == []
    ask(scheduler, 4, words, "agent")
    assert scheduler.reset_prefix_cache()
    assert scheduler.pins() == []
    assert scheduler.kv_cache_manager.block_pool.get_num_free_blocks() == 40


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(1, 40)), max_size=120))
def test_no_block_is_lost_and_nobody_waits_for_ever(operations):
    scheduler = Scheduler(16)
    pool = scheduler.kv_cache_manager.block_pool
    for number, (kind, program, length) in enumerate(operations):
        if kind < 5:
            extra = {"program": f"p{program}", "last_step": int(kind == 0)} if kind else {}
            scheduler.add_request(Request(number, tokens(program, length), extra))
        elif kind < 8 and scheduler.running:
            scheduler.finish(scheduler.running[program % len(scheduler.running)])
        elif kind == 8 and scheduler.waiting:
            scheduler.finish(scheduler.waiting.peek_request(), "FINISHED_ABORTED")
        elif kind == 9:
            scheduler.reset_prefix_cache()
        scheduler.schedule()
        assert scheduler.running or not scheduler.waiting
        held = {
            block.block_id
            for blocks in [
                *scheduler.kv_cache_manager.held.values(),
                *scheduler.pinned_blocks.values(),
            ]
            for block in blocks
        }
        assert len(held) + pool.get_num_free_blocks() == 16
        assert {pin["program"] for pin in scheduler.pins()} == set(scheduler.pinned_blocks)
    while scheduler.running:
        scheduler.finish(scheduler.running[0])
        scheduler.schedule()
    assert not scheduler.waiting
    scheduler.reset_prefix_cache()
    assert pool.get_num_free_blocks() == 16


def queued(scheduler, *requests):
    """Put requests in while nothing can start, and tell who would start first, and next, and last."""
    for request in requests:
        scheduler.add_request(request)
    return [request.request_id for request in scheduler.waiting]


def test_a_pinned_program_goes_first_then_the_shortest_prompt_and_priority_before_all():
    scheduler = Scheduler(100)
    words = tokens("agent", 40)
    ask(scheduler, 0, words, "agent")
    order = queued(
        scheduler,
        Request(1, tokens("long", 80), {}),
        Request(2, tokens("short", 8), {}),
        Request(3, [*words, 1], {"program": "agent"}),
        Request(4, tokens("urgent", 90), {}, priority=-1),
        Request(5, tokens("said", 90), {"priority": 2}),
    )
    assert order == ["r5", "r4", "r3", "r2", "r1"]


def test_a_turn_that_would_soon_be_too_late_goes_first():
    scheduler = Scheduler(100)
    order = queued(
        scheduler,
        Request(1, tokens("short", 8), {}),
        Request(2, tokens("late", 80), {"program": "b", "deadline": 1.0}),
        Request(3, tokens("later", 80), {"program": "c", "deadline": 900.0}),
    )
    assert order == ["r2", "r1", "r3"]


def test_a_removed_request_never_comes_up_and_a_reranked_one_moves():
    ranks = {"r1": (1.0,), "r2": (2.0,), "r3": (3.0,)}
    queue = RankedQueue(lambda request: ranks[request.request_id])
    one, two, three = (Request(number, [1], {}) for number in (1, 2, 3))
    for request in (three, one, two):
        queue.add_request(request)
    assert queue.peek_request() is one
    ranks["r3"] = (0.0,)
    queue.rerank(three)
    assert queue.pop_request() is three
    queue.remove_requests([one, three])
    assert list(queue) == [two]
    assert queue.pop_request() is two
    assert not queue
    with pytest.raises(IndexError):
        queue.peek_request()


def test_who_goes_away_while_it_waits_leaves_no_pin_and_no_block():
    scheduler = Scheduler(40)
    ask(scheduler, 0, tokens("agent", 20), "agent")
    scheduler.forget("agent")
    assert scheduler.pins() == []
    scheduler.schedule()
    assert scheduler.pinned_blocks == {}
    assert scheduler.kv_cache_manager.block_pool.get_num_free_blocks() == 40


def test_a_wait_that_is_told_later_is_counted_from_the_end_of_the_turn():
    scheduler = Scheduler(40)
    words = tokens("agent", 20)
    ask(scheduler, 0, words, "agent", expected_tool_seconds=1000.0)
    scheduler.announce("agent", {"tool": "drive", "body": "robot", "expected_s": 3.0})
    scheduler.announce("nobody", {"tool": "drive"})
    scheduler.schedule()
    program = scheduler.agent_policy.programs["agent"]
    assert (program.wait.tool, program.wait.body) == ("drive", "robot")
    assert 3.0 <= program.wait.expected_s < 4.0
    assert [pin["program"] for pin in scheduler.pins()] == ["agent"]


def test_a_stranger_without_a_name_is_not_pinned_unless_it_calls_a_tool():
    scheduler = Scheduler(40)
    ask(scheduler, 0, tokens("a", 20), "implied-1", implied=1, tool="")
    assert scheduler.pins() == []
    ask(scheduler, 1, tokens("b", 20), "implied-2", implied=1)
    assert [pin["program"] for pin in scheduler.pins()] == ["implied-2"]


def test_the_door_tells_pins_and_hears_who_went_away(monkeypatch):
    monkeypatch.setenv("RETINUE_AGENTS", "127.0.0.1:0")
    monkeypatch.setenv("VLLM_API_KEY", "secret")
    scheduler = Scheduler(40)
    ask(scheduler, 0, tokens("agent", 20), "a/b")
    door = Endpoint(f"http://127.0.0.1:{scheduler._door.port}", "secret")
    stranger = Endpoint(door.url, "wrong")

    async def visit():
        told = await door.get("/agents")
        with pytest.raises(EngineRefused):
            await stranger.get("/agents")
        with pytest.raises(EngineRefused):
            await door.get("/elsewhere")
        with pytest.raises(EngineRefused):
            await door.send("POST", "/agents/a%2Fb/wait", [1], 5.0)
        # Nothing carries KV here.
        for path in ("/agents/a%2Fb/save", "/kv/key-1", "/kv/..%2Fkey"):
            with pytest.raises(EngineRefused):
                await door.send("POST", path, {"key": "key-1"}, 5.0)
        await door.send("POST", "/agents/a%2Fb/wait", {"tool": "drive"}, 5.0)
        await door.send("DELETE", "/agents/a%2Fb", None, 5.0)
        after = await door.get("/agents")
        await door.close()
        await stranger.close()
        return OwnScheduling.model_validate(told), OwnScheduling.model_validate(after)

    before, after = asyncio.run(visit())
    assert [(pin.program, pin.blocks, pin.tokens) for pin in before.pins] == [("a/b", 5, 20)]
    assert (before.blocks, before.free_blocks) == (40, 35)
    assert after.pins == ()
    scheduler.shutdown()


def test_a_door_that_cannot_be_opened_does_not_keep_the_engine_from_serving(monkeypatch, caplog):
    monkeypatch.setenv("RETINUE_AGENTS", "nowhere")
    scheduler = Scheduler(40)
    assert ask(scheduler, 0, tokens("agent", 20), "agent") == 0
    assert "RETINUE_AGENTS=nowhere cannot be opened" in caplog.text


def in_vllm(*arguments):
    """Run a module where vLLM is."""
    place = str(Path(services.__path__[0]).parent)
    return subprocess.run(
        [os.environ[PYTHON_VARIABLE], *arguments],
        env={**os.environ, "PYTHONPATH": place},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@needs_vllm
def test_vllm_still_has_the_interface_that_the_plugin_leans_on():
    done = in_vllm("-c", "import services.llm.vllm_plugin.scheduler")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@needs_vllm
def test_both_of_vllms_schedulers_lose_no_block_in_ten_thousand_random_operations():
    done = in_vllm("-m", "services.lab.engines.vllm.trial", "10000", "11")
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert set(told) == {"sync", "async"}
    assert all(one["operations"] == 10_000 and one["finished"] > 1000 for one in told.values())
    assert all(one["pins"]["broken"] and one["pins"]["handed off"] for one in told.values())


def test_a_vllm_that_moved_is_named_loudly(monkeypatch):
    monkeypatch.setattr(interface, "LEANED_ON", {"vllm:Pool": {"touch": ["self", "x"]}})
    monkeypatch.setattr(interface.importlib, "import_module", lambda _: conftest)
    with pytest.raises(VllmMoved, match=r"Pool.touch takes \['self', 'blocks'\]"):
        require_interface()
    monkeypatch.setattr(interface, "LEANED_ON", {"vllm:Gone": {}})
    with pytest.raises(VllmMoved, match="vLLM has no Gone in vllm any more"):
        require_interface()
