"""The steps that are planned together: those of all open goals that could start soonest.

The horizon rolls: whenever something ends, the allocator looks at the next steps anew. A step comes
with everything it waits for and with its whole bind group, so that nobody takes a thing without a
plan where to put it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stem_memory.tasks import GoalRecord, TaskStep
from stem_memory.view import MemoryView

StepKey = tuple[str, str]
OPEN = ("pending", "assigned")


@dataclass(frozen=True)
class OpenStep:
    """A step that waits for its body. `order` is its place among all steps of all goals."""

    key: StepKey
    step: TaskStep
    record: GoalRecord
    order: int
    depth: int

    @property
    def group(self) -> StepKey | None:
        """The goal and bind group it belongs to, if any."""
        return None if self.step.bind is None else (self.key[0], self.step.bind)


@dataclass
class Horizon:
    """The chosen steps in an order that respects `after`, and why others are not among them.

    `unassigned` are steps that no living body can do. `tail_s` is how long the work outside the
    horizon that waits for a step takes at least. Steps that only wait for others are in neither.
    """

    steps: list[OpenStep] = field(default_factory=list)
    unassigned: dict[StepKey, str] = field(default_factory=dict)
    tail_s: dict[StepKey, float] = field(default_factory=dict)


def look_ahead(
    view: MemoryView,
    running: frozenset[StepKey],
    limit: int,
    nobody: Callable[[tuple[OpenStep, ...]], str | None],
    least_s: Callable[[TaskStep], float],
) -> Horizon:
    """Choose about `limit` steps by depth, priority, deadline and age of their goals.

    Args:
        view: Memory.
        running: Steps under way; they are neither chosen nor waited for.
        limit: How many steps to choose; the last bind group may exceed it.
        nobody: Why no living body can do these steps (one step or a bind group), or None.
        least_s: The least time a step can take, for what lies beyond the horizon.
    """
    found = _open_steps(view, running)
    groups: dict[StepKey, list[StepKey]] = {}
    for key, one in found.items():
        if one.group is not None:
            groups.setdefault(one.group, []).append(key)
    chosen: dict[StepKey, OpenStep] = {}
    refused: dict[StepKey, str | None] = {}
    horizon = Horizon()

    def verdict(key: StepKey) -> bool:
        """Whether somebody can do the step; remembers why not."""
        if key not in refused:
            one = found[key]
            members = groups[one.group] if one.group is not None else [key]
            why = nobody(tuple(found[member] for member in members))
            for member in members:
                refused[member] = why
                if why is not None:
                    horizon.unassigned[member] = why
        return refused[key] is None

    for key in sorted(found, key=lambda key: _urgency(found[key])):
        if len(chosen) >= limit:
            break
        if key in chosen or not verdict(key):
            continue
        needed = _closure(key, found, groups)
        if needed is not None and all(verdict(one) for one in sorted(needed)):
            chosen.update((one, found[one]) for one in needed)
    horizon.steps = sorted(chosen.values(), key=lambda one: one.order)
    _measure_tails(horizon, found, least_s)
    return horizon


def _open_steps(view: MemoryView, running: frozenset[StepKey]) -> dict[StepKey, OpenStep]:
    found: dict[StepKey, OpenStep] = {}
    order = 0
    for goal, record in view.goals().items():
        if record.status != "planned" or record.graph is None:
            continue
        depths: dict[str, int] = {}
        for step in record.graph.steps:
            order += 1
            status = record.steps.get(step.id, "pending")
            key = (goal, step.id)
            if status == "done":
                continue
            before = [depths[one] for one in step.after if one in depths]
            depths[step.id] = max(before, default=-1) + 1
            if status in OPEN and key not in running:
                found[key] = OpenStep(key, step, record, order, depths[step.id])
    return found


def _urgency(one: OpenStep) -> tuple[float, ...]:
    goal = one.record.goal
    due = float("inf") if goal.deadline_s is None else goal.deadline_s
    return (one.depth, -goal.priority, due, goal.t, one.order)


def _closure(
    key: StepKey, found: Mapping[StepKey, OpenStep], groups: Mapping[StepKey, list[StepKey]]
) -> set[StepKey] | None:
    """The step, its group, and all open steps they wait for; None if one can never be done."""
    needed: set[StepKey] = set()
    todo = [key]
    while todo:
        one = todo.pop()
        if one in needed:
            continue
        needed.add(one)
        this = found[one]
        if this.group is not None:
            todo.extend(groups[this.group])
        for before in this.step.after:
            other = (one[0], before)
            if other in found:
                todo.append(other)
            elif this.record.steps.get(before) in ("failed", "cancelled"):
                return None
    return needed


def _measure_tails(
    horizon: Horizon, found: Mapping[StepKey, OpenStep], least_s: Callable[[TaskStep], float]
) -> None:
    chosen = {one.key for one in horizon.steps}
    tails: dict[StepKey, float] = {}
    for key in sorted(found, key=lambda key: -found[key].order):
        one = found[key]
        own = 0.0 if key in chosen else least_s(one.step) + tails.get(key, 0.0)
        if key in chosen:
            horizon.tail_s[key] = round(tails.get(key, 0.0), 3)
        for before in one.step.after:
            other = (key[0], before)
            tails[other] = max(tails.get(other, 0.0), own)
