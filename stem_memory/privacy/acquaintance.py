"""Whom a log is about: people, their names, their wishes; and the classes of things and places.

It decides which keys seal which piece of an event (see `stem_memory.privacy.personal`).
"""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from devices.facts import ClassCard
from devices.site import SitePlan
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import GoalPosted, Observed, Payload, Said, SiteSurveyed
from stem_memory.privacy.personal import Cutter, Keys
from stem_memory.privacy.rules import PrivacyRules

# A stretch of time shares a retention key, so reports are kept up to an eighth longer than asked.
_STRETCHES = 8
_TOKEN = re.compile(r"\w+")
# These stand for a role or a program, and so for nobody in particular.
_NOBODY = {"operator", "grammar", "encoder", "model", "survey", "class", "retinue", "plan", ""}


class Acquaintance:
    """What is known of people and things, learnt from the log as it grows."""

    def __init__(self) -> None:
        self._people: dict[str, str] = {}
        self._words: dict[str, str] = {}
        # Names of several words, and ids such as guest-1.
        self._phrases: list[str] = []
        self._goals: dict[str, str] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._rooms: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._classes: dict[str, str] = {}

    def remember(self, state: MemoryState) -> None:
        """Take over what a memory knows."""
        self._chart(state.plan(), state.classes().values())
        for person in state.ids("person"):
            self._meet(person, state.own_names(person), state.cls(person))
        for goal in state.goals().values():
            self._goals[goal.goal.id] = goal.goal.who

    def learn(self, body: Payload) -> None:
        """Take in whom and what an event introduces."""
        if isinstance(body, SiteSurveyed):
            self._chart(body.plan, body.classes)
            for thing in body.things:
                if thing.category == "person":
                    self._meet(thing.id, thing.names, thing.cls)
        elif isinstance(body, Observed):
            for seen in body.observation.sightings:
                if seen.category == "person":
                    self._meet(seen.id, seen.names, seen.cls)
            for heard in body.observation.heard:
                self._meet(heard.who, ())
        elif isinstance(body, Said):
            self._meet(body.who, ())
        elif isinstance(body, GoalPosted):
            self._meet(body.goal.who, ())
            self._goals[body.goal.id] = body.goal.who

    def may_concern_somebody(self, body: Payload) -> bool:
        """Whether anything in this event may be personal: rather once too often than too seldom.

        It saves most events the walk of the cutter, which costs more than all else of recording.
        """
        if not self._people:
            return False
        if any(who in self._people for who in _who(body, self._goals)):
            return True
        try:
            text = to_json(body).decode().lower()
        except PydanticSerializationError:
            return True
        # What JSON escapes is not found in it by its letters.
        if "\\" in text:
            return True
        if not self._words.keys().isdisjoint(_TOKEN.findall(text)):
            return True
        return any(phrase in text for phrase in self._phrases)

    def cutter(self, body: Payload, t: float, rules: PrivacyRules) -> Cutter:
        """What cuts the personal out of this event."""
        spoken = {self._people[who] for who in _who(body, self._goals) if who in self._people}
        return Cutter(
            people=self._people,
            words=self._words,
            spoken=tuple(sorted(spoken)),
            element=_Elements(self, body, t, rules).keys,
        )

    def person_key(self, id_: str) -> str | None:
        """The name of a person's key."""
        return self._people.get(id_)

    def names_somebody(self, text: str) -> bool:
        """Whether a text names anybody known."""
        words = set(re.findall(r"\w+", text.lower()))
        return any(name in words or name in text.lower() for name in self._words)

    def in_ids(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text with everybody's names made ids, and the ids of those it names."""
        found: dict[str, None] = {}

        def as_id(match: re.Match[str]) -> str:
            person = self._words[match[0].lower()].removeprefix("person/")
            found[person] = None
            return person

        names = sorted(self._words, key=len, reverse=True)
        any_of = "|".join(re.escape(name) for name in names)
        told = (
            re.sub(rf"(?<![\w-])(?:{any_of})(?![\w-])", as_id, text, flags=re.I) if names else text
        )
        return told, tuple(found)

    def classes_of(self, cls: str) -> tuple[str, ...]:
        """The class and those above it."""
        return (cls, *self._parents.get(cls, ()))

    def places_of(self, holder: str | None) -> tuple[str, ...]:
        """The holder, its room, and their classes."""
        if holder is None:
            return ()
        room = self._rooms.get(holder, holder)
        found = (holder, self._kinds.get(holder, ""), room, self._kinds.get(room, ""))
        return tuple(name for name in dict.fromkeys(found) if name)

    def class_of(self, person: str) -> str:
        """The class of a person, as far as known."""
        return self._classes.get(person, "person")

    def _meet(self, person: str, names: tuple[str, ...], cls: str = "") -> None:
        if person in _NOBODY:
            return
        if cls:
            self._classes[person] = cls
        key = self._people.setdefault(person, f"person/{person}")
        for name in (person, *names):
            word = name.lower()
            if word and word not in self._words and not _TOKEN.fullmatch(word):
                self._phrases.append(word)
            self._words.setdefault(word, key)

    def _chart(self, plan: SitePlan, classes: Any) -> None:
        cards: tuple[ClassCard, ...] = tuple(classes)
        self._parents.update((card.cls, card.parents) for card in cards)
        self._kinds.update((room.id, room.cls) for room in plan.rooms)
        for fixture in plan.fixtures:
            self._kinds[fixture.id] = fixture.cls
            self._rooms[fixture.id] = fixture.room


class _Elements:
    """Which keys seal the elements of the lists of one event."""

    def __init__(self, known: Acquaintance, body: Payload, t: float, rules: PrivacyRules) -> None:
        self._known = known
        self._rules = rules
        self._t = t
        self._here: tuple[str, ...] = ()
        self._hidden: dict[str, set[str]] = {}
        if isinstance(body, Observed):
            self._t = body.observation.t
            self._here = known.places_of(body.observation.state.room)
            for seen in body.observation.sightings:
                holder = seen.location.holder if seen.location is not None else None
                keys = self._thing(seen.id, seen.cls, holder)
                if keys and holder is not None:
                    self._hidden.setdefault(holder, set()).update(keys)

    def keys(self, name: str, item: Any) -> Keys:
        """Names of the keys for this element of the list `name`; none: it is walked into."""
        if name == "sightings":
            holder = (item.get("location") or {}).get("holder")
            return self._thing(item["id"], item["cls"], holder)
        if name == "heard":
            return self._thing(item["who"], self._known.class_of(item["who"]), None)
        if name == "viewed":
            # Without the sighting a full view of its holder would say that nothing was there.
            return tuple(sorted(self._hidden.get(item, ())))
        if name == "things" and isinstance(item, dict):
            return self._person(item["id"])
        return ()

    def _thing(self, id_: str, cls: str, holder: str | None) -> Keys:
        places = (*self._known.places_of(holder), *self._here)
        person = ("person",) if self._known.person_key(id_) is not None else ()
        keep = self._rules.keep_s((*self._known.classes_of(cls), *person), places)
        stretch = () if keep is None else (_stretch(cls, keep, self._t),)
        return tuple(sorted((*self._person(id_), *stretch)))

    def _person(self, id_: str) -> Keys:
        key = self._known.person_key(id_)
        return (key,) if key is not None else ()


def _stretch(cls: str, keep_s: float, t: float) -> str:
    """The name of the retention key for this class at this time: it tells when to destroy it."""
    length = keep_s / _STRETCHES
    end = (int(t // length) + 1) * length + keep_s
    return f"until/{end:.3f}/{cls}"


def due(name: str, now: float) -> bool:
    """Whether the time of a retention key is over."""
    parts = name.split("/", 2)
    return parts[0] == "until" and float(parts[1]) <= now


def _who(body: Payload, goals: dict[str, str]) -> set[str]:
    """Whose words an event holds, besides those that it says itself."""
    found = {getattr(body, name, "") for name in ("to", "by", "who")}
    if isinstance(body, GoalPosted):
        found.add(body.goal.who)
    goal = getattr(body, "goal", "")
    if isinstance(goal, str):
        found.add(goals.get(goal, ""))
    return found - {""}
