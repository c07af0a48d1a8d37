"""From an order to its conditions: what each kind of verb makes true of what it is said of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from brain.language.conditions.clearing import Clearing
from brain.language.conditions.frames import Frame
from brain.language.conditions.moving import Moving
from brain.language.conditions.stating import Stating
from brain.language.conditions.stocking import Stocking
from brain.language.grounding.doubt import Misfit
from brain.language.grounding.ground import Grounding
from brain.language.parsing.clauses import Clause
from brain.language.words.site import Site
from devices.facts import Condition, Value
from devices.skill import Atom

Handler = Callable[[Clause], list[Condition]]


class Orders:
    """Composes conditions for one speaker, clause by clause."""

    def __init__(self, site: Site, ground: Grounding) -> None:
        self.frame = Frame(site, ground)
        self.stating = Stating(self.frame)
        self.stocking = Stocking(self.frame, self.stating)
        self.moving = Moving(self.frame, self.stocking)
        self.clearing = Clearing(self.frame, self.moving, self.stating)
        self._handlers: dict[str, Handler] = {
            "move": self.moving.move,
            "need": self.moving.move,
            "make": self.moving.make,
            "put": self.moving.put,
            "put_away": self.clearing.put_away,
            "clear": self.clearing.clear,
            "dispose": self.clearing.dispose,
            "tidy": self.clearing.tidy,
            "wash": lambda c: self.stating.be(c, "clean", True, objects=True),
            "clean": lambda c: self.stating.be(c, "clean", True),
            "wipe": lambda c: self.stating.be(c, "clean", True, objects=False),
            "heat": lambda c: self.stating.be(c, "hot", True),
            "slice": lambda c: self.stating.be(c, "sliced", True),
            "switch_on": lambda c: self.stating.be(c, "power", True),
            "switch_off": lambda c: self.stating.be(c, "power", False),
            "open": lambda c: self.stating.be(c, "open", True),
            "close": lambda c: self.stating.be(c, "open", False),
            "be": lambda c: self.stating.be(c, str(c.note[0]), _value(c.note[1])),
            "restock": self.stocking.restock,
            "pour": self.stocking.pour,
            "go": self.moving.go,
        }
        for card in site.view.skills().values():
            states = [a for a in card.post if a.pred == "be" and a.value is not None]
            if card.verbs and states:
                self._handlers[card.name] = partial(self._made, states[0])

    def _made(self, state: Atom, clause: Clause) -> list[Condition]:
        """What a skill with verbs of its own makes true of the thing it is said of."""
        assert state.value is not None
        return self.stating.be(clause, state.args[1], state.value)

    def conditions(self, action: str, clause: Clause) -> list[Condition]:
        """What the clause makes true, read as this action.

        Raises:
            Misfit: The action does not fit what is named.
            Doubt: It fits, but something is unclear or impossible.
        """
        handler = self._handlers.get(action)
        if handler is None:
            raise Misfit(f"nothing is made true by {action}")
        return handler(clause)


def _value(said: object) -> Value:
    """The value of a state, as the lexicon gives it."""
    assert isinstance(said, bool | int | float | str)
    return said
