"""The search for steps: work back from what must be true to skills that make it so.

Regression over skill cards with the means-ends order of STRIPS: to make an atom true, choose a
skill that does, make its preconditions true the same way, then add it. Choices are tried in order
of effort; what fails is taken back. `brain.planning.order` loosens the resulting sequence afterwards.
"""

from __future__ import annotations

from brain.planning.advice import Advice
from brain.planning.atoms import Args
from brain.planning.homes import homes, is_movable
from brain.planning.operators import operators, why_none
from brain.planning.sketch import Sketch
from brain.planning.transport import stops
from devices.skill import Atom, SkillCard

# How deep skills may make each other possible, and how many are tried for one wish for a thing.
DEPTH = 14
TRIES = 600

# Preconditions are met in this order: what needs hands or walks about first, holding things last.
_RANK = {
    "be": 0, "told": 1, "known": 1, "clear": 2, "room_on": 3, "reachable": 4, "near": 5, "at": 6,
    "hand_free": 7, "holding": 8,
}  # fmt: skip

Stack = tuple[Atom, ...]


class Search:
    """Adds steps to a sketch until atoms are true.

    `claimed` objects are where the goal wants them: nothing moves them any more. `reserved` ones
    belong to other goals: nothing takes them where any other would do. `shunned` places are to be
    emptied: nothing is put there. `missing` collects what nobody knows the place of. `advice` is
    what notes say.
    """

    def __init__(self, sketch: Sketch, advice: Advice) -> None:
        self.sketch = sketch
        self.advice = advice
        self.reserved: frozenset[str] = frozenset()
        self.claimed: set[str] = set()
        self.shunned: set[str] = set()
        self.missing: list[str] = []
        self.why: str | None = None
        self._tries = 0

    def reach(self, atom: Atom) -> str | None:
        """Make the atom true. Returns None, or why it can not be; then nothing has changed."""
        self.why, self._tries = None, TRIES
        mark = self.sketch.mark()
        if self._achieve(atom, ()):
            return None
        self.sketch.undo(mark)
        return self._why(f"there is no way to bring about: {atom.pred} {' '.join(atom.args)}")

    def put_away(self, thing: str) -> str | None:
        """Bring the thing to where it belongs. Returns None, or why it can not be."""
        self.why, self._tries = None, TRIES
        mark = self.sketch.mark()
        if self._put_away(thing, frozenset(), ()):
            return None
        self.sketch.undo(mark)
        return self._why(f"{thing} has no place where it belongs")

    def _why(self, otherwise: str) -> str:
        return self.why or otherwise

    def _fail(self, why: str) -> bool:
        self.why = self.why or why
        return False

    def _achieve(self, atom: Atom, stack: Stack, hands: str | None = None) -> bool:
        facts = self.sketch.facts
        if facts.true(atom, hands if atom.pred == "holding" else None):
            return True
        if atom in stack or len(stack) >= DEPTH:
            return False
        stack = (*stack, atom)
        if atom.negated:
            return self._negate(atom, stack)
        if atom.pred == "reachable":
            return self._achieve(Atom(pred="be", args=(atom.args[0], "open"), value=True), stack)
        if atom.pred == "room_on":
            return self._make_room(atom.args[0], stack)
        if atom.pred == "clear":
            return self._clear(atom.args[0], stack)
        if atom.pred == "at":
            return self._bring(atom.args[0], atom.args[1], stack)
        return self._by_skill(atom, stack, hands)

    def _by_skill(self, atom: Atom, stack: Stack, hands: str | None = None) -> bool:
        if atom.pred == "holding":
            if not self._is_there(atom.args[0]):
                return False
            if self.sketch.facts.held_by(atom.args[0]) is not None:
                # Somebody else holds it: it must be put down before it can be taken.
                return self._fail(f"{atom.args[0]} is in other hands")
        choices = operators(atom, self.sketch, self._is_free)
        for card, args in choices:
            mark = self.sketch.mark()
            if self._perform(card, args, stack, hands) and self.sketch.facts.true(atom):
                return True
            self.sketch.undo(mark)
            if self._tries <= 0:
                return False
        return self._fail(why_none(atom, self.sketch)) if not choices else False

    def _perform(self, card: SkillCard, args: Args, stack: Stack, hands: str | None) -> bool:
        """Make a skill's preconditions true and add it."""
        self._tries -= 1
        sketch = self.sketch
        step = sketch.shape(card, args)
        if step.place is not None and not self._is_there(step.place):
            return False
        why = sketch.why_nobody(step)
        if why is not None:
            return self._fail(why)
        wanted = sorted(step.pre, key=lambda atom: _RANK[atom.pred])
        # Advice that can not be followed is left: the step itself may still work.
        advised = tuple(a for a in self.advice.first(step, sketch.facts) if self._can(a, stack))
        for _ in range(3):
            holder = hands or sketch.hands_for(step)
            lacking = [a for a in wanted if not sketch.facts.true(a, holder)]
            if not lacking:
                step = sketch.shape(card, args)
                step = step.model_copy(update={"pre": (*advised, *step.pre)}) if advised else step
                why = sketch.add(step, card, holder)
                return True if why is None else self._fail(why)
            for atom in lacking:
                holder = hands or sketch.hands_for(step)
                if not self._achieve(atom, stack, holder):
                    return False
        return False

    def _can(self, atom: Atom, stack: Stack) -> bool:
        """Make an atom true that need not be; if it can not be, nothing has changed."""
        if atom in stack:
            return False
        mark = self.sketch.mark()
        if self._achieve(atom, stack):
            return True
        self.sketch.undo(mark)
        return False

    def _bring(self, thing: str, holder: str, stack: Stack) -> bool:
        """Transport, by way of resting places if no single body reaches both ends."""
        if not self._is_there(thing) or not self._is_there(holder):
            return False
        if thing in self.claimed:
            return self._fail(f"{thing} is wanted elsewhere, too")
        if not is_movable(thing, self.sketch):
            return self._fail(f"{thing} can not be moved")
        wanted = Atom(pred="at", args=(thing, holder))
        way = stops(thing, holder, self.sketch, self.shunned)
        if len(way) <= 1:
            # Also without a way: the skills themselves say best what is lacking.
            return self._by_skill(wanted, stack)
        mark = self.sketch.mark()
        for stop in way:
            if not self._by_skill(Atom(pred="at", args=(thing, stop)), stack):
                self.sketch.undo(mark)
                return False
        return True

    def _make_room(self, holder: str, stack: Stack) -> bool:
        fixture = self.sketch.facts.fixtures.get(holder)
        if fixture is not None and fixture.capacity <= 0:
            return self._fail(f"nothing can be put on {holder}")
        there = [t for t in self.sketch.facts.contents(holder) if self._may_leave(t, holder)]
        used = [t for t in there if self.sketch.facts.attr(t, "clean") is False]
        for thing in (*used, *(t for t in there if t not in used)):
            if self._put_away(thing, frozenset((holder,)), stack):
                return True
        return self._fail(f"there is no room on {holder}")

    def _may_leave(self, thing: str, holder: str) -> bool:
        if thing in self.reserved or not is_movable(thing, self.sketch):
            return False
        return thing not in self.claimed

    def _clear(self, holder: str, stack: Stack) -> bool:
        facts = self.sketch.facts
        for thing in facts.contents(holder):
            if facts.is_a(thing, "clearable") and not self._put_away(
                thing, frozenset((holder,)), stack
            ):
                return False
        return True

    def _put_away(self, thing: str, avoid: frozenset[str], stack: Stack) -> bool:
        place = self.sketch.facts.location(thing)
        here = frozenset((place.holder,)) if place is not None else frozenset()
        options = homes(thing, self.sketch, avoid | here | frozenset(self.shunned))
        for home in options:
            mark = self.sketch.mark()
            if self._achieve(Atom(pred="at", args=(thing, home)), stack):
                return True
            self.sketch.undo(mark)
            if self._tries <= 0:
                return False
        return False if options else self._fail(f"{thing} has no place where it belongs")

    def _negate(self, atom: Atom, stack: Stack) -> bool:
        if atom.pred in ("at", "holding"):
            avoid = frozenset(atom.args[1:])
            return self._put_away(atom.args[0], avoid, stack)
        value = self.sketch.facts.attr(*atom.args) if atom.pred == "be" else None
        if isinstance(value, bool):
            return self._achieve(Atom(pred="be", args=atom.args, value=not value), stack)
        return self._fail(f"nobody here knows how to undo: {atom.pred} {' '.join(atom.args)}")

    def _is_free(self, thing: str) -> bool:
        """Whether the object may be used where any of its kind would do."""
        place = self.sketch.facts.location(thing)
        return thing not in self.reserved and thing not in self.claimed and place is not None

    def _is_there(self, thing: str) -> bool:
        """Whether anybody knows where the thing is; if not, it has to be looked for."""
        facts = self.sketch.facts
        if facts.category(thing) in ("fixture", "room", "door"):
            return True
        if facts.category(thing) == "body" or facts.location(thing) is not None:
            return True
        if thing not in self.missing:
            self.missing.append(thing)
        return self._fail(f"nobody knows where {thing} is")
