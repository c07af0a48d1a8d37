"""Notes at a glance, and lessons put into the log: the answers behind `retinue memory notes`."""

from __future__ import annotations

from devices.noun import Noun
from stem_memory.contracts import Event, StepEnded
from stem_memory.errors import MemoryFault
from stem_memory.log.store import EventStore
from stem_memory.notes.contracts import Note, NoteJudged, NoteProposed, NoteStatus
from stem_memory.notes.lessons import lessons
from stem_memory.notes.projection import NoteProjection, NoteRecord

ORIGIN = "notes"


class NoteUnknown(MemoryFault):
    """There is no such note."""


class NoteLine(Noun):
    """A note and how it fares.

    `taught` is how many failures taught it; `applied` and `without` are (successes, episodes) of
    its present trial; `gain` with `spread` is what the fix adds to the rate of success, and
    `better` the probability that it adds anything.
    """

    note: Note
    status: NoteStatus
    why: str
    taught: int
    applied: tuple[int, int]
    without: tuple[int, int]
    gain: float
    spread: float
    better: float


def overview(book: NoteProjection, retired: bool = False) -> tuple[NoteLine, ...]:
    """All notes, those that proved themselves first."""
    order: dict[NoteStatus, int] = {"validated": 0, "candidate": 1, "retired": 2}
    shown = [r for r in book.records.values() if retired or r.status != "retired"]
    shown.sort(key=lambda r: (order[r.status], -len(r.taught), r.note.id))
    return tuple(_line(record) for record in shown)


def learn(store: EventStore, repeats: int = 2) -> tuple[Note, ...]:
    """Draw lessons from a memory's log and record them; returns those that are new.

    Args:
        store: The memory, open for writing.
        repeats: How many recovered failures of one kind make a lesson.
    """
    known = store.state.projections.notes.records
    fresh = fresh_lessons(store, repeats)
    new = tuple(p.note for p in fresh if p.note.id not in known)
    last = store.last_seq(ORIGIN)
    first = 0 if last is None else last + 1
    now = store.state.now()
    store.append(
        Event(origin=ORIGIN, seq=seq, t=now, body=proposed)
        for seq, proposed in enumerate(fresh, first)
    )
    return new


def judge(store: EventStore, note: str, status: NoteStatus, by: str, reason: str = "") -> None:
    """Let a person overrule the trials of a note.

    Raises:
        NoteUnknown: There is no such note.
    """
    records = store.state.projections.notes.records
    if note not in records:
        known = ", ".join(records) or "none"
        raise NoteUnknown(f"there is no note {note}; there are: {known}")
    last = store.last_seq(ORIGIN)
    said = NoteJudged(note=note, status=status, by=by, reason=reason)
    seq = 0 if last is None else last + 1
    store.append([Event(origin=ORIGIN, seq=seq, t=store.state.now(), body=said)])


def fresh_lessons(store: EventStore, repeats: int = 2) -> tuple[NoteProposed, ...]:
    """The lessons of a memory's log that it does not hold yet, or not from all these episodes."""
    ends = (entry.event.body for entry in store.read(kinds=("step_ended",)))
    if not any(isinstance(b, StepEnded) and not b.evidenced and b.role == "step" for b in ends):
        return ()
    known = store.state.projections.notes.records
    start, before = store.base()
    drawn = lessons((entry.event for entry in store.read(start)), repeats, before)
    return tuple(
        p for p in drawn if p.note.id not in known or not set(p.episodes) <= known[p.note.id].taught
    )


def _line(record: NoteRecord) -> NoteLine:
    gain, spread = record.trial.gain()
    return NoteLine(
        note=record.note,
        status=record.status,
        why=record.why,
        taught=len(record.taught),
        applied=(record.trial.applied[1], sum(record.trial.applied)),
        without=(record.trial.without[1], sum(record.trial.without)),
        gain=gain,
        spread=spread,
        better=record.trial.better(),
    )
