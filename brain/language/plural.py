"""Names in the singular and the plural, with the right word before them."""

from __future__ import annotations

import re

from brain.language.lexicon import among

_IRREGULAR = {
    "child": "children",
    "fish": "fish",
    "foot": "feet",
    "half": "halves",
    "knife": "knives",
    "leaf": "leaves",
    "loaf": "loaves",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "potato": "potatoes",
    "salmon": "salmon",
    "shelf": "shelves",
    "somebody": "people",
    "tomato": "tomatoes",
    "tooth": "teeth",
    "wife": "wives",
    "woman": "women",
}
# They end like plurals, and are none.
_SINGULAR = among("asparagus bus canvas chess christmas citrus gas hummus lens news tennis")
# What is not counted: "some milk", never "a milk" or "milks".
_UNCOUNTED = among(
    "beef bread butter cereal cheese chocolate clothing coffee cutlery dairy detergent flour food "
    "fruit furniture goods jam juice laundry luggage medicine merchandise milk music paper pasta "
    "rice rubbish shampoo silverware soap spaghetti staff stationery stuff tableware tea trash veg "
    "washing water wine"
)
_VOWELS = "aeiou"


def head_of(name: str) -> str:
    """The word that is counted: "cup" of "coffee cup", "crate" of "crate of water"."""
    return re.split(r" (?:of|from|with|for) ", name, maxsplit=1)[0].split()[-1].lower()


def is_uncounted(name: str) -> bool:
    """Whether there is only more or less of it."""
    return head_of(name) in _UNCOUNTED


def is_plural(name: str) -> bool:
    """Whether the name is a plural as it stands: "keys", "reading glasses", "people"."""
    head = head_of(name)
    if head in _SINGULAR or head in _UNCOUNTED or head.endswith(("ss", "us", "is")):
        return False
    return head.endswith("s") or head in set(_IRREGULAR.values()) - set(_IRREGULAR)


def plural(name: str) -> str:
    """The name of several: "coffee cups", "crates of water", "keys", "milk"."""
    if is_plural(name) or is_uncounted(name):
        return name
    parts = re.split(r"( (?:of|from|with|for) )", name, maxsplit=1)
    first = parts[0].split(" ")
    first[-1] = _word(first[-1])
    return " ".join(first) + "".join(parts[1:])


def counted(number: int, name: str) -> str:
    """The number and the name: "1 cup", "2 cups", "no cups", "some milk"."""
    if is_uncounted(name):
        return f"{'some' if number else 'no'} {name}"
    said = str(number) if number else "no"
    return f"{said} {name if number == 1 else plural(name)}"


def with_article(name: str) -> str:
    """One of them, where nothing is known of any: "a cup", "an apple", "any milk", "any keys"."""
    if is_uncounted(name) or is_plural(name):
        return f"any {name}"
    return f"{'an' if name[:1].lower() in _VOWELS else 'a'} {name}"


def _word(word: str) -> str:
    low = word.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if low.endswith("y") and low[-2:-1] not in _VOWELS:
        return word[:-1] + "ies"
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"
