"""An attempt at a step as a situation of notes before it, and as their trial after it."""

from __future__ import annotations

from collections.abc import Iterable

from stem_memory.contracts import StepEnded
from stem_memory.notes.contracts import NoteTried
from stem_memory.notes.recall import Recalled, Situation
from stem_memory.tasks import TaskStep
from stem_memory.view import MemoryView

# How attempts end that say nothing about how the step was done.
_NO_TRIAL = {"body_lost", "superseded", "halted"}


def episode_of(goal: str, step: str) -> str:
    """The name of an attempt: planning anew keeps it, so one episode is one coin."""
    return f"{goal}/{step}"


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
    room = memory.room_of(step.place) if step.place else None
    places = [p for p in (step.place, room) if p]
    return Situation(
        skill=step.skill,
        body_classes=(record.card.kind,) if record is not None else (),
        thing_classes=_classes(things[0], memory) if things else (),
        places=(*(memory.cls(p) for p in places if memory.category(p) is not None), *places),
        text=text,
        episode=episode_of(goal, step.id),
    )


def trials_of(ended: StepEnded, recalled: Iterable[Recalled]) -> tuple[NoteTried, ...]:
    """What the end of an attempt says of the notes that were recalled before it.

    Empty where the end says nothing: the body was lost, the step was cancelled or superseded.
    """
    says_nothing = ended.outcome in ("cancelled", "lapsed") or ended.reason in _NO_TRIAL
    if ended.role != "step" or says_nothing:
        return ()
    return tuple(
        NoteTried(
            note=found.note.id,
            episode=episode_of(ended.goal, ended.step),
            applied=found.apply,
            success=ended.outcome == "done" and ended.evidenced,
        )
        for found in recalled
        if found.status != "retired"
    )


def _classes(thing: str, memory: MemoryView) -> tuple[str, ...]:
    card = memory.class_card(thing)
    return (memory.cls(thing), *(card.parents if card is not None else ()))
