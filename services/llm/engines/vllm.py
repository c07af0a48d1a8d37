"""vLLM in a process of its own, scheduling programs by itself with the plug-in."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

import services
from services.errors import UserError
from services.llm.config import LlmConfig
from services.llm.engines.contracts import (
    Capabilities,
    ChatCall,
    EngineStats,
    Hint,
    KvFile,
    OwnScheduling,
    Piece,
)
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied, EngineMissing, EngineRefused
from services.llm.engines.host import HostLink, HostSpec
from services.llm.engines.json_tools import from_words, in_words, offers_tools, wants_tools
from services.llm.policy.contracts import Wait
from services.llm.policy.named import place_of
from services.runtime.local import Runtime

#: Names the interpreter of an environment that has vLLM; by default the present one.
PYTHON_VARIABLE = "RETINUE_VLLM_PYTHON"
_HEALTH_LIMIT_S = 30.0
_AGENTS_LIMIT_S = 5.0
_WRITE_TRIES = 200
_WRITE_POLL_S = 0.05
_START_LIMIT_S = 900.0
# Turns that may be with the engine, running or in its own queue, in multiples of its batch.
_QUEUED = 8


class VllmSpec(BaseModel):
    """How a vLLM engine is set up.

    Attributes:
        weights: A model folder in Hugging Face's form.
        model: The name under which it is served.
        context_tokens: Longest conversation, answer included.
        concurrency: Sequences in one batch.
        step_tokens: Tokens that one step schedules at most.
        policy: Name of the policy that the plug-in follows.
        tool_parser: How vLLM reads tool calls of this model, if its chat template knows tools.
        gpus: GPUs that the model is split over; of no meaning to the CPU build.
        threads: Threads that compute, with the CPU build.
        kv_gib: Room for KV with the CPU build; GPUs are used as far as they go.
        carries_kv: Whether a waiting program's KV can be carried to another replica; on one GPU at most.
        kv_events: Whether to publish which KV blocks are stored and removed, on a local ZeroMQ socket.
        arguments: Further arguments of ``vllm serve``; they win over ours.
        host: The address the server listens on; ``auto`` for that of the machine it lives on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Path
    model: str
    context_tokens: int = Field(default=4096, gt=0)
    concurrency: int = Field(default=64, gt=0)
    step_tokens: int = Field(default=2048, gt=0)
    policy: str = "retinue"
    tool_parser: str = "hermes"
    gpus: int = Field(default=0, ge=0)
    threads: int = Field(default=1, gt=0)
    kv_gib: int = Field(default=1, gt=0)
    carries_kv: bool = True
    kv_events: bool = False
    arguments: tuple[str, ...] = ()
    host: str = "127.0.0.1"


