"""Classes of things, looked up by name: ancestors, states and their values, sizes.

A class inherits the states and the ancestors of the classes it names as parents.
"""

from __future__ import annotations

from collections.abc import Iterable

from devices.facts import ClassCard, StateSpec, Value


class Ontology:
    """The class cards of a scenario, with inheritance resolved once."""

    def __init__(self, cards: Iterable[ClassCard]) -> None:
        self.cards = {card.cls: card for card in cards}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._states: dict[str, dict[str, StateSpec]] = {}

    def __contains__(self, cls: str) -> bool:
        return cls in self.cards

    def is_a(self, cls: str, wanted: str) -> bool:
        """Whether the class is the wanted one or below it. Unknown classes are only themselves."""
        found = self._ancestors.get(cls)
        if found is None:
            found = self._ancestors[cls] = frozenset(self._climb(cls))
        return wanted in found

    def ancestors(self, cls: str) -> tuple[str, ...]:
        """What the class is besides itself, near to far."""
        return tuple(self._climb(cls)[1:])

    def states(self, cls: str) -> dict[str, StateSpec]:
        """The states of the class, inherited ones included; its own win."""
        found = self._states.get(cls)
        if found is None:
            found = {}
            for name in reversed(self._climb(cls)):
                if name in self.cards:
                    found.update(self.cards[name].states)
            self._states[cls] = found
        return found

    def card(self, cls: str) -> ClassCard:
        """The card, or one with the usual size and mass for a class that has none."""
        return self.cards.get(cls) or ClassCard(cls=cls)

    def defaults(self, cls: str) -> dict[str, Value]:
        """The states a new thing of the class starts with."""
        return {name: spec.default for name, spec in self.states(cls).items()}

    def _climb(self, cls: str) -> list[str]:
        """The class and its ancestors, near to far, each once."""
        order = [cls]
        for name in order:
            card = self.cards.get(name)
            order += [parent for parent in (card.parents if card else ()) if parent not in order]
        return order
