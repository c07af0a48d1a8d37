"""What this fleet and this site can do to things: which states can be given to what."""

from __future__ import annotations

from brain.language.words.site import Site
from devices.facts import Value

_WORDS: dict[str, dict[Value, str]] = {
    "open": {True: "opened", False: "closed"},
    "power": {True: "switched on", False: "switched off"},
    "clean": {True: "cleaned", False: "made dirty"},
    "hot": {True: "heated", False: "cooled"},
    "sliced": {False: "put together again"},
    "fill": {},
}


class Fleet:
    """Skills of the enrolled bodies over the classes and fixtures of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        view = site.view
        cards = view.skills()
        alive = [b for b in view.bodies().values() if not b.lost]
        self._skills = [
            cards[name] for name in cards if any(name in body.card.skills for body in alive)
        ]

    def services(self, attr: str) -> frozenset[str]:
        """What fixtures offer where the state of things is changed."""
        return frozenset(
            param.offers
            for card in self._site.view.skills().values()
            if any(atom.pred == "be" and atom.args[1] == attr for atom in card.post)
            for param in card.params
            if param.offers is not None
        )

    def can_be(self, thing: str, attr: str, value: Value) -> bool:
        """Whether some body can give this thing this state here."""
        view, site = self._site.view, self._site
        if attr not in site.states_of(thing):
            return False
        if attr == "open" and not self._has_leaf(thing):
            return False
        for card in self._skills:
            for atom in card.post:
                if atom.pred != "be" or len(atom.args) != 2 or atom.args[1] != attr:
                    continue
                if atom.value is not None and atom.value != value:
                    continue
                param = next((p for p in card.params if f"${p.name}" == atom.args[0]), None)
                if param is None or (param.cls and not any(view.is_a(thing, c) for c in param.cls)):
                    continue
                if param.kind == "object" and view.category(thing) != "object":
                    continue
                offers = [p.offers for p in card.params if p.offers is not None]
                if all(any(o in f.offers for f in site.fixtures.values()) for o in offers):
                    return True
        return False

    def why_not(self, thing: str, attr: str, value: Value) -> str:
        """One sentence saying that the thing can not be brought into the state."""
        plain = attr if value is True else f"made {attr}"
        word = _WORDS.get(attr, {}).get(value, plain)
        return f"{_capital(self._site.title(thing))} can not be {word} by anyone here."

    def can_move(self, thing: str) -> bool:
        """Whether the thing is an object that is not fixed."""
        view = self._site.view
        return view.category(thing) == "object" and view.attr(thing, "fixed") is not True

    def can_hold(self, place: str) -> bool:
        """Whether objects can be brought there: a carrier, a room or a person."""
        category = self._site.view.category(place)
        if category == "fixture":
            return self._site.fixtures[place].capacity > 0
        return category in ("room", "person")

    def _has_leaf(self, thing: str) -> bool:
        site = self._site
        if thing in site.doors:
            return site.doors[thing].leaf
        return thing not in site.fixtures or site.fixtures[thing].closable


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
