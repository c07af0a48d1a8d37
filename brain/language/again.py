"""What the last wish was, once more: for another place, another thing, another number."""

from __future__ import annotations

from brain.language.conditions.asks import Asks
from brain.language.conditions.orders import Orders
from brain.language.grounding.doubt import Misfit, Unable, Unclear
from brain.language.grounding.ground import Grounding
from brain.language.grounding.meaning import Meaning
from brain.language.parsing.clauses import Clause, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.past import Past
from devices.facts import At, Be, Clear, Condition, Known


class Again:
    """Reads clauses that only say what is different from the last wish."""

    def __init__(self, past: Past, ground: Grounding, orders: Orders, asks: Asks) -> None:
        self.past = past
        self.ground = ground
        self.orders = orders
        self.asks = asks
        self.site = ground.site

    def conditions(self, clause: Clause, otherwise: bool) -> list[Condition]:
        """The last wish once more, for another place, thing or number."""
        last = list(self.past.conditions)
        nouns = [np for item in clause.items for np in item.nouns]
        places = [np for np in nouns if self.orders.frame.is_goal(np)]
        if otherwise:
            # "make that two" is a number, "no, table 5" a place.
            places = [np for np in places if not np.one]
        told = [np for np in nouns if np.one and (np.looks or np.states or np.other or np.places)]
        things = [np for np in nouns if np not in places and not np.pronoun and not np.one]
        things += told
        counts = [np for np in nouns if np.one and np not in told]
        for np in nouns:
            self.ground.lookup.check(np)
        if not things:
            where = self.ground.lookup.place(places[0]) if places else None
            found = [self._asked_again(c, self._moved(c, where)) for c in last]
        else:
            found = [
                self._asked_again(c, other)
                for np in things
                for c in last[-1:]
                for other in self._another(c, np)
            ]
            if places:
                where = self.ground.lookup.place(places[0])
                found = [self._elsewhere(c, where) for c in found]
        return self._as_many(found, counts[0]) if counts else found

    def _moved(self, condition: Condition, where: str | None) -> Condition:
        return condition if where is None else self._elsewhere(condition, where)

    def _as_many(self, found: list[Condition], number: NounPhrase) -> list[Condition]:
        """The conditions with another number of things."""
        counted = [c for c in found if isinstance(c, At) and c.count]
        if number.looks or number.states or len(counted) < len(found):
            raise Unclear(f'What do you mean by "{number.text}"?')
        return [c.model_copy(update={"count": number.count or 1}) for c in counted]

    def _asked_again(self, old: Condition, new: Condition) -> Condition:
        """The new condition; what was asked with the old one is asked with it, too."""
        if isinstance(old, Known) and isinstance(new, Known):
            last = self.past.conditions
            asked = tuple(q for q in self.past.queries if last[q.condition] == old)
            self.asks.queries.again(old, new, asked)
        return new

    def _elsewhere(self, condition: Condition, where: str) -> Condition:
        if isinstance(condition, At):
            if (
                condition.relation == "at"
                and self.site.view.category(where) != "room"
                and self.site.view.category(condition.where) != "room"
            ):
                return condition.model_copy(update={"where": where})
            meaning = Meaning(
                ids=condition.what.ids,
                cls=condition.what.cls,
                having=condition.what.having,
                count=condition.count,
            )
            return self.orders.moving.at(meaning, where)
        if isinstance(condition, Clear):
            return Clear(where=where, cls=condition.cls)
        if isinstance(condition, Be | Known) and condition.what.ids:
            if isinstance(condition, Be) and not self.orders.frame.fleet.can_be(
                where, condition.attr, condition.value
            ):
                raise Unable(
                    self.orders.frame.fleet.why_not(where, condition.attr, condition.value)
                )
            return condition.model_copy(
                update={"what": condition.what.model_copy(update={"ids": (where,)})}
            )
        raise Unclear("What shall I do there?")

    def _another(self, condition: Condition, np: NounPhrase) -> list[Condition]:
        clause = Clause((), "", (Item((np,)),))
        if isinstance(condition, At):
            stocked = any(
                condition.what.cls in f.stock
                for f in self.site.fixtures.values()
                if f.id == condition.where
            )
            if stocked and not condition.fresh:
                return self.orders.conditions("restock", clause)
            meaning = self.ground.thing(np, self.orders.frame.fleet.can_move)
            return [self.orders.moving.at(meaning, condition.where)]
        if isinstance(condition, Be):
            try:
                return self.orders.stating.be(clause, condition.attr, condition.value)
            except Misfit as misfit:
                raise Unable(misfit.reason) from None
        if isinstance(condition, Known):
            return self.asks.check(clause)
        if isinstance(condition, Clear):
            return self.orders.conditions("clear", clause)
        raise Unclear(f"What shall I do with {np.text}?")
