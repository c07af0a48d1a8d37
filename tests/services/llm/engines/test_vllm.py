"""vLLM as an engine, with a model made on the spot; only where an environment with vLLM is named."""

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
from contextlib import aclosing
from pathlib import Path

import pytest

from services.llm.cluster.make import make_cluster
from services.llm.config import LlmConfig
from services.llm.engines.contracts import Hint
from services.llm.engines.engine import Engine
from services.llm.engines.errors import EngineDied
from services.llm.engines.vllm import PYTHON_VARIABLE, VllmEngine, VllmSpec
from services.llm.policy.contracts import Turn, Wait
from services.llm.testing import EngineConformance, answer_of, call, text_of
from services.runtime.local import LocalRuntime

_MODEL = """
import sys, torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {letter: i for i, letter in enumerate(["<s>", "</s>", *letters])}
made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
made.decoder = decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>")
tokenizer.chat_template = sys.argv[2]
tokenizer.save_pretrained(sys.argv[1])
torch.manual_seed(0)
LlamaForCausalLM(LlamaConfig(
    # Many layers take time: the server must have leisure to send each token of a long answer.
    vocab_size=len(vocabulary), hidden_size=64, intermediate_size=128, num_hidden_layers=16,
    num_attention_heads=2, num_key_value_heads=1, head_dim=32, max_position_embeddings=4096,
    bos_token_id=0, eos_token_id=1,
)).save_pretrained(sys.argv[1])
"""
_WORDS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
_TOOLS = "{% for t in tools or [] %}{{ t.function.name }} {% endfor %}" + _WORDS
_START_LIMIT_S = 600.0
_BODY_LIMIT_S = 600.0
_END_LIMIT_S = 30.0
_LONG = "A robot waits beside the door with a tray of clean cups. " * 12

needs_vllm = pytest.mark.skipif(
    PYTHON_VARIABLE not in os.environ,
    reason=f"{PYTHON_VARIABLE} names no environment with vLLM; see make bench-llm",
)


def make_model(folder, template):
    python = os.environ[PYTHON_VARIABLE]
    subprocess.run([python, "-c", _MODEL, str(folder), template], check=True)
    return folder


def kill(engine):
    assert engine.pid is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(engine.pid, signal.SIGKILL)


class _OneEngine(EngineConformance):
    """All tests share one engine, which takes its time to start."""

    template = ""
    long_answer = {"max_tokens": 3000, "ignore_eos": True}

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _engine(cls, tmp_path_factory):
        cls.folder = make_model(tmp_path_factory.mktemp("tiny-llama"), cls.template)
        cls.engine = cls.new()
        with asyncio.Runner() as runner:
            cls.runner = runner
            runner.run(asyncio.wait_for(cls.engine.start(), _START_LIMIT_S))
            yield
            runner.run(cls.engine.close())

    @classmethod
    def new(cls):
        spec = VllmSpec(
            weights=cls.folder,
            model="tiny",
            context_tokens=4096,
            concurrency=8,
            kv_events=True,
            # Two hundred blocks of 32 tokens.
            arguments=("--num-gpu-blocks-override", "201"),
        )
        return VllmEngine(spec, LocalRuntime(), "vllm")

    def make(self) -> Engine:
        return self.new()

    def _with(self, body) -> None:
        if not self.runner.run(self.engine.healthy()):
            # An earlier test killed it and failed.
            self.runner.run(asyncio.wait_for(self.engine.restart(), _START_LIMIT_S))
        self.runner.run(asyncio.wait_for(body(self.engine), _BODY_LIMIT_S))

    def crash(self, engine: Engine) -> None:
        kill(engine)


