"""Notes in the log: a lesson, and every trial of it."""

from __future__ import annotations

from typing import Literal

from devices.noun import Noun

NoteStatus = Literal["candidate", "validated", "retired"]
FixKind = Literal["prepare", "other_body", "other_source", "again", "advice"]


class Fix(Noun):
    """What helped.

    `prepare`: do `skill` on `target_class` first. `other_body`: let a body of `body_class` do it.
    `other_source`: use another thing of the same kind. `again`: try once more after `wait_s`
    seconds. `advice`: a sentence for whoever plans.
    """

    kind: FixKind
    skill: str = ""
    target_class: str = ""
    body_class: str = ""
    wait_s: float = 0.0
    text: str = ""


class Note(Noun):
    """A lesson: in this situation, this goes wrong for this reason, and this helps.

    A situation is a skill done by a class of body on a class of thing at a class of place; an empty
    field means any. `reason` is the code with which steps failed. `id` names the lesson by its
    content (`stem_memory.notes.signature`), so two hosts that learn the same hold one note.
    """

    id: str
    skill: str
    reason: str = ""
    symptom: str
    cause: str
    fix: Fix
    body_class: str = ""
    thing_class: str = ""
    place: str = ""


class NoteProposed(Noun):
    """Somebody drew a lesson; `episodes` are the requests that taught it."""

    kind: Literal["note_proposed"] = "note_proposed"
    note: Note
    by: str
    episodes: tuple[str, ...] = ()


class TrialSoFar(Noun):
    """The state of a trial: (failures, successes) of both arms, the evidence, what waits for a pair."""

    applied: tuple[int, int] = (0, 0)
    without: tuple[int, int] = (0, 0)
    helps: float = 0.0
    harms: float = 0.0
    waiting: tuple[bool, ...] = ()
    waits_applied: bool = False
    paired: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))


class NoteBrought(Noun):
    """A note from an earlier memory, with its standing there. It counts only where it is new."""

    kind: Literal["note_brought"] = "note_brought"
    note: Note
    by: str
    status: NoteStatus
    why: str = ""
    taught: tuple[str, ...] = ()
    trial: TrialSoFar = TrialSoFar()


class NoteTried(Noun):
    """A situation of the note came to its end, with the fix `applied` or left out for comparison."""

    kind: Literal["note_tried"] = "note_tried"
    note: str
    episode: str
    applied: bool
    success: bool


class NoteJudged(Noun):
    """A person overrules the trials."""

    kind: Literal["note_judged"] = "note_judged"
    note: str
    status: NoteStatus
    by: str
    reason: str = ""
