"""The warm tier: what a cube keeps as a prompt prefix, and the KV caches that fit it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from devices.noun import Noun
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import AdapterItem, Item, PrefixItem, Tier
from stem_memory.cubes.projection import CubeProjection


class Engine(Noun):
    """What a KV cache depends on besides the text: SHA-256 of model and tokenizer, and the type."""

    model: str
    tokenizer: str
    dtype: str


class Prefix(Noun):
    """The prompt prefix of a cube for one engine. `cached` None: the backend has to compute it."""

    cube: str
    entry: str
    text: str
    prompt: str
    cached: PrefixItem | None


def text_of_tier(
    book: CubeProjection, cube: str, tiers: tuple[Tier, ...], words: Callable[[Item], str | None]
) -> str:
    """The plaintext entries of these tiers, one line each, in order of name.

    Args:
        book: All cubes.
        cube: Which one.
        tiers: ("hot",) for the context, ("warm",) for the prefix.
        words: An item in words; None leaves it out.
    """
    record, manifest = book.cubes[cube], book.manifest(cube)
    lines: list[str] = []
    for entry in sorted(manifest):
        if record.tiers.get(entry) not in tiers:
            continue
        said = [words(item) for item in manifest[entry] if not _is_blob(item)]
        told = [line for line in said if line]
        if len(manifest[entry]) > 1 and told:
            told = [f"disputed: {line}" for line in told]
        lines.extend(told)
    return "".join(f"{line}\n" for line in lines)


def wanted_prefix(
    book: CubeProjection, cube: str, engine: Engine, words: Callable[[Item], str | None]
) -> Prefix:
    """The prefix of a cube's warm entries, and its KV cache if the cube holds one that fits."""
    text = text_of_tier(book, cube, ("warm",), words)
    prompt = hashlib.sha256(text.encode()).hexdigest()
    key = (engine.model, engine.tokenizer, prompt, engine.dtype)
    fitting = (
        item
        for items in book.manifest(cube).values()
        for item in items
        if isinstance(item, PrefixItem) and _key(item) == key
    )
    entry = f"prefix/{hashlib.sha256('/'.join(key).encode()).hexdigest()[:16]}"
    return Prefix(cube=cube, entry=entry, text=text, prompt=prompt, cached=next(fitting, None))


def cached_item(
    prefix: Prefix, engine: Engine, kv: bytes, tokens: int, blobs: BlobStore
) -> PrefixItem:
    """Store the KV cache that a backend computed for a prefix; put the item into the cube."""
    blob, size = blobs.put(kv)
    return PrefixItem(
        model=engine.model,
        tokenizer=engine.tokenizer,
        prompt=prefix.prompt,
        dtype=engine.dtype,
        tokens=tokens,
        blob=blob,
        size=size,
    )


def stale_prefixes(book: CubeProjection, cube: str, prompt: str) -> tuple[str, ...]:
    """Entries with caches of another text than this: their cube has moved on."""
    return tuple(
        entry
        for entry, items in sorted(book.manifest(cube).items())
        if any(isinstance(item, PrefixItem) and item.prompt != prompt for item in items)
    )


def _key(item: PrefixItem) -> tuple[str, str, str, str]:
    return (item.model, item.tokenizer, item.prompt, item.dtype)


def _is_blob(item: Item) -> bool:
    return isinstance(item, PrefixItem | AdapterItem)
