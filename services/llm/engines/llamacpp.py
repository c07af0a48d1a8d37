"""llama.cpp in a process of its own, with slots that programs own and that can be put away and moved."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import inf
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.llm.config import LlmConfig
from services.llm.engines.contracts import (
    Capabilities,
    ChatCall,
    EngineStats,
    Hint,
    KvFile,
    Piece,
)
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied, EngineMissing, EngineRefused, EngineSilent
from services.llm.engines.host import HostLink, HostSpec
from services.llm.engines.json_tools import from_words, in_words, offers_tools, wants_tools
from services.llm.models.embedded import CHUNK_TOKENS, MODEL_NAME, THREADS
from services.llm.models.weights import SMOLLM2, locate
from services.runtime.local import Runtime

_HEALTH_LIMIT_S = 5.0
# A process that lives but has not answered for so long is taken for stuck.
_SILENT_LIMIT_S = 60.0
# What llama.cpp calls an ability, and the type of the parts that need it.
_PARTS = {"vision": "image_url", "audio": "input_audio", "video": "input_video"}
# llama.cpp rounds a slot's context up to whole multiples of this.
_CELLS = 256


class LlamaCppSpec(BaseModel):
    """How a llama.cpp engine is set up.

    Attributes:
        weights: A GGUF file; None for the embedded model.
        model: The name under which it is served.
        context_tokens: Longest conversation, answer included.
        slots: Conversations held at the same time; each has ``context_tokens``.
        threads: Threads that compute.
        host_cache_mib: llama.cpp's own cache of prompts that lost their slot; 0, because the programs'
            KV files do its work under the policy's control.
        own_slots: Whether requests say which slot they want. False leaves the choice to llama.cpp.
        host: The address the server listens on; loopback unless the gateway is elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Path | None = None
    model: str = "smollm2-135m-instruct"
    context_tokens: int = Field(default=4096, gt=0)
    slots: int = Field(default=4, gt=0)
    threads: int = Field(default=THREADS, gt=0)
    host_cache_mib: int = Field(default=0, ge=0)
    own_slots: bool = True
    host: str = "127.0.0.1"


