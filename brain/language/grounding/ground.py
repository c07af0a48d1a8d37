"""What noun phrases mean: things, classes with properties, as many as are said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from brain.language.grounding.anaphora import Anaphora
from brain.language.grounding.doubt import Unable, Unclear
from brain.language.grounding.drinks import named_class
from brain.language.grounding.lookup import Lookup
from brain.language.grounding.meaning import Meaning
from brain.language.grounding.spoken import Spoken, Test, anything
from brain.language.grounding.wording import slot_of
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import among
from brain.language.words.plural import plural
from brain.language.words.site import Ref
from devices.facts import Value

_LOOKS = ("colour", "color", "size", "material", "pattern", "shape", "flavour", "kind", "brand")


class Grounding:
    """What noun phrases mean, in the light of what was said before."""

    def __init__(self, spoken: Spoken) -> None:
        self.spoken = spoken
        self.site = spoken.site
        self.view = spoken.view
        self.lookup = Lookup(spoken)
        self.anaphora = Anaphora(self.lookup)
        self._mass = frozenset(spoken.site.lexicon.words["mass"])

    def thing(
        self,
        np: NounPhrase,
        fits: Test = anything,
        *,
        prefer: Test | None = None,
        every: bool = False,
        any_one: bool = False,
    ) -> Meaning:
        """What the phrase means, where things that fit are expected.

        `prefer` singles one out of several ("the lamp" that is on, for "turn off the lamp").
        `every`: a bare plural means all of them. `any_one`: a bare singular means any of them.
        """
        self.lookup.check(np)
        np = self.lookup.owners.owned(np)
        answered = self.spoken.answers.get(slot_of(np))
        if answered is not None and answered[0].isdigit():
            np = replace(np, count=int(answered[0]))
        elif answered is not None and answered[0] in self.site.classes:
            np = replace(np, refs=(Ref(1, "class", answered[0]),))
        elif answered is not None:
            return self.spoken.note(Meaning(ids=answered))
        if np.pronoun or np.one:
            return self.spoken.note(self.anaphora.pronoun(np, fits, prefer))
        np = self._numbered(np, fits, any_one)
        if np.other and np.plural:
            np = replace(np, other=False, unless=(*np.unless, self.anaphora.spoken_of(np)))
        return self.spoken.note(self._meant(np, fits, prefer, every))

    def _numbered(self, np: NounPhrase, fits: Test, any_one: bool) -> NounPhrase:
        """The phrase with the number that what is known here gives it: one, several, any one."""
        is_open = not np.plural and np.count is None
        if np.det == "the" and np.key[-1:] and np.key[-1] in self._mass:
            np = replace(np, plural=np.plural or self._are_several(np, fits))
        if np.either and np.det == "the" and is_open:
            np = replace(np, plural=self._are_several(np, fits))
        if any_one and np.det is None and is_open and self._are_several(np, fits):
            np = replace(np, count=1)
        is_drink = self._definite_one(np) and self.lookup.drinks.is_drink(np)
        if is_drink and not self.lookup.candidates(np, fits):
            np = replace(np, det="a", owner=None)
        return np

    def _are_several(self, np: NounPhrase, fits: Test) -> bool:
        return len(self.lookup.candidates(np, fits)) > 1

    def _meant(self, np: NounPhrase, fits: Test, prefer: Test | None, every: bool) -> Meaning:
        """One thing, as many as said, all of them, or any of them."""
        if self._definite_one(np):
            return Meaning(ids=(self.lookup.one(np, fits, prefer=prefer),))
        if np.det == "both" or (np.det == "the" and np.count is not None):
            return self._exactly(np, fits, prefer)
        bare = np.det is None and np.plural
        if np.det in ("the", "all", "no") or (bare and every and not np.count):
            return self._every(np, fits)
        if np.det in (None, "more") and np.plural and np.count is None:
            names = plural(self.lookup.wording.class_words(np))
            raise Unclear(f"How many {names} do you want?", kind="count", slot=slot_of(np))
        return self._some(np, fits)

    def _definite_one(self, np: NounPhrase) -> bool:
        if (
            np.plural
            or np.count not in (None, 1)
            or np.det in among("all both a some another more no")
        ):
            return False
        if np.det == "the" or np.places or np.owner:
            return True
        if np.det is None and np.count is None:
            ranks = {ref.rank for ref in np.refs if ref.kind == "thing"}
            return 0 in ranks or not self.lookup.drinks.is_drink(np)
        return False

    def _exactly(self, np: NounPhrase, fits: Test, prefer: Test | None) -> Meaning:
        """Such as "the two cups", "both lamps": as many as said, no more, no fewer."""
        wanted = np.count or 2
        found = self.lookup.candidates(np, fits)
        if len(found) < wanted:
            raise (
                self.lookup.missing(np, fits)
                if not found
                else Unable(f"I know of only {len(found)} {self.lookup.wording.class_words(np)}.")
            )
        if len(found) > wanted and prefer is not None:
            preferred = [t for t in found if prefer(t)]
            found = preferred if len(preferred) == wanted else found
        if len(found) > wanted:
            raise self.lookup.wording.which(np, found)
        return Meaning(ids=tuple(sorted(found)))

    def _every(self, np: NounPhrase, fits: Test) -> Meaning:
        if not self.lookup.candidates(np, fits):
            raise self.lookup.missing(np, fits)
        cls = named_class(self.site, np, fits)
        exclude = self.excluded(np.unless)
        within = self._within(np)
        if cls is None or not self._is_one_holder(np):
            ids = [t for t in self.lookup.candidates(np, fits) if t not in exclude]
            return Meaning(ids=tuple(sorted(ids)))
        having = self.having(np, cls)
        if having is None:
            ids = [t for t in self.lookup.candidates(np, fits) if t not in exclude]
            return Meaning(ids=tuple(sorted(ids)))
        return Meaning(cls=cls, having=having, within=within, exclude=exclude)

    def _some(self, np: NounPhrase, fits: Test) -> Meaning:
        """Such as "two coffees", "a clean cup": any of the class."""
        if np.count == 0:
            raise Unable(
                f"You ask for no {self.lookup.wording.class_words(np)}: nothing is to be done."
            )
        count = np.count or 1
        made = self.lookup.drinks.made(np)
        if made is not None:
            vessel, filled = made
            for place in (*np.places, *(where for _, where in np.posts)):
                self.lookup.place(place)
            # A drink is hot as it comes: that is no state of the vessel.
            told = {k: v for k, v in np.states.items() if k not in ("fill", "hot")}
            self._enough(np, self.site.members(vessel), count, vessel)
            return Meaning(cls=vessel, having={**told, **filled}, count=count)
        cls = named_class(self.site, np, fits)
        if cls is None:
            found = self.lookup.candidates(np, fits)
            if not found:
                raise self.lookup.missing(np, fits)
            alike = self._alike(found)
            if alike is not None:
                self._enough(np, found, count, alike[0])
                return Meaning(cls=alike[0], having={**alike[1], **np.states}, count=count)
            kinds = {self.view.cls(t) for t in found}
            if len(kinds) == 1 and all(self.view.category(t) == "body" for t in found):
                return Meaning(cls=kinds.pop(), count=count)
            if len(found) == count:
                return Meaning(ids=tuple(sorted(found)))
            raise self.lookup.wording.which(np, found)
        members = [t for t in self.site.members(cls) if fits(t)]
        looks = [t for t in members if all(w in self.site.words_of(t) for w in np.looks)]
        looks = [t for t in looks if self._changeable(np, t)]
        if np.posts or np.places:
            looks = [
                t
                for t in self.lookup.placed(np, looks)
                if self.lookup.told_apart(replace(np, states={}), t)
            ]
        self._enough(np, looks, count, cls)
        having = self.having(np, cls)
        if having is None:
            return Meaning(ids=tuple(sorted(looks)[:count]))
        within = self._within(np) if self._is_one_holder(np) else None
        return Meaning(cls=cls, having=having, within=within, count=count)

    def _alike(self, found: Sequence[str]) -> tuple[str, dict[str, Value]] | None:
        """The class and looks that pick out exactly these things ("red wine")."""
        kinds = {self.view.cls(t) for t in found}
        if len(kinds) != 1 or len(found) < 2:
            return None
        cls = next(iter(kinds))
        if set(self.site.members(cls)) == set(found):
            return cls, {}
        for attr in _LOOKS:
            values = {self.view.attr(t, attr) for t in found}
            value = values.pop()
            rest = [t for t in self.site.members(cls) if t not in found and self.view.cls(t) == cls]
            alone = all(self.view.attr(t, attr) != value for t in rest)
            if value is not None and not values and alone:
                return cls, {attr: value}
        return None

    def _changeable(self, np: NounPhrase, thing: str) -> bool:
        """Whether the thing has, or can be given, the states that are asked for."""
        states = self.site.states_of(thing)
        return all(a in states or self.view.attr(thing, a) == v for a, v in np.states.items())

    def _enough(self, np: NounPhrase, found: Sequence[str], count: int, cls: str) -> None:
        if not found:
            raise self.lookup.missing(np, anything)
        if len(found) < count:
            name = self.site.class_title(cls)
            raise Unable(f"You ask for {count}, but I know of only {len(found)} of these: {name}.")

    def _is_one_holder(self, np: NounPhrase) -> bool:
        """Whether one place at most is said, and things are in or on it, not beside it."""
        near = any(prep == "near" for prep, _ in np.posts)
        return not near and len(np.posts) + len(np.places) <= 1

    def _within(self, np: NounPhrase) -> str | None:
        for place in np.places:
            return self.lookup.one(place)
        for _, where in np.posts:
            return self.lookup.place(where)
        return None

    def having(self, np: NounPhrase, cls: str) -> dict[str, Value] | None:
        """States and attributes as a selector's `having`; None where only names can tell."""
        having: dict[str, Value] = dict(np.states)
        members = self.site.members(cls)
        for look in np.looks:
            for attr in _LOOKS:
                if any(self.view.attr(t, attr) == look for t in members):
                    having[attr] = look
                    break
            else:
                return None
        return having

    def excluded(
        self, phrases: Iterable[NounPhrase], of: NounPhrase | None = None
    ) -> tuple[str, ...]:
        """The things that are excepted, from those that `of` names ("3", "the terrace ones")."""
        found: dict[str, None] = {}
        for np in phrases:
            if np.one and of is not None and of.refs:
                key = (*of.key[-1:], str(np.count))
                refs = tuple(self.site.index.get(key, ())) if np.count is not None else of.refs
                if refs:
                    np = replace(
                        np, refs=refs, one=False, count=None, plural=np.count is None, det="the"
                    )
            found.update(
                dict.fromkeys(self.thing(np, every=True).ids or self.lookup.candidates(np))
            )
        return tuple(sorted(found))
