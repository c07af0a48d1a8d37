"""What people state about things, as payloads for the log. Times in seconds of valid time.

A statement is evidence like any other: it is recorded with its author, it changes what is believed
of the times it speaks of, and what was believed before stays in history.
"""

from __future__ import annotations

from devices.facts import Relation, Value
from stem_memory.contracts import Asserted, IdentitiesMerged, IdentityParted


def move(
    thing: str, relation: Relation, holder: str, by: str, at_s: float, reason: str = ""
) -> Asserted:
    """The thing is on, in, at or held by the holder since then."""
    return Asserted(
        thing=thing,
        attr="location",
        value=holder,
        relation=relation,
        from_s=at_s,
        by=by,
        reason=reason,
    )


def not_there(thing: str, by: str, at_s: float, reason: str = "") -> Asserted:
    """The thing is not where it was since then; nobody says where it is."""
    return Asserted(thing=thing, attr="location", value=None, from_s=at_s, by=by, reason=reason)


def correct(
    thing: str,
    attr: str,
    value: Value,
    by: str,
    from_s: float,
    to_s: float,
    relation: Relation | None = None,
    reason: str = "",
) -> Asserted:
    """In [from_s, to_s) it was so, whatever was believed of that time."""
    return Asserted(
        thing=thing,
        attr=attr,
        value=value,
        relation=relation,
        from_s=from_s,
        to_s=to_s,
        by=by,
        reason=reason,
    )


def retract(
    thing: str, attr: str, by: str, from_s: float, to_s: float | None = None, reason: str = ""
) -> Asserted:
    """What is believed of that time is taken back: nothing is known of it."""
    return Asserted(
        thing=thing, attr=attr, value=None, from_s=from_s, to_s=to_s, by=by, reason=reason
    )


def merge(thing: str, into: str, by: str, reason: str = "") -> IdentitiesMerged:
    """Two ids mean one thing, which is called `into`."""
    return IdentitiesMerged(thing=thing, into=into, by=by, reason=reason)


def unmerge(thing: str, by: str, reason: str = "") -> IdentityParted:
    """A merged id is a thing of its own after all."""
    return IdentityParted(thing=thing, by=by, reason=reason)
