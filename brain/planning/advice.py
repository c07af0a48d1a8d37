"""Notes read by the planner: what else to use, and what to do first.

`other_source` notes make things of a kind at a kind of place the last choice there; `prepare` notes
put a step before another one, or a look where memory believes that it is prepared already. One coin
for each note and plan decides whether it is followed, so that plans with and without it compare.
"""

from __future__ import annotations

from collections.abc import Iterable

from devices.facts import Facts
from devices.skill import Atom
from stem_memory.notes.contracts import Note
from stem_memory.notes.episodes import classes_of, episode_of, places_of
from stem_memory.tasks import Heeded, TaskStep
from stem_memory.view import MemoryView


class Advice:
    """The notes that may speak to one plan of one goal.

    Args:
        view: What memory believes.
        goal: The goal's id.
        revision: Which plan of the goal this is.
    """

    def __init__(self, view: MemoryView, goal: str, revision: int) -> None:
        self._view = view
        self._episode = episode_of(goal, f"plan {revision}", view.lineage())
        self._heeded: dict[str, Heeded] = {}
        live = [r.note for r in view.notes().records.values() if r.status != "retired"]
        self._sources = [note for note in live if note.fix.kind == "other_source"]
        self._preparing = [note for note in live if note.fix.kind == "prepare"]

    def avoided(self, things: Iterable[str], facts: Facts) -> frozenset[str]:
        """Those of the things that had better stay where they are while there are others."""
        pool = list(things)
        found: set[str] = set()
        for note in self._sources:
            bad = {thing for thing in pool if self._is_source(note, thing, facts)}
            # Where there is no other, the note has nothing to say.
            if bad and len(bad) < len(pool) and self._follows(note):
                found |= bad
        return frozenset(found)

    def first(self, step: TaskStep, facts: Facts) -> tuple[Atom, ...]:
        """What had better be so before the step."""
        atoms: dict[Atom, None] = {}
        for note in self._preparing:
            target = self._target(note, step, facts)
            if target is None or not self._fits(note, step) or not self._follows(note):
                continue
            for atom in self._effects(note, target, facts):
                if not facts_true(atom, facts):
                    atoms[atom] = None
                else:
                    # It is believed to be so, as it was when it went wrong: look.
                    atoms[Atom(pred="known", args=(step.place or target, "location"))] = None
        return tuple(atoms)

    def marked(self, steps: tuple[TaskStep, ...]) -> tuple[TaskStep, ...]:
        """The steps with the notes that were read for them."""
        if not self._heeded:
            return steps
        notes = [note for note in (*self._sources, *self._preparing) if note.id in self._heeded]
        return tuple(
            step.model_copy(update={"notes": read})
            if (read := tuple(self._heeded[n.id] for n in notes if self._fits(n, step)))
            else step
            for step in steps
        )

    def _follows(self, note: Note) -> bool:
        """Whether the note is followed in this plan; either way it was read."""
        if note.id not in self._heeded:
            self._heeded[note.id] = Heeded(
                note=note.id,
                episode=self._episode,
                applied=self._view.notes().applies(note.id, self._episode),
                says=f"{note.symptom}; {note.fix.text}",
            )
        return self._heeded[note.id].applied

    def _is_source(self, note: Note, thing: str, facts: Facts) -> bool:
        place = facts.location(thing)
        places = places_of(place.holder, self._view) if place is not None else ()
        of_kind = note.thing_class in ("", *classes_of(thing, self._view))
        return of_kind and note.place in ("", *places)

    def _fits(self, note: Note, step: TaskStep) -> bool:
        things = [str(v) for v in step.args.values() if self._view.category(str(v)) is not None]
        classes = [cls for thing in things for cls in classes_of(thing, self._view)]
        if note.skill not in ("", step.skill) or note.thing_class not in ("", *classes):
            return False
        # Another source is elsewhere, so the place that the note warns of is not that of the step.
        is_source = note.fix.kind == "other_source"
        places = places_of(step.place, self._view) if step.place else ()
        return is_source or note.place in ("", *places)

    def _target(self, note: Note, step: TaskStep, facts: Facts) -> str | None:
        """What of the step is to be prepared: its place, or a thing that it is about."""
        named = [str(v) for v in step.args.values() if facts.category(str(v)) is not None]
        for thing in dict.fromkeys((*([step.place] if step.place else []), *named)):
            if note.fix.target_class in classes_of(thing, self._view):
                return thing
        return None

    def _effects(self, note: Note, target: str, facts: Facts) -> list[Atom]:
        """What the skill of the fix makes true of the target alone."""
        card = self._view.skills().get(note.fix.skill)
        if card is None:
            return []
        return [
            Atom(pred="be", args=(target, atom.args[1]), value=atom.value)
            for atom in card.post
            if atom.pred == "be" and atom.value is not None and not atom.negated
        ]


def facts_true(atom: Atom, facts: Facts) -> bool:
    """Whether a state is believed to be as the atom says."""
    return facts.attr(atom.args[0], atom.args[1]) == atom.value
