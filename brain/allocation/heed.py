"""Notes read by the allocator: which kinds of body are known to fail at a step, and who does better.

A note counts for a step if somebody of the kind that fails could be given it, and somebody of the
kind that helped could, too: then the choice is open, and its outcome tells what the note is worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from stem_memory.notes.contracts import Note
from stem_memory.notes.episodes import situation_of
from stem_memory.notes.recall import fit
from stem_memory.tasks import Heeded, TaskStep
from stem_memory.view import MemoryView


class Advice(NamedTuple):
    """Notes that speak to a step, and the bodies that those which are followed warn of."""

    heeded: tuple[Heeded, ...] = ()
    warned: dict[str, Note] = {}


def heed(step: TaskStep, goal: str, able: Iterable[str], view: MemoryView) -> Advice:
    """What notes say of who should do a step.

    Args:
        step: The step.
        goal: Its goal's id.
        able: The bodies that could do it.
        view: What memory believes.
    """
    records = view.notes().records
    if not any(r.note.fix.kind == "other_body" and r.status != "retired" for r in records.values()):
        return Advice()
    kinds = {body: view.bodies()[body].card.kind for body in able}
    heeded: list[Heeded] = []
    warned: dict[str, Note] = {}
    for record in records.values():
        note = record.note
        if note.fix.kind != "other_body" or record.status == "retired" or not note.body_class:
            continue
        bad = [body for body, kind in kinds.items() if kind == note.body_class]
        good = [b for b, kind in kinds.items() if b not in bad and _helps(kind, note)]
        if not bad or not good:
            continue
        situation = situation_of(step, goal, view, bad[0])
        if fit(note, situation) is None:
            continue
        applied = view.notes().applies(note.id, situation.episode)
        heeded.append(
            Heeded(
                note=note.id,
                episode=situation.episode,
                applied=applied,
                says=f"{note.symptom}; {note.fix.text}",
            )
        )
        if applied:
            warned |= dict.fromkeys(bad, note)
    return Advice(tuple(heeded), warned)


def _helps(kind: str, note: Note) -> bool:
    return note.fix.body_class in ("", kind)
