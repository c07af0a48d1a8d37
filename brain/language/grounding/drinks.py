"""Classes that nouns name. A drink is no thing that exists, but a vessel with a fill."""

from __future__ import annotations

from dataclasses import replace

from brain.language.grounding.doubt import Unable, Unclear
from brain.language.grounding.spoken import Test, anything
from brain.language.grounding.wording import slot_of
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.site import Site
from devices.facts import Value


class Drinks:
    """Drinks that are made here, and the vessels they come in."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def is_drink(self, np: NounPhrase) -> bool:
        """Whether a drink is named."""
        return (
            any(r.kind == "class" and self.site.drink(r.id) for r in np.refs) or np.fill is not None
        )

    def made(self, np: NounPhrase) -> tuple[str, dict[str, Value]] | None:
        """The vessel and fill of a drink that is to be made."""
        if np.fill is not None:
            vessel = named_class(self.site, replace(np, fill=None, posts=()))
            fill = self.fill(np.fill)
            if vessel is None or fill is None:
                return None
            self._offered(fill, np)
            return vessel, {"fill": fill}
        for ref in np.refs:
            drink = self.site.drink(ref.id) if ref.kind == "class" else None
            if drink is not None:
                self._offered(drink[1], np)
                return drink[0], {"fill": drink[1]}
        if any(r.kind == "class" and r.id == "drink" for r in np.refs):
            options = sorted(d for d, (_, f) in self.site.drinks().items() if self._is_offered(f))
            names = [self.site.class_title(d) for d in options]
            raise Unclear("Which drink?", names, options, slot_of(np), "which")
        return None

    def _is_offered(self, fill: str) -> bool:
        return any(fill in fixture.offers for fixture in self.site.fixtures.values())

    def _offered(self, fill: str, np: NounPhrase) -> None:
        if not self._is_offered(fill):
            raise Unable(f"Nothing here makes {fill}, so I can not bring {np.text}.")

    def fill(self, np: NounPhrase) -> str | None:
        """What the vessel is to be filled with, or None."""
        for ref in np.refs:
            drink = self.site.drink(ref.id) if ref.kind == "class" else None
            if drink is not None:
                return drink[1]
        return None


def named_class(site: Site, np: NounPhrase, fits: Test = anything) -> str | None:
    """The class that the noun names: the most general one where one is above the others."""
    classes = [r.id for r in np.refs if r.kind == "class"]
    with_some = [c for c in classes if any(fits(t) for t in site.members(c))]
    classes = with_some or classes
    top = [c for c in classes if all(site.below(o, c) for o in classes)]
    if top:
        return top[0]
    return classes[0] if len(classes) == 1 else None
