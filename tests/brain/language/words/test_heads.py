from __future__ import annotations

import pytest

from brain.contracts import Understood
from brain.interpret import WishInterpreter
from brain.model import Embedder, ModelUnavailable
from services.lab.wishes.site import site_of
from services.llm.models.embedder import MiniLmEmbedder
from services.llm.models.weights import MINILM, locate
from stem_memory.tasks import Goal


@pytest.fixture(scope="module")
def encoder() -> Embedder:
    try:
        locate(MINILM)
    except ModelUnavailable as missing:
        pytest.skip(str(missing))
    return MiniLmEmbedder()


def _by(text: str, encoder: Embedder | None) -> str:
    goal = Goal(id="g", text=text, who="mia", t=0.0)
    meant = WishInterpreter(embedder=encoder).interpret(goal, site_of("restaurant").memory)
    return meant.by if isinstance(meant, Understood) else meant.kind


def test_the_encoder_reads_wordings_the_lexicon_lacks(encoder: Embedder) -> None:
    wish = "the tomato soup could be warmer"
    assert (_by(wish, None), _by(wish, encoder)) == ("ask", "encoder")


@pytest.mark.parametrize(
    "text",
    [
        "admire the tomato soup",
        "the terrace heater is broken",
        "the dragon could be warmer",
        "compare the wine and the cake",
        "tomorrow the tomato soup could be warmer",
    ],
)
def test_the_encoder_moves_nothing_on_doubt(text: str, encoder: Embedder) -> None:
    assert _by(text, encoder) in ("ask", "refuse")
