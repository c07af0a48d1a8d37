"""What a fold changed, entry by entry: the bridge from the present belief to its history."""

from __future__ import annotations

from typing import Literal, NamedTuple

from devices.facts import Value
from devices.site import Point

Verdict = Literal[
    "changed",  # the belief has this value from `t` on
    "late",  # true from `t` on, until what was already known to be evidenced later
    "disputed",  # said of the instant `t`, but somebody more reliable said otherwise
    "stated",  # a person says it was so from `t` to `until`, whatever was believed
]


class Change(NamedTuple):
    """One piece of evidence that changes what is believed of some time.

    `value` of "location" is the holder's id; None: looked and not there, or taken back.
    """

    thing: str
    attr: str
    value: Value | None
    relation: str | None
    t: float
    until: float | None
    source: str
    confidence: float
    verdict: Verdict
    xy: Point | None = None
