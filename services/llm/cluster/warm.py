"""The warm tier of a cube in an engine: its prefix is read once, and its KV kept for the next time.

A KV cache is good for one model, one tokenizer and one text only, so it is kept under their hashes
(`stem_memory.cubes.prefix`); after any of them changed it is computed again.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from devices.noun import Noun
from services.llm.engines.contracts import ChatCall, Usage
from services.llm.engines.engine import Engine, KvSlots
from services.llm.engines.errors import EngineRefused
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import Item
from stem_memory.cubes.desk import Cubes
from stem_memory.cubes.prefix import Engine as Identity
from stem_memory.cubes.prefix import Prefix, cached_item, stale_prefixes, wanted_prefix

SLOT = 0
Words = Callable[[Item], str | None]


class SlotEngine(Engine, KvSlots, Protocol):
    """An engine whose slots can be put away."""


class Warmed(Noun):
    """A prefix in a slot of an engine: how long it is, and whether it was brought back or read anew.

    `seconds` is how long that took.
    """

    cube: str
    text: str
    tokens: int
    size: int
    restored: bool
    seconds: float


async def warm(
    engine: SlotEngine, identity: Identity, cubes: Cubes, blobs: BlobStore, cube: str, words: Words
) -> Warmed | None:
    """Bring the prefix of a cube's warm entries into the first slot of an engine.

    Args:
        engine: An engine that saves KV, started.
        identity: Its model, tokenizer and type of KV.
        cubes: The cubes, open for changes.
        blobs: Where caches lie.
        cube: Which one.
        words: An item in words; None leaves it out.

    Returns:
        What was done; None: nothing in the cube is warm.
    """
    prefix = wanted_prefix(cubes.book, cube, identity, words)
    if not prefix.text:
        return None
    key = f"cube-{prefix.prompt[:16]}"
    found = await _brought_back(engine, prefix, blobs, key)
    return found or await _read_anew(engine, identity, prefix, cubes, blobs, key)


async def ask(engine: SlotEngine, warmed: Warmed, question: str) -> tuple[str, Usage]:
    """Ask the model with the prefix before the question; the answer and how much was cached."""
    call = ChatCall(
        messages=(_system(warmed.text), {"role": "user", "content": question}),
        options={"temperature": 0, "max_tokens": 120},
    )
    text, usage = "", Usage()
    async for piece in engine.generate(call, SLOT):
        text += piece.delta.get("content") or ""
        usage = piece.usage or usage
    return text.strip(), usage


async def _brought_back(
    engine: SlotEngine, prefix: Prefix, blobs: BlobStore, key: str
) -> Warmed | None:
    item = prefix.cached
    if item is None or not blobs.has(item.blob):
        return None
    start = perf_counter()
    try:
        await engine.put(key, blobs.get(item.blob))
        tokens = await engine.restore(SLOT, key)
        await engine.drop(key)
    except EngineRefused:
        # Another version of the engine wrote it in another form.
        return None
    return Warmed(
        cube=prefix.cube,
        text=prefix.text,
        tokens=tokens,
        size=item.size,
        restored=True,
        seconds=round(perf_counter() - start, 4),
    )


async def _read_anew(
    engine: SlotEngine, identity: Identity, prefix: Prefix, cubes: Cubes, blobs: BlobStore, key: str
) -> Warmed:
    start = perf_counter()
    call = ChatCall(
        messages=(_system(prefix.text), {"role": "user", "content": "."}),
        options={"temperature": 0, "max_tokens": 1},
    )
    async for _ in engine.generate(call, SLOT):
        pass
    seconds = perf_counter() - start
    saved = await engine.save(SLOT, key)
    item = cached_item(prefix, identity, await engine.take(key), saved.tokens, blobs)
    await engine.drop(key)
    stale = stale_prefixes(cubes.book, prefix.cube, prefix.prompt)
    cubes.put(prefix.cube, {prefix.entry: item}, stale, reason="its prefix was read")
    blobs.collect(cubes.book.live_blobs())
    return Warmed(
        cube=prefix.cube,
        text=prefix.text,
        tokens=saved.tokens,
        size=item.size,
        restored=False,
        seconds=round(seconds, 4),
    )


def _system(text: str) -> dict[str, str]:
    return {"role": "system", "content": f"What is known:\n{text}"}
