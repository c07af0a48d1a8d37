"""Which pieces of an event are personal, and under which keys they are sealed.

A walk over the event's JSON. Three shapes of pieces are cut out: whole elements (a sighting of a
person, what a person said), ids (wherever a person's id stands for the person), and texts (what
people said or wrote, and any text that names them).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HOLE = "$sealed"
Shape = Literal["element", "id", "text"]
Keys = tuple[str, ...]
# A name of several words, or an id such as guest-1, which is found as a part of the text.
_PARTED = re.compile(r"\W")
# Fields that hold people's own words, or a retelling of them.
_WORDS = {"text", "summary", "question", "options", "message"}
# Fields of a few fixed words: they never name anybody, even where a person is called the same.
_FIXED = {"kind", "act", "category", "relation", "outcome", "status", "role", "mobility", "of"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to seal: its JSON, the names of its keys, and what is left without them."""

    text: str
    keys: Keys
    shape: Shape


@dataclass(slots=True)
class Cutter:
    """Cuts the pieces out of one event.

    Args:
        people: Key names by id of everybody the event may be about.
        words: Key names by word that names somebody, in lower case.
        spoken: Keys for the words of people in this event.
        element: Keys (or none) for an element of a list, given the list's field and the element.
    """

    people: Mapping[str, str]
    words: Mapping[str, str]
    spoken: Keys
    element: Callable[[str, Any], Keys]
    pieces: list[Piece] = field(default_factory=list)

    def cut(self, value: Any, name: str = "") -> Any:
        """The value with holes where pieces were."""
        if isinstance(value, dict):
            return dict(self._entry(key, item) for key, item in value.items())
        if isinstance(value, list):
            return [self._element(name, item) for item in value]
        if isinstance(value, str) and name not in _FIXED:
            return self._text(name, value)
        return value

    def _entry(self, key: str, item: Any) -> tuple[str, Any]:
        if key in self.people:
            hole = self._hole([key, item], (self.people[key],), "element")
            return f"{HOLE}{hole[HOLE]}", None
        return key, self.cut(item, key)

    def _element(self, name: str, item: Any) -> Any:
        keys = self.element(name, item)
        return self._hole(item, keys, "element") if keys else self.cut(item, name)

    def _text(self, name: str, value: str) -> Any:
        if value in self.people:
            return self._hole(value, (self.people[value],), "id")
        # Separators make "ann-s-mug" name ann as much as "Ann's mug" does.
        named = {self.words[w] for w in re.findall(r"\w+", value.lower()) if w in self.words}
        whole = value.lower()
        named |= {
            k for phrase, k in self.words.items() if _PARTED.search(phrase) and phrase in whole
        }
        if name in _WORDS and value:
            named |= set(self.spoken)
        return self._hole(value, tuple(sorted(named)), "text") if named else value

    def _hole(self, value: Any, keys: Keys, shape: Shape) -> dict[str, int]:
        self.pieces.append(Piece(json.dumps(value, ensure_ascii=False), keys, shape))
        return {HOLE: len(self.pieces) - 1}


def fill(template: str, opened: Callable[[int], str | None], left: Callable[[int], Any]) -> Any:
    """Read a template and put the pieces back.

    Args:
        template: The JSON of what `Cutter.cut` made.
        opened: The JSON of a piece, or None if it can not be read.
        left: What stands for an id or a text that can not be read; None: nothing (an element).
    """

    def whole(value: dict[str, Any]) -> Any:
        if len(value) == 1 and HOLE in value:
            text = opened(value[HOLE])
            kept = left(value[HOLE]) if text is None else json.loads(text)
            return _NOTHING if kept is None else kept
        for key, item in list(value.items()):
            if item is _NOTHING:
                value[key] = None
            elif type(item) is list and _NOTHING in item:
                value[key] = [one for one in item if one is not _NOTHING]
            elif key.startswith(HOLE) and key[len(HOLE) :].isdecimal():
                del value[key]
                text = opened(int(key.removeprefix(HOLE)))
                if text is not None:
                    person, told = json.loads(text)
                    value[person] = told
        return value

    # The reader calls it for every object, from the inside out.
    return json.loads(template, object_hook=whole)


class _Nothing:
    """What is left of an element that can not be read."""


_NOTHING = _Nothing()
