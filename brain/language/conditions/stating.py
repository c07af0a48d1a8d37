"""Changing states: cleaning, heating, slicing, switching, opening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from brain.language.conditions.frames import Frame
from brain.language.grounding.doubt import Misfit, Unclear
from brain.language.grounding.meaning import Meaning
from brain.language.grounding.wording import slot_of
from brain.language.parsing.clauses import Clause, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.site import Ref
from devices.facts import Be, Condition, Selector, Value


class Stating:
    """Orders that change a state."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.site = frame.site
        self.view = frame.view
        self.ground = frame.ground
        self.fleet = frame.fleet

    def be(
        self, clause: Clause, attr: str, value: Value, *, objects: bool | None = None
    ) -> list[Condition]:
        """Give things a state."""
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        posts = [i for i in clause.items if i.prep in ("in", "on", "at", "from", "near", "to")]
        posts = [i for i in posts if not self._is_tool(i, attr)]
        if not plain and posts and attr in ("clean", "power"):
            plain, posts = list(posts[0].nouns), posts[1:]
        if not plain:
            raise Misfit("nothing is named")
        found: list[Condition] = []
        places = (
            [[]]
            if not posts
            else [[replace(posts[0], nouns=(n,)), *posts[1:]] for n in posts[0].nouns]
        )
        for np in plain:
            for at in places:
                found += self.be_one(self.frame.attached(np, at), attr, value, clause)
        extra = [i for i in clause.items if i.prep == "for"]
        if (
            extra
            and attr in ("hot", "sliced")
            and self.frame.is_goal(extra[0].nouns[0])
            and extra[0].nouns[0].pronoun != "speaker"
        ):
            raise Unclear(f"Shall I also bring it to {extra[0].nouns[0].text}?", kind="what")
        return found

    def _is_tool(self, item: Item, attr: str) -> bool:
        """Whether the place is what does it ("wash it in the sink", "in the microwave")."""
        services = self.fleet.services(attr)
        np = item.nouns[0]
        return any(
            r.kind == "thing"
            and r.id in self.site.fixtures
            and services & set(self.site.fixtures[r.id].offers)
            for r in np.refs
        ) and item.prep in ("in", "on", "at")

    def be_one(self, np: NounPhrase, attr: str, value: Value, clause: Clause) -> list[Condition]:
        """Give what one noun means a state."""

        def can(thing: str) -> bool:
            return self.fleet.can_be(thing, attr, value)

        def needs(thing: str) -> bool:
            return self.view.attr(thing, attr) != value

        if np.pronoun == "all_things" and (attr in ("power", "open") or not np.posts):
            return [Be(what=Selector(ids=self._all_at(np, can)), attr=attr, value=value)]
        self.ground.lookup.check(np)
        if np.pronoun and attr == "clean" and self.ground.spoken.last(can) is None:
            rooms = self.ground.spoken.last(lambda t: self.view.category(t) == "room")
            if rooms is not None and rooms.ids:
                np = replace(np, pronoun=None, refs=(Ref(0, "thing", rooms.ids[0]),))
        if not np.pronoun and not np.one and np.refs and not self._any(np, can):
            known = self.frame.members(np)
            spills = self._spills(np) if attr == "clean" else []
            if spills:
                self.ground.spoken.note(Meaning(ids=tuple(spills)))
                return [Be(what=Selector(ids=tuple(spills)), attr=attr, value=value)]
            self._refuse(known[:1], attr, value)
        singled = needs if attr != "clean" or self._are_objects(np) else None
        meaning = self.frame.excluding(
            self.ground.thing(np, can, prefer=singled, every=True), clause, np
        )
        if meaning.ids:
            self._refuse([t for t in meaning.ids if not can(t)], attr, value)
            return [Be(what=meaning.selector(), attr=attr, value=value)]
        if meaning.count is not None and self.ground.spoken.here:
            # "heat a steak and bring it": what is brought is hot.
            self.ground.spoken.here[-1] = replace(meaning, having={**meaning.having, attr: value})
        return [Be(what=meaning.selector(), attr=attr, value=value, count=meaning.count)]

    def _all_at(self, np: NounPhrase, can: Callable[[str], bool]) -> tuple[str, ...]:
        """Everything at the place that is said with it that can be changed like that."""
        if not np.posts:
            raise Unclear("What exactly do you mean by everything?", slot=slot_of(np))
        place = self.ground.lookup.place(np.posts[0][1])
        there = tuple(t for t in self.site.ids if self.site.within(t, place) and can(t))
        if not there:
            raise Misfit(f"nothing in {self.site.title(place)} can be changed like that")
        return there

    def _spills(self, np: NounPhrase) -> list[str]:
        """What has been spilled in the room that is meant ("mop the bathroom")."""
        rooms = [t for t in self.ground.lookup.candidates(np) if self.view.category(t) == "room"]
        if len(rooms) != 1:
            return []
        spilled = [t for t in self.site.members("wipeable") if self.view.attr(t, "fixed") is True]
        return [
            t
            for t in spilled
            if self.view.category(t) == "object" and self.site.within(t, rooms[0])
        ]

    def _refuse(self, unable: Sequence[str], attr: str, value: Value) -> None:
        if unable:
            raise Misfit(self.fleet.why_not(unable[0], attr, value))

    def _are_objects(self, np: NounPhrase) -> bool:
        return all(self.view.category(t) == "object" for t in self.frame.members(np))

    def _any(self, np: NounPhrase, can: Callable[[str], bool]) -> bool:
        return any(can(t) for t in self.frame.members(np))