class LlamaCppEngine:
    """An `Engine` over one llama.cpp server.

    Args:
        spec: How it is set up.
        runtime: Where its process lives.
        name: Its name there.
    """

    def __init__(self, spec: LlamaCppSpec, runtime: Runtime, name: str) -> None:
        self._spec = spec
        settings: dict[str, Any] = {
            "host": spec.host,
            "context_tokens": spec.context_tokens,
            "slots": spec.slots,
            "threads": spec.threads,
            "host_cache_mib": spec.host_cache_mib,
        }
        self._settings = settings
        self._runtime = runtime
        self._name = name
        self._link: HostLink | None = None
        self._endpoint: Endpoint | None = None
        self._pid: int | None = None
        self._knows_tools = False
        self._reads = {"text"}
        self._answered_s = -inf
        self._running = 0
        self._restarts = 0

    @property
    def capabilities(self) -> Capabilities:
        """Slots to own, KV files, no embeddings."""
        spec = self._spec
        return Capabilities(
            kind="llamacpp",
            model=spec.model,
            slots=spec.slots if spec.own_slots else 0,
            context_tokens=-(-spec.context_tokens // _CELLS) * _CELLS,
            # Without slots of their own the requests queue in llama.cpp, as they would without us.
            concurrency=spec.slots if spec.own_slots else 256,
            step_tokens=CHUNK_TOKENS,
            saves_kv=spec.own_slots,
            restarts=True,
        )

    @property
    def pid(self) -> int | None:
        """The server's process; None before the first start."""
        return self._pid

    async def start(self) -> None:
        """Start the process and wait until the model is loaded."""
        if self._endpoint is None:
            if self._link is None:
                weights = locate(SMOLLM2, self._spec.weights)
                self._link = HostLink(
                    self._runtime,
                    self._name,
                    HostSpec(
                        module="services.llm.engines.llama_server",
                        settings={**self._settings, "weights": str(weights)},
                        keeps_kv=True,
                    ),
                )
            try:
                address = await self._link.start()
            except EngineMissing:
                await self._link.close()
                raise
            self._pid = address["pid"]
            self._answered_s = time.monotonic()
            self._endpoint = Endpoint(address["url"], address["key"], keep_alive=False)
            props = await self._endpoint.get("/props")
            caps = props.get("chat_template_caps") or {}
            self._knows_tools = bool(caps.get("supports_tools") and caps.get("supports_tool_calls"))
            modalities = props.get("modalities") or {}
            self._reads = {"text"} | {_PARTS.get(m, m) for m, able in modalities.items() if able}

    async def generate(
        self, call: ChatCall, slot: int | None = None, hint: Hint | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece; in the slot, if one is given and slots are owned."""
        endpoint = self._live()
        self._require_readable(call)
        extra = {} if slot is None or not self._spec.own_slots else {"id_slot": slot}
        by_words = wants_tools(call) and not self._knows_tools
        asked = in_words(call) if by_words else call
        self._running += 1
        try:
            async with aclosing(endpoint.chat(MODEL_NAME, asked, extra)) as pieces:
                read = from_words(pieces) if by_words and offers_tools(call) else pieces
                async with aclosing(read):
                    async for piece in read:
                        yield piece
        finally:
            self._running -= 1

    async def save(self, slot: int, key: str) -> KvFile:
        """Write a slot's KV into a file on the engine's machine."""
        told = await self._live().post(f"/slots/{slot}?action=save", {"filename": key})
        if not told["n_saved"]:
            raise EngineRefused(f"Slot {slot} is empty.")
        return KvFile(key=key, tokens=told["n_saved"], size=told["n_written"])

    async def restore(self, slot: int, key: str) -> int:
        """Read a slot's KV from a file on the engine's machine."""
        told = await self._live().post(f"/slots/{slot}?action=restore", {"filename": key})
        return int(told["n_restored"])

    async def erase(self, slot: int) -> None:
        """Empty a slot."""
        await self._live().post(f"/slots/{slot}?action=erase", {})

    async def take(self, key: str) -> bytes:
        """Fetch a KV file from the engine's machine."""
        data: bytes = await self._linked().call("read", key)
        return data

    async def put(self, key: str, data: bytes) -> None:
        """Bring a KV file to the engine's machine."""
        await self._linked().call("write", key, data)

    async def drop(self, key: str) -> None:
        """Delete a KV file on the engine's machine."""
        await self._linked().call("drop", key)

    async def stats(self) -> EngineStats:
        """Its process, and whether it answers."""
        return EngineStats(
            alive=await self.healthy(),
            pid=self._pid,
            restarts=self._restarts,
            running=self._running,
        )

    async def healthy(self) -> bool:
        """Whether the server answers; one that is only slow to is given some time."""
        if self._endpoint is None:
            return False
        # A connection that was kept may have been closed meanwhile; the next one is new.
        for _ in range(2):
            try:
                await self._endpoint.get("/health", _HEALTH_LIMIT_S)
            except (EngineSilent, EngineRefused):
                return await self._slow()
            except EngineDied:
                continue
            self._answered_s = time.monotonic()
            return True
        return False

    async def restart(self) -> None:
        """Start a new process; slots are empty, KV files are still there."""
        if self._endpoint is not None:
            await self._endpoint.close()
            self._endpoint = None
        self._restarts += 1
        await self.start()

    async def close(self) -> None:
        """Stop the process and delete its KV files."""
        if self._endpoint is not None:
            await self._endpoint.close()
            self._endpoint = None
        if self._link is not None:
            await self._link.close()

    async def _slow(self) -> bool:
        """Whether the process lives and answered not long ago: a busy machine is no crash."""
        if time.monotonic() - self._answered_s > _SILENT_LIMIT_S:
            return False
        try:
            return bool(await self._linked().call("alive"))
        except EngineDied:
            return False

    def _require_readable(self, call: ChatCall) -> None:
        for message in call.messages:
            content = message.get("content")
            for part in content if isinstance(content, list) else ():
                if part["type"] not in self._reads:
                    readable = ", ".join(sorted(self._reads))
                    raise EngineRefused(
                        f"The model {self._spec.model} does not read parts of type "
                        f"{part['type']!r}; it reads {readable}."
                    )

    def _live(self) -> Endpoint:
        if self._endpoint is None:
            raise EngineDied("The engine is not running.")
        return self._endpoint

    def _linked(self) -> HostLink:
        if self._link is None:
            raise EngineDied("The engine was never started.")
        return self._link


def maker(kind: str, config: LlmConfig, runtime: Runtime) -> Callable[[str], LlamaCppEngine]:
    """llama.cpp's engines as configured."""
    spec = LlamaCppSpec(
        weights=config.weights,
        context_tokens=config.context_tokens,
        slots=config.slots,
        threads=config.threads,
        host_cache_mib=config.host_cache_mib,
        host=config.engine_host,
        **config.named,
    )
    return lambda name: LlamaCppEngine(spec, runtime, name)
