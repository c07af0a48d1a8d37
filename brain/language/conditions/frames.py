"""What the noun phrases of an order are to it: what is moved, where to, where from."""

from __future__ import annotations

from dataclasses import replace

from brain.language.grounding.doubt import Unable, Unclear
from brain.language.grounding.ground import Grounding
from brain.language.grounding.meaning import Meaning
from brain.language.grounding.wording import slot_of
from brain.language.parsing.clauses import Clause, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.fleet import Fleet
from brain.language.words.site import Ref, Site
from devices.facts import Selector

# What is done or asked of one thing, from which nothing can be excepted.
_OF_ONE = frozenset({"go", "know", "tell"})


class Frame:
    """What the phrases of an order are: things, goals, people, surfaces."""

    def __init__(self, site: Site, ground: Grounding) -> None:
        self.site = site
        self.view = site.view
        self.ground = ground
        self.fleet = Fleet(site)

    def attached(self, np: NounPhrase, sources: list[Item]) -> NounPhrase:
        """The phrase with the places that were said after it."""
        if any(len(item.nouns) > 1 for item in sources):
            raise Unclear("Please name one place at a time. Which one do you mean?")
        posts = tuple(
            (item.prep or "at", item.nouns[0])
            for item in sources
            if item.prep in ("from", "in", "on", "at", "near", "to")
        )
        return replace(np, posts=(*np.posts, *posts)) if posts else np

    def where(self, target: Item) -> list[str]:
        """The places (or people) that are the goal."""
        found: list[str] = []
        for np in target.nouns:
            if np.pronoun == "all_people" or (np.det == "all" and self.is_person(np)):
                found += self.everyone(np)
            elif np.refs and self._are_all(np):
                meaning = self.ground.thing(np, self.fleet.can_hold, every=True)
                found += self.expanded(meaning)
            else:
                found.append(self.ground.lookup.place(np, self._holds_or_room))
        return found

    def _are_all(self, np: NounPhrase) -> bool:
        """Whether every one is meant: "all tables", "the tables", "each table"."""
        return np.det == "all" or (np.plural and np.det == "the" and not np.collective)

    def _holds_or_room(self, thing: str) -> bool:
        return self.view.category(thing) in ("room", "person", "fixture", "door")

    def told_where(self, prep: str) -> Item | None:
        """The place that was answered when none was named, as if it had been said with `prep`."""
        answered = self.ground.spoken.answers.get("target")
        if answered is None:
            return None
        refs = (Ref(0, "thing", answered[0]),)
        name = NounPhrase(self.site.title(answered[0]), 0, 0, det="the", refs=refs)
        return Item((name,), prep, prep)

    def everyone(self, np: NounPhrase) -> list[str]:
        """All people who are meant, without the speaker."""
        people = [
            p
            for p in self.site.ids
            if self.view.category(p) == "person" and p != self.ground.spoken.who
        ]
        if np.refs:
            named = set(self.ground.lookup.candidates(np))
            people = [p for p in people if p in named]
        for _, where in np.posts:
            place = self.ground.lookup.place(where)
            people = [p for p in people if self.site.within(p, place)]
        if not people:
            raise Unable(f"I know of nobody who is meant by {np.text}.")
        return people

    def expanded(self, meaning: Meaning) -> list[str]:
        """The things that are meant, one by one, as memory knows them now."""
        if meaning.ids:
            return list(meaning.ids)
        selector = meaning.selector()
        return [t for t in self.site.members(meaning.cls or "") if self._matches(selector, t)]

    def _matches(self, selector: Selector, thing: str) -> bool:
        if thing in selector.exclude:
            return False
        if any(self.view.attr(thing, k) != v for k, v in selector.having.items()):
            return False
        return selector.within is None or self.site.within(thing, selector.within)

    def is_goal(self, np: NounPhrase) -> bool:
        """Whether things can be brought there: a place or a person."""
        if np.one and np.count is not None and not np.looks:
            return any(
                len(k) == 2
                and k[1] == str(np.count)
                and any(r.id in self.site.fixtures for r in refs)
                for k, refs in self.site.index.items()
            )
        if np.pronoun in ("speaker", "she_he", "all_people"):
            return True
        if np.unknown or not np.refs or np.one:
            return False
        return self.site.category(np.refs[0]) in ("person", "room", "fixture")

    def is_room(self, np: NounPhrase) -> bool:
        """Whether a room is named."""
        return (
            bool(np.refs)
            and np.refs[0].kind == "thing"
            and self.view.category(np.refs[0].id) == "room"
        )

    def is_person(self, np: NounPhrase) -> bool:
        """Whether people are named."""
        if np.pronoun in ("speaker", "she_he", "all_people"):
            return True
        return bool(np.refs) and all(self.site.category(r) == "person" for r in np.refs)

    def are_bodies(self, objects: tuple[NounPhrase, ...]) -> bool:
        """Whether only bodies are named."""
        return bool(objects) and all(
            np.refs and all(self.site.category(r) == "body" for r in np.refs) for np in objects
        )

    def pass_over_nothing(self, clause: Clause) -> Clause:
        """See to it that whatever is named in a clause is known, also where its verb has no use for it.

        Returns:
            The clause without what somebody agreed to do without.

        Raises:
            Unable: If something is not.
            Unclear: If something is to be left out, or excepted from what has no parts.
        """
        tools = self.site.lexicon.words["tools"]
        for item in clause.items:
            for np in item.nouns:
                if item.prep == "without":
                    if slot_of(np) in self.ground.spoken.answers:
                        continue
                    question = f"I can not leave out {np.text}. Shall I do it all the same?"
                    raise Unclear(question, kind="yes", slot=slot_of(np))
                if item.prep == "with" and clause.readings == ("go",):
                    raise Unclear(f"What shall be done with {np.text}?")
                tool = item.prep == "with" and np.text.split()[-1] in tools
                if item.prep != "for" and not tool:
                    self.ground.lookup.check(np)
        for np in clause.unless:
            self.ground.lookup.check(np)
            if not set(clause.readings) - _OF_ONE:
                raise Unclear(f'What do you mean by "except {np.text}"?')
        return replace(clause, items=tuple(i for i in clause.items if i.prep != "without"))

    def excluding(self, meaning: Meaning, clause: Clause, of: NounPhrase | None = None) -> Meaning:
        """What is meant, without what is excepted."""
        if not clause.unless:
            return meaning
        out = self.ground.excluded(clause.unless, of)
        if meaning.ids:
            return replace(meaning, ids=tuple(i for i in meaning.ids if i not in out))
        return replace(meaning, exclude=tuple(sorted({*meaning.exclude, *out})))

    def members(self, np: NounPhrase) -> list[str]:
        """Everything that the noun may mean."""
        found: list[str] = []
        for ref in np.refs:
            found += [ref.id] if ref.kind == "thing" else list(self.ground.lookup.members(ref.id))
        return found

    def is_surface(self, np: NounPhrase) -> bool:
        """Whether a place is named that can be cleared."""
        if np.pronoun in ("things", "places") or (np.one and np.pronoun is None):
            last = self.ground.spoken.last(self.is_carrier)
            return last is not None and all(self.is_carrier(t) for t in last.ids or ())
        if np.unknown:
            return True
        return bool(np.refs) and all(
            self.site.category(r) in ("fixture", "room")
            for r in np.refs
            if r.rank == np.refs[0].rank
        )

    def is_carrier(self, thing: str) -> bool:
        """Whether things can lie on or in it."""
        return thing in self.site.fixtures and self.site.fixtures[thing].capacity > 0

    def carrier_or_room(self, thing: str) -> bool:
        """Whether it can be cleared: a carrier, or those of a room."""
        return self.is_carrier(thing) or self.view.category(thing) == "room"

    def has_clearable(self, place: str) -> bool:
        """Whether something lies there that can be cleared."""
        return any(self.view.is_a(t, "clearable") for t in self.view.contents(place))
