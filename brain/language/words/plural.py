"""English nouns by number, for whatever is counted in front of people: one cup, two cups."""

from __future__ import annotations

from collections.abc import Sequence

# One and many, where no rule tells.
IRREGULAR = {
    "knife": "knives",
    "shelf": "shelves",
    "loaf": "loaves",
    "leaf": "leaves",
    "half": "halves",
    "wolf": "wolves",
    "life": "lives",
    "child": "children",
    "person": "people",
    "man": "men",
    "woman": "women",
    "gentleman": "gentlemen",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "goose": "geese",
    "die": "dice",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "fish": "fish",
    "sheep": "sheep",
    "series": "series",
    "species": "species",
}
_IN_S = (
    "bus gas plus lens virus cactus octopus this is his was us yes across towards always its as has "
    "does perhaps besides thanks"
)
# One of them, though it ends in s.
ONE_IN_S = frozenset(_IN_S.split())
_WHOLES = (
    "tableware crockery dishware cutlery silverware flatware laundry washing clothing food fruit "
    "rubbish trash garbage waste litter stationery furniture merchandise dairy veg luggage"
)
# What is not counted: of it there are pieces.
_MASS = frozenset(_WHOLES.split())
# What other words end in: bookshelf, penknife, grandchild.
_TAILS = ("shelf", "knife", "loaf", "child", "person", "woman")


def plural(noun: str) -> str:
    """The noun for several: "bed sheets", "crates of water", "shelves", "tableware", "keys"."""
    head, of, rest = noun.partition(" of ")
    before, space, last = head.rpartition(" ")
    return f"{before}{space}{_plural_word(last)}{of}{rest}"


def is_plural(noun: str) -> bool:
    """Whether the noun stands for several already, as "keys" and "reading glasses" always do."""
    last = _head(noun)
    return last in _MANY or (
        last.endswith("s") and not last.endswith(("ss", "us", "is", "'s")) and last not in ONE_IN_S
    )


def is_mass(noun: str) -> bool:
    """Whether the noun stands for all there is of something: "cutlery"."""
    return _head(noun) in _MASS


def counted(count: int, noun: str) -> str:
    """So many of it: "1 plan", "2 plans", "1,200 events", "3 pieces of cutlery"."""
    if is_mass(noun):
        return counted(count, f"piece of {noun}")
    return f"{count:,} {number(count, noun)}"


def number(count: int, noun: str) -> str:
    """The noun as it stands beside that number: "step" beside 1, else "steps"."""
    return noun if count == 1 else plural(noun)


def be(count: int, noun: str = "") -> str:
    """The verb that goes with so many of it: "is" or "are"; "the keys" are, though they are one."""
    return "is" if count == 1 and not is_plural(noun) else "are"


def were(count: int, noun: str = "") -> str:
    """The same of what is past: "was" or "were"."""
    return "was" if be(count, noun) == "is" else "were"


def _head(noun: str) -> str:
    """The word that a noun of several words is one of: "crate" of "big crate of water"."""
    return noun.partition(" of ")[0].rpartition(" ")[2].lower()


_MANY = frozenset(many for one, many in IRREGULAR.items() if many != one)


def _plural_word(word: str) -> str:
    if is_plural(word) or is_mass(word):
        return word
    low = word.lower()
    if low in IRREGULAR:
        return IRREGULAR[low]
    tail = next((tail for tail in _TAILS if low.endswith(tail)), "")
    if tail:
        return word[: -len(tail)] + IRREGULAR[tail]
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if low.endswith("y") and low[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}s"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names one after the other, as they are said: "a, b and c"; nothing for none."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)
