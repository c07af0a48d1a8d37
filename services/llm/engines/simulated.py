"""A deterministic engine without a model: real slots, prefix hits, KV files, crashes; made-up words.

It reads and writes at given speeds, keeps the tokens of each slot, and finds prefixes as llama.cpp does,
so that clients, the gateway and policies can be tried where there is no model. Its words are drawn by a
hash of the conversation; its JSON is the smallest instance of the schema; its tool calls are valid.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.llm.cluster.prefix import common
from services.llm.config import LlmConfig
from services.llm.engines.contracts import (
    Capabilities,
    ChatCall,
    EngineStats,
    Hint,
    KvFile,
    Piece,
    Usage,
)
from services.llm.engines.errors import EngineDied, EngineRefused
from services.llm.engines.schema_example import example
from services.runtime.local import Runtime

#: Lets so many seconds of the engine's work pass.
Work = Callable[[float], Awaitable[None]]

_WORDS = [
    "the",
    "robot",
    "takes",
    "a",
    "cup",
    "from",
    "that",
    "table",
    "and",
    "brings",
    "it",
    "to",
    "her",
    "while",
    "people",
    "talk",
]
_DIMENSION = 8


class SimulatedSpec(BaseModel):
    """How a simulated engine behaves.

    Attributes:
        model: The name under which it is served.
        slots: Conversations held at the same time.
        context_tokens: Longest conversation, answer included.
        prefill_tokens_per_s: Speed of reading what is not cached.
        decode_tokens_per_s: Speed of writing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "simulated"
    slots: int = Field(default=4, gt=0)
    context_tokens: int = Field(default=4096, gt=0)
    prefill_tokens_per_s: float = Field(default=2000.0, gt=0)
    decode_tokens_per_s: float = Field(default=100.0, gt=0)


