import math

import pytest

from brain.model import Embedder, ModelUnavailable
from services.llm.models.embedder import DIMENSION, MiniLmEmbedder
from services.llm.models.weights import MINILM, MINILM_TOKENIZER, locate


def _installed() -> bool:
    try:
        import onnxruntime  # noqa: F401
        import tokenizers  # noqa: F401

        return locate(MINILM).is_file() and locate(MINILM_TOKENIZER).is_file()
    except (ImportError, ModelUnavailable):
        return False


needs_model = pytest.mark.skipif(not _installed(), reason="the sentence embedder is not installed")


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


def _likeness(embedder: MiniLmEmbedder, one: str, other: str) -> float:
    first, second = embedder.embed([one, other])
    return sum(a * b for a, b in zip(first, second, strict=True))


@needs_model
def test_vectors_are_unit_and_like_things_lie_near(embedder):
    assert isinstance(embedder, Embedder)
    (vector,) = embedder.embed(["sofa"])
    assert len(vector) == DIMENSION
    assert math.isclose(sum(x * x for x in vector), 1.0, rel_tol=1e-5)
    assert _likeness(embedder, "couch", "sofa") > _likeness(embedder, "couch", "tomato") + 0.2


@needs_model
def test_a_text_has_the_same_vector_in_any_company(embedder):
    alone = MiniLmEmbedder().embed(["the milk"])[0]
    together = embedder.embed(["a very much longer sentence about the fridge", "the milk"])[1]
    assert alone == together


@needs_model
def test_nothing_and_too_much_still_have_vectors(embedder):
    assert embedder.embed([]) == []
    assert all(math.isfinite(v[0]) for v in embedder.embed(["", "milk " * 1000]))


@needs_model
def test_tokens_carry_the_characters_they_stand_for(embedder):
    text = "pop the milk in"
    tokens = embedder.embed_tokens(text)
    assert [text[a:b] for a, b in tokens.spans] == ["pop", "the", "milk", "in"]
    assert tokens.vectors.shape == (4, DIMENSION)


def test_absent_weights_are_named(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"no model file at .*m\.onnx"):
        MiniLmEmbedder(weights=tmp_path / "m.onnx").embed(["milk"])


@needs_model
def test_a_file_that_is_no_encoder_is_named(tmp_path):
    broken = tmp_path / "m.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(ModelUnavailable, match=r"Could not load .*m\.onnx"):
        MiniLmEmbedder(weights=broken).embed(["milk"])
