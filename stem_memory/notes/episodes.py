"""An attempt at a step as a situation of notes before it, and as their trial after it."""

from __future__ import annotations

from collections.abc import Iterable

from stem_memory.contracts import StepEnded
from stem_memory.notes.contracts import NoteTried
from stem_memory.notes.recall import Situation
from stem_memory.tasks import Heeded, TaskStep
from stem_memory.view import MemoryView

# How attempts end that say nothing about how the step was done.
_NO_TRIAL = {"body_lost", "superseded", "halted", "already_so"}


def episode_of(goal: str, step: str, lineage: str = "") -> str:
    """The name of an attempt: planning anew keeps it, so one episode is one coin.

    `lineage` is that of the memory (`MemoryView.lineage`): runs that follow one another toss anew.
    """
    return f"{lineage[:12]}/{goal}/{step}" if lineage else f"{goal}/{step}"


def situation_of(
    step: TaskStep, goal: str, memory: MemoryView, body: str | None = None, text: str = ""
) -> Situation:
    """The situation of a step that is about to be planned or given to a body.

    Args:
        step: The step.
        goal: Its goal's id.
        memory: What is believed.
        body: Who would do it; None: not known yet, which fits notes for any body only.
        text: Anything else that may help, such as why it failed before.
    """
    known = [str(v) for v in step.args.values() if memory.category(str(v)) is not None]
    things = [thing for thing in known if thing != step.place] or known[:1]
    record = memory.bodies().get(body) if body is not None else None
    return Situation(
        skill=step.skill,
        body_classes=(record.card.kind,) if record is not None else (),
        thing_classes=classes_of(things[0], memory) if things else (),
        places=places_of(step.place, memory) if step.place else (),
        text=text,
        episode=episode_of(goal, step.id, memory.lineage()),
    )


def trials_of(ended: StepEnded, heeded: Iterable[Heeded]) -> tuple[NoteTried, ...]:
    """What the end of an attempt says of the notes that were read before it.

    Empty where the end says nothing: the body was lost, the step was cancelled or superseded.
    """
    says_nothing = ended.outcome in ("cancelled", "lapsed") or ended.reason in _NO_TRIAL
    if ended.role != "step" or says_nothing:
        return ()
    return tuple(
        NoteTried(
            note=read.note,
            episode=read.episode,
            applied=read.applied,
            success=ended.outcome == "done" and ended.evidenced,
        )
        for read in heeded
    )


def places_of(place: str, memory: MemoryView) -> tuple[str, ...]:
    """The classes of a place and of its room, from near to far, and both by their ids."""
    places = [p for p in (place, memory.room_of(place)) if p]
    return (*(memory.cls(p) for p in places if memory.category(p) is not None), *places)


def classes_of(thing: str, memory: MemoryView) -> tuple[str, ...]:
    """The class of a thing and those above it, from near to far; none for an unknown thing."""
    if memory.category(thing) is None:
        return ()
    card = memory.class_card(thing)
    return (memory.cls(thing), *(card.parents if card is not None else ()))