@pytest.mark.slow
@needs_vllm
class TestVllm(_OneEngine):
    template = _TOOLS

    def test_arguments_of_a_tool_are_streamed(self) -> None:
        async def body(engine):
            asked = call("I want a cup.", tools=[_tool()], tool_choice="required", max_tokens=80)
            asked.options["parallel_tool_calls"] = False
            parts = [
                made["function"].get("arguments")
                for piece in await answer_of(engine, asked)
                for made in piece.delta.get("tool_calls") or ()
            ]
            assert len([part for part in parts if part]) > 3
            assert json.loads("".join(part or "" for part in parts)) == {"thing": "cup"}

        self._with(body)

    def test_a_program_that_waits_is_pinned_and_finds_its_kv_after_others_needed_the_room(
        self,
    ) -> None:
        async def body(engine):
            first = await hinted(engine, _LONG, Hint(program="a", tool="drive", expected_s=600.0))
            (pin,) = await pins(engine)
            assert (pin.program, pin.left_s > 60.0) == ("a", True)
            assert pin.tokens >= first.usage.prompt_tokens
            assert pin.blocks >= first.usage.prompt_tokens // 32
            for number in range(16):
                await hinted(engine, f"{number} {_LONG}", None)
            again = await hinted(engine, _LONG, Hint(program="a", last_step=True))
            assert again.usage.cached_tokens >= 0.9 * again.usage.prompt_tokens
            assert await pins(engine) == ()
            stats = (await engine.stats()).scheduling
            assert stats.outcomes["handed off"] >= 1
            assert stats.free_blocks == stats.blocks == 200
            assert 0.0 < stats.own_us < stats.schedule_us

        self._with(body)

    def test_a_closed_answer_frees_its_blocks_and_its_programs_pin(self) -> None:
        async def body(engine):
            await hinted(engine, _LONG, Hint(program="b", tool="drive"))
            assert [pin.program for pin in await pins(engine)] == ["b"]
            asked = call(_LONG, **self.long_answer)
            async with aclosing(engine.generate(asked, hint=Hint(program="b"))) as pieces:
                async for _ in pieces:
                    break
            await until(engine, lambda s: not s.pins and s.free_blocks == s.blocks)

        self._with(body)

    def test_a_program_that_went_away_while_it_waited_leaves_no_pin(self) -> None:
        async def body(engine):
            await hinted(engine, _LONG, Hint(program="c/d é", tool="drive"))
            assert [pin.program for pin in await pins(engine)] == ["c/d é"]
            await engine.forget("c/d é")
            assert await pins(engine) == ()
            await hinted(engine, "Go on.", None)
            await until(engine, lambda s: s.free_blocks == s.blocks)

        self._with(body)

    def test_what_a_program_waits_for_may_be_told_later(self) -> None:
        async def body(engine):
            await hinted(engine, _LONG, Hint(program="e"))
            await engine.announce("e", Wait("drive", "robot-1", 30.0))
            await hinted(engine, "Go on.", None)
            assert [pin.program for pin in await pins(engine)] == ["e"]
            await engine.forget("e")

        self._with(body)

    def test_blocks_that_are_stored_are_published(self) -> None:
        async def body(engine):
            address = (await engine.stats()).kv_events
            python = os.environ[PYTHON_VARIABLE]
            listener = await asyncio.create_subprocess_exec(
                python, "-c", _LISTEN, address, stdout=subprocess.PIPE
            )
            told = asyncio.create_task(listener.communicate())
            number = 0
            while not told.done():
                number += 1
                await hinted(engine, f"{number} of many. {_LONG}", None)
            blocks, size, tokens = json.loads((await told)[0])
            assert blocks > 0
            assert (size, tokens) == (32, 32 * blocks)

        self._with(body)

    def test_pins_are_forgotten_with_the_process(self) -> None:
        async def body(engine):
            await hinted(engine, _LONG, Hint(program="f", tool="drive"))
            before, processes = engine.pid, family(engine.pid)
            kill(engine)
            assert await asyncio.to_thread(ended, processes)
            assert not await engine.healthy()
            assert (await engine.stats()).scheduling is None
            await engine.restart()
            assert engine.pid != before
            assert await pins(engine) == ()
            again = await hinted(engine, _LONG, Hint(program="f", last_step=True))
            assert again.usage.cached_tokens == 0

        self._with(body)


@pytest.mark.slow
@needs_vllm
class TestVllmWhoseTemplateKnowsNoTools(_OneEngine):
    template = _WORDS


