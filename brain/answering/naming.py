"""What to call things, places and kinds of things within a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from brain.language.words.lexicon import among
from brain.language.words.plural import counted, is_mass, is_plural, listed, plural
from brain.language.words.site import Site
from devices.facts import Selector, Value

# Rooms that one is on.
_OPEN_AIR = among("balcony terrace landing")
_OUTDOORS = "outdoors"
# What is not counted as it is, but by the carton or bag.
_STUFF = among(
    "beef bread butter cereal cheese chocolate coffee detergent flour goods jam juice medicine milk "
    "paper pasta rice shampoo soap spaghetti stuff tea water wine"
)
_THINGS = {"object": ("thing", "something", "nothing"), "person": ("person", "somebody", "nobody")}


class Naming:
    """Names within sentences."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.view = site.view

    # -- things --------------------------------------------------------------------------------

    def the(self, thing: str) -> str:
        """This very thing: "the red mug", "Lily", "table 4"."""
        title = self.site.title(thing)
        return title if _is_proper(title) else f"the {title}"

    def title(self, thing: str) -> str:
        """The name by which one of several is counted: "carton of milk" of milk."""
        name = self.site.title(thing)
        return self._portion(self.view.cls(thing), name)

    def are(self, things: Sequence[str]) -> str:
        """The verb that goes with them."""
        many = len(things) > 1 or any(self.is_plural(thing) for thing in things)
        return "are" if many else "is"

    def is_plural(self, thing: str) -> bool:
        """Whether one speaks of this single thing as of several ("the keys are")."""
        if self.view.category(thing) in ("person", "body", "room"):
            return False
        title = self.site.title(thing)
        return not _is_proper(title, own=False) and is_plural(title)

    def it(self, things: Sequence[str]) -> str:
        """The pronoun; people go by their names."""
        if len(things) == 1 and self.view.category(things[0]) == "person":
            return self.the(things[0])
        return "them" if self.are(things) == "are" else "it"

    def they_were(self, things: Sequence[str]) -> str:
        """The pronoun as the subject of a sentence of the past."""
        it = self.it(things)
        return "they were" if it == "them" else f"{it} was"

    def all_of(self, things: Sequence[str], more: str = "") -> str:
        """The things, those of one name counted: "2 white cups and the red mug"."""
        by_title = Counter(self.title(thing) for thing in things)
        firsts = {self.title(thing): thing for thing in reversed(things)}
        names = [
            self.the(firsts[title]) if number == 1 else _so_many(number, title)
            for title, number in by_title.items()
        ]
        return listed([*names, more] if more else names)

    def some_of(self, things: Sequence[str], more: str = "") -> str:
        """The things, told of for the first time: "2 white cups and a red mug"."""
        by_title = Counter(self.title(thing) for thing in things)
        names = [_some(number, title) for title, number in by_title.items()]
        return listed([*names, more] if more else names)

    # -- kinds ---------------------------------------------------------------------------------

    def kind(self, what: Selector, number: int = 1) -> str:
        """The kind of things that is selected: "clean mug", "clean mugs" of several."""
        name = self._name(what)
        return name if number == 1 else several(name)

    def there_are(self, what: Selector, number: int) -> str:
        """How many of the kind there are: "there is 1 clean mug", "there is no milk"."""
        words = self.anything(what)
        if number == 0 and words is not None:
            return f"there is {words[1]}"
        name = self._name(what)
        if number:
            name = self._portion(what.cls or self.view.cls(what.ids[0]), name)
        many = number != 1 and not is_uncounted(name)
        return f"there {'are' if many or is_plural(name) else 'is'} {_so_many(number, name)}"

    def anything(self, what: Selector) -> tuple[str, str] | None:
        """The words for any and none ("somebody", "nobody"), where anything or anybody is meant."""
        words = _THINGS.get(what.cls or "") if not what.ids and not what.having else None
        return (words[1], words[2]) if words is not None else None

    def _name(self, what: Selector) -> str:
        if what.ids:
            return self.site.title(what.ids[0])
        if what.cls in _THINGS:
            return _THINGS[what.cls][0]
        fill = what.having.get("fill")
        looks = [word_of(attr, value) for attr, value in what.having.items() if attr != "fill"]
        name = " ".join((*looks, self.site.class_title(what.cls or "thing")))
        if fill == "none":
            return f"empty {name}"
        return f"{name} of {fill}" if fill is not None else name

    def _portion(self, cls: str, name: str) -> str:
        """What is counted of it: "carton of milk", "bottle of red wine", "loaf", "pair of socks"."""
        card = self.site.card(cls)
        if card is None or not (is_uncounted(name) or is_plural(name)):
            return name
        last = name.split()[-1]
        for other in card.names:
            if other.endswith(f" of {last}"):
                return f"{other.removesuffix(last)}{name}"
        alike = (
            n for n in card.names if not is_uncounted(n) and set(n.split()) & set(name.split())
        )
        return next(alike, name) if is_uncounted(name) else name

    # -- places --------------------------------------------------------------------------------

    def place(self, thing: str) -> str | None:
        """Where the thing is believed to be: "on the desk in the study"; None: not known."""
        where = self.view.location(thing)
        if where is None:
            return None
        here = self.at(where.holder, where.relation)
        if self.view.category(where.holder) == "object":
            below = self.place(where.holder)
            return f"{here} {below}" if below is not None else here
        return here + self._room(where.holder)

    def at(self, holder: str, relation: str | None = None, people: bool = False) -> str:
        """At a place: "on the desk", "in the fridge", "in the kitchen"; people "at table 4"."""
        category = self.view.category(holder)
        if category in ("person", "body"):
            return f"with {self.the(holder)}"
        if category == "room":
            cls = self.view.cls(holder)
            if cls == _OUTDOORS:
                return "outside"
            return f"{'on' if cls in _OPEN_AIR else 'in'} {self.the(holder)}"
        if relation is None:
            fixture = self.site.fixtures.get(holder)
            inside = fixture is not None and fixture.inside
            relation = "at" if people else "in" if inside else "on"
        return f"{'at' if relation == 'held' else relation} {self.the(holder)}"

    def _room(self, holder: str) -> str:
        """The room, where the name of the place does not tell it already."""
        room = self.view.room_of(holder)
        if room is None or self.view.category(holder) in ("room", "person", "body"):
            return ""
        told = set(self.site.title(holder).lower().split())
        return "" if told & set(self.site.title(room).lower().split()) else f" {self.at(room)}"


