"""Events as rows of a log, whatever database keeps them: numbered, stamped, chained, sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from stem_memory.contracts import Event, Payload, Recorded, Verified
from stem_memory.errors import ChainBroken, EventConflict, StoreUnreadable
from stem_memory.log.chain import GENESIS, body_text, link
from stem_memory.log.hlc import HybridClock, stamp_ms
from stem_memory.privacy.contracts import Sealed
from stem_memory.privacy.vault import Vault, is_whole, unsealed

_BODY: TypeAdapter[Payload] = TypeAdapter(Payload)
COLUMNS = "id, origin, seq, hlc, t, kind, body, hash"
# The columns, in this order. `kind` is that of the event even where its body is sealed.
Row = tuple[int, str, int, int, float, str, str, str]
End = tuple[int, str]


class Draft(NamedTuple):
    """A batch ready to be written: its new rows, what is recorded of each event, the log's new end.

    `fresh` are the events of `rows`; `recorded` has one entry for each event of the batch.
    """

    rows: list[Row]
    fresh: tuple[Recorded, ...]
    recorded: tuple[Recorded, ...]
    end: End


class Ledger:
    """Makes rows of events and events of rows.

    Args:
        name: How errors call this log.
        vault: Seals and opens what is personal; without it rows are written in clear, and sealed
            ones are read without what is personal.
    """

    def __init__(self, name: str, vault: Vault | None = None) -> None:
        self.name = name
        self.vault = vault
        self.keys = vault.keys if vault is not None else None

    def draft(
        self,
        events: Iterable[Event],
        end: End,
        clock: HybridClock,
        known: Callable[[Event], Row | None],
    ) -> Draft:
        """Prepare a batch.

        Args:
            events: What to record; what is known already is not written again.
            end: Position and hash of the log's last row.
            clock: Where stamps come from.
            known: The row with the event's origin and number, if the log has one.

        Raises:
            EventConflict: If an origin and number came before with other content.
            EventUnfit: If an event can not be read back as it is.
        """
        position, head = end
        rows: list[Row] = []
        recorded: list[Recorded] = []
        fresh: dict[tuple[str, int], Recorded] = {}
        for event in events:
            key = (event.origin, event.seq)
            entry = fresh.get(key) or self._as_known(event, known)
            if entry is None:
                sealed = self._sealed(event)
                body = body_text(sealed)
                stamp = clock.tick()
                head = link(head, event.origin, event.seq, stamp, event.t, body)
                position += 1
                rows.append((position, *key, stamp, event.t, _kind(event), body, head))
                entry = Recorded(
                    id=position, tx_ms=stamp_ms(stamp), hash=head, event=self.opened(event)
                )
                fresh[key] = entry
            elif entry.event != self.opened(event):
                raise EventConflict(
                    f"The event {event.origin}/{event.seq} is in the log with other content; "
                    "give each new event of an origin a new number."
                )
            recorded.append(entry)
        return Draft(rows, tuple(fresh.values()), tuple(recorded), (position, head))

    def recorded(self, row: Row) -> Recorded:
        """A row as an event, with what is personal as far as the keys allow."""
        return Recorded(
            id=row[0], tx_ms=stamp_ms(row[3]), hash=row[7], event=self.opened(self.closed(row))
        )

    def closed(self, row: Row) -> Event:
        """A row as an event, sealed as it lies in the log."""
        id_, origin, seq, _, t, kind, text, _ = row
        try:
            body = _BODY.validate_json(text)
        except ValidationError:
            raise StoreUnreadable(
                f"{self.name}: event {id_} ({kind}) is not one this software knows; update retinue."
            ) from None
        return Event(origin=origin, seq=seq, t=t, body=body)

    def opened(self, event: Event) -> Event:
        """An event with what is personal as far as the keys allow."""
        return unsealed(event, self.keys)

    def verify(
        self, rows: Iterable[Row], before: End = (0, GENESIS), archived: int = 0
    ) -> Verified:
        """Check that rows follow one another and what was `before` them.

        Up to the position `archived` an empty body is one that was archived: its hash stands for it.

        Raises:
            ChainBroken: If an entry was changed, removed or put in after it was recorded.
        """
        position, head = before
        for row in rows:
            id_, origin, seq, stamp, t, _, body, hash_ = row
            gone = not body and id_ <= archived
            head = hash_ if gone else link(head, origin, seq, stamp, t, body)
            position += 1
            if hash_ != head or id_ != position:
                raise ChainBroken(
                    f"{self.name} was changed at event {min(id_, position)} after it was written; "
                    "restore it from a copy."
                )
        return Verified(events=position, head=head)

    def all_recorded(self, rows: Iterable[Row]) -> Iterator[Recorded]:
        """Rows as events, one by one."""
        return (self.recorded(row) for row in rows)

    def _sealed(self, event: Event) -> Event:
        if self.vault is None:
            return event
        body = self.vault.seal(event)
        return event if body is event.body else event.model_copy(update={"body": body})

    def _as_known(self, event: Event, known: Callable[[Event], Row | None]) -> Recorded | None:
        row = known(event)
        if row is None:
            return None
        entry = self.recorded(row)
        if is_whole(self.closed(row), self.keys) and is_whole(event, self.keys):
            return entry
        # What can not be opened any more can not be compared; its number says it is the same.
        return entry.model_copy(update={"event": self.opened(event)})


def _kind(event: Event) -> str:
    return event.body.of if isinstance(event.body, Sealed) else event.body.kind
