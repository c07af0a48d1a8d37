"""How well wishes are understood: gold wishes put to each configuration, and figures of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from services.lab.wishes.contracts import Outcome, Row, Table
from services.lab.wishes.figures import added, row
from services.lab.wishes.gold import read_gold
from services.lab.wishes.parts import DEFAULT, OnWish, Open, open_parts
from services.lab.wishes.site import site_of
from services.lab.wishes.talk import outcome_of


def bench_wishes(
    split: str,
    models: Sequence[str] = DEFAULT,
    limit: int | None = None,
    on_wish: OnWish | None = None,
    open_model: Open | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Table:
    """Put the wishes of a split to each configuration.

    Each wish meets a memory that holds the survey of its world and what was said before it,
    nothing else, so no wish can help another.

    Args:
        split: "dev", "train", "test", or a YAML file of one's own wishes.
        models: Configurations (see `services.lab.wishes.parts`), from least to most.
        limit: Only the first wishes.
        on_wish: Told of the configuration, the wish's number, how many there are, and the wish.
        open_model: Makes a configuration from its string (`open_parts` unless given).
        clock: Seconds, for measurement only.

    Raises:
        UserError: a wish in the file is wrong, or a configuration names nothing known.
        ModelError: a model that was asked for can not be used.
    """
    wishes = read_gold(split)[:limit]
    rows: list[Row] = []
    for spec in models:
        title, mind = (open_model or open_parts)(spec)
        outcomes: list[Outcome] = []
        try:
            for number, wish in enumerate(wishes, 1):
                if on_wish is not None:
                    on_wish(title, number, len(wishes), wish)
                outcomes.append(outcome_of(wish, site_of(wish.world), mind.interpreter, clock))
            use = mind.use()
        finally:
            mind.close()
        rows.append(row(spec, title, outcomes, use.calls, use.tokens))
    return Table(split=Path(split).stem, wishes=len(wishes), rows=tuple(rows), added=added(rows))
