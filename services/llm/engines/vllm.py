"""vLLM in a process of its own, scheduling programs by itself with the plug-in."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

import services
from services.llm.engines.contracts import (
    Capabilities,
    ChatCall,
    EngineStats,
    Hint,
    KvFile,
    Piece,
)
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied, EngineMissing, EngineRefused
from services.llm.engines.host import HostLink, HostSpec
from services.runtime import Runtime

#: Names the interpreter of an environment that has vLLM; by default the present one.
PYTHON_VARIABLE = "RETINUE_VLLM_PYTHON"
_HEALTH_LIMIT_S = 30.0
_START_LIMIT_S = 900.0


class VllmSpec(BaseModel):
    """How a vLLM engine is set up.

    Attributes:
        weights: A model folder in Hugging Face's form.
        model: The name under which it is served.
        context_tokens: Longest conversation, answer included.
        concurrency: Sequences in one batch.
        policy: Name of the policy that the plug-in follows.
        tool_parser: How vLLM reads tool calls of this model.
        host: The address the server listens on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Path
    model: str
    context_tokens: int = Field(default=4096, gt=0)
    concurrency: int = Field(default=64, gt=0)
    policy: str = "retinue"
    tool_parser: str = "hermes"
    host: str = "127.0.0.1"


class VllmEngine:
    """An `Engine` over one vLLM server.

    KV stays inside vLLM: a program that moves to another replica is read again there.

    Args:
        spec: How it is set up.
        runtime: Where its process lives.
        name: Its name there.
    """

    def __init__(self, spec: VllmSpec, runtime: Runtime, name: str) -> None:
        self._spec = spec
        settings = spec.model_dump(mode="json", exclude={"policy"})
        # The other environment has no copy of this package; it reads the plug-in from here.
        place = str(Path(services.__path__[0]).parent)
        self._link = HostLink(
            runtime,
            name,
            HostSpec(
                module="services.llm.engines.vllm_server",
                settings=settings,
                python=os.environ.get(PYTHON_VARIABLE, sys.executable),
                environment={"PYTHONPATH": place, "RETINUE_POLICY": spec.policy},
                start_limit_s=_START_LIMIT_S,
            ),
        )
        self._endpoint: Endpoint | None = None
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
            # Its own queue is ordered by the plug-in, so ours must not hold anything back.
            concurrency=4096,
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
            self._endpoint = Endpoint(address["url"], address["key"])

    async def generate(
        self, call: ChatCall, slot: int | None = None, hint: Hint | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece; the hint goes to the plug-in."""
        self._running += 1
        try:
            pieces = self._live().chat(self._spec.model, call, _extra(hint))
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        finally:
            self._running -= 1

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Refuses: the chat model is no sentence encoder."""
        raise EngineRefused("This engine does not embed texts; use the embedding model.")

    async def save(self, slot: int, key: str) -> KvFile:
        """Refuses."""
        raise _no_kv()

    async def restore(self, slot: int, key: str) -> int:
        """Refuses."""
        raise _no_kv()

    async def erase(self, slot: int) -> None:
        """Refuses."""
        raise _no_kv()

    async def take(self, key: str) -> bytes:
        """Refuses."""
        raise _no_kv()

    async def put(self, key: str, data: bytes) -> None:
        """Refuses."""
        raise _no_kv()

    async def drop(self, key: str) -> None:
        """Does nothing: there are no keys."""

    async def stats(self) -> EngineStats:
        """Its process, and whether it answers."""
        return EngineStats(
            alive=await self.healthy(),
            pid=self._pid,
            restarts=self._restarts,
            running=self._running,
        )

    async def healthy(self) -> bool:
        """Whether the server answers."""
        if self._endpoint is None:
            return False
        try:
            await self._endpoint.get("/v1/models", _HEALTH_LIMIT_S)
        except (EngineDied, EngineRefused):
            return False
        return True

    async def restart(self) -> None:
        """Start a new process; its KV is empty."""
        if self._endpoint is not None:
            await self._endpoint.close()
            self._endpoint = None
        self._restarts += 1
        await self.start()

    async def close(self) -> None:
        """Stop the process."""
        if self._endpoint is not None:
            await self._endpoint.close()
            self._endpoint = None
        await self._link.close()

    def _live(self) -> Endpoint:
        if self._endpoint is None:
            raise EngineDied("The engine is not running.")
        return self._endpoint


def _extra(hint: Hint | None) -> dict[str, Any]:
    if hint is None:
        return {}
    # vLLM takes strings and numbers here, no booleans.
    told: dict[str, str | int | float] = {"program": hint.program}
    told["last_step"] = int(hint.last_step)
    if hint.tool:
        told["tool"] = hint.tool
    if hint.body:
        told["body"] = hint.body
    if hint.expected_s is not None:
        told["expected_tool_seconds"] = hint.expected_s
    return {"vllm_xargs": told}


def _no_kv() -> EngineRefused:
    return EngineRefused("vLLM keeps its KV to itself; a program that moves is read again.")