_LISTEN = """
import json, sys, msgspec, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.setsockopt(zmq.SUBSCRIBE, b"")
while True:
    _, _, data = socket.recv_multipart()
    for told in msgspec.msgpack.decode(data)[1]:
        if told["type"] == "BlockStored":
            hashes, tokens = told["block_hashes"], told["token_ids"]
            print(json.dumps([len(hashes), told["block_size"], len(tokens)]))
            sys.exit()
"""


def _tool():
    schema = {
        "type": "object",
        "properties": {"thing": {"enum": ["cup"]}},
        "required": ["thing"],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": "bring", "parameters": schema}}


async def hinted(engine, text, hint):
    pieces = [piece async for piece in engine.generate(call(text), hint=hint)]
    assert pieces[-1].finish_reason
    return pieces[-1]


async def pins(engine):
    return (await engine.stats()).scheduling.pins


async def until(engine, holds):
    """Ask again and again; the test's own limit ends it."""
    while True:
        if holds((await engine.stats()).scheduling):
            return


def family(pid):
    """Handles of a process, the one that started it, and all that it started."""
    started = [
        pid,
        int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]),
    ]
    for known in started:
        if known != started[1]:
            started += map(
                int,
                Path(f"/proc/{known}/task/{known}/children").read_text(encoding="utf-8").split(),
            )
    return [os.pidfd_open(known) for known in started]


def ended(handles):
    """Whether all these processes end, before the test's limit."""
    poll = select.poll()
    for handle in handles:
        # Readable from when its process has ended, whether anybody has reaped it or not.
        poll.register(handle, select.POLLIN)
    left = len(handles)
    while left and (found := poll.poll(_END_LIMIT_S * 1000)):
        for handle, _ in found:
            poll.unregister(handle)
            os.close(handle)
        left -= len(found)
    return not left


@pytest.mark.slow
@pytest.mark.ray
@needs_vllm
def test_in_ray_actors_a_waiting_program_moves_with_its_kv_and_a_dead_worker_is_replaced(tmp_path):
    from services.runtime.ray_runtime import RayRuntime

    config = LlmConfig(
        engines=("vllm",),
        replicas=2,
        weights=make_model(tmp_path / "tiny-llama", _WORDS),
        vllm_arguments=("--num-gpu-blocks-override", "201"),
    )
    asked = call(_LONG, max_tokens=8)
    hint = Hint(program="a", tool="drive", expected_s=600.0)
    runtime = RayRuntime()

    async def body():
        cluster = make_cluster(config, runtime)
        (model,) = cluster.models

        async def ask(number):
            turn = Turn("a", f"t{number}", cluster._clock(), 700)
            pieces = [piece async for piece in cluster.run(model, turn, asked, hint)]
            (told,) = (await cluster.status()).programs
            return pieces, told.replica

        try:
            for replica in cluster.replicas.values():
                await asyncio.wait_for(replica.start(), _START_LIMIT_S)
            first, home = await ask(1)
            cluster.drain(home)
            await cluster.tick()
            status = await cluster.status()
            assert (status.migrations, status.rereads) == (1, 0)
            moved, now = await ask(2)
            assert now != home
            assert moved[-1].usage.cached_tokens >= 0.9 * moved[-1].usage.prompt_tokens
            processes = family(cluster.replicas[now].engine.pid)
            # The server, its engine, and who started them.
            assert len(processes) >= 3
            long = call(_LONG, max_tokens=2000, ignore_eos=True)
            turn = Turn("b", "long", cluster._clock(), 700)
            async with aclosing(cluster.run(model, turn, long, Hint(program="b"))) as pieces:
                await anext(pieces)
                runtime.kill(now)
                with pytest.raises(EngineDied, match="died in the middle of this answer"):
                    async for _ in pieces:
                        pass
            assert await asyncio.to_thread(ended, processes)
            again, _ = await ask(3)
            assert text_of(again) == text_of(moved) == text_of(first)
        finally:
            await cluster.close()

    try:
        asyncio.run(body())
    finally:
        runtime.close()
