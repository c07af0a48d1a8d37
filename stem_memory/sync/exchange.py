"""Pull, push, merge: logs of several hosts become one, whatever the order of the exchange.

Events are immutable and named by (origin, number), so a log is a set that only grows, and union is
the merge (a grow-only set, M. Shapiro et al., "Conflict-free Replicated Data Types", 2011). What
needs an order, the fold, takes it from the hybrid logical clock stamp of each event's first
recording: a cause is always stamped before its effects.
"""

from __future__ import annotations

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event
from stem_memory.errors import ChainBroken, EventConflict
from stem_memory.log.ledger import Row
from stem_memory.sync.contracts import Batch, Entry, Taken, Watermark
from stem_memory.sync.errors import LogDiverged
from stem_memory.sync.replica import Key, Replica

AT_MOST = 1000


def outbox(replica: Replica, host: str, after: Watermark, at_most: int = AT_MOST) -> Batch:
    """What a peer that knows this log up to `after` has not yet; empty: it knows everything."""
    entries = tuple(
        Entry(position=i, origin=o, seq=s, stamp=h, t=t, kind=k, body=b, hash=x)
        for i, o, s, h, t, k, b, x in replica.rows(after.position, at_most)
    )
    births = tuple(replica.births(after.born, at_most))
    return Batch(host=host, after=after, entries=entries, births=births)


def inbox(replica: Replica, batch: Batch) -> Taken:
    """Take a peer's batch in. Taking the same batch again changes nothing.

    Raises:
        LogDiverged: The batch does not follow what is known of the peer's log.
        EventConflict: Peer and host recorded different events under one origin and number.
    """
    mark = replica.watermark(batch.host)
    fresh = [entry for entry in batch.entries if entry.position > mark.position]
    _check(batch, mark, replica)
    births: dict[Key, int] = {}
    for key, stamp in (
        *(((e.origin, e.seq), e.stamp) for e in fresh),
        *(((b.origin, b.seq), b.stamp) for b in batch.births),
    ):
        births[key] = min(stamp, births.get(key, stamp))
    events = [replica.ledger.closed(_row(entry)) for entry in fresh]
    last = fresh[-1] if fresh else None
    new_mark = Watermark(
        position=last.position if last is not None else mark.position,
        hash=last.hash if last is not None else mark.hash,
        born=max([mark.born, *(birth.id for birth in batch.births)]),
    )
    try:
        new = replica.take(events, births, batch.host, new_mark)
    except EventConflict as error:
        raise EventConflict(
            f"{batch.host} and this host differ: {error} Two hosts must not share an origin."
        ) from None
    return Taken(new=new, mark=new_mark)


def pull(replica: Replica, peer: Replica, host: str, at_most: int = AT_MOST) -> int:
    """Take in all that a peer called `host` has; returns how many events were new."""
    new = 0
    while True:
        batch = outbox(peer, host, replica.watermark(host), at_most)
        if not batch.entries and not batch.births:
            return new
        new += inbox(replica, batch).new


def push(replica: Replica, peer: Replica, host: str, at_most: int = AT_MOST) -> int:
    """Give a peer all that this one, called `host`, has; returns how many events were new there."""
    return pull(peer, replica, host, at_most)


def merged_events(replica: Replica) -> tuple[Event, ...]:
    """All events in the order of their births: equal on all hosts that have the same events."""
    return tuple(replica.ledger.recorded(row).event for row in replica.canonical())


def merged_state(replica: Replica) -> MemoryState:
    """The fold of all events in the order of their births: one memory for the whole fleet."""
    return MemoryState.of(replica.ledger.recorded(row).event for row in replica.canonical())


def _check(batch: Batch, mark: Watermark, replica: Replica) -> None:
    """See that the batch continues the log that is known."""
    after = batch.after
    if after.position > mark.position or (
        after.position == mark.position and after.hash != mark.hash
    ):
        raise _diverged(batch.host, mark.position)
    try:
        replica.ledger.verify((_row(e) for e in batch.entries), before=(after.position, after.hash))
    except ChainBroken:
        raise _diverged(batch.host, mark.position) from None
    known = next((e for e in batch.entries if e.position == mark.position), None)
    if known is not None and known.hash != mark.hash:
        raise _diverged(batch.host, mark.position)


def _row(entry: Entry) -> Row:
    return (
        entry.position,
        entry.origin,
        entry.seq,
        entry.stamp,
        entry.t,
        entry.kind,
        entry.body,
        entry.hash,
    )


def _diverged(host: str, position: int) -> LogDiverged:
    return LogDiverged(
        f"The log of {host} does not go on from event {position}, up to which it is known here; "
        "if it was restored from a copy, let it pull from here and give it a new name."
    )
