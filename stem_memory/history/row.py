"""One row of history, and how it lies in the tables beside the log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import floor
from typing import Any, NamedTuple, Protocol

from devices.facts import Value

FOREVER = 1e18  # seconds: true until further notice
NEVER = 1 << 62  # position: not superseded
HELD, DISPUTED, WITHDRAWN = "held", "disputed", "withdrawn"

FACT_COLUMNS = (
    "thing, attr, value, relation, status, confidence, source, vf, vt, tf, tt, event, x, y"
)
# An R*Tree holds 32-bit integers: millimetres, seconds of valid time, positions. The last one
# stands for "no end"; what goes beyond would wrap around silently.
_NO_END = 2**31 - 1


class Connection(Protocol):
    """What is needed of a database connection."""

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), /) -> Any:
        """Run one statement and return a cursor."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Any:
        """Run one statement for each row of parameters."""
        ...


class Row(NamedTuple):
    """One row of history, in the order of the table."""

    id: int
    thing: str
    attr: str
    value: str | None
    relation: str | None
    status: str
    confidence: float
    source: str
    vf: float
    vt: float
    tf: int
    tt: int
    event: int
    x: float | None
    y: float | None

    @property
    def is_open(self) -> bool:
        """Whether it is so, and known to be so, without an end."""
        return self.vt >= FOREVER and self.tt == NEVER


def tick(number: float) -> int:
    """A time in seconds or a position as an R*Tree holds it, rounded down."""
    if -_NO_END < number < _NO_END:
        return floor(number) if number < _NO_END - 1 else _NO_END - 1
    return _NO_END if number >= FOREVER else _NO_END - 1 if number > 0 else -_NO_END


def value_of(text: str | None) -> Value | None:
    """A stored value as it was."""
    value: Value | None = None if text is None else json.loads(text)
    return value


def text_of(value: Value | None) -> str | None:
    """A value as it is stored: JSON, or NULL."""
    return None if value is None else json.dumps(value, ensure_ascii=False)
