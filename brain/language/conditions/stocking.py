"""Filling shelves to their stock, and vessels with a drink."""

from __future__ import annotations

from brain.language.conditions.frames import Frame
from brain.language.conditions.stating import Stating
from brain.language.grounding.doubt import Misfit
from brain.language.grounding.meaning import Meaning
from brain.language.parsing.clauses import Clause
from brain.language.parsing.noun_phrase import NounPhrase
from devices.facts import At, Condition, Selector
from devices.site import Fixture


class Stocking:
    """Orders that fill shelves and vessels."""

    def __init__(self, frame: Frame, stating: Stating) -> None:
        self.frame = frame
        self.site = frame.site
        self.view = frame.view
        self.ground = frame.ground
        self.fleet = frame.fleet
        self.stating = stating

    def restock(self, clause: Clause) -> list[Condition]:
        """Fill shelves up to their stock."""
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        others = [
            np
            for item in clause.items
            if item.prep in ("on", "in", "at", "to")
            for np in item.nouns
        ]
        goods = [np for item in clause.items if item.prep == "with" for np in item.nouns]
        found: list[Condition] = []
        wheres = None
        if goods:
            wheres = [self.ground.lookup.place(np) for np in plain]
            plain = goods
        elif others:
            wheres = [self.ground.lookup.place(np) for np in others]
        if not plain and others:
            plain, wheres = others, None
        if not plain:
            raise Misfit("nothing is named that could be restocked")
        left_out = {r.id for np in clause.unless for r in np.refs}
        for np in plain:
            found += self._stocked(np, wheres, left_out)
        return found

    def _stocked(
        self, np: NounPhrase, wheres: list[str] | None, left_out: set[str]
    ) -> list[Condition]:
        shelves = [f for f in self.site.fixtures.values() if f.stock]
        if np.pronoun == "all_things":
            pairs = [(f, c) for f in shelves for c in sorted(f.stock)]
        else:
            names = self._names(np)
            pairs = [
                (f, c) for f in shelves for c in sorted(f.stock) if self._is_named(f, c, names)
            ]
        if wheres is None and np.posts:
            wheres = [self.ground.lookup.place(place) for _, place in np.posts]
        pairs = [(f, c) for f, c in pairs if not self._is_named(f, c, left_out)]
        if wheres is not None:
            pairs = [(f, c) for f, c in pairs if f.id in wheres or f.room in wheres]
        if not pairs:
            raise Misfit(f"no shelf here keeps a stock of {np.text}")
        for fixture, cls in pairs:
            self.ground.spoken.note(Meaning(ids=(fixture.id,)))
            self.ground.spoken.note(Meaning(cls=cls))
        return [
            At(
                what=Selector(cls=cls),
                where=fixture.id,
                relation="in" if fixture.inside else "on",
                count=fixture.stock[cls],
            )
            for fixture, cls in pairs
        ]

    def _names(self, np: NounPhrase) -> set[str]:
        """The classes, shelves and rooms that are meant, as `_is_named` asks for them."""
        self.ground.lookup.check(np)
        if np.pronoun or np.one:
            meaning = self.ground.thing(np)
            names = set(meaning.ids) | ({meaning.cls} if meaning.cls else set())
            return names | {self.view.cls(i) for i in meaning.ids}
        if np.refs and self.frame.is_goal(np):
            return set(self.ground.lookup.candidates(np))
        things = [r.id for r in np.refs if r.kind == "thing"]
        objects = [t for t in things if self.view.category(t) == "object"]
        return {r.id for r in np.refs} | {self.view.cls(t) for t in objects}

    def _is_named(self, shelf: Fixture, cls: str, names: set[str]) -> bool:
        return bool({shelf.id, shelf.room} & names) or any(self.site.below(cls, n) for n in names)

    def pour(self, clause: Clause) -> list[Condition]:
        """Fill a vessel with a drink."""
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        fills = [np for item in clause.items if item.prep == "with" for np in item.nouns]
        intos = [np for item in clause.items if item.prep == "in" for np in item.nouns]
        if fills and plain:
            vessels, drink = plain, fills[0]
        elif intos and plain and self._holds_drink(intos[0]):
            vessels, drink = intos, plain[0]
        else:
            raise Misfit("no vessel is named to be filled")
        self.ground.lookup.check(drink)
        fill = next(
            (d[1] for r in drink.refs if r.kind == "class" and (d := self.site.drink(r.id))), None
        )
        if fill is None:
            raise Misfit(f"{drink.text} can not be poured here")
        found: list[Condition] = []
        for np in vessels:
            found += self.stating.be_one(np, "fill", fill, clause)
        return found

    def _holds_drink(self, np: NounPhrase) -> bool:
        return any("fill" in self.site.states_of(t) for t in self.frame.members(np))
