"""The views of memory that stand beside belief: cubes, notes, task graphs, privacy."""

from __future__ import annotations

from typing import Any

from stem_memory.contracts import Event
from stem_memory.cubes.contracts import CubeChanged
from stem_memory.cubes.projection import CubeProjection
from stem_memory.notes.contracts import NoteBrought, NoteJudged, NoteProposed, NoteTried
from stem_memory.notes.projection import NoteProjection
from stem_memory.privacy.contracts import PrivacyChanged
from stem_memory.privacy.rules import PrivacyRules
from stem_memory.taskgraph.contracts import TaskChanged
from stem_memory.taskgraph.plans import follow
from stem_memory.taskgraph.projection import TaskProjection


class Projections:
    """Each view takes from an event what concerns it."""

    def __init__(self) -> None:
        self.cubes = CubeProjection()
        self.notes = NoteProjection()
        self.tasks = TaskProjection()
        self.privacy = PrivacyRules()

    def apply(self, event: Event) -> None:
        """Take one event in."""
        body = event.body
        if isinstance(body, CubeChanged):
            self.cubes.apply(body, event.t)
        elif isinstance(body, NoteProposed):
            self.notes.propose(body, event.t)
        elif isinstance(body, NoteBrought):
            self.notes.bring(body, event.t)
        elif isinstance(body, NoteTried):
            self.notes.tried(body, event.t)
        elif isinstance(body, NoteJudged):
            self.notes.judge(body, event.t)
        elif isinstance(body, PrivacyChanged):
            self.privacy.apply(body, event.t)
        elif isinstance(body, TaskChanged):
            self.tasks.apply(body)
        else:
            planned = follow(event, self.tasks)
            if planned is not None:
                self.tasks.apply(planned)

    def form(self) -> Any:
        """The canonical form, for the hash of the state."""
        return {
            "cubes": self.cubes.form(),
            "notes": self.notes.form(),
            "tasks": self.tasks.form(),
            "privacy": self.privacy.form(),
        }
