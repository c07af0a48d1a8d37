"""Attempts at steps, read from a log: who tried what on what and where, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, StepEnded
from stem_memory.tasks import TaskStep

# What came from outside the attempt says nothing about how to do it.
_NO_LESSON = {"body_lost", "superseded", "cancelled", "halted"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ended request for a step. Classes are what memory believed then; times in seconds.

    `episode` is the request's name among all runs of this lineage. `revision` is that of the plan
    in which it was made.
    """

    request: str
    episode: str
    goal: str
    step: str
    skill: str
    body: str
    body_class: str
    thing: str
    thing_class: str
    place: str
    place_class: str
    revision: int
    first_revision: int
    started_s: float
    ended_s: float
    success: bool
    reason: str
    detail: str


def attempts(events: Iterable[Event], before: MemoryState | None = None) -> Iterator[Attempt]:
    """Every attempt in a log that ended well, with evidence, or failed; in the order they ended.

    `before` is what was believed before the first of the events; it is changed.
    """
    memory = before if before is not None else MemoryState()
    born: dict[tuple[str, str], int] = {}
    for event in events:
        body = event.body
        if isinstance(body, StepEnded) and body.role == "step":
            found = _attempt(body, event.t, memory, born)
            if found is not None:
                yield found
        memory.apply(event)
        if body.kind == "graph_planned":
            for step in body.steps:
                born.setdefault((body.goal, step.id), body.revision)


def _attempt(
    ended: StepEnded, t: float, memory: MemoryState, born: dict[tuple[str, str], int]
) -> Attempt | None:
    success = ended.outcome == "done" and ended.evidenced
    failed = ended.outcome == "failed" or (ended.outcome == "done" and not ended.evidenced)
    record = memory.goals().get(ended.goal)
    if record is None or record.graph is None or not (success or failed):
        return None
    step = next((s for s in record.graph.steps if s.id == ended.step), None)
    if step is None or ended.reason in _NO_LESSON:
        return None
    thing, place = _thing(step, memory), step.place or ""
    body = memory.bodies().get(ended.body)
    return Attempt(
        request=ended.request,
        episode=f"{memory.lineage()[:12]}/{ended.request}" if memory.lineage() else ended.request,
        goal=ended.goal,
        step=ended.step,
        skill=ended.skill,
        body=ended.body,
        body_class=body.card.kind if body is not None else "",
        thing=thing,
        thing_class=_class(thing, memory),
        place=place,
        place_class=_class(place, memory),
        revision=record.graph.revision,
        first_revision=born.get((ended.goal, ended.step), record.graph.revision),
        started_s=round(t - ended.duration_s, 3),
        ended_s=t,
        success=success,
        reason=ended.reason if failed else "",
        detail=ended.detail,
    )


def _thing(step: TaskStep, memory: MemoryState) -> str:
    """What the step is done to: its first argument that is a thing other than the place."""
    known = [str(v) for v in step.args.values() if memory.category(str(v)) is not None]
    others = [v for v in known if v != step.place]
    return (others or known or [""])[0]


def _class(thing: str, memory: MemoryState) -> str:
    return memory.cls(thing) if thing and memory.category(thing) is not None else ""
