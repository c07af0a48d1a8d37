"""The warm tier of a cube in an engine: read once, brought back after, keyed by model and tokenizer."""

import asyncio
import struct
from functools import partial

import pytest

from brain.model import ModelUnavailable
from services.llm.cluster.warm import ask, warm
from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec
from services.llm.models.gguf import model_sha256, tokenizer_sha256
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import FactItem
from stem_memory.cubes.desk import Cubes
from stem_memory.cubes.prefix import Engine
from stem_memory.cubes.words import item_words
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

OURS = Engine(model="aa" * 32, tokenizer="bb" * 32, dtype="f16")


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def desk(tmp_path):
    start = start_of(
        things={"mug-1": "mug on table-1", "mug-2": "mug on table-2"},
        bodies=[body("waiter-1", 5, 1)],
    )
    seen = observed("waiter-1", 5.0, sighting("mug-1", "mug on table-2", 6, 2))
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start, seen]))
        desk = Cubes(store, BlobStore.beside(store.path), "ann", lambda: 5.0)
        desk.make("house")
        fact = FactItem(thing="mug-1", attr="location", origin="test", seq=seen_seq(store))
        desk.put("house", {"mug": fact})
        yield desk, store


def seen_seq(store):
    return store.last_seq("test")


def warmed(desk, store, identity=OURS, engine=None):
    engine = engine or SimulatedEngine(SimulatedSpec(slots=1, context_tokens=600), at_once)

    async def run():
        await engine.start()
        words = partial(item_words, store)
        found = await warm(engine, identity, desk, BlobStore.beside(store.path), "house", words)
        answer = None if found is None else await ask(engine, found, "Where is the mug?")
        await engine.close()
        return found, answer

    return asyncio.run(run())


def test_nothing_is_warm_at_first(desk):
    assert warmed(*desk) == (None, None)


def test_a_prefix_is_read_once_and_brought_back(desk):
    cubes, store = desk
    cubes.demote(8 * 3600.0)
    first, _ = warmed(cubes, store)
    assert first.restored is False
    assert "mug" in first.text
    assert "table 2" in first.text
    again, (_, usage) = warmed(cubes, store)
    assert (again.restored, again.tokens, again.text) == (True, first.tokens, first.text)
    assert usage.cached_tokens > 0
    other = OURS.model_copy(update={"tokenizer": "cc" * 32})
    assert warmed(cubes, store, other)[0].restored is False


def test_another_text_is_read_anew_and_the_old_cache_deleted(desk):
    cubes, store = desk
    cubes.demote(8 * 3600.0)
    warmed(cubes, store)
    (old,) = BlobStore.beside(store.path).names()
    fact = FactItem(thing="mug-2", attr="location", origin="test", seq=1)
    cubes.put("house", {"other": fact})
    cubes.demote(8 * 3600.0)
    assert warmed(cubes, store)[0].restored is False
    (new,) = BlobStore.beside(store.path).names()
    assert new != old


def text(value):
    return struct.pack("<Q", len(value)) + value


def gguf(tokens=(b"a", b"b"), name=b"tiny"):
    """A GGUF file with some metadata and no tensors."""
    array = struct.pack("<IQ", 8, len(tokens)) + b"".join(map(text, tokens))
    scores = struct.pack("<IQ", 6, 2) + struct.pack("<ff", 0.5, 1.5)
    entries = [
        (b"general.name", 8, text(name)),
        (b"tokenizer.ggml.tokens", 9, array),
        (b"tokenizer.ggml.scores", 9, scores),
        (b"tokenizer.ggml.bos", 4, struct.pack("<I", 1)),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries))
    return head + b"".join(text(k) + struct.pack("<I", t) + v for k, t, v in entries)


def test_models_with_one_tokenizer_have_one_tokenizer_hash(tmp_path):
    paths = []
    for number, content in enumerate((gguf(), gguf(name=b"other"), gguf(tokens=(b"a", b"c")))):
        paths.append(tmp_path / f"{number}.gguf")
        paths[-1].write_bytes(content)
    same, renamed, other = map(tokenizer_sha256, paths)
    assert same == renamed != other
    assert len({model_sha256(path) for path in paths}) == 3


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", gguf()[:60]])
def test_what_is_no_model_is_said(tmp_path, content):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"model\.gguf"):
        tokenizer_sha256(path)
