"""Bringing, putting, making drinks, sending bodies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from brain.language.conditions.frames import Frame
from brain.language.conditions.stocking import Stocking
from brain.language.grounding.doubt import Misfit, Unable, Unclear
from brain.language.grounding.meaning import Meaning
from brain.language.grounding.wording import slot_of
from brain.language.parsing.clauses import Clause, Item
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.plural import plural
from devices.facts import At, Condition, Relation, Selector

# Verbs that, without a goal, take a thing away from where it is.
_TAKES = frozenset(["take", "collect", "pick", "remove", "gather"])
# How a place is told that says where a goal is.
_BESIDE = ("at", "on", "in", "near")


class Moving:
    """Orders that bring, put, make or send."""

    def __init__(self, frame: Frame, stocking: Stocking) -> None:
        self.frame = frame
        self.site = frame.site
        self.view = frame.view
        self.ground = frame.ground
        self.fleet = frame.fleet
        self.stocking = stocking

    def move(self, clause: Clause) -> list[Condition]:
        """Bring something to a place or person, by default to the speaker."""
        objects, target, sources = self.transfer(clause)
        if not objects:
            raise Misfit("nothing is named that could be brought")
        if target is not None and all(
            np.det == "more" and np.plural and np.count is None for np in objects
        ):
            return self.stocking.restock(
                replace(clause, items=(Item(objects), replace(target, prep="in")))
            )
        if clause.gapped and target is None and any(np.det == "the" for np in objects):
            raise Unclear(f"What shall I do with {objects[0].text}?")
        if self.frame.are_bodies(objects):
            return self._send(objects, target)
        if target is None and any(s.word.startswith("away") for s in sources):
            raise Misfit("it is taken away, not brought")
        if (
            target is None
            and any(s.prep == "from" for s in sources)
            and clause.verb.split()[0] in _TAKES
        ):
            raise Misfit("it is taken away, not brought")
        where = [self.ground.spoken.speaker()] if target is None else self.frame.where(target)
        return self._carried(objects, where, sources, clause)

    def put(self, clause: Clause) -> list[Condition]:
        """Put something somewhere."""
        laid = [i for i in clause.items if i.prep == "with"]
        if laid and clause.verb in ("set", "lay", "load") and clause.items[0].prep is None:
            objects = tuple(np for i in laid for np in i.nouns)
            return self._carried(objects, self.frame.where(clause.items[0]), [], clause)
        clause = self._for_whom(clause)
        objects, target, sources = self.transfer(clause)
        if not objects:
            raise Misfit("nothing is named that could be put somewhere")
        if self.frame.are_bodies(objects):
            return self._send(objects, target)
        told = self.frame.told_where("to")
        if told is not None and (target is None or target.prep == "near"):
            target = told
        if target is None:
            if clause.particles:
                raise Misfit("no place is named")
            raise Unclear(f"Where shall I put {objects[0].text}?", kind="where", slot="target")
        if target.prep == "near":
            return self._near(objects, target)
        return self._carried(objects, self.frame.where(target), sources, clause)

    def _for_whom(self, clause: Clause) -> Clause:
        """Who puts something on a table for somebody puts it on the table."""
        for item in clause.items:
            if item.prep == "for" and item.nouns[0].pronoun == "all_people" and item.nouns[0].posts:
                wanted = clause.items[0].nouns[0]
                if slot_of(wanted) in self.ground.spoken.answers:
                    continue
                names = plural(self.ground.lookup.wording.class_words(wanted))
                question = f"How many {names} do you want there?"
                raise Unclear(question, kind="count", slot=slot_of(wanted))
        if not any(i.prep in ("to", "on", "in", "at") for i in clause.items):
            return clause
        kept = [i for i in clause.items if i.prep != "for" or not self.frame.is_person(i.nouns[0])]
        return replace(clause, items=tuple(kept))

    def _near(self, objects: tuple[NounPhrase, ...], target: Item) -> list[Condition]:
        place = self.ground.lookup.place(target.nouns[0])
        raise Unclear(
            f"I can put things on or in something, not {target.word} {self.site.title(place)}. "
            f"Where exactly shall {objects[0].text} go?",
            kind="where",
            slot="target",
        )

    def _carried(
        self,
        objects: Iterable[NounPhrase],
        where: list[str] | str,
        sources: list[Item],
        clause: Clause,
    ) -> list[Condition]:
        wheres = [where] if isinstance(where, str) else where
        for item in sources:
            if item.prep in ("for", "to"):
                raise Unclear(f'What do you mean by "{item.word} {item.nouns[0].text}"?')
        found: list[Condition] = []
        noted: list[Meaning] = []
        for np in objects:
            attached = self.frame.attached(np, sources)
            meaning = self.ground.thing(attached, self.fleet.can_move, any_one=True)
            meaning = self.frame.excluding(meaning, clause, np)
            each = self._each(meaning, wheres)
            for place in wheres:
                found.append(self.at(each, place))
            noted.append(meaning)
        for place in wheres:
            self.ground.spoken.here.insert(
                max(len(self.ground.spoken.here) - len(noted), 0), Meaning(ids=(place,))
            )
        return found

    def _each(self, meaning: Meaning, wheres: list[str]) -> Meaning:
        """Such as "bring Ana and Ben two coffees": one each."""
        people = all(self.view.category(w) == "person" for w in wheres)
        if people and len(wheres) > 1 and meaning.count == len(wheres):
            return replace(meaning, count=1)
        return meaning

    def at(self, meaning: Meaning, where: str) -> At:
        """The things are at the place."""
        if not self.fleet.can_hold(where):
            raise Unable(f"Nothing can be put on or in {self.site.title(where)}.")
        fresh = meaning.count is not None and not meaning.ids
        return At(
            what=meaning.selector(),
            where=where,
            relation=self._relation(where),
            count=meaning.count if not meaning.ids else None,
            fresh=fresh,
        )

    def _relation(self, where: str) -> Relation:
        category = self.view.category(where)
        if category == "person":
            return "held"
        if category == "room":
            return "at"
        return "in" if self.site.fixtures[where].inside else "on"

    def transfer(self, clause: Clause) -> tuple[tuple[NounPhrase, ...], Item | None, list[Item]]:
        """(what, where to, what else is said of where) of a clause that moves something."""
        plain = [item for item in clause.items if item.prep is None]
        phrases = [item for item in clause.items if item.prep is not None]
        target: Item | None = None
        if len(plain) >= 2 and self.frame.is_goal(plain[0].nouns[0]):
            target, plain = replace(plain[0], prep="to"), plain[1:]
        elif len(plain) == 1 and not phrases and self.frame.is_goal(plain[0].nouns[0]):
            return (), replace(plain[0], prep="to"), []
        objects = tuple(np for item in plain for np in item.nouns)
        withs = [p for p in phrases if p.prep == "with"]
        phrases = [p for p in phrases if p.prep not in ("with", "about")]
        for item in withs:
            # "a coffee with a croissant": both are brought.
            objects = (*objects, *item.nouns)
        for item in clause.items:
            if item.prep == "about":
                raise Misfit("that is not moved")
        if target is None:
            target, phrases = self._goal(phrases)
        if "away" in clause.particles and target is None:
            raise Misfit("it is taken away")
        return objects, target, phrases

    def _goal(self, phrases: list[Item]) -> tuple[Item | None, list[Item]]:
        """The place that is the goal, among prepositional phrases."""
        for wanted in (("to",), ("for",), ("on", "in", "at"), ("near",)):
            for index in range(len(phrases) - 1, -1, -1):
                item = phrases[index]
                if item.prep not in wanted:
                    continue
                if item.prep == "for" and not self.frame.is_goal(item.nouns[0]):
                    continue
                return self._narrowed(phrases, index, wanted)
        return None, phrases

    def _narrowed(
        self, phrases: list[Item], index: int, wanted: tuple[str, ...]
    ) -> tuple[Item, list[Item]]:
        """The goal at `index`, told by the places beside it; and the phrases that are left."""
        item = phrases[index]
        rest = phrases[:index] + phrases[index + 1 :]
        if index > 0 and self.frame.is_room(item.nouns[0]) and phrases[index - 1].prep in wanted:
            # "in the fridge in the kitchen": the room says which fridge.
            item = _placed(phrases[index - 1], "in", item.nouns[0])
            rest = phrases[: index - 1] + phrases[index + 1 :]
        beside: list[Item] = []
        if wanted == ("for",) and self.frame.is_goal(item.nouns[0]):
            beside = [r for r in rest if r.prep in _BESIDE][-1:]
        elif wanted == ("to",):
            beside = [r for r in phrases[index + 1 :] if r.prep in _BESIDE][:1]
        for place in beside:
            item = _placed(item, place.prep or "at", place.nouns[0])
            rest = [r for r in rest if r is not place]
        return item, rest

    def make(self, clause: Clause) -> list[Condition]:
        """Make a drink and bring it."""
        for item in clause.items:
            if item.prep is None:
                for np in item.nouns:
                    if clause.verb == "sort" and np.pronoun == "things":
                        raise Misfit("what is to be sorted out is not said")
                    drink = np.fill is not None or any(
                        r.kind == "class" and (self.site.drink(r.id) or r.id == "drink")
                        for r in np.refs
                    )
                    if not drink and not np.pronoun and not self.frame.is_goal(np):
                        self.ground.lookup.check(np)
                        raise Misfit(f"{np.text} can not be made here")
        return self.move(clause)

    def go(self, clause: Clause) -> list[Condition]:
        """A body goes somewhere."""
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        places = [
            item for item in clause.items if item.prep in ("to", "in", "on", "at", "near", "for")
        ]
        here = [np for np in plain if np.pronoun == "places"]
        plain = [np for np in plain if np.pronoun != "places"]
        places += [Item((np,), "to", "to") for np in here]
        if plain and not self.frame.are_bodies(tuple(plain)):
            if places:
                raise Misfit("that is no way to go")
            if clause.verb.split()[0] in (
                "approach",
                "visit",
                "join",
                "meet",
                "follow",
                "patrol",
            ) or self.frame.is_goal(plain[0]):
                places, plain = [Item((plain[0],), "to", "to"), *places], []
            else:
                raise Misfit("that is no way to go")
        if not places:
            if "here" in clause.particles or clause.verb in ("come here", "come over", "come"):
                spot = NounPhrase("here", clause.start, clause.end, pronoun="speaker")
                return self._send((), Item((spot,), "to", "to"), clause.actor)
            raise Misfit("no place is named to go to")
        return self._send(tuple(plain), places[0], clause.actor)

    def _send(
        self, bodies: tuple[NounPhrase, ...], target: Item | None, actor: NounPhrase | None = None
    ) -> list[Condition]:
        target = target or self.frame.told_where("to")
        if target is None:
            raise Unclear("Where to?", kind="where", slot="target")
        where = self.ground.lookup.place(target.nouns[0])
        if self.view.category(where) == "object":
            raise Misfit("that is no place")
        if not bodies and actor is not None:
            bodies = (actor,)
        if not bodies:
            return [self._body_at((), where)]
        found: list[Condition] = []
        for np in bodies:
            meaning = self.ground.thing(np, lambda t: self.view.category(t) == "body")
            found.append(self._sent(meaning, where))
        return found

    def _sent(self, meaning: Meaning, where: str) -> At:
        if meaning.ids:
            return At(what=Selector(ids=meaning.ids), where=where, relation="at")
        return At(what=Selector(cls=meaning.cls), where=where, relation="at", count=meaning.count)

    def _body_at(self, ids: tuple[str, ...], where: str) -> At:
        return At(
            what=Selector(ids=ids, cls=None if ids else "body"),
            where=where,
            relation="at",
            count=None if ids else 1,
        )


def _placed(item: Item, prep: str, place: NounPhrase) -> Item:
    """The item with its last noun at a place."""
    np = item.nouns[-1]
    return replace(item, nouns=(*item.nouns[:-1], replace(np, posts=(*np.posts, (prep, place)))))
