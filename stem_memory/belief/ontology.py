"""What is known of classes of things: their cards, their ancestors, what is usual for them."""

from __future__ import annotations

from collections.abc import Iterable

from devices.facts import ClassCard, Value


class Ontology:
    """Class cards by name, with ancestors and inherited defaults worked out once."""

    def __init__(self) -> None:
        self.cards: dict[str, ClassCard] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._usual: dict[str, dict[str, Value]] = {}

    def add(self, cards: Iterable[ClassCard]) -> None:
        """Add cards; a card replaces an older one of the same class."""
        self.cards.update((card.cls, card) for card in cards)
        self._ancestors.clear()
        self._usual.clear()

    def ancestors(self, cls: str) -> frozenset[str]:
        """The class itself and every class above it, through the cards of the parents too."""
        known = self._ancestors.get(cls)
        if known is None:
            known = self._ancestors[cls] = frozenset(self._line(cls))
        return known

    def usual(self, cls: str, name: str) -> Value | None:
        """What an attribute or state of the class usually is: the nearest card that says so."""
        usual = self._usual.get(cls)
        if usual is None:
            usual = self._usual[cls] = {}
            for near in self._line(cls):
                card = self.cards.get(near)
                if card is not None:
                    starts = {state: spec.default for state, spec in card.states.items()}
                    usual.update((k, v) for k, v in (card.attrs | starts).items() if k not in usual)
        return usual.get(name)

    def _line(self, cls: str) -> list[str]:
        line = [cls]
        for name in line:
            card = self.cards.get(name)
            parents = card.parents if card is not None else ()
            line.extend(parent for parent in parents if parent not in line)
        return line
