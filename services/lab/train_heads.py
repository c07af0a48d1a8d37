"""Train the weights of `brain.language.words.heads`: `python -m services.lab.train_heads`.

Sentences are made from the patterns in head_patterns.yaml; the encoder stays as it is. The same
patterns, encoder and seed give the same weights (to rounding).
"""

from __future__ import annotations

import random
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

import brain.language.words
from brain.language.words.heads import features
from services.llm.models.embedder import MiniLmEmbedder

# What a slot of a pattern may be: the plain nouns that names are replaced by (see `brain.language`).
_NOUNS = {
    "o": "cup box soup bread coffee box",
    "d": "table kitchen cupboard",
    "e": "lamp",
    "g": "door cupboard",
    "f": "soup bread",
    "l": "coffee",
    "v": "cup",
    "s": "table",
    "m": "spill",
    "p": "guest me her",
}
_MESSAGES = ("that it is ready", "the food is cold", "to wait")
_COPIES = 4
_STEPS = 400
_RATE = 0.3
_DECAY = 1e-4
_SEED = 1


def sentences() -> list[tuple[str, str]]:
    """(action, sentence) for every pattern, several times with other nouns."""
    source = files("services.lab") / "head_patterns.yaml"
    patterns: dict[str, list[str]] = yaml.safe_load(source.read_text(encoding="utf-8"))
    rng = random.Random(_SEED)
    made = [
        (action, _filled(pattern, rng))
        for action, several in patterns.items()
        for pattern in several
        for _ in range(_COPIES)
    ]
    return list(dict.fromkeys(made))


def _filled(pattern: str, rng: random.Random) -> str:
    def noun(slot: re.Match[str]) -> str:
        kind = slot[1]
        if kind == "x":
            return rng.choice(_MESSAGES)
        word = rng.choice(_NOUNS[kind].split())
        return word if word in ("me", "her") else f"the {word}"

    return re.sub(r"\{(.)\}", noun, pattern)


def train() -> tuple[npt.NDArray[np.float32], list[str], list[str]]:
    """Weights, actions and words, by Adam on the cross-entropy with every action weighing the same.

    Reference: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    """
    data = sentences()
    actions = list(dict.fromkeys(action for action, _ in data))
    seen: dict[str, int] = {}
    for _, text in data:
        for word in set(text.split()):
            seen[word] = seen.get(word, 0) + 1
    words = sorted(word for word, times in seen.items() if times >= _COPIES)
    places = {word: n for n, word in enumerate(words)}
    embedder = MiniLmEmbedder()
    x = np.stack([features(embedder, text, places) for _, text in data])
    y = np.array([actions.index(action) for action, _ in data])
    weight = 1.0 / np.bincount(y)[y]
    weight /= weight.sum()
    wanted = np.eye(len(actions))[y]
    w = np.zeros((len(actions), x.shape[1]))
    mean, spread = np.zeros_like(w), np.zeros_like(w)
    for step in range(1, _STEPS + 1):
        scores = x @ w.T
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        slope = ((chances - wanted) * weight[:, None]).T @ x + _DECAY * w
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.999 * spread + 0.001 * slope**2
        rise = np.sqrt(spread / (1 - 0.999**step)) + 1e-8
        w -= _RATE * (mean / (1 - 0.9**step)) / rise
    return w.astype(np.float32), actions, words


def main() -> None:
    """Write brain/language/words/heads.npz."""
    weights, actions, words = train()
    folder = Path(str(brain.language.words.__file__)).parent
    np.savez_compressed(
        folder / "heads.npz",
        weights=weights.astype(np.float16),
        actions=np.array(actions),
        words=np.array(words),
    )


if __name__ == "__main__":
    main()
