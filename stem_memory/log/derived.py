"""The tables that are derived from the log in its own transactions: history, words, snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import TypeAdapter

from stem_memory.answers.words import Told, texts_of, write_words
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Observed, Payload, Recorded
from stem_memory.history.index import FactIndex
from stem_memory.history.mention import EVIDENCE_KINDS, mentions
from stem_memory.history.row import Connection
from stem_memory.log.snapshots import Snapshots

# Raise it when the fold or the tables change their meaning: stores then write them anew.
FOLD_VERSION = 6
_BODY: TypeAdapter[Payload] = TypeAdapter(Payload)
# How many sentences are held back to be written together.
_AT_ONCE = 5_000


class Derived:
    """Keeps the derived tables of a store in step with its log."""

    def __init__(self, connection: Connection, opened: Callable[[Event], Event]) -> None:
        self._connection = connection
        self._opened = opened
        self._facts = FactIndex(connection, self._later_evidence)
        self.snapshots = Snapshots(connection, FOLD_VERSION)

    def position(self) -> int:
        """Up to which event the tables are written by this version of the fold; 0: not at all."""
        version, position = self._connection.execute("SELECT * FROM folded").fetchone()
        return int(position) if version == FOLD_VERSION else 0

    def is_current(self) -> bool:
        """Whether the tables tell of every event in the log, as this version of the fold has it."""
        version, position, newest = self._connection.execute(
            "SELECT version, position, (SELECT COALESCE(MAX(id), 0) FROM event) FROM folded"
        ).fetchone()
        return bool(position == newest and (version == FOLD_VERSION or newest == 0))

    def write(self, recorded: Iterable[Recorded], state: MemoryState) -> None:
        """Fold events into the state and write what they changed. Call it in a transaction."""
        position = None
        told: list[Told] = []
        for entry in recorded:
            changes = state.apply_noting(entry.event)
            self._facts.note(changes, entry.id)
            t = entry.event.t
            told += [(*text, t, entry.id) for text in texts_of(entry.event, changes, state)]
            position = entry.id
            if len(told) >= _AT_ONCE:
                self._flush(told)
        self._flush(told)
        if position is not None:
            self._connection.execute(
                "UPDATE folded SET version = ?, position = ?", (FOLD_VERSION, position)
            )

    def forget(self) -> None:
        """A transaction was rolled back: what was read of the tables may not be so."""
        self._facts.forget()

    def outdate(self) -> None:
        """Mark the tables as not up to date, and forget what can not be written anew in place."""
        self.snapshots.clear()
        self._connection.execute("UPDATE folded SET position = 0")

    def clear(self, start: int = 0) -> None:
        """Forget what was learnt after a position, to write it anew."""
        self._facts.clear(start)
        self._connection.execute("DELETE FROM words WHERE event > ?", (start,))
        self.snapshots.clear()
        self._connection.execute("UPDATE folded SET version = ?, position = 0", (FOLD_VERSION,))

    def _flush(self, told: list[Told]) -> None:
        self._facts.flush()
        write_words(self._connection, told)
        told.clear()

    def _later_evidence(self, thing: str, attr: str, t: float, position: int) -> float | None:
        kinds = ", ".join(f"'{kind}'" for kind in EVIDENCE_KINDS)
        rows = self._connection.execute(
            f"SELECT origin, seq, t, body FROM event WHERE t > ? AND id < ? AND kind IN ({kinds}) "
            "AND (instr(body, ?) OR instr(body, '$sealed'))",
            (t, position, thing),
        )
        archived = self._connection.execute(
            "SELECT MIN(t) FROM evidence_time WHERE thing = ? AND attr = ? AND t > ? AND event < ?",
            (thing, attr, t, position),
        ).fetchone()[0]
        found: list[float] = [] if archived is None else [float(archived)]
        for origin, seq, at, text in rows:
            event = Event(origin=origin, seq=seq, t=at, body=_BODY.validate_json(text))
            body = self._opened(event).body
            if any(True for _ in mentions(body, thing, attr)):
                own = body.observation.t if isinstance(body, Observed) else float(at)
                found.extend([own] if own > t else [])
        return min(found, default=None)
