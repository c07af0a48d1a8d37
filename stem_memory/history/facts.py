"""One fact of history, as it is told."""

from __future__ import annotations

from devices.facts import Value
from devices.noun import Noun
from stem_memory.history.row import FOREVER, NEVER, Row, value_of


class Fact(Noun):
    """One value of one thing over an interval of valid time, and of the log's positions.

    `to_s` None: still so. `known_to` None: still known so. `value` None: not there, or withdrawn.
    `event` is the position in the log of the evidence.
    """

    thing: str
    attr: str
    value: Value | None
    relation: str | None
    status: str
    confidence: float
    source: str
    from_s: float
    to_s: float | None
    known_from: int
    known_to: int | None
    event: int


def fact_of(row: Row) -> Fact:
    """A row of history as a fact."""
    return Fact(
        thing=row.thing,
        attr=row.attr,
        value=value_of(row.value),
        relation=row.relation,
        status=row.status,
        confidence=row.confidence,
        source=row.source,
        from_s=row.vf,
        to_s=None if row.vt >= FOREVER else row.vt,
        known_from=row.tf,
        known_to=None if row.tt == NEVER else row.tt,
        event=row.event,
    )
