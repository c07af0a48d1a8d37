"""llama.cpp with slot ownership against llama.cpp as it comes, under the same load.

Robots ask, wait for a tool, and come back with a longer conversation. Strangers compete: each always has
one more long, new conversation. What counts is how long a robot that comes back waits for its first token.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Literal

from services.lab.engines.contracts import LatencyRow, LlamaBench, LlamaRow, Spread
from services.llm.cluster.cluster import Cluster
from services.llm.cluster.latency import Guess, Step, compare, guesses_of
from services.llm.cluster.lengths import PromptLengths
from services.llm.cluster.replica import Replica
from services.llm.cluster.speed import ReadingSpeed
from services.llm.cluster.steps import StepWatch
from services.llm.engines.contracts import ChatCall, Hint, Usage
from services.llm.engines.llamacpp import LlamaCppEngine, LlamaCppSpec
from services.llm.policy.contracts import Turn
from services.runtime.local import LocalRuntime

_HOST_CACHE_MIB = 512
_KV_FILES_MIB = 512
_ANSWER_TOKENS = 12
_TOOL_S = (1.5, 4.0)
# Words of the prompts, all of them one or two tokens of the model.
_WORDS = [
    "cup",
    "plate",
    "table",
    "robot",
    "kitchen",
    "door",
    "waiter",
    "tray",
    "water",
    "glass",
    "clean",
    "bring",
    "left",
    "right",
    "guest",
    "order",
    "spoon",
    "towel",
    "shelf",
    "lamp",
    "chair",
    "window",
    "floor",
    "sink",
    "stove",
]


@dataclass(frozen=True)
class Load:
    """The load of one round.

    Attributes:
        robots: Agents that come back.
        turns: Turns of each.
        strangers: Callers in a closed loop.
        slots: Places of the engine.
        words: Length of a first prompt.
        rounds: Repetitions.
    """

    robots: int = 2
    turns: int = 5
    strangers: int = 3
    slots: int = 3
    words: int = 350
    rounds: int = 2


@dataclass
class _Learned:
    """What watching the engine gave, of all rounds with owned slots."""

    steps: list[tuple[Step, float]] = field(default_factory=list)
    readings: list[Guess] = field(default_factory=list)
    speed: ReadingSpeed = field(default_factory=ReadingSpeed)

    def rows(self) -> tuple[LatencyRow, ...]:
        found = []
        for what, guesses in (
            ("one step of the engine", guesses_of(self.steps)),
            ("a prompt, until its first token", iter(self.readings)),
        ):
            # A short bench may measure less than it takes to learn.
            with suppress(ValueError):
                found.append(LatencyRow.of(what, compare(guesses)))
        return tuple(found)


@dataclass
class _Seen:
    resumes: list[float] = field(default_factory=list)
    jobs: list[float] = field(default_factory=list)
    strangers: list[float] = field(default_factory=list)
    wanted: int = 0
    found: int = 0
    broken: int = 0


@dataclass(frozen=True)
class _Way:
    """One way to serve.

    Attributes:
        name: What it is called.
        owned: Whether programs own slots.
        policy: Who goes first and whose KV is held.
        kv_files_mib: Room for KV files.
        host_cache_mib: llama.cpp's own cache of prompts.
    """

    name: str
    owned: bool
    policy: str
    kv_files_mib: int
    host_cache_mib: int

    @property
    def host(self) -> str:
        """The host cache in words."""
        return f"host cache {self.host_cache_mib} MiB" if self.host_cache_mib else "no host cache"


_WAYS = (
    _Way("stock", False, "stock", 0, 0),
    _Way("slots owned", True, "retinue", 0, 0),
    _Way("slots owned, KV files", True, "retinue", _KV_FILES_MIB, 0),
    _Way("stock", False, "stock", 0, _HOST_CACHE_MIB),
    _Way("slots owned, KV files", True, "retinue", _KV_FILES_MIB, _HOST_CACHE_MIB),
)


def bench_llama(load: Load, on_row: Callable[[str], None] = lambda _: None) -> LlamaBench:
    """Measure every way to serve.

    Args:
        load: The load.
        on_row: Told each round's result.

    Raises:
        EngineMissing: If llama.cpp or its model is not installed.
    """
    seen: dict[_Way, list[_Seen]] = {way: [] for way in _WAYS}
    learned, loads = _Learned(), []
    for seed in range(load.rounds):
        # All ways in each round, so that whatever else the machine does meanwhile disturbs all of them.
        for way in _WAYS:
            loads.append(os.getloadavg()[0])
            seen[way].append(asyncio.run(_measure(load, way, seed, learned)))
            mean = Spread.of(seen[way][-1].resumes).mean
            on_row(f"round {seed + 1}: {way.name}, {way.host}: {mean:.2f} s on resume")
    return LlamaBench(
        model=LlamaCppSpec().model,
        robots=load.robots,
        turns=load.turns,
        strangers=load.strangers,
        slots=load.slots,
        prompt_tokens=load.words,
        rounds=load.rounds,
        load=(min(loads), max(loads)),
        rows=tuple(_row(way, seen[way], seen[_stock_of(way)]) for way in _WAYS),
        latency=learned.rows(),
    )


def _row(way: _Way, seen: list[_Seen], stock: list[_Seen]) -> LlamaRow:
    resume, theirs = _all(seen, "resumes"), _all(stock, "resumes")
    gains = [
        Spread.of(other.resumes).mean / Spread.of(own.resumes).mean
        for own, other in zip(seen, stock, strict=True)
    ]
    return LlamaRow(
        name=way.name,
        host_cache_mib=way.host_cache_mib,
        kv_files_mib=way.kv_files_mib,
        resume=resume,
        hit_ratio=sum(s.found for s in seen) / max(1, sum(s.wanted for s in seen)),
        job=_all(seen, "jobs"),
        strangers=_all(seen, "strangers"),
        broken=sum(s.broken for s in seen),
        times_better=theirs.mean / resume.mean,
        rounds_better=tuple(gains),
    )


def _all(seen: list[_Seen], what: Literal["resumes", "jobs", "strangers"]) -> Spread:
    return Spread.of([value for one in seen for value in getattr(one, what)])


def _stock_of(way: _Way) -> _Way:
    """llama.cpp as it comes, with the same host cache."""
    return next(w for w in _WAYS if not w.owned and w.host_cache_mib == way.host_cache_mib)


async def _measure(load: Load, way: _Way, seed: int, learned: _Learned) -> _Seen:
    seen = _Seen()
    runtime = LocalRuntime()
    spec = LlamaCppSpec(slots=load.slots, own_slots=way.owned, host_cache_mib=way.host_cache_mib)
    engine = LlamaCppEngine(spec, runtime, "bench")
    # A server learns its speed in its first minutes; here each round begins with a new one.
    speed = learned.speed if way.owned else None
    replica = Replica("bench", engine, way.policy, speed=speed, file_mib=way.kv_files_mib)
    if way.owned:
        replica.steps = StepWatch(
            replica.speed.latency,
            engine.capabilities.step_tokens,
            lambda step, seconds: learned.steps.append((step, seconds)),
            learned.readings.append,
        )
    cluster = Cluster([replica])
    house = _House(cluster, load, seed, seen)
    await engine.start()
    try:
        callers = [
            asyncio.create_task(_stranger(house, number)) for number in range(load.strangers)
        ]
        robots = [_robot(house, number) for number in range(load.robots)]
        await asyncio.gather(*robots)
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        seen.broken = replica.board.policy.counts["broken"]
        return seen
    finally:
        await cluster.close()
        runtime.close()


@dataclass
class _House:
    """What all callers of a round share."""

    cluster: Cluster
    load: Load
    seed: int
    seen: _Seen
    lengths: PromptLengths = field(default_factory=PromptLengths)


async def _robot(house: _House, number: int) -> None:
    load, seen = house.load, house.seen
    rng = random.Random(f"robot {house.seed} {number}")
    program = f"robot-{number}"
    messages = [{"role": "user", "content": _text(rng, load.words)}]
    began = time.monotonic()
    for turn in range(load.turns):
        tool_s = rng.uniform(*_TOOL_S)
        last = turn + 1 == load.turns
        # The caller's estimate is off by a fifth, as planned drives are.
        expected = tool_s * rng.uniform(0.8, 1.2)
        hint = Hint(program=program, tool="navigate", expected_s=expected, last_step=last)
        ttft, text, usage = await _ask(house, messages, hint, f"{program}/{turn}")
        if turn:
            seen.resumes.append(ttft)
            seen.wanted += usage.prompt_tokens
            seen.found += usage.cached_tokens
        if not last:
            await asyncio.sleep(tool_s)
        messages = [
            *messages,
            {"role": "assistant", "content": text},
            {"role": "user", "content": f"Done: {_text(rng, 12)}"},
        ]
    seen.jobs.append(time.monotonic() - began)


async def _stranger(house: _House, number: int) -> None:
    rng = random.Random(f"stranger {house.seed} {number}")
    asked = 0
    while True:
        asked += 1
        name = f"stranger-{number}-{asked}"
        messages = [{"role": "user", "content": _text(rng, house.load.words)}]
        ttft, _, _ = await _ask(house, messages, Hint(program=name, implied=True), name)
        house.seen.strangers.append(ttft)


async def _ask(
    house: _House, messages: list[dict[str, str]], hint: Hint, turn_id: str
) -> tuple[float, str, Usage]:
    (model,) = house.cluster.models
    options = {"max_tokens": _ANSWER_TOKENS, "temperature": 0.0, "seed": 1}
    call = ChatCall(messages=tuple(messages), options=options)
    began = time.monotonic()
    length = sum(len(message["content"]) for message in messages)
    turn = Turn(hint.program, turn_id, began, house.lengths.tokens(length, hint.program))
    first: float | None = None
    text, usage = "", Usage()
    async with aclosing(house.cluster.run(model, turn, call, hint)) as pieces:
        async for piece in pieces:
            if first is None and piece.delta:
                first = time.monotonic() - began
            text += piece.delta.get("content") or ""
            usage = piece.usage or usage
    house.lengths.learn(length, usage.prompt_tokens, hint.program)
    return first if first is not None else time.monotonic() - began, text, usage


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words))
