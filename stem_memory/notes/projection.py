"""Every note, folded from the log: proposed, tried, validated, retired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stem_memory.notes.contracts import (
    Note,
    NoteBrought,
    NoteJudged,
    NoteProposed,
    NoteStatus,
    NoteTried,
)
from stem_memory.notes.signature import signed
from stem_memory.notes.trial import Trial, TrialPolicy, is_applied


@dataclass(slots=True)
class NoteRecord:
    """A note and what became of it. Times in seconds."""

    note: Note
    by: str
    proposed_s: float
    status: NoteStatus = "candidate"
    since_s: float = 0.0
    why: str = ""
    trial: Trial = field(default_factory=Trial)
    taught: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)


class NoteProjection:
    """Notes by id, in the order they were first proposed.

    Args:
        policy: When trials end; the same for everybody who folds this log.
    """

    def __init__(self, policy: TrialPolicy | None = None) -> None:
        self.policy = policy or TrialPolicy()
        self.records: dict[str, NoteRecord] = {}

    def propose(self, proposed: NoteProposed, t: float) -> None:
        """A lesson; one that is known only gains episodes that teach it."""
        note = signed(proposed.note)
        record = self.records.setdefault(note.id, NoteRecord(note, proposed.by, t, since_s=t))
        record.taught.update(proposed.episodes)

    def bring(self, brought: NoteBrought, t: float) -> None:
        """A note as it stood in an earlier memory; one that is known here stays as it is."""
        note = signed(brought.note)
        if note.id not in self.records:
            self.records[note.id] = NoteRecord(
                note,
                brought.by,
                t,
                status=brought.status,
                since_s=t,
                why=brought.why,
                trial=Trial.of(brought.trial),
                taught=set(brought.taught),
            )

    def told(self) -> tuple[NoteBrought, ...]:
        """Every note as it stands, to be brought to another memory."""
        return tuple(
            NoteBrought(
                note=record.note,
                by=record.by,
                status=record.status,
                why=record.why,
                taught=tuple(sorted(record.taught)),
                trial=record.trial.so_far(),
            )
            for record in self.records.values()
        )

    def tried(self, tried: NoteTried, t: float) -> None:
        """An episode came to its end; each counts once."""
        record = self.records.get(tried.note)
        if record is None or tried.episode in record.tried:
            return
        record.tried.add(tried.episode)
        record.trial.note(tried.applied, tried.success)
        self._weigh(record, t)

    def judge(self, judged: NoteJudged, t: float) -> None:
        """A person decides; trials start again from there."""
        record = self.records.get(judged.note)
        if record is not None:
            why = f"{judged.by}: {judged.reason}" if judged.reason else judged.by
            self._set(record, judged.status, t, why)

    def applies(self, note: str, episode: str) -> bool:
        """Whether the fix should be applied in this episode (False: leave it out, to compare)."""
        status = self.records[note].status
        share = {"candidate": self.policy.control, "validated": self.policy.watch, "retired": 1.0}
        return is_applied(note, episode, share[status])

    def form(self) -> Any:
        """The canonical form, for the hash of the state."""
        return {
            id_: [
                *(r.note, r.by, r.proposed_s, r.status, r.since_s, r.why, r.trial.form()),
                sorted(r.taught),
                sorted(r.tried),
            ]
            for id_, r in self.records.items()
        }

    def _weigh(self, record: NoteRecord, t: float) -> None:
        trial, verdict = record.trial, record.trial.verdict(self.policy.alpha)
        with_fix, without = _rate(trial.applied), _rate(trial.without)
        if verdict == "harms" and record.status != "retired":
            self._set(record, "retired", t, f"it harms: {with_fix} with it, {without} without")
        elif record.status == "candidate" and verdict == "helps":
            self._set(record, "validated", t, f"it helps: {with_fix} with it, {without} without")
        elif record.status == "candidate" and trial.episodes >= self.policy.patience:
            self._set(record, "retired", t, f"no gain: {with_fix} with it, {without} without")

    def _set(self, record: NoteRecord, status: NoteStatus, t: float, why: str) -> None:
        """A new status, and a new trial: what helped once must go on helping."""
        record.status, record.since_s, record.why = status, t, why
        record.trial = Trial()


def _rate(arm: list[int]) -> str:
    return f"{arm[1]} of {sum(arm)}"
