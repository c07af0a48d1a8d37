"""Which things, places and people a noun phrase may mean, and the one that it does mean."""

from __future__ import annotations

from dataclasses import replace

from brain.language.grounding.doubt import Unable, Unclear
from brain.language.grounding.drinks import Drinks
from brain.language.grounding.owners import Owners
from brain.language.grounding.spoken import Spoken, Test, anything
from brain.language.grounding.wording import Wording, slot_of
from brain.language.parsing.noun_phrase import NounPhrase
from devices.facts import Value


class Lookup:
    """Noun phrases looked up, each by itself. A phrase's own places are looked up first."""

    def __init__(self, spoken: Spoken) -> None:
        self.spoken = spoken
        self.site = spoken.site
        self.view = spoken.view
        self.wording = Wording(spoken.site)
        self.owners = Owners(spoken)
        self.drinks = Drinks(spoken.site)

    def one(
        self,
        np: NounPhrase,
        fits: Test = anything,
        *,
        prefer: Test | None = None,
    ) -> str:
        """The single thing that a definite phrase means."""
        self.check(np)
        np = self.owners.owned(np)
        answered = self.spoken.answers.get(slot_of(np))
        if answered is not None:
            return answered[0]
        found = self.candidates(np, fits)
        if not found:
            raise self.missing(np, fits)
        found = self._singled_out(np, found, prefer)
        if len(found) == 1:
            return found[0]
        raise self.wording.which(np, found)

    def place(self, np: NounPhrase, fits: Test = anything) -> str:
        """The place (or person) that the phrase means."""
        self.check(np)
        if np.pronoun == "speaker":
            return self.spoken.speaker()
        if np.pronoun == "she_he":
            person = self.spoken.last_person()
            if person is None:
                raise Unclear(f'Who is "{np.text}"?', kind="who", slot=slot_of(np))
            return person
        if np.pronoun == "places" or np.pronoun == "things":
            if np.text in ("here", "over here"):
                return self.spoken.speaker()
            found = self.spoken.last(
                lambda t: self.view.category(t) in ("fixture", "room") and fits(t)
            )
            if found is None or len(found.ids) != 1:
                raise Unclear(f'Where do you mean by "{np.text}"?', kind="where", slot=slot_of(np))
            return found.ids[0]
        if np.one and np.count is not None and not np.refs:
            np = self.numbered(np)
        if np.collective or (np.det in ("the", "a") and self._nameless(np)):
            for _, where in np.posts:
                holder = self.one(where, lambda t: self.view.category(t) in ("fixture", "room"))
                people = [
                    p for p in self.candidates(np, self._is_person) if self.site.within(p, holder)
                ]
                return people[0] if len(people) == 1 and not np.collective else holder
        return self.one(np, fits)

    def candidates(self, np: NounPhrase, fits: Test = anything) -> list[str]:
        """Everything the phrase may mean, by the nearest kind of name that yields anything."""
        for rank in sorted({ref.rank for ref in np.refs}):
            pool: dict[str, None] = {}
            for ref in np.refs:
                if ref.rank == rank:
                    members = (ref.id,) if ref.kind == "thing" else self.members(ref.id)
                    pool.update(dict.fromkeys(members))
            found = [t for t in pool if fits(t) and self.told_apart(np, t)]
            if found:
                order = {t: n for n, t in enumerate(self.site.ids)}
                return self.placed(np, sorted(found, key=lambda t: order.get(t, 0)))
        return []

    def members(self, cls: str) -> tuple[str, ...]:
        """Things of a class; for a drink, vessels that hold it."""
        drink = self.site.drink(cls)
        if drink is None:
            return self.site.members(cls)
        return tuple(t for t in self.site.ids if self.view.attr(t, "fill") == drink[1])

    def check(self, np: NounPhrase) -> None:
        """Refuse what nobody here knows."""
        if np.unknown is not None:
            raise self.wording.unknown(np.unknown)
        if np.half_known is not None:
            known = self.candidates(replace(np, half_known=None, looks=(), states={}))
            raise self.wording.half(np, known)

    def _nameless(self, np: NounPhrase) -> bool:
        return all(
            r.kind == "class" and self.site.category_of(r.id) == "person" for r in np.refs
        ) and bool(np.refs)

    def _is_person(self, thing: str) -> bool:
        return self.view.category(thing) == "person"

    def told_apart(self, np: NounPhrase, thing: str) -> bool:
        """Whether adjectives, owner, place and exceptions let this thing through."""
        if any(look not in self.site.words_of(thing) for look in np.looks):
            return False
        if any(not self._has(thing, attr, value) for attr, value in np.states.items()):
            return False
        if np.fill is not None:
            fill = self.drinks.fill(np.fill)
            if self.view.attr(thing, "fill") != fill:
                return False
        for place in np.places:
            holders = self._places(place)
            if not any(self.site.within(thing, h) for h in holders):
                return False
        return self.owners.is_owned(np, thing)

    def _has(self, thing: str, attr: str, value: Value) -> bool:
        if attr == "fill" and value == "any":
            return self.view.attr(thing, attr) not in (None, "none")
        if attr == "fill" and self.view.attr(thing, attr) is None:
            return value == "none" and not self.view.contents(thing)
        return self.view.attr(thing, attr) == value

    def _places(self, np: NounPhrase) -> list[str]:
        return self.candidates(np)

    def placed(self, np: NounPhrase, found: list[str]) -> list[str]:
        """Those at the place that is said with the thing."""
        for prep, where in np.posts:
            if prep == "near":
                other = self.one(where)
                far = {
                    t: d
                    for t in found
                    if t != other and (d := self.site.near(t, other)) is not None
                }
                nearby = sorted(far, key=lambda t: (far[t], t))
                found = nearby[:1] if not np.plural else nearby
                continue
            if where.pronoun == "speaker":
                holder = self.spoken.speaker()
            else:
                holder = self.place(where)
            found = [t for t in found if self.site.within(t, holder)]
        return found

    def _singled_out(self, np: NounPhrase, found: list[str], prefer: Test | None) -> list[str]:
        """Fewer of several: by one's own things, by what is to be changed, by what was said."""
        if len(found) > 1 and (np.owner == "me" or np.text.startswith("this ")):
            here = self.view.location(self.spoken.who)
            if here is not None and here.holder in found:
                return [here.holder]
        if len(found) > 1 and np.owner == "me":
            mine = [
                t
                for t in found
                if self.site.words_of(t) & self.owners.person_words(self.spoken.who)
            ]
            found = mine or found
        if len(found) > 1 and prefer is not None:
            preferred = [t for t in found if prefer(t)]
            if len(preferred) == 1:
                return preferred
        if len(found) > 1:
            spoken = [i for m in reversed(self.spoken.here) for i in m.ids if i in found]
            spoken = spoken or [i for i in reversed(self.spoken.earlier) if i in found]
            if len(set(spoken)) == 1:
                return spoken[:1]
        return found

    def numbered(self, np: NounPhrase) -> NounPhrase:
        """Such as "to 4": the place that people sit at or things stand on with this number."""
        keys = {
            key: refs
            for key, refs in self.site.index.items()
            if len(key) == 2
            and key[1] == str(np.count)
            and any(r.id in self.site.fixtures and self.site.fixtures[r.id].capacity for r in refs)
        }
        if len(keys) != 1:
            raise Unclear(f'Where do you mean by "{np.text}"?', kind="where", slot=slot_of(np))
        key, refs = keys.popitem()
        return replace(np, refs=tuple(sorted(refs)), key=key, one=False, count=None, det="the")

    def missing(self, np: NounPhrase, fits: Test) -> Unable:
        """Why the phrase means nothing that fits."""
        plain = self.candidates(replace(np, posts=(), places=(), states={}), fits)
        return self.wording.missing(np, self.candidates(np), plain)
