"""What noun phrases refer to in memory: things, classes with properties, places, people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from brain.language.grounding.anaphora import Anaphora
from brain.language.grounding.doubt import Unable, Unclear
from brain.language.grounding.drinks import Drinks
from brain.language.grounding.meaning import Meaning
from brain.language.grounding.owners import Owners
from brain.language.grounding.wording import Wording, slot_of
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.words.lexicon import among
from brain.language.words.plural import plural
from brain.language.words.site import Ref, Site
from devices.facts import Value

Test = Callable[[str], bool]
_LOOKS = ("colour", "color", "size", "material", "pattern", "shape", "flavour", "kind", "brand")


def anything(_: str) -> bool:
    """Fits everything."""
    return True


class Grounding:
    """Looks noun phrases up, in the light of what was said before.

    Args:
        site: The names.
        who: The speaker's id.
        earlier: Things that earlier wishes of this speaker were about, the latest last.
        together: Those of the last one alone.
        answers: What was answered to questions about slots: slot -> ids, a class, or a number.
    """

    def __init__(
        self,
        site: Site,
        who: str,
        earlier: Sequence[str] = (),
        answers: dict[str, tuple[str, ...]] | None = None,
        together: Sequence[str] = (),
    ) -> None:
        self.site = site
        self.view = site.view
        self.who = who
        self.earlier = list(earlier)
        self.together = together
        self.here: list[Meaning] = []
        # Where in it each clause begins.
        self.starts: list[int] = [0]
        self.answers = answers or {}
        self.wording = Wording(self)
        self.owners = Owners(self)
        self.drinks = Drinks(self)
        self.anaphora = Anaphora(self)
        self._mass = frozenset(site.lexicon.words["mass"])

    # -- references --------------------------------------------------------------------------

    def speaker(self) -> str:
        """The person who speaks."""
        if self.view.category(self.who) == "person":
            return self.who
        if "speaker" in self.answers:
            return self.answers["speaker"][0]
        raise Unclear("Who is it for?", kind="who", slot="speaker")

    def note(self, meaning: Meaning) -> Meaning:
        """Remember what was just spoken of."""
        self.here.append(meaning)
        return meaning

    def begin_clause(self) -> None:
        """What is noted from now on was said in a clause of its own."""
        self.starts.append(len(self.here))

    def last(self, fits: Test = anything, *, plural: bool = False) -> Meaning | None:
        """What was spoken of last that fits: "it", "them"."""
        for meaning in reversed(self.here):
            things = meaning.ids or ((meaning.cls,) if meaning.cls else ())
            if meaning.cls and not meaning.ids:
                members = self.site.members(meaning.cls)
                if members and any(fits(m) for m in members):
                    return meaning
            elif things and all(fits(t) for t in things):
                return meaning
        for thing in reversed(self.earlier):
            if fits(thing):
                return Meaning(ids=(thing,))
        return None

    def last_person(self) -> str | None:
        """The person spoken of last: "her", "him"."""
        people = [i for m in self.here for i in m.ids if self.view.category(i) == "person"]
        people = people or [i for i in self.earlier if self.view.category(i) == "person"]
        return people[-1] if people else None

    # -- things ------------------------------------------------------------------------------

    def thing(
        self,
        np: NounPhrase,
        fits: Test = anything,
        *,
        prefer: Test | None = None,
        every: bool = False,
        any_one: bool = False,
        what: str = "thing",
    ) -> Meaning:
        """What the phrase means, where things that fit are expected.

        `prefer` singles one out of several ("the lamp" that is on, for "turn off the lamp").
        `every`: a bare plural means all of them. `any_one`: a bare singular means any of them.
        """
        self.check(np)
        np = self.owners.owned(np)
        answered = self.answers.get(slot_of(np))
        if answered is not None and answered[0].isdigit():
            np = replace(np, count=int(answered[0]))
        elif answered is not None and answered[0] in self.site.classes:
            np = replace(np, refs=(Ref(1, "class", answered[0]),))
        elif answered is not None:
            return self.note(Meaning(ids=answered))
        if np.pronoun or np.one:
            return self.note(self.anaphora.pronoun(np, fits, prefer))
        if (
            np.key[-1:]
            and np.key[-1] in self._mass
            and np.det == "the"
            and len(self.candidates(np, fits)) > 1
        ):
            np = replace(np, plural=True)
        if np.either and not np.plural and np.det == "the" and np.count is None:
            np = replace(np, plural=len(self.candidates(np, fits)) > 1)
        if (
            any_one
            and np.det is None
            and np.count is None
            and not np.plural
            and len(self.candidates(np, fits)) > 1
        ):
            np = replace(np, count=1)
        if self._definite_one(np) and self.drinks.is_drink(np) and not self.candidates(np, fits):
            np = replace(np, det="a", owner=None)
        if np.other and np.plural:
            np = replace(np, other=False, unless=(*np.unless, self.anaphora.spoken_of(np)))
        if self._definite_one(np):
            return self.note(Meaning(ids=(self.one(np, fits, prefer=prefer, what=what),)))
        if np.det == "both" or (np.det == "the" and np.count is not None):
            return self.note(self._exactly(np, fits, prefer))
        if np.det in ("the", "all", "no") or (
            np.det is None and np.plural and every and not np.count
        ):
            return self.note(self._every(np, fits))
        if np.det in (None, "more") and np.plural and np.count is None:
            names = plural(self.wording.class_words(np))
            raise Unclear(f"How many {names} do you want?", kind="count", slot=slot_of(np))
        return self.note(self._some(np, fits))

    def one(
        self,
        np: NounPhrase,
        fits: Test = anything,
        *,
        prefer: Test | None = None,
        what: str = "thing",
    ) -> str:
        """The single thing that a definite phrase means."""
        self.check(np)
        np = self.owners.owned(np)
        answered = self.answers.get(slot_of(np))
        if answered is not None:
            return answered[0]
        found = self.candidates(np, fits)
        if not found:
            raise self.wording.missing(np, fits, what)
        found = self._singled_out(np, found, prefer)
        if len(found) == 1:
            return found[0]
        raise self.wording.which(np, found)

    def place(self, np: NounPhrase, fits: Test = anything) -> str:
        """The place (or person) that the phrase means."""
        self.check(np)
        if np.pronoun == "speaker":
            return self.speaker()
        if np.pronoun == "she_he":
            person = self.last_person()
            if person is None:
                raise Unclear(f'Who is "{np.text}"?', kind="who", slot=slot_of(np))
            return person
        if np.pronoun == "places" or np.pronoun == "things":
            if np.text in ("here", "over here"):
                return self.speaker()
            found = self.last(lambda t: self.view.category(t) in ("fixture", "room") and fits(t))
            if found is None or len(found.ids) != 1:
                raise Unclear(f'Where do you mean by "{np.text}"?', kind="where", slot=slot_of(np))
            return found.ids[0]
        if np.one and np.count is not None and not np.refs:
            np = self.anaphora.numbered(np)
        if np.collective or (np.det in ("the", "a") and self._nameless(np)):
            for _, where in np.posts:
                holder = self.one(where, lambda t: self.view.category(t) in ("fixture", "room"))
                people = [
                    p for p in self.candidates(np, self._is_person) if self.site.within(p, holder)
                ]
                return people[0] if len(people) == 1 and not np.collective else holder
        return self.one(np, fits, what="place")

    def candidates(self, np: NounPhrase, fits: Test = anything) -> list[str]:
        """Everything the phrase may mean, by the nearest kind of name that yields anything."""
        for rank in sorted({ref.rank for ref in np.refs}):
            pool: dict[str, None] = {}
            for ref in np.refs:
                if ref.rank == rank:
                    members = (ref.id,) if ref.kind == "thing" else self.members(ref.id)
                    pool.update(dict.fromkeys(members))
            found = [t for t in pool if fits(t) and self._told_apart(np, t)]
            if found:
                order = {t: n for n, t in enumerate(self.site.ids)}
                return self._placed(np, sorted(found, key=lambda t: order.get(t, 0)))
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
            raise self.wording.half(np)

    # -- parts of it -------------------------------------------------------------------------

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
            return 0 in ranks or not self.drinks.is_drink(np)
        return False

    def _nameless(self, np: NounPhrase) -> bool:
        return all(
            r.kind == "class" and self.site.category_of(r.id) == "person" for r in np.refs
        ) and bool(np.refs)

    def _is_person(self, thing: str) -> bool:
        return self.view.category(thing) == "person"

    def _told_apart(self, np: NounPhrase, thing: str) -> bool:
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

    def _placed(self, np: NounPhrase, found: list[str]) -> list[str]:
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
                holder = self.speaker()
            else:
                holder = self.place(where)
            found = [t for t in found if self.site.within(t, holder)]
        return found

    def _singled_out(self, np: NounPhrase, found: list[str], prefer: Test | None) -> list[str]:
        """Fewer of several: by one's own things, by what is to be changed, by what was said."""
        if len(found) > 1 and (np.owner == "me" or np.text.startswith("this ")):
            here = self.view.location(self.who)
            if here is not None and here.holder in found:
                return [here.holder]
        if len(found) > 1 and np.owner == "me":
            mine = [t for t in found if self.site.words_of(t) & self.owners.person_words(self.who)]
            found = mine or found
        if len(found) > 1 and prefer is not None:
            preferred = [t for t in found if prefer(t)]
            if len(preferred) == 1:
                return preferred
        if len(found) > 1:
            spoken = [i for m in reversed(self.here) for i in m.ids if i in found]
            spoken = spoken or [i for i in reversed(self.earlier) if i in found]
            if len(set(spoken)) == 1:
                return spoken[:1]
        return found

    def _exactly(self, np: NounPhrase, fits: Test, prefer: Test | None) -> Meaning:
        """Such as "the two cups", "both lamps": as many as said, no more, no fewer."""
        wanted = np.count or 2
        found = self.candidates(np, fits)
        if len(found) < wanted:
            raise (
                self.wording.missing(np, fits, "thing")
                if not found
                else Unable(f"I know of only {len(found)} {self.wording.class_words(np)}.")
            )
        if len(found) > wanted and prefer is not None:
            preferred = [t for t in found if prefer(t)]
            found = preferred if len(preferred) == wanted else found
        if len(found) > wanted:
            raise self.wording.which(np, found)
        return Meaning(ids=tuple(sorted(found)))

    def _every(self, np: NounPhrase, fits: Test) -> Meaning:
        if not self.candidates(np, fits):
            raise self.wording.missing(np, fits, "thing")
        cls = self.common_class(np, fits)
        exclude = self.excluded(np.unless)
        within = self._within(np)
        if cls is None or not self._is_one_holder(np):
            ids = [t for t in self.candidates(np, fits) if t not in exclude]
            return Meaning(ids=tuple(sorted(ids)))
        having = self.having(np, cls)
        if having is None:
            ids = [t for t in self.candidates(np, fits) if t not in exclude]
            return Meaning(ids=tuple(sorted(ids)))
        return Meaning(cls=cls, having=having, within=within, exclude=exclude)

    def _some(self, np: NounPhrase, fits: Test) -> Meaning:
        """Such as "two coffees", "a clean cup": any of the class."""
        if np.count == 0:
            raise Unable(f"You ask for no {self.wording.class_words(np)}: nothing is to be done.")
        count = np.count or 1
        made = self.drinks.made(np)
        if made is not None:
            vessel, filled = made
            for place in (*np.places, *(where for _, where in np.posts)):
                self.place(place)
            # A drink is hot as it comes: that is no state of the vessel.
            told = {k: v for k, v in np.states.items() if k not in ("fill", "hot")}
            self._enough(np, self.site.members(vessel), count, vessel)
            return Meaning(cls=vessel, having={**told, **filled}, count=count)
        cls = self.common_class(np, fits)
        if cls is None:
            found = self.candidates(np, fits)
            if not found:
                raise self.wording.missing(np, fits, "thing")
            alike = self._alike(found)
            if alike is not None:
                self._enough(np, found, count, alike[0])
                return Meaning(cls=alike[0], having={**alike[1], **np.states}, count=count)
            kinds = {self.view.cls(t) for t in found}
            if len(kinds) == 1 and all(self.view.category(t) == "body" for t in found):
                return Meaning(cls=kinds.pop(), count=count)
            if len(found) == count:
                return Meaning(ids=tuple(sorted(found)))
            raise self.wording.which(np, found)
        members = [t for t in self.site.members(cls) if fits(t)]
        looks = [t for t in members if all(w in self.site.words_of(t) for w in np.looks)]
        looks = [t for t in looks if self._changeable(np, t)]
        if np.posts or np.places:
            looks = [
                t for t in self._placed(np, looks) if self._told_apart(replace(np, states={}), t)
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
            raise self.wording.missing(np, anything, "thing")
        if len(found) < count:
            name = self.site.class_title(cls)
            raise Unable(f"You ask for {count}, but I know of only {len(found)} of these: {name}.")

    def common_class(self, np: NounPhrase, fits: Test = anything) -> str | None:
        """The class that the noun names: the most general one where one is above the others."""
        classes = [r.id for r in np.refs if r.kind == "class"]
        with_some = [c for c in classes if any(fits(t) for t in self.site.members(c))]
        classes = with_some or classes
        top = [c for c in classes if all(self.site.below(o, c) for o in classes)]
        if top:
            return top[0]
        return classes[0] if len(classes) == 1 else None

    def _is_one_holder(self, np: NounPhrase) -> bool:
        """Whether one place at most is said, and things are in or on it, not beside it."""
        near = any(prep == "near" for prep, _ in np.posts)
        return not near and len(np.posts) + len(np.places) <= 1

    def _within(self, np: NounPhrase) -> str | None:
        for place in np.places:
            return self.one(place)
        for _, where in np.posts:
            return self.place(where)
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
            found.update(dict.fromkeys(self.thing(np, every=True).ids or self.candidates(np)))
        return tuple(sorted(found))

    # -- saying what is wrong ----------------------------------------------------------------
