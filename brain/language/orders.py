"""From an order to its conditions: what each kind of verb makes true of what it is said of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from brain.language.clauses import Clause, Item
from brain.language.doubt import Misfit, Unable, Unclear
from brain.language.fleet import Fleet
from brain.language.ground import Grounding, Meaning, slot_of
from brain.language.homes import bin_for, home_of
from brain.language.nouns import NounPhrase
from brain.language.site import Ref, Site
from devices.facts import At, Be, Clear, Condition, Relation, Selector, Value

_PLACES = ("to", "in", "on", "at", "for", "near")
Handler = Callable[[Clause], list[Condition]]


class Orders:
    """Composes conditions for one speaker, clause by clause."""

    def __init__(self, site: Site, ground: Grounding) -> None:
        self.site = site
        self.view = site.view
        self.ground = ground
        self.fleet = Fleet(site)
        self._handlers: dict[str, Handler] = {
            "move": self._move,
            "need": self._move,
            "make": self._make,
            "put": self._put,
            "put_away": self._put_away,
            "clear": self._clear,
            "dispose": self._dispose,
            "tidy": self._tidy,
            "wash": lambda c: self._be(c, "clean", True, objects=True),
            "clean": lambda c: self._be(c, "clean", True),
            "wipe": lambda c: self._be(c, "clean", True, objects=False),
            "heat": lambda c: self._be(c, "hot", True),
            "slice": lambda c: self._be(c, "sliced", True),
            "switch_on": lambda c: self._be(c, "power", True),
            "switch_off": lambda c: self._be(c, "power", False),
            "open": lambda c: self._be(c, "open", True),
            "close": lambda c: self._be(c, "open", False),
            "be": lambda c: self._be(c, str(c.note[0]), c.note[1]),  # type: ignore[arg-type]
            "restock": self._restock,
            "pour": self._pour,
            "go": self._go,
        }

    def knows(self, action: str) -> bool:
        """Whether the action makes something true (and is not a question or a message)."""
        return action in self._handlers

    def conditions(self, action: str, clause: Clause) -> list[Condition]:
        """What the clause makes true, read as this action.

        Raises:
            Misfit: The action does not fit what is named.
            Doubt: It fits, but something is unclear or impossible.
        """
        return self._handlers[action](clause)

    # -- bringing and putting ----------------------------------------------------------------

    def _move(self, clause: Clause) -> list[Condition]:
        objects, target, sources = self._transfer(clause)
        if not objects:
            raise Misfit("nothing is named that could be brought")
        if target is not None and all(
            np.det == "more" and np.plural and np.count is None for np in objects
        ):
            return self._restock(replace(clause, items=(Item(objects), replace(target, prep="in"))))
        if clause.gapped and target is None and any(np.det == "the" for np in objects):
            raise Unclear(f"What shall I do with {objects[0].text}?")
        if self._are_bodies(objects):
            return self._send(objects, target)
        if target is None and any(s.word.startswith("away") for s in sources):
            raise Misfit("it is taken away, not brought")
        if (
            target is None
            and any(s.prep == "from" for s in sources)
            and clause.verb.split()[0] in _TAKES
        ):
            raise Misfit("it is taken away, not brought")
        if target is None:
            where = self.ground.speaker()
        else:
            where = self._where(target)
        return self._carried(objects, where, sources, clause)

    def _put(self, clause: Clause) -> list[Condition]:
        laid = [i for i in clause.items if i.prep == "with"]
        if laid and clause.verb in ("set", "lay", "load") and clause.items[0].prep is None:
            objects = tuple(np for i in laid for np in i.nouns)
            return self._carried(objects, self._where(clause.items[0]), [], clause)
        objects, target, sources = self._transfer(clause)
        if not objects:
            raise Misfit("nothing is named that could be put somewhere")
        if self._are_bodies(objects):
            return self._send(objects, target)
        if target is None and "target" in self.ground.answers:
            where = self.ground.answers["target"][0]
            return self._carried(objects, where, sources, clause)
        if target is None:
            if clause.particles:
                raise Misfit("no place is named")
            raise Unclear(f"Where shall I put {objects[0].text}?", kind="where", slot="target")
        if target.prep == "near":
            return self._near(objects, target)
        return self._carried(objects, self._where(target), sources, clause)

    def _near(self, objects: tuple[NounPhrase, ...], target: Item) -> list[Condition]:
        place = self.ground.place(target.nouns[0])
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
            attached = self._attached(np, sources)
            meaning = self.ground.thing(attached, self.fleet.can_move, any_one=True)
            meaning = self._excluding(meaning, clause, np)
            each = self._each(meaning, wheres)
            for place in wheres:
                found.append(self._at(each, place))
            noted.append(meaning)
        for place in wheres:
            self.ground.here.insert(
                max(len(self.ground.here) - len(noted), 0), Meaning(ids=(place,))
            )
        return found

    def _each(self, meaning: Meaning, wheres: list[str]) -> Meaning:
        """Such as "bring Ana and Ben two coffees": one each."""
        people = all(self.view.category(w) == "person" for w in wheres)
        if people and len(wheres) > 1 and meaning.count == len(wheres):
            return replace(meaning, count=1)
        return meaning

    def _excluding(self, meaning: Meaning, clause: Clause, of: NounPhrase | None = None) -> Meaning:
        if not clause.unless:
            return meaning
        out = self.ground.excluded(clause.unless, of)
        if meaning.ids:
            return replace(meaning, ids=tuple(i for i in meaning.ids if i not in out))
        return replace(meaning, exclude=tuple(sorted({*meaning.exclude, *out})))

    def _at(self, meaning: Meaning, where: str) -> At:
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

    def _transfer(self, clause: Clause) -> tuple[tuple[NounPhrase, ...], Item | None, list[Item]]:
        """(what, where to, what else is said of where) of a clause that moves something."""
        plain = [item for item in clause.items if item.prep is None]
        phrases = [item for item in clause.items if item.prep is not None]
        target: Item | None = None
        if len(plain) >= 2 and self._is_goal(plain[0].nouns[0]):
            target, plain = replace(plain[0], prep="to"), plain[1:]
        elif len(plain) == 1 and not phrases and self._is_goal(plain[0].nouns[0]):
            return (), replace(plain[0], prep="to"), []
        objects = tuple(np for item in plain for np in item.nouns)
        withs = [p for p in phrases if p.prep == "with"]
        phrases = [p for p in phrases if p.prep not in ("with", "without", "about")]
        for item in withs:
            # "a coffee with a croissant": both are brought.
            objects = (*objects, *item.nouns)
        for item in clause.items:
            if item.prep == "without":
                raise Unclear(
                    f"I can not leave out {item.nouns[0].text}. Shall I bring it as it is?"
                )
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
                rest = phrases[:index] + phrases[index + 1 :]
                if item.prep == "for" and not self._is_goal(item.nouns[0]):
                    continue
                # "in the fridge in the kitchen": the room says which fridge.
                if index > 0 and self._is_room(item.nouns[0]) and phrases[index - 1].prep in wanted:
                    inner = phrases[index - 1]
                    np = inner.nouns[-1]
                    told = replace(np, posts=(*np.posts, ("in", item.nouns[0])))
                    item = replace(inner, nouns=(*inner.nouns[:-1], told))
                    rest = phrases[: index - 1] + phrases[index + 1 :]
                if wanted == ("for",):
                    place = [r for r in rest if r.prep in ("at", "on", "in", "near")]
                    if place and self._is_goal(item.nouns[0]):
                        np = item.nouns[-1]
                        told = replace(
                            np, posts=(*np.posts, (place[-1].prep or "at", place[-1].nouns[0]))
                        )
                        item = replace(item, nouns=(*item.nouns[:-1], told))
                        rest = [r for r in rest if r is not place[-1]]
                if wanted == ("to",) and self._is_person(item.nouns[-1]):
                    place = [
                        r for r in phrases[index + 1 :] if r.prep in ("at", "on", "in", "near")
                    ]
                    if place:
                        np = item.nouns[-1]
                        told = replace(
                            np, posts=(*np.posts, (place[0].prep or "at", place[0].nouns[0]))
                        )
                        item = replace(item, nouns=(*item.nouns[:-1], told))
                        rest = [r for r in rest if r is not place[0]]
                elif wanted == ("to",):
                    after = [
                        r for r in phrases[index + 1 :] if r.prep in ("in", "on", "at", "near")
                    ]
                    if after:
                        np = item.nouns[-1]
                        told = replace(
                            np, posts=(*np.posts, (after[0].prep or "at", after[0].nouns[0]))
                        )
                        item = replace(item, nouns=(*item.nouns[:-1], told))
                        rest = [r for r in rest if r is not after[0]]
                return item, rest
        return None, phrases

    def _attached(self, np: NounPhrase, sources: list[Item]) -> NounPhrase:
        """The phrase with the places that were said after it."""
        if any(len(item.nouns) > 1 for item in sources):
            raise Unclear("Please name one place at a time. Which one do you mean?")
        posts = tuple(
            (item.prep or "at", item.nouns[0])
            for item in sources
            if item.prep in ("from", "in", "on", "at", "near", "to")
        )
        return replace(np, posts=(*np.posts, *posts)) if posts else np

    def _where(self, target: Item) -> list[str]:
        found: list[str] = []
        for np in target.nouns:
            if np.pronoun == "all_people" or (np.det == "all" and self._is_person(np)):
                found += self._everyone(np)
            elif np.plural and np.refs and np.det in ("all", "the") and not np.collective:
                meaning = self.ground.thing(np, self.fleet.can_hold, every=True)
                found += self._expanded(meaning)
            else:
                found.append(self.ground.place(np, self._holds_or_room))
        return found

    def _holds_or_room(self, thing: str) -> bool:
        return self.view.category(thing) in ("room", "person", "fixture", "door")

    def _everyone(self, np: NounPhrase) -> list[str]:
        people = [
            p for p in self.site.ids if self.view.category(p) == "person" and p != self.ground.who
        ]
        if np.refs:
            named = set(self.ground.candidates(np))
            people = [p for p in people if p in named]
        for _, where in np.posts:
            place = self.ground.place(where)
            people = [p for p in people if self.site.within(p, place)]
        if not people:
            raise Unable(f"I know of nobody who is meant by {np.text}.")
        return people

    def _expanded(self, meaning: Meaning) -> list[str]:
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

    def _is_goal(self, np: NounPhrase) -> bool:
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
        best = np.refs[0]
        category = (
            self.view.category(best.id) if best.kind == "thing" else self.site.category_of(best.id)
        )
        return category in ("person", "room", "fixture")

    def _is_room(self, np: NounPhrase) -> bool:
        return (
            bool(np.refs)
            and np.refs[0].kind == "thing"
            and self.view.category(np.refs[0].id) == "room"
        )

    def _is_person(self, np: NounPhrase) -> bool:
        if np.pronoun in ("speaker", "she_he", "all_people"):
            return True
        return bool(np.refs) and all(
            (self.view.category(r.id) if r.kind == "thing" else self.site.category_of(r.id))
            == "person"
            for r in np.refs
        )

    def _are_bodies(self, objects: tuple[NounPhrase, ...]) -> bool:
        return bool(objects) and all(
            np.refs
            and all(
                (self.view.category(r.id) if r.kind == "thing" else self.site.category_of(r.id))
                == "body"
                for r in np.refs
            )
            for np in objects
        )

    def _make(self, clause: Clause) -> list[Condition]:
        for item in clause.items:
            if item.prep is None:
                for np in item.nouns:
                    drink = np.fill is not None or any(
                        r.kind == "class" and (self.site.drink(r.id) or r.id == "drink")
                        for r in np.refs
                    )
                    if not drink and not np.pronoun and not self._is_goal(np):
                        self.ground.check(np)
                        raise Misfit(f"{np.text} can not be made here")
        return self._move(clause)

    # -- bodies ------------------------------------------------------------------------------

    def _go(self, clause: Clause) -> list[Condition]:
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        places = [
            item for item in clause.items if item.prep in ("to", "in", "on", "at", "near", "for")
        ]
        here = [np for np in plain if np.pronoun == "places"]
        plain = [np for np in plain if np.pronoun != "places"]
        places += [Item((np,), "to", "to") for np in here]
        if plain and not self._are_bodies(tuple(plain)):
            if places:
                raise Misfit("that is no way to go")
            if clause.verb.split()[0] in (
                "approach",
                "visit",
                "join",
                "meet",
                "follow",
                "patrol",
            ) or self._is_goal(plain[0]):
                places, plain = [Item((plain[0],), "to", "to"), *places], []
            else:
                raise Misfit("that is no way to go")
        if not places:
            if "here" in clause.particles or clause.verb in ("come here", "come over", "come"):
                here = NounPhrase("here", clause.start, clause.end, pronoun="speaker")
                return self._send((), Item((here,), "to", "to"), clause.actor)
            raise Misfit("no place is named to go to")
        return self._send(tuple(plain), places[0], clause.actor)

    def _send(
        self, bodies: tuple[NounPhrase, ...], target: Item | None, actor: NounPhrase | None = None
    ) -> list[Condition]:
        if target is None:
            raise Unclear("Where to?", kind="where", slot="target")
        where = self.ground.place(target.nouns[0])
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

    # -- clearing, tidying, throwing away ----------------------------------------------------

    def _clear(self, clause: Clause) -> list[Condition]:
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        off = [item for item in clause.items if item.prep in ("from", "on", "in", "at")]
        if any(item.prep in ("to", "for") for item in clause.items):
            raise Misfit("it is brought somewhere")
        if plain and all(self._is_surface(np) for np in plain) and not (off and plain[0].pronoun):
            return self._cleared(plain, off, clause)
        if not plain and off:
            return self._cleared([np for item in off for np in item.nouns], [], clause)
        if not plain:
            raise Unclear("What shall I clear?", kind="where", slot="target")
        if not off:
            if plain[0].pronoun == "all_things":
                raise Unclear("What shall I clear?", kind="where", slot="target")
            if any(np.plural and not np.states and not np.count for np in plain):
                raise Unclear(f"From where shall I clear {plain[0].text}?", kind="where")
            return self._put_away(clause)
        return self._taken_off(plain, off, clause)

    def _cleared(
        self, tables: list[NounPhrase], off: list[Item], clause: Clause
    ) -> list[Condition]:
        places: list[str] = []
        for np in tables:
            np = self._attached(np, off)
            out = self.ground.excluded(clause.unless, np)
            every = np.plural or np.det == "all"
            if every and not np.pronoun and np.refs:
                meaning = self.ground.thing(np, self._is_carrier, every=True)
                places += [t for t in self._expanded(meaning) if self._is_carrier(t)]
            elif np.pronoun or np.one:
                meaning = self.ground.thing(np, self._is_carrier)
                places += self._expanded(meaning)
            else:
                where = self.ground.one(
                    np, self._carrier_or_room, prefer=self._has_clearable, what="place"
                )
                self.ground.note(Meaning(ids=(where,)))
                places += self._tables_of(where)
            places = [p for p in places if p not in out]
        if not places:
            raise Unable("There is nothing like that to clear.")
        if all(np.plural or np.det == "all" for np in tables):
            places = sorted(places)
        self.ground.note(Meaning(ids=tuple(places)))
        return [Clear(where=place) for place in dict.fromkeys(places)]

    def _tables_of(self, where: str) -> list[str]:
        if self.view.category(where) != "room":
            return [where]
        inside = [
            f.id
            for f in self.site.fixtures.values()
            if f.room == where and self._is_carrier(f.id) and self.view.is_a(f.id, "wipeable")
        ]
        if not inside:
            raise Unable(f"There is nothing to clear in {self.site.title(where)} that I know of.")
        return sorted(inside)

    def _taken_off(
        self, things: list[NounPhrase], off: list[Item], clause: Clause
    ) -> list[Condition]:
        places = [self.ground.place(np) for item in off for np in item.nouns]
        found: list[Condition] = []
        for np in things:
            if np.pronoun == "all_things":
                found += [Clear(where=place) for place in places]
                continue
            self.ground.check(np)
            cls = self.ground.common_class(np)
            definite = np.det == "the" and not np.plural and not np.count
            if definite or cls is None or np.count or np.looks or not np.plural:
                meaning = self.ground.thing(self._attached(np, off), self.fleet.can_move)
                found += self._away(meaning, np)
                continue
            for place in places:
                found.append(Clear(where=place, cls=cls))
            self.ground.note(Meaning(cls=cls, within=places[0]))
        return found

    def _is_surface(self, np: NounPhrase) -> bool:
        if np.pronoun in ("things", "places") or (np.one and np.pronoun is None):
            last = self.ground.last(self._is_carrier)
            return last is not None and all(self._is_carrier(t) for t in last.ids or ())
        if np.unknown:
            return True
        return bool(np.refs) and all(
            (self.view.category(r.id) if r.kind == "thing" else self.site.category_of(r.id))
            in ("fixture", "room")
            for r in np.refs
            if r.rank == np.refs[0].rank
        )

    def _is_carrier(self, thing: str) -> bool:
        return thing in self.site.fixtures and self.site.fixtures[thing].capacity > 0

    def _carrier_or_room(self, thing: str) -> bool:
        return self._is_carrier(thing) or self.view.category(thing) == "room"

    def _has_clearable(self, place: str) -> bool:
        return any(self.view.is_a(t, "clearable") for t in self.view.contents(place))

    def _put_away(self, clause: Clause) -> list[Condition]:
        objects, target, sources = self._transfer(replace(clause, particles=()))
        if target is not None and not self._is_source(objects, target):
            return self._put(replace(clause, particles=()))
        sources = [*sources, *([target] if target is not None else [])]
        if not objects:
            raise Misfit("nothing is named that could be put away")
        found: list[Condition] = []
        for np in objects:
            meaning = self.ground.thing(
                self._attached(np, sources), self.fleet.can_move, every=True
            )
            found += self._away(self._excluding(meaning, clause), np)
        return found

    def _is_source(self, objects: tuple[NounPhrase, ...], target: Item) -> bool:
        """Whether the place is where the thing is, not where it is to go."""
        if target.prep not in ("on", "in", "at", "near") or not objects:
            return False
        np = target.nouns[0]
        holders = self.ground.candidates(np) if np.refs else []
        here = [t for o in objects for t in (self.ground.candidates(o) if o.refs else [])]
        return any(self.site.within(t, h) for t in here for h in holders)

    def _away(self, meaning: Meaning, np: NounPhrase) -> list[Condition]:
        """Each thing where it belongs."""
        things = meaning.ids or tuple(self._expanded(replace(meaning, count=None)))
        groups: dict[str, list[str]] = {}
        for thing in things:
            home = home_of(thing, self.site)
            if "target" in self.ground.answers:
                home = self.ground.answers["target"][0]
            elif np.posts and home is not None and self.site.within(thing, home):
                raise Unclear(
                    f"Where shall I put {self.site.title(thing)}?", kind="where", slot="target"
                )
            if home is None:
                raise Unclear(
                    f"Where does {self.site.title(thing)} belong?", kind="where", slot="target"
                )
            groups.setdefault(home, []).append(thing)
        if not groups:
            raise Unable(f"I know of no {np.text} to put away.")
        if meaning.cls and not meaning.ids and len(groups) == 1 and meaning.count is None:
            return [self._at(meaning, next(iter(groups)))]
        return [
            self._at(Meaning(ids=tuple(sorted(ids))), home) for home, ids in sorted(groups.items())
        ]

    def _dispose(self, clause: Clause) -> list[Condition]:
        objects, target, sources = self._transfer(replace(clause, particles=()))
        if target is not None and not self._is_source(objects, target):
            return self._put(replace(clause, particles=()))
        sources = [*sources, *([target] if target is not None else [])]
        if not objects:
            raise Misfit("nothing is named that could be thrown away")
        if objects[0].pronoun == "all_things":
            raise Misfit("what is thrown away has to be named")
        found: list[Condition] = []
        for np in objects:
            meaning = self.ground.thing(
                self._attached(np, sources), self.fleet.can_move, every=True
            )
            things = meaning.ids or tuple(self._expanded(meaning))
            groups: dict[str, list[str]] = {}
            for thing in things:
                place = bin_for(thing, self.site)
                if place is None:
                    raise Unable("There is no bin here that I know of.")
                groups.setdefault(place, []).append(thing)
            if meaning.cls and len(groups) == 1:
                found.append(self._at(meaning, next(iter(groups))))
                continue
            found += [self._at(Meaning(ids=tuple(sorted(t))), p) for p, t in sorted(groups.items())]
        return found

    def _tidy(self, clause: Clause) -> list[Condition]:
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        if not plain or not all(self._is_surface(np) for np in plain):
            if plain and any(
                r.kind == "class" and r.id == "spill" for np in plain for r in np.refs
            ):
                return self._be(clause, "clean", True)
            if clause.verb in ("clean up", "freshen up", "spruce up"):
                return self._be(clause, "clean", True)
            if plain and not plain[0].unknown:
                return self._put_away(replace(clause, particles=()))
            raise Misfit("that is no surface")
        cleared = self._clear(clause)
        found: list[Condition] = []
        for condition in cleared:
            found.append(condition)
            if isinstance(condition, Clear) and self.fleet.can_be(condition.where, "clean", True):
                found.append(Be(what=Selector(ids=(condition.where,)), attr="clean", value=True))
        return found

    # -- states ------------------------------------------------------------------------------

    def _be(
        self, clause: Clause, attr: str, value: Value, *, objects: bool | None = None
    ) -> list[Condition]:
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        posts = [i for i in clause.items if i.prep in ("in", "on", "at", "from", "near", "to")]
        posts = [
            i for i in posts if not (attr in ("clean", "hot", "sliced") and self._is_tool(i, attr))
        ]
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
                found += self._be_one(self._attached(np, at), attr, value, clause)
        extra = [i for i in clause.items if i.prep == "for"]
        if (
            extra
            and attr in ("hot", "sliced")
            and self._is_goal(extra[0].nouns[0])
            and extra[0].nouns[0].pronoun != "speaker"
        ):
            raise Unclear(f"Shall I also bring it to {extra[0].nouns[0].text}?", kind="what")
        return found

    def _is_tool(self, item: Item, attr: str) -> bool:
        """Whether the place is what does it ("wash it in the sink", "in the microwave")."""
        offer = {"clean": "wash", "hot": "heat", "sliced": "cut"}[attr]
        np = item.nouns[0]
        return (
            any(
                r.kind == "thing"
                and r.id in self.site.fixtures
                and offer in self.site.fixtures[r.id].offers
                for r in np.refs
            )
            and item.prep in ("in", "on", "at")
            and not (attr == "clean" and False)
        )

    def _be_one(self, np: NounPhrase, attr: str, value: Value, clause: Clause) -> list[Condition]:
        def can(thing: str) -> bool:
            return self.fleet.can_be(thing, attr, value)

        def needs(thing: str) -> bool:
            return self.view.attr(thing, attr) != value

        if np.pronoun == "all_things" and not np.posts:
            raise Unclear("What exactly do you mean by everything?", slot=slot_of(np))
        self.ground.check(np)
        if np.pronoun and attr == "clean" and self.ground.last(can) is None:
            rooms = self.ground.last(lambda t: self.view.category(t) == "room")
            if rooms is not None and rooms.ids:
                np = replace(np, pronoun=None, refs=(Ref(0, "thing", rooms.ids[0]),))
        if not np.pronoun and not np.one and np.refs and not self._any(np, can):
            known = self._members(np)
            spills = self._spills(np) if attr == "clean" else []
            if spills:
                self.ground.note(Meaning(ids=tuple(spills)))
                return [Be(what=Selector(ids=tuple(spills)), attr=attr, value=value)]
            if known:
                raise Misfit(self.fleet.why_not(known[0], attr, value))
        singled = needs if attr != "clean" or self._are_objects(np) else None
        meaning = self._excluding(
            self.ground.thing(np, can, prefer=singled, every=True), clause, np
        )
        if meaning.ids:
            for thing in meaning.ids:
                if not can(thing):
                    raise Misfit(self.fleet.why_not(thing, attr, value))
            return [Be(what=meaning.selector(), attr=attr, value=value)]
        if meaning.count is not None and self.ground.here:
            # "heat a steak and bring it": what is brought is hot.
            self.ground.here[-1] = replace(meaning, having={**meaning.having, attr: value})
        return [Be(what=meaning.selector(), attr=attr, value=value, count=meaning.count)]

    def _spills(self, np: NounPhrase) -> list[str]:
        """What has been spilled in the room that is meant ("mop the bathroom")."""
        rooms = [t for t in self.ground.candidates(np) if self.view.category(t) == "room"]
        if len(rooms) != 1:
            return []
        spilled = [t for t in self.site.members("wipeable") if self.view.attr(t, "fixed") is True]
        return [
            t
            for t in spilled
            if self.view.category(t) == "object" and self.site.within(t, rooms[0])
        ]

    def _are_objects(self, np: NounPhrase) -> bool:
        return all(self.view.category(t) == "object" for t in self._members(np))

    def _any(self, np: NounPhrase, can: Callable[[str], bool]) -> bool:
        return any(can(t) for t in self._members(np))

    def _members(self, np: NounPhrase) -> list[str]:
        found: list[str] = []
        for ref in np.refs:
            found += [ref.id] if ref.kind == "thing" else list(self.ground.members(ref.id))
        return found

    # -- stock and drinks --------------------------------------------------------------------

    def _restock(self, clause: Clause) -> list[Condition]:
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
            wheres = [self.ground.place(np) for np in plain]
            plain = goods
        elif others:
            wheres = [self.ground.place(np) for np in others]
        if not plain and others:
            plain, wheres = others, None
        if not plain:
            raise Misfit("nothing is named that could be restocked")
        for np in plain:
            found += self._stocked(np, wheres)
        return found

    def _stocked(self, np: NounPhrase, wheres: list[str] | None) -> list[Condition]:
        shelves = [f for f in self.site.fixtures.values() if f.stock]
        if np.pronoun == "all_things":
            pairs = [(f, c) for f in shelves for c in sorted(f.stock)]
        else:
            self.ground.check(np)
            if np.pronoun or np.one:
                meaning = self.ground.thing(np)
                names = set(meaning.ids) | ({meaning.cls} if meaning.cls else set())
                names |= {self.view.cls(i) for i in meaning.ids}
            else:
                names = {r.id for r in np.refs}
                names |= {
                    self.view.cls(r.id)
                    for r in np.refs
                    if r.kind == "thing" and self.view.category(r.id) == "object"
                }
                if np.refs and self._is_goal(np):
                    names = set(self.ground.candidates(np))
            pairs = [
                (f, c)
                for f in shelves
                for c in sorted(f.stock)
                if f.id in names or f.room in names or any(self.site.below(c, n) for n in names)
            ]
        if wheres is not None:
            pairs = [(f, c) for f, c in pairs if f.id in wheres or f.room in wheres]
        if not pairs:
            raise Misfit(f"no shelf here keeps a stock of {np.text}")
        for fixture, cls in pairs:
            self.ground.note(Meaning(ids=(fixture.id,)))
            self.ground.note(Meaning(cls=cls))
        return [
            At(
                what=Selector(cls=cls),
                where=fixture.id,
                relation="in" if fixture.inside else "on",
                count=fixture.stock[cls],
            )
            for fixture, cls in pairs
        ]

    def _pour(self, clause: Clause) -> list[Condition]:
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        fills = [np for item in clause.items if item.prep == "with" for np in item.nouns]
        intos = [np for item in clause.items if item.prep == "in" for np in item.nouns]
        if fills and plain:
            vessels, drink = plain, fills[0]
        elif intos and plain and self._holds_drink(intos[0]):
            vessels, drink = intos, plain[0]
        else:
            return self._make(clause)
        self.ground.check(drink)
        fill = next(
            (d[1] for r in drink.refs if r.kind == "class" and (d := self.site.drink(r.id))), None
        )
        if fill is None:
            raise Misfit(f"{drink.text} can not be poured here")
        found: list[Condition] = []
        for np in vessels:
            found += self._be_one(np, "fill", fill, clause)
        return found

    def _holds_drink(self, np: NounPhrase) -> bool:
        return any("fill" in self.site.states_of(t) for t in self._members(np))


_TAKES = frozenset(
    "take collect get pick grab remove gather bring".split()
) - {
    "get",
    "grab",
    "bring",
}
