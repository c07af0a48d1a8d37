"""The names of a site's things, classes and places, indexed by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from brain.language.words.lexicon import Lexicon, among
from brain.language.words.tokens import key_of
from devices.facts import Category, ClassCard
from devices.site import Fixture
from stem_memory.view import MemoryView

Key = tuple[str, ...]

# How far a thing may be from another one and still be "next to" it, in metres.
NEAR_M = 2.5


@dataclass(frozen=True, order=True)
class Ref:
    """What a name may mean: one thing, or a class of things.

    `rank`: 0 the thing's own name, 1 a class's name, 2 the last words of a longer name.
    """

    rank: int
    kind: str
    id: str


class Site:
    """A memory view as the language sees it. Made anew for each wish: memory changes."""

    def __init__(self, view: MemoryView, lexicon: Lexicon) -> None:
        self.view = view
        self.lexicon = lexicon
        self.classes = view.classes()
        self.fixtures: dict[str, Fixture] = {f.id: f for f in view.plan().fixtures}
        self.doors = {d.id: d for d in view.plan().doors}
        self.ids = tuple(view.ids())
        self._lines: dict[str, frozenset[str]] = {}
        self.index: dict[Key, list[Ref]] = {}
        self._words_of: dict[str, frozenset[str]] = {}
        # The names of each class and its ancestors.
        self._common: dict[str, frozenset[Key]] = {}
        self._index_things()
        self._index_classes()
        self._index_bodies()
        self._index_tails()
        self._index_synonyms()
        self.longest = max((len(key) for key in self.index), default=1)
        self.whole_words = frozenset(key[0] for key in self.index if len(key) == 1)
        self.vocabulary = frozenset(w for key in self.index for w in key if len(w) > 1)

    # -- classes -------------------------------------------------------------------------------

    def line(self, cls: str) -> frozenset[str]:
        """The class and all its ancestors."""
        known = self._lines.get(cls)
        if known is None:
            line = [cls]
            for name in line:
                card = self.classes.get(name)
                line += [p for p in (card.parents if card else ()) if p not in line]
            known = self._lines[cls] = frozenset(line)
        return known

    def below(self, cls: str, ancestor: str) -> bool:
        """Whether the class is the ancestor or under it."""
        return ancestor in self.line(cls)

    def card(self, cls: str) -> ClassCard | None:
        """The card of a class."""
        return self.classes.get(cls)

    def category_of(self, cls: str) -> Category:
        """What kind of noun things of this class are."""
        card = self.classes.get(cls)
        if card is not None:
            return card.category
        if cls in ("room", "door", "fixture", "person", "body"):
            return cls  # type: ignore[return-value]
        return "body" if any(b.card.kind == cls for b in self.view.bodies().values()) else "object"

    def category(self, ref: Ref) -> Category | None:
        """What kind of noun it is that a name means."""
        return self.view.category(ref.id) if ref.kind == "thing" else self.category_of(ref.id)

    def members(self, cls: str) -> tuple[str, ...]:
        """Every known thing of the class, in natural order."""
        return tuple(t for t in self.ids if self.view.is_a(t, cls))

    def drink(self, cls: str) -> tuple[str, str] | None:
        """(vessel class, fill) of a drink; None for other classes."""
        card = self.classes.get(cls)
        if card is None or "fill" not in card.attrs or "vessel" not in card.attrs:
            return None
        return str(card.attrs["vessel"]), str(card.attrs["fill"])

    def drinks(self) -> dict[str, tuple[str, str]]:
        """Every drink class with its vessel class and fill."""
        found = {cls: self.drink(cls) for cls in self.classes}
        return {cls: made for cls, made in found.items() if made is not None}

    def states_of(self, thing: str) -> frozenset[str]:
        """The names of the states that things of this class have."""
        names: set[str] = set()
        for cls in self.line(self.view.cls(thing)):
            card = self.classes.get(cls)
            names |= set(card.states) if card else set()
        return frozenset(names)

    def class_states(self, cls: str) -> frozenset[str]:
        """The states that things of the class may have: its own, or of a class below."""
        names: set[str] = set()
        for name, card in self.classes.items():
            if self.below(name, cls) or self.below(cls, name):
                names |= set(card.states)
        return frozenset(names)

    # -- places --------------------------------------------------------------------------------

    def within(self, thing: str, holder: str) -> bool:
        """Whether the thing is in, on or at the holder, at any depth (or in its room)."""
        seen: set[str] = set()
        at = thing
        while at not in seen:
            seen.add(at)
            place = self.view.location(at)
            if place is None:
                return self.view.category(holder) == "room" and self.view.room_of(thing) == holder
            if place.holder == holder:
                return True
            at = place.holder
        return False

    def near(self, thing: str, other: str) -> float | None:
        """The distance of two things in metres, if they are near each other in one room."""
        a, b = self.view.position(thing), self.view.position(other)
        if a is None or b is None or self.view.room_of(thing) != self.view.room_of(other):
            return None
        far = ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5
        return far if far <= NEAR_M or self.view.category(other) == "room" else None

    # -- names ---------------------------------------------------------------------------------

    def words_of(self, thing: str) -> frozenset[str]:
        """Every word of every name of the thing: what it may be told apart by."""
        known = self._words_of.get(thing)
        if known is None:
            found = {word for name in self.view.names(thing) for word in key_of(name)}
            known = self._words_of[thing] = frozenset(found)
        return known

    def title(self, thing: str) -> str:
        """What to call the thing: its first name."""
        names = self.view.names(thing)
        return names[0] if names else thing

    def titles(self, things: Iterable[str]) -> tuple[str, ...]:
        """Names that tell these things apart: the id where several share a name."""
        listed = list(things)
        names = [self.title(t) for t in listed]
        return tuple(
            name if names.count(name) == 1 else thing
            for name, thing in zip(names, listed, strict=True)
        )

    def class_title(self, cls: str) -> str:
        """What to call one of the class."""
        card = self.classes.get(cls)
        return card.names[0] if card and card.names else cls.replace("_", " ")

    # -- building ------------------------------------------------------------------------------

    def _add(self, key: Key, ref: Ref) -> None:
        refs = self.index.setdefault(key, [])
        if key and ref not in refs:
            refs.append(ref)

    def _index_things(self) -> None:
        plan = self.view.plan()
        own: dict[str, tuple[str, ...]] = {r.id: r.names for r in plan.rooms}
        own |= {d.id: d.names for d in plan.doors}
        own |= {f.id: f.names for f in plan.fixtures}
        for thing in self.ids:
            names = (*own[thing], thing) if thing in own else self._own_names(thing)
            for name in names:
                key = key_of(name)
                self._add(
                    key[1:] if key[:1] == ("the",) and len(key) > 1 else key, Ref(0, "thing", thing)
                )

    def _own_names(self, thing: str) -> tuple[str, ...]:
        """The names that come with the thing itself, not with its class."""
        cls = self.view.cls(thing)
        common = self._common.get(cls)
        if common is None:
            line = [self.classes[c] for c in self.line(cls) if c in self.classes]
            common = frozenset(key_of(name) for card in line for name in card.names)
            self._common[cls] = common
        return tuple(name for name in self.view.names(thing) if key_of(name) not in common)

    def _index_classes(self) -> None:
        for cls, card in self.classes.items():
            for name in card.names:
                self._add(key_of(name), Ref(1, "class", cls))
        for cls, card in self.classes.items():
            key = key_of(cls)
            if key not in self.index or not card.names:
                self._add(key, Ref(1, "class", cls))

    def _index_bodies(self) -> None:
        for name in ("robot", "bot", "body", "machine"):
            self._add((name,), Ref(1, "class", "body"))
        for thing, record in self.view.bodies().items():
            for name in (record.card.kind, record.card.title):
                self._add(key_of(name), Ref(1, "class", record.card.kind))
            plain = re.sub(r"[-_ ]?\d+$", "", thing)
            if (plain != thing and key_of(plain) not in self.index) or (
                plain != thing and all(r.rank == 2 for r in self.index[key_of(plain)])
            ):
                self._add(key_of(plain), Ref(2, "thing", thing))
        words = self.lexicon.words["somebody"]
        for word in words:
            key = key_of(word)
            if key not in self.index:
                self._add(key, Ref(1, "class", "person"))

    def _index_tails(self) -> None:
        """The last words of longer names, where nothing else has that name: "car" of "toy car"."""
        tails: dict[Key, list[Ref]] = {}
        for key, refs in self.index.items():
            for start in range(1, len(key)):
                tail = key[start:]
                if tail not in self.index and not tail[0].isdigit() and tail[0] not in _LINKS:
                    if key[start - 1] in _LINKS:
                        continue
                    for ref in refs:
                        if ref.kind == "thing":
                            tails.setdefault(tail, []).append(Ref(2, ref.kind, ref.id))
        for tail, refs in tails.items():
            for ref in refs:
                self._add(tail, ref)

    def _index_synonyms(self) -> None:
        for word, meant in self.lexicon.words["synonyms"].items():
            known, key = self.index.get(key_of(meant)), key_of(word)
            if known and all(ref.rank == 2 for ref in self.index.get(key, ())):
                self.index[key] = list(known)


_LINKS = among("of and to in on for the a with")
