"""Replaying a graph against memory before anything moves.

A graph is valid if some sequence it allows works and every two steps that could disturb each other
are ordered: then every sequence it allows works and ends alike (see `brain.planning.order`). Whatever is
wrong is told as a sentence about things, fit to be shown to whoever proposed the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from brain.contracts import Violation
from brain.feasible import nobody
from brain.planning.atoms import complete
from brain.planning.order import Touch, ancestors, conflict, crowd, touch
from brain.planning.said import denied, unmet, wish
from brain.planning.whatif import HANDS, WhatIf
from devices.facts import At, Be, Condition, Known, Told, holds, select
from devices.roadmap import Roadmap
from stem_memory.tasks import TaskStep
from stem_memory.view import MemoryView

Rule = Literal[
    "unknown_skill",
    "unknown_thing",
    "argument",
    "precondition",
    "reach",
    "embodiment",
    "payload",
    "capacity",
    "order",
    "goal",
]

# More counter-examples than this tell nobody more.
ENOUGH = 12


def verify(
    steps: Sequence[TaskStep],
    view: MemoryView,
    roadmap: Roadmap,
    conditions: Sequence[Condition] = (),
    *,
    keep: Sequence[TaskStep] = (),
) -> tuple[Violation, ...]:
    """Everything wrong with a graph, worst first; empty if it may be carried out.

    Args:
        steps: The graph, in any order. Preconditions and effects are taken from the skill cards,
            not from the steps; those a step adds of its own count besides.
        view: What memory believes.
        roadmap: The ways of the site.
        conditions: What must hold at the end (bound). One that waits for a thing nobody knows the
            place of may be served by steps that look for it.
        keep: Steps under way: their effects will come true. `steps` may come after them.
    """
    kept = {step.id: step for step in keep}
    fresh = [step for step in steps if step.id not in kept]
    found = [*_names(fresh, kept), *_arguments(fresh, view)]
    if found:
        return tuple(found[:ENOUGH])
    ordered = _in_order(fresh, set(kept))
    if isinstance(ordered, Violation):
        return (ordered,)
    new = [complete(step, view) for step in ordered]
    whole = [*keep, *new]
    replay = _Replay(view, whole, len(keep))
    found = [*_bodies(new, view, roadmap), *replay.violations]
    if not found:
        found = [*_threats(whole, replay, len(keep)), *_crowds(whole, replay, len(keep))]
    if not found:
        found = _unmet(conditions, whole, replay.facts)
    return tuple(found[:ENOUGH])


def _names(steps: list[TaskStep], kept: dict[str, TaskStep]) -> list[Violation]:
    found: list[Violation] = []
    known = set(kept) | {step.id for step in steps}
    seen: set[str] = set()
    for step in steps:
        if step.id in seen:
            found.append(_wrong(step, "order", f"two steps are called {step.id}"))
        seen.add(step.id)
        found += [
            _wrong(step, "order", f"it comes after {name}, and there is no such step")
            for name in step.after
            if name not in known
        ]
    return found


def _arguments(steps: list[TaskStep], view: MemoryView) -> list[Violation]:
    found: list[Violation] = []
    for step in steps:
        card = view.skills().get(step.skill)
        if card is None:
            known = ", ".join(view.skills())
            found.append(
                _wrong(step, "unknown_skill", f"there is no skill {step.skill}; there are {known}")
            )
            continue
        names = {param.name for param in card.params}
        for name in (n for n in step.args if n not in names):
            found.append(_wrong(step, "argument", f"{step.skill} takes no argument {name}"))
        for param in card.params:
            if param.name not in step.args:
                found.append(_wrong(step, "argument", f"{step.skill} needs {param.name}"))
                continue
            value = step.args[param.name]
            mistake = denied(param, value, card, step.args, view)
            if mistake is not None:
                found.append(_wrong(step, mistake[0], mistake[1]))
        if step.body is not None and view.category(step.body) != "body":
            found.append(_wrong(step, "unknown_thing", f"there is no body called {step.body}"))
    return found


def _in_order(steps: list[TaskStep], done: set[str]) -> list[TaskStep] | Violation:
    """The steps in an order that respects `after`, as given where possible."""
    left, ordered = list(steps), list[TaskStep]()
    done = set(done)
    while left:
        ready = next((step for step in left if done.issuperset(step.after)), None)
        if ready is None:
            names = ", ".join(step.id for step in left)
            return _wrong(left[0], "order", f"these steps wait for each other in a circle: {names}")
        left.remove(ready)
        ordered.append(ready)
        done.add(ready.id)
    return ordered


def _bodies(steps: list[TaskStep], view: MemoryView, roadmap: Roadmap) -> list[Violation]:
    """Steps, and groups of steps bound to one body, that nobody can do."""
    found: list[Violation] = []
    groups: dict[str, list[TaskStep]] = {}
    for step in steps:
        lack = nobody((step,), view, roadmap)
        if lack is not None:
            found.append(_wrong(step, lack.rule, lack.sentence))
        elif step.bind is not None:
            groups.setdefault(step.bind, []).append(step)
    for group in groups.values():
        lack = nobody(tuple(group), view, roadmap)
        if lack is not None and len(group) > 1:
            ids = " and ".join(step.id for step in group)
            found.append(_wrong(group[-1], lack.rule, f"no one body can do {ids}: {lack.sentence}"))
    return found


class _Replay:
    """One sequence of the graph carried out in imagination."""

    def __init__(self, view: MemoryView, steps: Sequence[TaskStep], kept: int) -> None:
        self.before = WhatIf(view)
        self.facts = WhatIf(view)
        self.touches: list[Touch] = []
        self.violations: list[Violation] = []
        self._giver: dict[str, TaskStep] = {}
        for index, step in enumerate(steps):
            if index >= kept:
                self._check(step)
            self._do(step)

    def _check(self, step: TaskStep) -> None:
        hands = self._hands(step)
        for atom in step.pre:
            if self.facts.true(atom, hands):
                continue
            if atom.pred == "holding" and self.facts.true(atom):
                giver = self._giver.get(atom.args[0])
                whose = f"bind it with {giver.id}" if giver else "another body holds it"
                text = f"it needs a body that holds {atom.args[0]}: {whose}"
            else:
                text = unmet(atom, self.facts)
            self.violations.append(_wrong(step, "precondition", text))

    def _do(self, step: TaskStep) -> None:
        source: dict[str, str] = {}
        for atom in step.post:
            if atom.pred in ("at", "holding"):
                place = self.facts.location(atom.args[0])
                if place is not None:
                    source[atom.args[0]] = place.holder
                self._giver[atom.args[0]] = step
        self.touches.append(touch(step, source, self.facts))
        self.facts.apply(step, self._hands(step) or f"{HANDS}{step.id}")

    @staticmethod
    def _hands(step: TaskStep) -> str | None:
        if step.body is not None:
            return step.body
        return HANDS + step.bind if step.bind is not None else HANDS + step.id


def _threats(steps: list[TaskStep], replay: _Replay, kept: int) -> list[Violation]:
    """Unordered steps of which one changes what the other reads or changes."""
    before = ancestors(steps)
    found: list[Violation] = []
    for j in range(kept, len(steps)):
        for i in range(j):
            if before[j] >> i & 1 or not conflict(replay.touches[i], replay.touches[j]):
                continue
            if i < kept and steps[j].skill == steps[i].skill and steps[j].args == steps[i].args:
                continue
            fact = _shared(replay.touches[i], replay.touches[j])
            text = f"it and {steps[i].id} both depend on {fact}, and neither comes first"
            found.append(_wrong(steps[j], "order", text))
    return found


def _shared(first: Touch, second: Touch) -> str:
    facts = (first.writes & (second.reads | second.writes)) | (first.reads & second.writes)
    fact = min(facts)
    if fact[0] == "at":
        return f"where {fact[1]} is"
    if fact[0] == "on":
        return f"what is on {fact[1]}"
    return f"the {fact[2]} of {fact[1]}"


def _crowds(steps: list[TaskStep], replay: _Replay, kept: int) -> list[Violation]:
    """Holders that overflow in some order."""
    before = ancestors(steps)
    found: list[Violation] = []
    for j in range(kept, len(steps)):
        for holder in replay.touches[j].fills:
            room = replay.before.room_on(holder)
            most = crowd(replay.touches, before, j, holder)
            if most > room:
                capacity = replay.before.fixtures[holder].capacity
                text = (
                    f"{holder} holds {capacity} and could have {capacity - room + most} on it by"
                    " then; take something away first"
                )
                found.append(_wrong(steps[j], "capacity", text))
    return found


def _unmet(
    conditions: Sequence[Condition], steps: Sequence[TaskStep], facts: WhatIf
) -> list[Violation]:
    found: list[Violation] = []
    last = steps[-1].id if steps else ""
    for index, condition in enumerate(conditions):
        others = [other for other in conditions if other is not condition]
        if holds(condition, facts) or _is_sought(condition, index, others, steps, facts):
            continue
        text = f"at the end it is still not so that {wish(condition)}"
        found.append(Violation(step=last, rule="goal", message=text))
    return found


def _is_sought(
    condition: Condition,
    index: int,
    others: Sequence[Condition],
    steps: Sequence[TaskStep],
    facts: WhatIf,
) -> bool:
    """Whether the condition waits for something nobody can find, and steps look for it."""
    looks = any(
        index in step.serves and any(atom.pred == "known" for atom in step.post) for step in steps
    )
    if not looks or (isinstance(condition, Told) and facts.location(condition.who) is not None):
        return False
    if isinstance(condition, Known | Told):
        return True
    if isinstance(condition, At) and _is_lost(condition.where, facts):
        return True
    if isinstance(condition, At | Be):
        loose = condition.what.model_copy(update={"having": {}, "within": None})
        things = select(loose, facts)
        used = {t for o in others if isinstance(o, At) for t in facts.contents(o.where)}
        here = [t for t in things if not _is_lost(t, facts) and t not in used]
        wanted = len(condition.what.ids) if condition.count is None else condition.count
        return len(here) < max(wanted, 1) or any(_is_lost(thing, facts) for thing in things)
    return False


def _wrong(step: TaskStep, rule: Rule, text: str) -> Violation:
    return Violation(step=step.id, rule=rule, message=f"step {step.id}: {text}")


def _is_lost(thing: str, facts: WhatIf) -> bool:
    return facts.category(thing) in ("object", "person") and facts.location(thing) is None
