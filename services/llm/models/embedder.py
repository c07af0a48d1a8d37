"""Sentence vectors from all-MiniLM-L6-v2. The only file that imports ``onnxruntime`` and ``tokenizers``.

Reference: Reimers and Gurevych, "Sentence-BERT", EMNLP 2019 (mean pooling over token vectors), with the
MiniLM encoder of Wang et al., NeurIPS 2020.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from brain.model import ModelUnavailable
from services.llm.models.weights import MINILM, MINILM_TOKENIZER, locate

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vector = npt.NDArray[np.float32]

DIMENSION = 384
MAX_TOKENS = 128
# Names of things are asked for again and again, wishes rarely: this many vectors are 6 MiB.
CACHED_TEXTS = 4096


@dataclass(frozen=True)
class TokenVectors:
    """The contextual vectors of a text's tokens.

    Attributes:
        spans: For each token, the half-open range of characters it stands for.
        vectors: One row of ``DIMENSION`` numbers for each token, not normalised.
    """

    spans: tuple[tuple[int, int], ...]
    vectors: Vector


class MiniLmEmbedder:
    """An ``Embedder`` on one thread, loaded by its first use.

    Texts go through the network one by one, never padded into batches, so that a text has the same vector
    whatever else is embedded with it.

    Args:
        weights: An ONNX file of the encoder; by default the one in the installed package.
        tokenizer: Its ``tokenizer.json``; by default the one in the installed package.
    """

    def __init__(self, weights: Path | None = None, tokenizer: Path | None = None) -> None:
        self._weights = weights
        self._tokenizer_path = tokenizer
        self._lock = threading.Lock()
        self._loaded: tuple[InferenceSession, Tokenizer] | None = None
        self._cache: OrderedDict[str, list[float]] = OrderedDict()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed each text as a unit vector of ``DIMENSION`` numbers.

        Text beyond ``MAX_TOKENS`` tokens is not seen.

        Raises:
            ModelUnavailable: If the weights, the tokenizer or a library are missing or do not load.
        """
        return [self._cached(text) for text in texts]

    def embed_tokens(self, text: str) -> TokenVectors:
        """Embed each token of a text in its context, for a tagger on top of the frozen encoder.

        Raises:
            ModelUnavailable: If the weights, the tokenizer or a library are missing or do not load.
        """
        spans, hidden = self._run(text)
        # The first and last tokens are the encoder's own marks; they stand for no character.
        return TokenVectors(spans=spans[1:-1], vectors=hidden[1:-1])

    def _cached(self, text: str) -> list[float]:
        with self._lock:
            if text in self._cache:
                self._cache.move_to_end(text)
                return self._cache[text]
        hidden = self._run(text)[1]
        pooled = hidden.mean(axis=0)
        vector: list[float] = (pooled / np.linalg.norm(pooled)).tolist()
        with self._lock:
            self._cache[text] = vector
            if len(self._cache) > CACHED_TEXTS:
                self._cache.popitem(last=False)
        return vector

    def _run(self, text: str) -> tuple[tuple[tuple[int, int], ...], Vector]:
        session, tokenizer = self._load()
        encoding = tokenizer.encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)
        feeds = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        hidden: Vector = session.run(None, feeds)[0][0]
        return tuple(encoding.offsets), hidden

    def _load(self) -> tuple[InferenceSession, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                weights = locate(MINILM, self._weights)
                tokenizer = locate(MINILM_TOKENIZER, self._tokenizer_path)
                self._loaded = _open(weights, tokenizer)
            return self._loaded


def _open(weights: Path, tokenizer_path: Path) -> tuple[InferenceSession, Tokenizer]:
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelUnavailable(
            "Sentence vectors need onnxruntime and tokenizers; "
            "run: pip install onnxruntime tokenizers"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(tokenizer_path))
    except Exception as error:  # both libraries raise bare Exceptions of their own for a bad file
        raise ModelUnavailable(
            f"Could not load {weights} with {tokenizer_path}; give an ONNX export of a "
            "MiniLM-like encoder and its tokenizer.json."
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    return session, tokenizer
