"""What hosts send each other: the rows of a log after a watermark, as they lie there."""

from __future__ import annotations

from devices.noun import Noun
from stem_memory.log.chain import GENESIS


class Watermark(Noun):
    """How much of a peer's log is known here: up to which row, its hash, and which births."""

    position: int = 0
    hash: str = GENESIS
    born: int = 0


class Entry(Noun):
    """One row of the sender's log; `stamp` is when the sender recorded it."""

    position: int
    origin: str
    seq: int
    stamp: int
    t: float
    kind: str
    body: str
    hash: str


class Birth(Noun):
    """When an event was recorded first of all, as far as the sender knows."""

    id: int
    origin: str
    seq: int
    stamp: int


class Batch(Noun):
    """A part of the log of `host` that follows `after`."""

    host: str
    after: Watermark
    entries: tuple[Entry, ...] = ()
    births: tuple[Birth, ...] = ()


class Taken(Noun):
    """What became of a batch: how many events were new, and how far the sender is known now."""

    new: int
    mark: Watermark
