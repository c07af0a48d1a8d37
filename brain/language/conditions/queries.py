"""What a question wants to know, besides what must be looked at for it."""

from __future__ import annotations

from typing import Literal

from brain.language.grounding.doubt import Doubt, Misfit
from brain.language.grounding.drinks import named_class
from brain.language.grounding.ground import Grounding
from brain.language.parsing.clauses import Clause
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.site import Site
from devices.facts import Condition, Known, Selector, Value
from stem_memory.tasks import Query

_ASKS: dict[str, Literal["how_many", "which", "where"]] = {
    "how many": "how_many",
    "which": "which",
    "who": "which",
    "whose": "where",
}


class Queries:
    """The queries of a wish while it is read, each with the condition that serves it."""

    def __init__(self, site: Site, ground: Grounding) -> None:
        self.site = site
        self.ground = ground
        self._noted: list[tuple[Known, Query]] = []

    def among(self, conditions: list[Condition]) -> tuple[Query, ...]:
        """The queries that are served by these conditions, in the order asked."""
        found: list[Query] = []
        for known, query in self._noted:
            if known in conditions:
                query = query.model_copy(update={"condition": conditions.index(known)})
                if query not in found:
                    found.append(query)
        return tuple(found)

    def where(self, known: Known) -> Known:
        """Note that it is asked where the things are."""
        return self._note(known, Query(ask="where", condition=0, what=known.what))

    def looked_at(self, known: Known) -> Known:
        """Note that it is asked what is at the place, or where the thing is."""
        here = next(iter(known.what.ids), "")
        if self.ground.view.category(here) in ("fixture", "room") and len(known.what.ids) == 1:
            return self._note(known, Query(ask="what", condition=0, what=known.what))
        return self.where(known)

    def contents(self, known: Known, clause: Clause) -> Known:
        """Note that it is asked what or who is at a place, or what somebody holds."""
        (place,) = known.what.ids
        kind = str(clause.note[0]) if clause.note else "person" if clause.verb == "who" else ""
        some = Selector(cls=kind or "object")
        if clause.verb == "is":
            return self._note(known, Query(ask="whether", condition=0, what=some, within=place))
        if clause.verb == "how many":
            return self._note(known, Query(ask="how_many", condition=0, what=some, within=place))
        if kind:
            return self._note(known, Query(ask="which", condition=0, what=some, within=place))
        return self._note(known, Query(ask="what", condition=0, what=known.what))

    def presence(
        self, known: Known, np: NounPhrase, clause: Clause, place: str | None = None
    ) -> Known:
        """Note that it is asked whether, how many or which of the things are somewhere."""
        what = self._meant(np, known)
        within = place or what.within
        what = what.model_copy(update={"within": None})
        ask = _ASKS.get(clause.verb, "whether")
        if what.ids and within is None and ask != "how_many":
            # "is Lily there", "have we got the keys": what one wants to hear is where.
            ask = "where"
        return self._note(known, Query(ask=ask, condition=0, what=what, within=within))

    def state(self, known: Known, clause: Clause, attr: str, value: Value) -> Known:
        """Note that it is asked whether, how many or which of the things are in a state."""
        ask = _ASKS.get(clause.verb, "whether")
        query = Query(ask=ask, condition=0, what=known.what, attr=attr, value=value)
        return self._note(known, query)

    def again(self, old: Known, new: Known, asked: tuple[Query, ...]) -> Known:
        """Note that what was asked of one thing or place is asked of another one, too."""
        for query in asked:
            elsewhere = next(iter(new.what.ids), "") if query.within in old.what.ids else ""
            is_place = self.ground.view.category(elsewhere) in ("fixture", "room")
            changed = {"within": elsewhere} if is_place else {"what": new.what}
            self._note(new, query.model_copy(update=changed))
        return new

    def _note(self, known: Known, query: Query) -> Known:
        self._noted.append((known, query))
        return known

    def _meant(self, np: NounPhrase, known: Known) -> Selector:
        """The things as said: of what is not told apart, any of its class ("milk", "a cup")."""
        if np.pronoun == "all_people":
            return Selector(cls="person")
        if np.pronoun == "all_things":
            return Selector(cls="object")
        cls = named_class(self.site, np)
        named = any(ref.rank == 0 and ref.kind == "thing" for ref in np.refs)
        told_apart = np.det in ("the", "both") or np.owner or np.pronoun or np.one or named
        if cls is not None and not told_apart and self.site.drink(cls) is None:
            having = self.ground.having(np, cls)
            if having is not None:
                return Selector(cls=cls, having=having, within=known.what.within)
        here = list(self.ground.spoken.here)
        try:
            return self.ground.thing(np, every=True).selector()
        except (Doubt, Misfit):
            # What is looked at is clear all the same, so nobody need be asked.
            found = self.ground.lookup.candidates(np)
            if found or cls is not None:
                return Selector(ids=tuple(sorted(found))) if found else Selector(cls=cls)
            return known.what
        finally:
            self.ground.spoken.here[:] = here
