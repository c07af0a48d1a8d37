"""Search by meaning, fused with words, time and place."""

import hashlib
import math

import pytest

from stem_memory.answers.meaning import MeaningIndex, cache_path
from stem_memory.answers.queries import context, search
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

pytest.importorskip("sqlite_vec", reason="sqlite-vec, which finds vectors, is missing")
# Words that mean the same, as a trained embedder would know.
SAME = {"keys": "key", "lost": "gone", "missing": "gone", "vanished": "gone", "cup": "mug"}


class Embedder:
    """A bag of hashed words, synonyms taken for one; counts what it is asked."""

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked.extend(texts)
        return [self._vector(text) for text in texts]

    def _vector(self, text):
        vector = [0.001] * 256
        for word in text.lower().strip("?!.").split():
            place = hashlib.sha256(SAME.get(word, word).encode()).digest()[0]
            vector[place] += 1.0
        length = math.hypot(*vector)
        return [x / length for x in vector]


def story(first=1):
    start = start_of(things={"mug-1": "mug on table-1"}, bodies=[body("waiter-1", 5, 1)])
    said = ["My keys are gone!", "The soup is cold.", "Nice weather today."]
    heard = [observed("waiter-1", 2.0 + i, heard=[("ann", text)]) for i, text in enumerate(said)]
    return events_of(
        [*start, *heard, observed("waiter-1", 9.0, sighting("mug-1", "mug on table-2"))]
    )


@pytest.fixture
def store(tmp_path):
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(story())
        yield store


def test_other_words_of_the_same_meaning_are_found(store):
    assert search(store, "vanished") == ()
    with MeaningIndex(store, Embedder().embed, "test") as meaning:
        assert search(store, "key vanished", meaning=meaning)[0].text == "My keys are gone!"
        assert search(store, "cup", meaning=meaning)[0].about == "mug-1"
        assert any("keys" in line for line in context(store, "key missing", 40, meaning=meaning))


def test_each_sentence_is_embedded_once(store):
    embedder = Embedder()
    with MeaningIndex(store, embedder.embed, "test") as meaning:
        meaning.nearest("key", 5)
    first = len(embedder.asked)
    later = observed("waiter-1", 20.0, heard=[("ann", "The soup is cold.")])
    store.append(events_of([later], first=90))
    with MeaningIndex(store, embedder.embed, "test") as meaning:
        found = meaning.nearest("soup cold", 9)
        assert [hit.t for hit in found if hit.text == "The soup is cold."] == [20.0, 3.0]
    assert embedder.asked[first:] == ["width", "soup cold"]


def test_vectors_of_another_embedder_or_another_log_are_not_used(store, tmp_path):
    embedder = Embedder()
    with MeaningIndex(store, embedder.embed, "one") as meaning:
        expected = meaning.nearest("key", 3)
    count = len(embedder.asked)
    with MeaningIndex(store, embedder.embed, "two") as meaning:
        assert meaning.nearest("key", 3) == expected
    assert len(embedder.asked) > 1 + count + 1
    with EventStore.writer(tmp_path / "other.db", lambda: 0) as other:
        other.append(events_of([observed("waiter-1", 1.0, heard=[("ben", "Hello.")])]))
        cache_path(other.path).write_bytes(cache_path(store.path).read_bytes())
        with MeaningIndex(other, embedder.embed, "two") as meaning:
            assert {hit.text for hit in meaning.nearest("key", 9)} == {"Hello."}


def test_a_reader_can_ask_and_answers_repeat(store):
    with (
        EventStore.reader(store.path) as reader,
        MeaningIndex(reader, Embedder().embed, "test") as meaning,
    ):
        answers = [search(reader, "where is the key", meaning=meaning) for _ in range(2)]
    assert answers[0] == answers[1]


def test_what_is_forgotten_leaves_no_vectors(store):
    with MeaningIndex(store, Embedder().embed, "test") as meaning:
        meaning.nearest("key", 3)
    store.forget_derived()
    assert not cache_path(store.path).exists()
