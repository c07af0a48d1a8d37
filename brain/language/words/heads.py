"""What is to be done, guessed from how a clause sounds: for wordings the lexicon does not have.

A multinomial logistic regression over the clause's sentence vector (a frozen encoder) and its words.
Names of things are replaced by plain nouns of their kind before, so it hears "get the soup bubbling"
whatever the soup is called. `services/lab/train_heads.py` makes the weights. A guess alone moves
nothing: `brain.language.wish` acts on it only if the things named fit the action as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from brain.model import Embedder

Weights = npt.NDArray[np.float64]
# The action of the head that none of the robots' actions is.
OTHER = "other"


class VerbHead:
    """Guesses actions of the lexicon.

    Args:
        embedder: The encoder that the weights were trained on.
        weights: One row for each action, one column for each feature.
        actions: The names of the rows.
        words: The vocabulary of the features after the sentence vector.
    """

    def __init__(
        self, embedder: Embedder, weights: Weights, actions: Sequence[str], words: Sequence[str]
    ) -> None:
        self._embedder = embedder
        self._weights = weights
        self._actions = tuple(actions)
        self._words = {word: n for n, word in enumerate(words)}

    def knows(self, word: str) -> bool:
        """Whether the word was among those it learnt from."""
        return word in self._words

    def guess(self, text: str) -> tuple[str, float]:
        """The likeliest action and its probability.

        Raises:
            ModelError: The encoder can not be used.
        """
        scores = self._weights @ features(self._embedder, text, self._words)
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        best = int(chances.argmax())
        return self._actions[best], float(chances[best])


def features(embedder: Embedder, text: str, words: dict[str, int]) -> Weights:
    """The sentence vector, the words present (scaled to length one), and a constant."""
    present = np.zeros(len(words))
    for word in text.split():
        if word in words:
            present[words[word]] = 1.0
    present /= max(float(np.linalg.norm(present)), 1.0)
    return np.concatenate([np.asarray(embedder.embed([text])[0]), present, [1.0]])


def shipped(embedder: Embedder) -> VerbHead:
    """The head that comes with this package."""
    weights, actions, words = _file()
    return VerbHead(embedder, weights, actions, words)


@cache
def _file() -> tuple[Weights, tuple[str, ...], tuple[str, ...]]:
    with (
        (files("brain.language.words") / "heads.npz").open("rb") as source,
        np.load(source) as data,
    ):
        weights = data["weights"].astype(np.float64)
        return weights, tuple(data["actions"].tolist()), tuple(data["words"].tolist())
