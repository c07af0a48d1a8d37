"""From questions, messages and statements to conditions."""

from __future__ import annotations

from dataclasses import replace

from brain.language.conditions.orders import Orders
from brain.language.conditions.queries import Queries
from brain.language.grounding.doubt import Misfit, Unable, Unclear
from brain.language.grounding.drinks import named_class
from brain.language.grounding.ground import Grounding
from brain.language.grounding.meaning import Meaning
from brain.language.parsing.clauses import Clause
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.site import Site
from devices.facts import Condition, Known, Selector, Told, Value


class Asks:
    """What is to be known or told, and what a remark wants."""

    def __init__(self, site: Site, ground: Grounding, orders: Orders, text: str) -> None:
        self.site = site
        self.view = site.view
        self.ground = ground
        self.orders = orders
        self.text = text
        self.queries = Queries(site, ground)

    # -- knowing -----------------------------------------------------------------------------

    def know(self, clause: Clause) -> list[Condition]:
        """Such as "where is X", "what is on Y", "is X open", "are there any X in Y"."""
        nouns = [np for item in clause.items if item.prep is None for np in item.nouns]
        nouns = [np for np in nouns if np.pronoun != "speaker"]
        places = [np for item in clause.items if item.prep is not None for np in item.nouns]
        if clause.form == "contents" or (not nouns and places):
            looks = [self._look(np) for np in (*nouns, *places)]
            return [self.queries.contents(look, clause) for look in looks] or self._nothing()
        if clause.form == "presence":
            return [self._present(np, places, clause) for np in nouns] or self._nothing()
        found: list[Condition] = []
        for np in nouns:
            np = self.orders.frame.attached(np, [i for i in clause.items if i.prep is not None])
            if clause.form != "state":
                found.append(self.queries.where(self._known(np, "location")))
                continue
            attr, value = str(clause.note[0]), clause.note[1]
            assert isinstance(value, bool | str)
            found.append(self.queries.state(self._known(np, attr), clause, attr, value))
        return found or self._nothing()

    def find(self, clause: Clause) -> list[Condition]:
        """Such as "find Lily", "look for the keys": whoever says so wants to be told where."""
        return [
            self.queries.where(known) if isinstance(known, Known) else known
            for known in self.check(clause)
        ]

    def check(self, clause: Clause) -> list[Condition]:
        """Such as "check table 4", "look in the fridge"."""
        nouns = [np for item in clause.items if item.prep is None for np in item.nouns]
        phrases = [item for item in clause.items if item.prep is not None]
        if not nouns:
            places = [np for item in phrases for np in item.nouns]
            return [self._known(np, "location") for np in places] or self._nothing()
        found: list[Condition] = []
        for np in nouns:
            attached = self.orders.frame.attached(np, [i for i in phrases if i.prep != "for"])
            found.append(self._known(attached, "location"))
        return found

    def _nothing(self) -> list[Condition]:
        raise Unclear("What would you like to know?", kind="wish")

    def _look(self, np: NounPhrase) -> Known:
        where = self.ground.lookup.place(np)
        self.ground.spoken.note(Meaning(ids=(where,)))
        return Known(what=Selector(ids=(where,)), attr="location")

    def _present(self, np: NounPhrase, places: list[NounPhrase], clause: Clause) -> Known:
        """Whether something is somewhere: one looks at the place."""
        if places:
            if not np.pronoun:
                self.ground.lookup.check(np)
            look = self._look(places[0])
            return self.queries.presence(look, np, clause, look.what.ids[0])
        return self.queries.presence(self._known(np, "location"), np, clause)

    def _known(self, np: NounPhrase, attr: str) -> Known:
        if np.pronoun == "speaker":
            raise Unclear("What would you like to know?", kind="wish")
        if np.pronoun == "all_people" and attr == "location":
            return Known(what=Selector(cls="person"))

        def fits(thing: str) -> bool:
            if attr == "location":
                return True
            return attr in self.site.states_of(thing) or self.view.attr(thing, attr) is not None

        if attr == "fill" and not any(fits(t) for t in self.ground.lookup.candidates(np)):
            return self._look(np)
        self.ground.lookup.check(np)
        if np.refs and not np.pronoun and not self.ground.lookup.candidates(np, fits):
            if attr == "location" and not np.posts:
                cls = named_class(self.site, np)
                if (
                    cls is not None
                    and self.site.category_of(cls) == "object"
                    and not self.site.drink(cls)
                ):
                    # Nobody knows of one yet: that is what looking is for.
                    return Known(what=Selector(cls=cls), attr="location")
            elif self.ground.lookup.candidates(np):
                title = self.site.title(self.ground.lookup.candidates(np)[0])
                raise Unable(
                    f"{title[:1].upper()}{title[1:]} has nothing of the kind to be checked."
                )
        common = self._indistinct(np) if attr == "location" else None
        if common is not None:
            return Known(what=Selector(cls=common), attr=attr)
        meaning = self.ground.thing(np, fits, every=True)
        if meaning.count is not None:
            found = self.ground.lookup.candidates(np, fits)
            if len(found) == 1:
                meaning = Meaning(ids=(found[0],))
            else:
                return Known(what=Selector(cls=meaning.cls, having=meaning.having), attr=attr)
        return Known(what=meaning.selector(), attr=attr)

    def _indistinct(self, np: NounPhrase) -> str | None:
        """The class, where several of it are known and nothing tells them apart ("the flour")."""
        if np.pronoun or np.one or np.plural or np.posts or np.places or np.looks or np.states:
            return None
        if any(ref.rank == 0 and ref.kind == "thing" for ref in np.refs):
            return None
        cls = named_class(self.site, np)
        found = self.ground.lookup.candidates(np)
        names = {self.site.title(t) for t in found}
        same = len(found) > 1 and len(names) == 1 and self.view.category(found[0]) == "object"
        return cls if same else None

    # -- telling -----------------------------------------------------------------------------

    def tell(self, clause: Clause) -> list[Condition]:
        """A message, in the person's own words."""
        people: list[str] = []
        for item in clause.items:
            for np in item.nouns:
                people += self._people(np)
        if not clause.note:
            names = " and ".join(self.site.title(p) for p in people)
            if clause.verb in ("greet", "welcome"):
                message = "hello" if clause.verb == "greet" else "welcome"
                return [Told(who=p, message=message) for p in people]
            if clause.verb == "thank":
                return [Told(who=p, message="thank you") for p in people]
            if "message" in self.ground.spoken.answers:
                return [
                    Told(who=p, message=self.ground.spoken.answers["message"][0]) for p in people
                ]
            raise Unclear(f"What shall I tell {names}?", kind="message", slot="message")
        start, end = clause.note
        assert isinstance(start, int)
        assert isinstance(end, int)
        message = self.text[start:end].strip(" .!?,;:'\"“”")
        for person in people:
            self.ground.spoken.note(Meaning(ids=(person,)))
        return [Told(who=person, message=message) for person in people]

    def _people(self, np: NounPhrase) -> list[str]:
        if np.pronoun == "all_people" or (np.plural or np.collective or np.det == "all"):
            return self.orders.frame.everyone(np)
        if np.pronoun == "all_things":
            return self.orders.frame.everyone(np)
        if np.refs and self.orders.frame.is_goal(np) and not self.orders.frame.is_person(np):
            place = self.ground.lookup.place(np)
            there = [p for p in self.site.members("person") if self.site.within(p, place)]
            if not there:
                raise Unable(f"I know of nobody at {self.site.title(place)}.")
            return there
        person = (
            self.ground.lookup.place(np)
            if np.pronoun
            else self.ground.lookup.one(np, self._is_person)
        )
        if self.view.category(person) != "person":
            raise Misfit(f"{self.site.title(person)} can not be told anything")
        return [person]

    def _is_person(self, thing: str) -> bool:
        return self.view.category(thing) == "person"

    # -- remarks -----------------------------------------------------------------------------

    def remark(self, clause: Clause) -> list[Condition]:
        """Such as "table 4 is dirty", "there is a spill in aisle 2", "the soup is cold"."""
        if clause.form == "lack":
            try:
                return self.orders.conditions("restock", clause)
            except Misfit:
                if all(self.orders.frame.is_surface(np) for i in clause.items for np in i.nouns):
                    # "table 5 is finished"
                    return self.orders.conditions("clear", clause)
                raise Unclear("What shall I do about that?") from None
        if clause.form == "spilled":
            told = self.orders.frame.told_where("in")
            places = tuple(i for i in (*clause.items, told) if i is not None and i.prep is not None)
            if not places:
                raise Unclear("Where was something spilled?", kind="where", slot="target")
            try:
                return self._done(replace(clause, items=places[-1:]), "clean", True)
            except Misfit:
                question = "I know of no spill there. Where exactly is it?"
                raise Unclear(question, kind="where", slot="target") from None
        if clause.form == "there":
            for item in clause.items:
                for np in item.nouns:
                    self.ground.lookup.check(np)
                    if item.prep is None and any(
                        r.kind == "class" and self._is_mess(r.id) for r in np.refs
                    ):
                        return self._done(clause, "clean", True)
            raise Unclear("What shall I do about that?")
        attr, value = str(clause.note[0]), clause.note[1]
        if clause.form == "isnt":
            if value is True:
                return self._done(clause, attr, True)
            raise Unclear("What shall I do about that?")
        wanted = {("clean", False): True, ("hot", False): True}.get((attr, bool(value)))
        if attr == "fill" and value == "none":
            return self.orders.conditions("restock", clause)
        if wanted is None or value not in (False, "none"):
            raise Unclear("What shall I do about that?")
        return self._done(clause, attr, wanted)

    def _is_mess(self, cls: str) -> bool:
        card = self.site.card(cls)
        clean = card.states.get("clean") if card is not None else None
        return clean is not None and clean.default is False

    def _done(self, clause: Clause, attr: str, value: Value) -> list[Condition]:
        return self.orders.stating.be(clause, attr, value)

    def context(self, clause: Clause) -> None:
        """Note what a remark speaks of: the next clause may say "it"."""
        for item in clause.items:
            for np in item.nouns:
                if np.pronoun or np.one or np.unknown or np.half_known:
                    continue
                found = self.ground.lookup.candidates(np)
                if len(found) == 1:
                    self.ground.spoken.note(Meaning(ids=(found[0],)))
                elif found and (np.plural or np.det != "the"):
                    cls = named_class(self.site, np)
                    if cls is not None:
                        self.ground.spoken.note(Meaning(cls=cls))
