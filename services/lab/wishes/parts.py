"""The configurations of understanding that are measured: which parts are switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.lab.wishes.contracts import GoldWish

if TYPE_CHECKING:
    from services.llm.models.registry import Understanding

PARSING, ENCODER, MODEL, EMBEDDED = "none", "encoder", "model", "embedded"
# From least to most, so that each row shows what one more part adds.
DEFAULT = (PARSING, ENCODER, EMBEDDED)

Open = Callable[[str], "tuple[str, Understanding]"]
OnWish = Callable[[str, int, int, GoldWish], None]


def open_parts(spec: str) -> tuple[str, Understanding]:
    """A configuration and its title.

    "none" is parsing alone, "encoder" adds the sentence encoder, "model" the embedded language
    model without the encoder, "embedded" both; anything else is as in `retinue run --model`.

    Raises:
        UserError: the string names nothing known.
    """
    # Here, so that the command and its gold load without what understands.
    from brain.interpret import WishInterpreter
    from services.llm.models.registry import Metered, Understanding, make_models

    model, embedder = make_models(EMBEDDED if spec in (ENCODER, MODEL) else spec)
    if spec == ENCODER:
        model = None
    if spec == MODEL:
        embedder = None
    meter = Metered(model) if model is not None else None
    title = "parsing" if embedder is None else "parsing + encoder"
    if meter is not None:
        title += " + embedded model" if spec in (MODEL, EMBEDDED) else f" + {spec}"
    understanding = Understanding(WishInterpreter(model=meter, embedder=embedder), meter)
    return title, understanding
