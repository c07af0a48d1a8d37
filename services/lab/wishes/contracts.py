"""What a gold wish is, what came of it, and the figures made of many. Times in seconds."""

from __future__ import annotations

from typing import Literal

from devices.facts import Condition
from devices.noun import Noun

Expected = Literal["understood", "ask", "refuse", "decline"]
Answered = Literal["understood", "ask", "refuse", "silent"]


class GoldWish(Noun):
    """A wish and what a sensible person in that site would take it to mean.

    `by` says it (None: the operator). `before` are wishes of the same person that came earlier.
    `answers` are given, one after the other, to the questions it raises. `readings` are sets of
    conditions each of which is right; none for a wish that must not be carried out as it stands.
    `expected`: "ask" and "refuse" name the better way to decline, "decline" leaves it open.
    """

    id: str
    world: str
    text: str
    tags: tuple[str, ...]
    by: str | None = None
    before: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    expected: Expected
    readings: tuple[tuple[Condition, ...], ...] = ()


class Outcome(Noun):
    """What an interpreter made of one gold wish.

    `asked` counts the questions it put before the last answer ("silent": it took an answer for no
    answer). `exact`: one of the readings. `seconds` is a measurement and decides nothing.
    """

    wish: GoldWish
    answered: Answered
    asked: int = 0
    conditions: tuple[Condition, ...] = ()
    words: str = ""
    way: str = ""
    exact: bool = False
    seconds: float = 0.0


class Share(Noun):
    """`good` of `n`, with the 95 % Wilson score interval of the share (0..1)."""

    good: int
    n: int
    share: float
    low: float
    high: float


class Figures(Noun):
    """The figures of one group of outcomes.

    `exact`, `wrong_goal` and `over_caution` are of wishes that have a meaning here; `declined` and
    `wrong_motion` of those that have none or several; `kind` counts a question where a question
    was due and a refusal where a refusal was. Seconds are per wish.
    """

    n: int
    exact: Share
    wrong_goal: Share
    over_caution: Share
    declined: Share
    wrong_motion: Share
    kind: Share
    p50_s: float
    p95_s: float
    max_s: float


class Row(Noun):
    """One configuration measured. `ways`: wishes by the part that understood them, and how many
    of them exactly.
    """

    name: str
    title: str
    whole: Figures
    by_world: dict[str, Figures]
    by_tag: dict[str, Figures]
    ways: dict[str, Share]
    calls: int = 0
    tokens: int = 0
    outcomes: tuple[Outcome, ...] = ()


class Table(Noun):
    """A whole measurement. `added` is what each part adds to the exact goals of parsing alone."""

    split: str
    wishes: int
    rows: tuple[Row, ...]
    added: dict[str, float] = {}