def is_uncounted(name: str) -> bool:
    """Whether there is only more or less of it: "milk", "cutlery"."""
    return is_mass(name) or name.partition(" of ")[0].split()[-1].lower() in _STUFF


def several(name: str) -> str:
    """The name of several, or of more: "mugs", "milk"."""
    return name if is_uncounted(name) else plural(name)


def any_of(name: str) -> str:
    """One of them, where nothing is known of any: "a cup", "an apple", "any milk", "any keys"."""
    if is_uncounted(name) or is_plural(name):
        return f"any {name}"
    return f"{_article(name)} {name}"


def word_of(attr: str, value: Value) -> str:
    """A state in one or two words: "off", "dirty", "full of coffee"."""
    known = _STATES.get((attr, value))
    if known is not None:
        return known
    if attr == "fill":
        return f"full of {value}"
    name = attr.replace("_", " ")
    if isinstance(value, bool):
        return name if value else f"not {name}"
    return str(value)


def sentence(text: str) -> str:
    """The text with a capital at its beginning and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _some(number: int, title: str) -> str:
    """So many of it, told of for the first time: "a cup", "2 cups", "milk", "Sam's phone"."""
    if number > 1:
        return _so_many(number, title)
    bare = is_uncounted(title) or is_plural(title) or _is_proper(title)
    return title if bare else f"{_article(title)} {title}"


def _so_many(number: int, name: str) -> str:
    """The number and the name: "2 cups", "no cups", "some milk"."""
    if number and not is_uncounted(name):
        return counted(number, name)
    return f"{'some' if number else 'no'} {several(name)}"


def _article(name: str) -> str:
    return "an" if name[:1].lower() in "aeiou" else "a"


def _is_proper(title: str, own: bool = True) -> bool:
    """Whether the name stands without an article: "Lily", "table 4", "Sam's phone"."""
    first, last = title.split()[0], title.split()[-1]
    return last.isdigit() or (first[:1].isupper() and (own or not first.endswith("'s")))


_STATES: dict[tuple[str, Value], str] = {
    ("clean", False): "dirty",
    ("docked", True): "on its dock",
    ("docked", False): "off its dock",
    ("fill", "none"): "empty",
    ("hot", False): "cold",
    ("open", False): "closed",
    ("power", True): "on",
    ("power", False): "off",
    ("sliced", False): "whole",
    ("watered", False): "dry",
}