class VllmEngine:
    """An `Engine` over one vLLM server.

    It holds KV by itself, as the plug-in says. That of a program which waits can be carried to another
    replica; over several GPUs it can not, and the program is read again there.

    Args:
        spec: How it is set up.
        runtime: Where its process lives.
        name: Its name there.
    """

    def __init__(self, spec: VllmSpec, runtime: Runtime, name: str) -> None:
        self._spec = spec
        self._carries = spec.carries_kv and spec.gpus <= 1
        settings = spec.model_dump(mode="json", exclude={"policy", "carries_kv"})
        # The other environment has no copy of this package; it reads the plug-in from here.
        place = str(Path(services.__path__[0]).parent)
        self._link = HostLink(
            runtime,
            name,
            HostSpec(
                module="services.llm.engines.vllm_server",
                settings=settings,
                python=os.environ.get(PYTHON_VARIABLE, sys.executable),
                environment={"PYTHONPATH": place, "RETINUE_POLICY": place_of(spec.policy)},
                start_limit_s=_START_LIMIT_S,
                keeps_kv=self._carries,
            ),
        )
        self._endpoint: Endpoint | None = None
        # The plug-in, inside vLLM's engine process.
        self._agents: Endpoint | None = None
        self._kv_events = ""
        self._knows_tools = False
        self._pid: int | None = None
        self._running = 0
        self._restarts = 0

    @property
    def pid(self) -> int | None:
        """The server's process; None before the first start."""
        return self._pid

    @property
    def capabilities(self) -> Capabilities:
        """It schedules by itself; we only pass on what is known of the program."""
        return Capabilities(
            kind="vllm",
            model=self._spec.model,
            context_tokens=self._spec.context_tokens,
            # Its own queue is ordered by the plug-in, so ours must hold little back.
            concurrency=_QUEUED * self._spec.concurrency,
            step_tokens=self._spec.step_tokens,
            saves_kv=self._carries,
            schedules=True,
            restarts=True,
        )

    async def start(self) -> None:
        """Start the server and wait until the model is loaded."""
        if self._endpoint is None:
            try:
                address = await self._link.start()
            except EngineMissing:
                await self._link.close()
                raise
            self._pid = address["pid"]
            self._knows_tools = address["knows_tools"]
            self._kv_events = address["kv_events"]
            self._agents = Endpoint(address["agents"], address["key"])
            self._endpoint = Endpoint(address["url"], address["key"])

    async def generate(
        self, call: ChatCall, slot: int | None = None, hint: Hint | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece; the hint goes to the plug-in."""
        by_words = wants_tools(call) and not self._knows_tools
        asked = in_words(call) if by_words else call
        self._running += 1
        try:
            async with aclosing(self._live().chat(self._spec.model, asked, _extra(hint))) as pieces:
                read = from_words(pieces) if by_words and offers_tools(call) else _named(pieces)
                async with aclosing(read):
                    async for piece in read:
                        yield piece
        except EngineRefused as error:
            # Its server outlives its engine process for a moment, and answers with an error.
            if error.status >= 500 and not await self.healthy():
                raise EngineDied(f"The engine of {self._spec.model} died ({error})") from error
            raise
        finally:
            self._running -= 1

    async def put_out(self, program: str, key: str) -> KvFile:
        """Have the pinned KV of a program written into a file on the engine's machine."""
        path = f"/agents/{quote(program, safe='')}/save"
        told = await self._plug_in().send("POST", path, {"key": key}, _AGENTS_LIMIT_S)
        for attempt in range(_WRITE_TRIES):
            size = await self._link.call("size", key)
            if size:
                return KvFile(key=key, tokens=told["tokens"], size=size)
            if attempt == 1:
                # It is written with the engine's next step, and an idle one makes none.
                await self._step()
            await asyncio.sleep(_WRITE_POLL_S)
        raise EngineRefused(f"The KV of {program!r} was not written in time.", 503)

    async def take_in(self, program: str, key: str) -> int:
        """Let the next turn that begins as the file does find it."""
        told = await self._plug_in().send("POST", f"/kv/{key}", {}, _AGENTS_LIMIT_S)
        return int(told["tokens"])

    async def take(self, key: str) -> bytes:
        """Fetch a KV file from the engine's machine."""
        data: bytes = await self._link.call("read", key)
        return data

    async def put(self, key: str, data: bytes) -> None:
        """Bring a KV file to the engine's machine."""
        await self._link.call("write", key, data)

    async def drop(self, key: str) -> None:
        """Delete a KV file on the engine's machine."""
        await self._tell("DELETE", f"/kv/{key}", None)
        await self._link.call("drop", key)

    async def forget(self, program: str) -> None:
        """Lets go of the KV that the plug-in holds for a program."""
        await self._tell("DELETE", f"/agents/{quote(program, safe='')}", None)

    async def announce(self, program: str, wait: Wait) -> None:
        """Tells the plug-in what a program waits for."""
        told = {"tool": wait.tool, "body": wait.body, "expected_s": wait.expected_s}
        await self._tell("POST", f"/agents/{quote(program, safe='')}/wait", told)

    async def stats(self) -> EngineStats:
        """Its process, whether it answers, and what the plug-in holds."""
        alive = await self.healthy()
        return EngineStats(
            alive=alive,
            pid=self._pid,
            restarts=self._restarts,
            running=self._running,
            scheduling=await self._scheduling() if alive else None,
            kv_events=self._kv_events if alive else "",
        )

    async def healthy(self) -> bool:
        """Whether the server answers, and its engine process lives."""
        endpoint = self._endpoint
        return endpoint is not None and await endpoint.ok("/health", _HEALTH_LIMIT_S)

    async def restart(self) -> None:
        """Start a new process; its KV is empty."""
        await self._disconnect()
        self._restarts += 1
        await self.start()

    async def close(self) -> None:
        """Stop the process."""
        await self._disconnect()
        await self._link.close()

    async def _disconnect(self) -> None:
        for endpoint in (self._endpoint, self._agents):
            if endpoint is not None:
                await endpoint.close()
        self._endpoint = self._agents = None

    async def _step(self) -> None:
        words = ({"role": "user", "content": "."},)
        call = ChatCall(messages=words, options={"max_tokens": 1})
        async with aclosing(self._live().chat(self._spec.model, call)) as pieces:
            async for _ in pieces:
                pass

    def _plug_in(self) -> Endpoint:
        if not self._carries:
            raise EngineRefused("This vLLM carries no KV; a program that moves is read again.")
        if self._agents is None:
            raise EngineDied("The engine is not running.")
        return self._agents

    async def _scheduling(self) -> OwnScheduling | None:
        if self._agents is None:
            return None
        try:
            told = await self._agents.get("/agents", _AGENTS_LIMIT_S)
        except (EngineDied, EngineRefused):
            # The plug-in's door could not be opened; the engine serves all the same.
            return None
        return OwnScheduling.model_validate(told)

    async def _tell(self, method: str, path: str, body: Any) -> None:
        if self._agents is not None:
            # An engine that is gone holds nothing.
            with suppress(EngineDied, EngineRefused):
                await self._agents.send(method, path, body, _AGENTS_LIMIT_S)

    def _live(self) -> Endpoint:
        if self._endpoint is None:
            raise EngineDied("The engine is not running.")
        return self._endpoint


async def _named(pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
    """The pieces; an answer that called a tool ends because of that, also where it was told which one."""
    called = False
    async for piece in pieces:
        called = called or bool(piece.delta.get("tool_calls"))
        if called and piece.finish_reason == "stop":
            piece = piece.model_copy(update={"finish_reason": "tool_calls"})
        yield piece


def _extra(hint: Hint | None) -> dict[str, Any]:
    if hint is None:
        return {}
    # vLLM takes strings and numbers here, no booleans.
    told: dict[str, str | int | float] = {"program": hint.program}
    told["last_step"] = int(hint.last_step)
    if hint.implied:
        told["implied"] = 1
    if hint.tool:
        told["tool"] = hint.tool
    if hint.body:
        told["body"] = hint.body
    if hint.expected_s is not None:
        told["expected_tool_seconds"] = hint.expected_s
    if hint.priority:
        told["priority"] = hint.priority
    if hint.deadline_s is not None:
        told["deadline"] = hint.deadline_s
    return {"vllm_xargs": told}


def maker(kind: str, config: LlmConfig, runtime: Runtime) -> Callable[[str], VllmEngine]:
    """VLLM's engines as configured.

    Raises:
        UserError: If there is no model folder.
    """
    if config.weights is None or not (config.weights / "config.json").is_file():
        raise UserError("--engine vllm needs --weights, a model folder in Hugging Face's form")
    spec = VllmSpec(
        weights=config.weights,
        model=config.model or config.weights.name.lower(),
        context_tokens=config.context_tokens,
        policy=config.policy,
        gpus=config.gpus,
        threads=config.threads,
        carries_kv=config.kv_files_mib > 0,
        kv_events=config.kv_events,
        arguments=config.vllm_arguments,
        host=config.engine_host,
    )
    return lambda name: VllmEngine(spec, runtime, name)
