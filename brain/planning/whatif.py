"""What would be true after some steps: memory's belief with imagined changes on top.

Changes can be taken back to any earlier mark, which makes trying things out cheap.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devices.facts import Category, Facts, Location, Value
from devices.site import Fixture
from devices.skill import Atom
from stem_memory.tasks import TaskStep
from stem_memory.view import MemoryView

# The hands of whoever will do the steps of a bind group: a holder without a name yet.
HANDS = "@"


class WhatIf(Facts):
    """Belief plus imagined effects. Implements `devices.facts.Facts`."""

    def __init__(self, view: MemoryView) -> None:
        self.view = view
        self.fixtures: dict[str, Fixture] = {f.id: f for f in view.plan().fixtures}
        self._places: dict[str, Location | None] = {}
        self._contents: dict[str, tuple[str, ...]] = {}
        self._attrs: dict[tuple[str, str], Value] = {}
        self._told: dict[str, tuple[str, ...]] = {}
        self._seen: dict[str, float] = {}
        self._trail: list[tuple[dict[Any, Any], Any, Any]] = []

    def ids(self, category: Category | None = None) -> Iterable[str]:
        """All ids (of one category), in memory's order."""
        return self.view.ids(category)

    def category(self, thing: str) -> Category | None:
        """The category, or None for an unknown id."""
        return self.view.category(thing)

    def cls(self, thing: str) -> str:
        """The class name; KeyError for an unknown id."""
        return self.view.cls(thing)

    def is_a(self, thing: str, cls: str) -> bool:
        """Whether the thing is of the class or of one below it."""
        return self.view.is_a(thing, cls)

    def attr(self, thing: str, name: str) -> Value | None:
        """An attribute or state as it would be."""
        key = (thing, name)
        return self._attrs[key] if key in self._attrs else self.view.attr(thing, name)

    def location(self, thing: str) -> Location | None:
        """Where the thing would be."""
        return self._places[thing] if thing in self._places else self.view.location(thing)

    def contents(self, holder: str) -> tuple[str, ...]:
        """The objects that would be directly at the holder."""
        known = self._contents.get(holder)
        return self.view.contents(holder) if known is None else known

    def told(self, person: str) -> tuple[str, ...]:
        """Everything that would have been said to the person."""
        return self._told[person] if person in self._told else self.view.told(person)

    def learnt_at(self, thing: str, attr: str) -> float | None:
        """When `attr` would have been evidenced last."""
        place = self.location(thing)
        for looked in (thing, place.holder if place is not None else thing):
            if looked in self._seen:
                return self._seen[looked]
        return self.view.learnt_at(thing, attr)

    def mark(self) -> int:
        """A point to which `undo` can return."""
        return len(self._trail)

    def undo(self, mark: int) -> None:
        """Take back every change since the mark."""
        while len(self._trail) > mark:
            table, key, old = self._trail.pop()
            if old is _ABSENT:
                del table[key]
            else:
                table[key] = old

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Change an entry of a table in such a way that `undo` takes it back."""
        self._trail.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def apply(self, step: TaskStep, hands: str) -> None:
        """Make the effects of a step true; `hands` (a bind group or a body) holds what it takes."""
        for atom in step.post:
            if atom.negated:
                continue
            if atom.pred == "at":
                self._move(atom.args[0], self.at(atom.args[1]))
            elif atom.pred == "holding":
                self._move(atom.args[0], Location(relation="held", holder=hands))
            elif atom.pred == "be" and atom.value is not None:
                self.put(self._attrs, (atom.args[0], atom.args[1]), atom.value)
            elif atom.pred == "told":
                self.put(self._told, atom.args[0], (*self.told(atom.args[0]), atom.args[1]))
            elif atom.pred == "known":
                self.put(self._seen, atom.args[0], self.view.now())
            elif atom.pred == "near" and self.category(hands) == "body":
                self.put(self._places, hands, Location(relation="at", holder=atom.args[0]))

    def true(self, atom: Atom, hands: str | None = None) -> bool:
        """Whether the atom would be true; of the performing body's state only `holding` is judged.

        `hands` is who must hold things for `holding`; None: anybody.
        """
        return self._is_true(atom, hands) != atom.negated

    def room_on(self, holder: str) -> int:
        """How many more objects would fit on the holder."""
        fixture = self.fixtures.get(holder)
        return 1 if fixture is None else fixture.capacity - len(self.contents(holder))

    def held_by(self, thing: str) -> str | None:
        """The living body, or the hands of a bind group, that would hold the thing."""
        place = self.location(thing)
        if place is None:
            return None
        body = self.view.bodies().get(place.holder)
        is_hand = place.holder.startswith(HANDS) or (body is not None and not body.lost)
        return place.holder if is_hand else None

    def at(self, holder: str) -> Location:
        """The location of something that is brought to the holder."""
        fixture = self.fixtures.get(holder)
        if fixture is not None:
            return Location(relation="in" if fixture.inside else "on", holder=holder)
        held = self.category(holder) in ("person", "body")
        return Location(relation="held" if held else "at", holder=holder)

    def _is_true(self, atom: Atom, hands: str | None) -> bool:
        pred, args = atom.pred, atom.args
        if pred == "at":
            place = self.location(args[0])
            return place is not None and place.holder == args[1]
        if pred == "holding":
            holder = self.held_by(args[0])
            return holder is not None and hands in (None, holder)
        if pred == "be":
            return self.attr(args[0], args[1]) == atom.value
        if pred == "reachable":
            return self.attr(args[0], "open") is not False
        if pred == "room_on":
            return self.room_on(args[0]) > 0
        if pred == "clear":
            return not any(self.is_a(thing, "clearable") for thing in self.contents(args[0]))
        if pred == "told":
            return args[1] in self.told(args[0])
        if pred == "known":
            return args[0] in self._seen
        return True

    def _move(self, thing: str, place: Location) -> None:
        before = self.location(thing)
        if before is not None:
            rest = tuple(other for other in self.contents(before.holder) if other != thing)
            self.put(self._contents, before.holder, rest)
        self.put(self._contents, place.holder, (*self.contents(place.holder), thing))
        self.put(self._places, thing, place)


_ABSENT: Any = object()
