"""Clearing, tidying up, putting away, throwing away."""

from __future__ import annotations

from dataclasses import replace

from brain.language.conditions.frames import Frame
from brain.language.conditions.moving import Moving
from brain.language.conditions.stating import Stating
from brain.language.grounding.doubt import Misfit, Unable, Unclear
from brain.language.grounding.drinks import named_class
from brain.language.grounding.homes import bin_for, home_of
from brain.language.grounding.meaning import Meaning
from brain.language.parsing.clauses import Clause, Item
from brain.language.parsing.noun_phrase import NounPhrase
from devices.facts import Be, Clear, Condition, Selector


class Clearing:
    """Orders that clear, tidy, put away or throw away."""

    def __init__(self, frame: Frame, moving: Moving, stating: Stating) -> None:
        self.frame = frame
        self.site = frame.site
        self.view = frame.view
        self.ground = frame.ground
        self.fleet = frame.fleet
        self.moving = moving
        self.stating = stating

    def clear(self, clause: Clause) -> list[Condition]:
        """Clear a place, or take things off it."""
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        off = [item for item in clause.items if item.prep in ("from", "on", "in", "at")]
        if any(item.prep in ("to", "for") for item in clause.items):
            raise Misfit("it is brought somewhere")
        if (
            plain
            and all(self.frame.is_surface(np) for np in plain)
            and not (off and plain[0].pronoun)
        ):
            return self._cleared(plain, off, clause)
        if not plain and off:
            return self._cleared([np for item in off for np in item.nouns], [], clause)
        told = self.frame.told_where("from")
        if not plain or (not off and plain[0].pronoun == "all_things"):
            if told is None:
                raise Unclear("What shall I clear?", kind="where", slot="target")
            return self._cleared(list(told.nouns), [], clause)
        if not off:
            if not any(np.plural and not np.states and not np.count for np in plain):
                return self.put_away(clause)
            if told is None:
                question = f"From where shall I clear {plain[0].text}?"
                raise Unclear(question, kind="where", slot="target")
            off = [told]
        return self._taken_off(plain, off, clause)

    def _cleared(
        self, tables: list[NounPhrase], off: list[Item], clause: Clause
    ) -> list[Condition]:
        places: list[str] = []
        for np in tables:
            np = self.frame.attached(np, off)
            out = self.ground.excluded(clause.unless, np)
            every = np.plural or np.det == "all"
            if every and not np.pronoun and np.refs:
                meaning = self.ground.thing(np, self.frame.is_carrier, every=True)
                places += [t for t in self.frame.expanded(meaning) if self.frame.is_carrier(t)]
            elif np.pronoun or np.one:
                meaning = self.ground.thing(np, self.frame.is_carrier)
                places += self.frame.expanded(meaning)
            else:
                where = self.ground.lookup.one(
                    np, self.frame.carrier_or_room, prefer=self.frame.has_clearable
                )
                self.ground.spoken.note(Meaning(ids=(where,)))
                places += self._tables_of(where)
            places = [p for p in places if p not in out]
        if not places:
            raise Unable("There is nothing like that to clear.")
        if all(np.plural or np.det == "all" for np in tables):
            places = sorted(places)
        self.ground.spoken.note(Meaning(ids=tuple(places)))
        return [Clear(where=place) for place in dict.fromkeys(places)]

    def _tables_of(self, where: str) -> list[str]:
        if self.view.category(where) != "room":
            return [where]
        inside = [
            f.id
            for f in self.site.fixtures.values()
            if f.room == where and self.frame.is_carrier(f.id) and self.view.is_a(f.id, "wipeable")
        ]
        if not inside:
            raise Unable(f"There is nothing to clear in {self.site.title(where)} that I know of.")
        return sorted(inside)

    def _taken_off(
        self, things: list[NounPhrase], off: list[Item], clause: Clause
    ) -> list[Condition]:
        places = [self.ground.lookup.place(np) for item in off for np in item.nouns]
        found: list[Condition] = []
        for np in things:
            if np.pronoun == "all_things":
                found += [Clear(where=place) for place in places]
                continue
            self.ground.lookup.check(np)
            cls = named_class(self.site, np)
            definite = np.det == "the" and not np.plural and not np.count
            if definite or cls is None or np.count or np.looks or not np.plural:
                meaning = self.ground.thing(self.frame.attached(np, off), self.fleet.can_move)
                found += self._away(meaning, np)
                continue
            for place in places:
                found.append(Clear(where=place, cls=cls))
            self.ground.spoken.note(Meaning(cls=cls, within=places[0]))
        return found

    def put_away(self, clause: Clause) -> list[Condition]:
        """Put things where they belong."""
        objects, target, sources = self.moving.transfer(replace(clause, particles=()))
        if target is not None and not self._is_source(objects, target):
            return self.moving.put(replace(clause, particles=()))
        sources = [*sources, *([target] if target is not None else [])]
        if not objects:
            raise Misfit("nothing is named that could be put away")
        found: list[Condition] = []
        for np in objects:
            meaning = self.ground.thing(
                self.frame.attached(np, sources), self.fleet.can_move, every=True
            )
            found += self._away(self.frame.excluding(meaning, clause), np)
        return found

    def _is_source(self, objects: tuple[NounPhrase, ...], target: Item) -> bool:
        """Whether the place is where the thing is, not where it is to go."""
        if target.prep not in ("on", "in", "at", "near") or not objects:
            return False
        np = target.nouns[0]
        holders = self.ground.lookup.candidates(np) if np.refs else []
        here = [t for o in objects for t in (self.ground.lookup.candidates(o) if o.refs else [])]
        return any(self.site.within(t, h) for t in here for h in holders)

    def _away(self, meaning: Meaning, np: NounPhrase) -> list[Condition]:
        """Each thing where it belongs."""
        things = meaning.ids or tuple(self.frame.expanded(replace(meaning, count=None)))
        groups: dict[str, list[str]] = {}
        for thing in things:
            home = home_of(thing, self.site)
            if "target" in self.ground.spoken.answers:
                home = self.ground.spoken.answers["target"][0]
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
            return [self.moving.at(meaning, next(iter(groups)))]
        return [
            self.moving.at(Meaning(ids=tuple(sorted(ids))), home)
            for home, ids in sorted(groups.items())
        ]

    def dispose(self, clause: Clause) -> list[Condition]:
        """Throw things away."""
        objects, target, sources = self.moving.transfer(replace(clause, particles=()))
        if target is not None and not self._is_source(objects, target):
            return self.moving.put(replace(clause, particles=()))
        sources = [*sources, *([target] if target is not None else [])]
        if not objects:
            raise Misfit("nothing is named that could be thrown away")
        if objects[0].pronoun == "all_things":
            raise Misfit("what is thrown away has to be named")
        found: list[Condition] = []
        for np in objects:
            meaning = self.ground.thing(
                self.frame.attached(np, sources), self.fleet.can_move, every=True
            )
            things = meaning.ids or tuple(self.frame.expanded(meaning))
            groups: dict[str, list[str]] = {}
            for thing in things:
                place = bin_for(thing, self.site)
                if place is None:
                    raise Unable("There is no bin here that I know of.")
                groups.setdefault(place, []).append(thing)
            if meaning.cls and len(groups) == 1:
                found.append(self.moving.at(meaning, next(iter(groups))))
                continue
            found += [
                self.moving.at(Meaning(ids=tuple(sorted(t))), p) for p, t in sorted(groups.items())
            ]
        return found

    def tidy(self, clause: Clause) -> list[Condition]:
        """Clear a surface and wipe it."""
        plain = [np for item in clause.items if item.prep is None for np in item.nouns]
        if not plain or not all(self.frame.is_surface(np) for np in plain):
            if plain and any(
                r.kind == "class" and r.id == "spill" for np in plain for r in np.refs
            ):
                return self.stating.be(clause, "clean", True)
            if clause.verb in ("clean up", "freshen up", "spruce up"):
                return self.stating.be(clause, "clean", True)
            if plain and not plain[0].unknown:
                return self.put_away(replace(clause, particles=()))
            raise Misfit("that is no surface")
        cleared = self.clear(clause)
        found: list[Condition] = []
        for condition in cleared:
            found.append(condition)
            if isinstance(condition, Clear) and self.fleet.can_be(condition.where, "clean", True):
                found.append(Be(what=Selector(ids=(condition.where,)), attr="clean", value=True))
        return found