class SimulatedEngine:
    """An `Engine` that computes nothing but behaves like one.

    Args:
        spec: How it behaves.
        work: Lets time pass; by default real time.
    """

    def __init__(self, spec: SimulatedSpec | None = None, work: Work = asyncio.sleep) -> None:
        self._spec = spec or SimulatedSpec()
        self._work = work
        self._slots: list[tuple[str, ...]] = []
        self._busy: set[int] = set()
        self._files: dict[str, tuple[str, ...]] = {}
        self._alive = False
        self._restarts = 0

    @property
    def capabilities(self) -> Capabilities:
        """Everything, as far as there is no model."""
        return Capabilities(
            kind="simulated",
            model=self._spec.model,
            slots=self._spec.slots,
            context_tokens=self._spec.context_tokens,
            concurrency=self._spec.slots,
            saves_kv=True,
            embeds=True,
            restarts=True,
        )

    async def start(self) -> None:
        """Empty slots; nothing if it runs."""
        if not self._alive:
            self._slots = [()] * self._spec.slots
            self._busy = set()
            self._alive = True

    def crash(self) -> None:
        """Die as a killed process does: open answers break off, KV in slots is lost."""
        self._alive = False

    async def generate(
        self, call: ChatCall, slot: int | None = None, hint: Hint | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Read the prompt, then write words, JSON or a tool call."""
        self._require_alive()
        prompt = _tokens(call)
        limit = int(
            call.options.get("max_tokens") or call.options.get("max_completion_tokens") or 32
        )
        if len(prompt) + 1 > self._spec.context_tokens:
            raise EngineRefused(
                f"The conversation has {len(prompt)} tokens and this model reads "
                f"{self._spec.context_tokens}; shorten it, or serve with a longer --context."
            )
        place = self._choose(prompt) if slot is None else slot
        self._busy.add(place)
        try:
            cached = min(common(self._slots[place], prompt), len(prompt) - 1)
            prefill_s = (len(prompt) - cached) / self._spec.prefill_tokens_per_s
            await self._passing(prefill_s)
            self._slots[place] = prompt
            delta, reason = _answer(call, prompt, limit)
            count = 0
            for part in delta:
                count += 1
                await self._passing(1.0 / self._spec.decode_tokens_per_s)
                yield Piece(delta=part)
            # What the client will send back as the assistant's message is now in the slot, too.
            self._slots[place] = prompt + _written(delta)
            usage = Usage(
                prompt_tokens=len(prompt),
                cached_tokens=cached,
                completion_tokens=count,
                prefill_s=prefill_s,
            )
            yield Piece(finish_reason=reason, usage=usage)
        finally:
            self._busy.discard(place)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit vectors drawn by a hash of each text."""
        self._require_alive()
        vectors = []
        for text in texts:
            digest = hashlib.sha256(text.encode()).digest()
            raw = [byte - 127.5 for byte in digest[:_DIMENSION]]
            length = sum(x * x for x in raw) ** 0.5
            vectors.append([x / length for x in raw])
        return vectors

    async def save(self, slot: int, key: str) -> KvFile:
        """Copy a slot's tokens."""
        self._require_alive()
        if not self._slots[slot]:
            raise EngineRefused(f"Slot {slot} is empty.")
        self._files[key] = self._slots[slot]
        return KvFile(key=key, tokens=len(self._files[key]), size=len(_packed(self._files[key])))

    async def restore(self, slot: int, key: str) -> int:
        """Fill a slot with saved tokens."""
        self._require_alive()
        if key not in self._files:
            raise EngineRefused(f"There is no KV file {key!r}.")
        self._slots[slot] = self._files[key]
        return len(self._files[key])

    async def erase(self, slot: int) -> None:
        """Empty a slot."""
        self._require_alive()
        self._slots[slot] = ()

    async def take(self, key: str) -> bytes:
        """Saved tokens as bytes."""
        if key not in self._files:
            raise EngineRefused(f"There is no KV file {key!r}.")
        return _packed(self._files[key])

    async def put(self, key: str, data: bytes) -> None:
        """Saved tokens from bytes."""
        self._files[key] = tuple(json.loads(data))

    async def drop(self, key: str) -> None:
        """Forget saved tokens."""
        self._files.pop(key, None)

    async def stats(self) -> EngineStats:
        """Whether it runs, and on how many requests it works."""
        return EngineStats(alive=self._alive, restarts=self._restarts, running=len(self._busy))

    async def healthy(self) -> bool:
        """Whether it runs."""
        return self._alive

    async def restart(self) -> None:
        """Run again, with empty slots."""
        self._alive = False
        self._restarts += 1
        await self.start()

    async def close(self) -> None:
        """Stop."""
        self._alive = False
        self._files.clear()

    def _require_alive(self) -> None:
        if not self._alive:
            raise EngineDied("The simulated engine is not running.")

    async def _passing(self, seconds: float) -> None:
        await self._work(seconds)
        self._require_alive()

    def _choose(self, prompt: tuple[str, ...]) -> int:
        idle = [i for i in range(len(self._slots)) if i not in self._busy] or [0]
        return max(idle, key=lambda i: (common(self._slots[i], prompt), -i))


def _tokens(call: ChatCall) -> tuple[str, ...]:
    found: list[str] = []
    for message in call.messages:
        found.append(f"<{message['role']}>")
        content = message.get("content") or ""
        if not isinstance(content, str):
            content = " ".join(part.get("text", "") for part in content)
        found.extend(content.split())
        for used in message.get("tool_calls") or ():
            found.append(json.dumps(used["function"], sort_keys=True))
    return tuple(found)


def _written(delta: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    text = "".join(part.get("content") or "" for part in delta)
    calls = [
        json.dumps(c["function"], sort_keys=True) for p in delta for c in p.get("tool_calls", ())
    ]
    return ("<assistant>", *text.split(), *calls)


def _packed(tokens: tuple[str, ...]) -> bytes:
    return json.dumps(tokens).encode()


def _answer(
    call: ChatCall, prompt: tuple[str, ...], limit: int
) -> tuple[list[dict[str, Any]], str]:
    tools = call.options.get("tools") or []
    choice = call.options.get("tool_choice", "auto")
    # Left to itself it asks a tool once, and answers when it has seen the result.
    asked = choice not in {"none", "auto"} if isinstance(choice, str) else True
    if tools and choice != "none" and (asked or call.messages[-1]["role"] != "tool"):
        name = choice["function"]["name"] if isinstance(choice, dict) else None
        tool = next(t["function"] for t in tools if name in {None, t["function"]["name"]})
        digest = hashlib.sha256(" ".join(prompt).encode()).hexdigest()
        arguments = json.dumps(example(tool.get("parameters") or {"type": "object"}))
        function = {"name": tool["name"], "arguments": arguments}
        made = {"index": 0, "id": f"call_{digest[:16]}", "type": "function", "function": function}
        return [{"tool_calls": [made]}], "tool_calls"
    form = call.options.get("response_format") or {}
    if form.get("type") == "json_schema":
        text = json.dumps(example(form["json_schema"].get("schema") or {}))
        return [{"content": text}], "stop"
    if form.get("type") == "json_object":
        return [{"content": "{}"}], "stop"
    seed = hashlib.sha256(" ".join(prompt).encode()).digest()
    length = min(limit, 4 + seed[0] % 24)
    words = [_WORDS[seed[i % 32] % len(_WORDS)] for i in range(length)]
    return [{"content": word + " "} for word in words], "length" if length == limit else "stop"


def maker(kind: str, config: LlmConfig, runtime: Runtime) -> Callable[[str], SimulatedEngine]:
    """Simulated engines as configured."""
    spec = SimulatedSpec(slots=config.slots, context_tokens=config.context_tokens, **config.named)
    return lambda name: SimulatedEngine(spec)
