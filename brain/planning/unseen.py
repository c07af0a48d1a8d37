"""Steps whose success nobody may see: what is done in a no-record zone leaves no evidence.

A step is done when memory holds its post-conditions, so such a step could never be done. It is
better refused before anybody sets out.
"""

from __future__ import annotations

from collections.abc import Iterable

from stem_memory.tasks import TaskStep
from stem_memory.view import MemoryView


def unseen(step: TaskStep, view: MemoryView) -> str | None:
    """Why nobody will learn whether the step worked, in one sentence; None: they will."""
    for thing, place in _evidence(step, view):
        zone = view.unrecorded(view.category(thing) or "object", place)
        if zone is not None:
            room = view.room_of(place)
            name = next(iter(view.names(room)), room) if room is not None else zone
            where = name if name[:1].isupper() else f"the {name}"
            return (
                f"nothing may be recorded in {where}, so nobody could tell whether it worked to "
                f"{step.title or step.skill}"
            )
    return None


def _evidence(step: TaskStep, view: MemoryView) -> Iterable[tuple[str, str]]:
    """Of what, and where, somebody would have to see what the step did."""
    for atom in step.post:
        if atom.pred == "be" and view.category(atom.args[0]) == "object":
            yield atom.args[0], step.place or atom.args[0]
        elif atom.pred == "at" and not atom.negated and view.category(atom.args[0]) == "object":
            yield atom.args[0], atom.args[1]
        elif atom.pred == "known" and view.category(atom.args[0]) in ("fixture", "room"):
            yield "", atom.args[0]
