"""A plan in the making: steps in sequence, what they would change, and who could do them.

Everything can be taken back to a mark, so that the search may try and think again.
"""

from __future__ import annotations

from collections.abc import Iterable

from brain.feasible import able, lifted, mass_kg, nobody
from brain.planning.atoms import Args, complete, ground, title
from brain.planning.order import Touch, loosen, touch
from brain.planning.whatif import HANDS, WhatIf
from devices.roadmap import Roadmap
from devices.skill import Atom, SkillCard
from stem_memory.tasks import GoalRecord, TaskStep
from stem_memory.view import MemoryView

# Shut doors that must be open before a step at a place can begin, by place.
Gates = dict[str, tuple[str, ...]]


class Sketch:
    """Steps that would be done one after the other, starting from what memory believes.

    A bind group is the hands of one body while they hold something; `fit` are the bodies that can
    do every step of a group so far.
    """

    def __init__(
        self,
        goal: GoalRecord,
        view: MemoryView,
        roadmap: Roadmap,
        keep: tuple[TaskStep, ...] = (),
        revision: int = 0,
        gates: Gates | None = None,
    ) -> None:
        self.goal = goal
        self.view = view
        self.roadmap = roadmap
        self.facts = WhatIf(view)
        self.fixed = len(keep)
        self.steps: list[TaskStep] = []
        self.touches: list[Touch] = []
        self.serving = 0
        self._gates = gates or {}
        self._prefix = _prefix(revision)
        self._groups = 0
        self._fit: dict[str, frozenset[str]] = {}
        self._able: dict[tuple[object, ...], frozenset[str]] = {}
        for step in keep:
            self._keep(step)

    def mark(self) -> tuple[int, int]:
        """A point to which `undo` can return."""
        return len(self.steps), self.facts.mark()

    def undo(self, mark: tuple[int, int]) -> None:
        """Take back every step and every change since the mark."""
        del self.steps[mark[0] :]
        del self.touches[mark[0] :]
        self.facts.undo(mark[1])

    def shape(self, card: SkillCard, args: Args) -> TaskStep:
        """The card with these arguments as a step, not yet part of the plan."""
        step = ground(card, args, self.facts)
        doors = self._gates.get(step.place or "", ())
        opened = tuple(Atom(pred="be", args=(door, "open"), value=True) for door in doors)
        return step.model_copy(update={"pre": (*opened, *step.pre)}) if opened else step

    def able(self, step: TaskStep) -> frozenset[str]:
        """The bodies that can do the step, each on its own (or as one of the team)."""
        card = self.view.skills()[step.skill]
        loads = tuple((mass_kg(t, self.view), self.view.cls(t)) for t in lifted(step, card))
        place = self._spot(step.place)
        ends = tuple(atom.args[1] for atom in step.post if atom.pred == "at")
        key = (step.skill, place, step.body, loads, ends)
        if key not in self._able:
            asked = step.model_copy(update={"place": place})
            self._able[key] = frozenset(
                name
                for name, body in self.view.bodies().items()
                if self.goal.allows(name) and able(asked, body, self.view, self.roadmap) is None
            )
        return self._able[key]

    def why_nobody(self, step: TaskStep, hands: str | None = None) -> str | None:
        """Why no body (of those whose hands these are) can do the step, or None if one can."""
        fit = self.able(step)
        if hands is not None and not (fit & self.fit(hands)):
            group = [s for s in self.steps if s.bind == hands.removeprefix(HANDS)]
            lack = nobody((*group, step), self.view, self.roadmap)
            return lack.sentence if lack else f"{hands.removeprefix(HANDS)} can not {step.skill}"
        if len(fit) >= step.team:
            return None
        lack = nobody((step,), self.view, self.roadmap)
        return lack.sentence if lack else f"nobody can {step.skill}"

    def fit(self, hands: str) -> frozenset[str]:
        """The bodies whose hands these may be."""
        return self._fit.get(hands, frozenset((hands,)))

    def hands_for(self, step: TaskStep) -> str | None:
        """Whose hands do the step: those that hold what it needs held, or None."""
        for atom in step.pre:
            if atom.pred == "holding":
                return self.facts.held_by(atom.args[0])
        return None

    def add(self, step: TaskStep, card: SkillCard, hands: str | None) -> str | None:
        """Append a step whose preconditions hold. Returns why nobody can do it, or None."""
        why = self.why_nobody(step, hands)
        if why is not None:
            return why
        takes = any(atom.pred == "holding" for atom in step.post)
        if hands is None and takes:
            self._groups += 1
            hands = f"{HANDS}{self._prefix}b{self._groups}"
            self.facts.put(self._fit, hands, self.able(step))
        elif hands is not None:
            self.facts.put(self._fit, hands, self.fit(hands) & self.able(step))
        self._append(self._named(step, card, hands), hands)
        return None

    def finish(self) -> tuple[TaskStep, ...]:
        """The new steps in the loosest order that works."""
        before = WhatIf(self.view)
        return loosen(self.steps, self.touches, before, self.fixed)[self.fixed :]

    def uses(self, place: str) -> int:
        """How many steps happen at the place already."""
        return sum(step.place == place for step in self.steps)

    def _named(self, step: TaskStep, card: SkillCard, hands: str | None) -> TaskStep:
        bind, body = None, step.body
        if hands is not None and hands.startswith(HANDS):
            bind = hands.removeprefix(HANDS)
        elif hands is not None:
            body = hands
        return step.model_copy(
            update={
                "id": f"{self._prefix}s{len(self.steps) - self.fixed + 1}",
                "bind": bind,
                "body": body,
                "serves": (self.serving,),
                "title": title(card, step, self.view),
            }
        )

    def _append(self, step: TaskStep, hands: str | None) -> None:
        source: dict[str, str] = {}
        for thing in _moved(step):
            place = self.facts.location(thing)
            if place is not None:
                source[thing] = place.holder
        self.touches.append(touch(step, source, self.facts))
        self.steps.append(step)
        self.facts.apply(step, hands or step.body or "")

    def _keep(self, step: TaskStep) -> None:
        """A step under way: its effects will come true."""
        performer = self.goal.bodies.get(step.id) or step.body
        hands = performer if performer in self.view.bodies() else None
        if step.bind is not None:
            fit = self.able(step) if hands is None else frozenset((hands,))
            hands = HANDS + step.bind
            self._fit[hands] = self._fit.get(hands, fit) & fit
        self._append(step, hands)

    def _spot(self, place: str | None) -> str | None:
        """What decides about reach: the fixture under an object, not the object."""
        if place is not None and self.view.category(place) == "object":
            at = self.facts.location(place)
            if at is not None and at.holder in self.facts.fixtures:
                return at.holder
        return place


def _moved(step: TaskStep) -> Iterable[str]:
    return (atom.args[0] for atom in step.post if atom.pred in ("at", "holding"))


def numbered(
    steps: tuple[TaskStep, ...], view: MemoryView, keep: tuple[TaskStep, ...], revision: int
) -> tuple[TaskStep, ...]:
    """A verified proposal, completed from the skill cards, in order, with ids of this revision."""
    kept = {step.id for step in keep}
    left = [step for step in steps if step.id not in kept]
    ordered: list[TaskStep] = []
    while left:
        done = kept | {step.id for step in ordered}
        ordered.append(left.pop(next(i for i, s in enumerate(left) if done.issuperset(s.after))))
    prefix = _prefix(revision)
    names = {step.id: f"{prefix}s{n}" for n, step in enumerate(ordered, 1)}
    return tuple(
        complete(step, view).model_copy(
            update={
                "id": names[step.id],
                "after": tuple(names.get(name, name) for name in step.after),
                "bind": f"{prefix}{step.bind}" if step.bind is not None else None,
            }
        )
        for step in ordered
    )


def _prefix(revision: int) -> str:
    return f"r{revision}" if revision > 1 else ""
