"""What can be true of a world, and what a goal demands to be true.

The same words are used for truth (a simulated world), for belief (STEM memory) and for goals, so
one evaluator, `holds`, judges all three. Everything has an id in kebab-case: rooms, doors,
fixtures, objects, people, bodies. Static properties are attributes (colour, mass), changing ones
are states (clean, open, fill); both are read with `Facts.attr`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Protocol

from pydantic import Field

from devices.noun import Noun

Value = bool | int | float | str
Category = Literal["room", "door", "fixture", "object", "person", "body"]
Relation = Literal["on", "in", "held", "at"]


class Location(Noun):
    """Where a thing is: on or in a fixture, held by a person or body, or at a room or fixture."""

    relation: Relation
    holder: str


class StateSpec(Noun):
    """One changing property of a class: its possible values and the one it starts with."""

    values: tuple[Value, ...]
    default: Value


class ClassCard(Noun):
    """What is known of a class of things: its ancestors, words for it, states, size and home.

    `parents` are class names from near to far ("cup" -> "tableware", "clearable"). `names` are the
    words people use. `home` lists fixture classes or ids where such a thing belongs, best first;
    `dirty_home` where it goes while its state `clean` is false.
    """

    cls: str
    category: Category = "object"
    parents: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    states: dict[str, StateSpec] = {}
    attrs: dict[str, Value] = {}
    mass_kg: float = 0.3
    size_m: float = 0.1
    hands: int = 1
    home: tuple[str, ...] = ()
    dirty_home: tuple[str, ...] = ()


class Thing(Noun):
    """An object or a person as recorded by a survey: identity, attributes, place and states."""

    id: str
    cls: str
    category: Category = "object"
    names: tuple[str, ...] = ()
    attrs: dict[str, Value] = {}
    states: dict[str, Value] = {}
    location: Location


class Facts(Protocol):
    """A readable set of facts: the truth of a world, or what a memory believes."""

    def ids(self, category: Category | None = None) -> Iterable[str]:
        """All ids (of one category), in a stable order."""
        ...

    def category(self, thing: str) -> Category | None:
        """The category, or None for an unknown id."""
        ...

    def cls(self, thing: str) -> str:
        """The class name; KeyError for an unknown id."""
        ...

    def is_a(self, thing: str, cls: str) -> bool:
        """Whether the thing is of the class or of one below it."""
        ...

    def attr(self, thing: str, name: str) -> Value | None:
        """A static attribute or the present state; None where nothing is known."""
        ...

    def location(self, thing: str) -> Location | None:
        """Where the thing is; None where nothing is known."""
        ...

    def told(self, person: str) -> tuple[str, ...]:
        """Everything said to this person so far."""
        ...

    def learnt_at(self, thing: str, attr: str) -> float | None:
        """When `attr` ("location" or a state) was last evidenced, in seconds; None: never."""
        ...


class Selector(Noun):
    """Which things are meant: exact `ids`, or any of a class with properties, in some place.

    `having` holds attributes or states that must be equal. `within` is a holder at any depth
    (fixture, room, person, body). `exclude` never counts.
    """

    ids: tuple[str, ...] = ()
    cls: str | None = None
    having: dict[str, Value] = {}
    within: str | None = None
    exclude: tuple[str, ...] = ()


class Be(Noun):
    """The things have this state. `count` None: each one that matched when the goal was posted."""

    kind: Literal["be"] = "be"
    what: Selector
    attr: str
    value: Value
    count: int | None = None


class At(Noun):
    """The things are at this holder (on or in a fixture, held by a person, in a room).

    `fresh`: only things count that were not there when the goal was posted ("bring two coffees").
    `count` None: each one that matched when the goal was posted.
    """

    kind: Literal["at"] = "at"
    what: Selector
    where: str
    relation: Relation = "on"
    count: int | None = None
    fresh: bool = False


class Clear(Noun):
    """Nothing of class `cls` is on or in this holder any more, and it was put away.

    `besides` is what the same goal wants there ("clear table 4 and bring coffee to it"). `taken` is
    what was there when the goal was posted: it must not end in the hands of a body.
    """

    kind: Literal["clear"] = "clear"
    where: str
    cls: str = "clearable"
    besides: tuple[Selector, ...] = ()
    taken: tuple[str, ...] = ()


class Told(Noun):
    """The person has been told the message."""

    kind: Literal["told"] = "told"
    who: str
    message: str


class Known(Noun):
    """Since the goal was posted, somebody has seen the things' `attr` (or what is at a place)."""

    kind: Literal["known"] = "known"
    what: Selector
    attr: str = "location"
    since: float = 0.0


Condition = Annotated[Be | At | Clear | Told | Known, Field(discriminator="kind")]


def holders(thing: str, facts: Facts) -> Iterator[str]:
    """Yield what holds the thing, from near to far (tray, table, room), without end loops."""
    seen = {thing}
    place = facts.location(thing)
    while place is not None and place.holder not in seen:
        yield place.holder
        seen.add(place.holder)
        place = facts.location(place.holder)


def matches(selector: Selector, thing: str, facts: Facts) -> bool:
    """Whether the thing is one the selector means, as the facts stand now."""
    if thing in selector.exclude or (selector.ids and thing not in selector.ids):
        return False
    if selector.cls is not None and not facts.is_a(thing, selector.cls):
        return False
    if any(facts.attr(thing, name) != value for name, value in selector.having.items()):
        return False
    return selector.within is None or selector.within in holders(thing, facts)


def select(selector: Selector, facts: Facts) -> tuple[str, ...]:
    """Every thing the selector means, in the order of the facts."""
    pool = selector.ids or facts.ids()
    known = (thing for thing in pool if facts.category(thing) is not None)
    return tuple(thing for thing in known if matches(selector, thing, facts))


def bind_all(conditions: tuple[Condition, ...], facts: Facts, now: float) -> tuple[Condition, ...]:
    """Freeze the conditions of one goal at the moment it is posted, see `bind`."""
    bound = tuple(bind(condition, facts, now) for condition in conditions)
    brought: dict[str, tuple[Selector, ...]] = {}
    for condition in bound:
        if isinstance(condition, At):
            brought[condition.where] = (*brought.get(condition.where, ()), condition.what)
    return tuple(
        c.model_copy(update={"besides": brought[c.where]})
        if isinstance(c, Clear) and c.where in brought
        else c
        for c in bound
    )


def bind(condition: Condition, facts: Facts, now: float) -> Condition:
    """Freeze a condition at the moment its goal is posted.

    "Every" becomes the ids that match now, and so does "of those in that place", which will not be
    there any more; a fresh count excludes what is there already; a wish to know gets its start
    time. Binding to truth and to belief may differ: that is an honest failure.
    """
    if isinstance(condition, Known):
        return condition.model_copy(update={"since": now})
    if isinstance(condition, Clear):
        return condition.model_copy(update={"taken": tuple(_on(condition, facts))})
    if isinstance(condition, Be | At) and _ends_now(condition):
        ids = select(condition.what, facts)
        count = len(ids) if condition.count is None else condition.count
        # No thing has the id "": nothing matched now, so nothing may match later.
        frozen: dict[str, object] = {"what": Selector(ids=ids or ("",)), "count": count}
        return condition.model_copy(
            update=frozen | ({"fresh": False} if isinstance(condition, At) else {})
        )
    if isinstance(condition, At) and condition.fresh:
        there = tuple(t for t in select(condition.what, facts) if _is_at(t, condition, facts))
        what = condition.what.model_copy(update={"exclude": condition.what.exclude + there})
        return condition.model_copy(update={"what": what})
    return condition


def _ends_now(condition: Be | At) -> bool:
    """Whether which things are meant is decided when the goal is posted."""
    what = condition.what
    return not what.ids and (condition.count is None or what.within is not None)


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether a bound condition is true of the facts."""
    if isinstance(condition, Clear):
        places = [facts.location(thing) for thing in condition.taken]
        carried = (p for p in places if p is not None and facts.category(p.holder) == "body")
        return next(carried, None) is None and next(_on(condition, facts), None) is None
    if isinstance(condition, Told):
        return condition.message in facts.told(condition.who)
    things = select(condition.what, facts)
    if isinstance(condition, Known):
        times = [facts.learnt_at(thing, condition.attr) for thing in things]
        return bool(times) and all(t is not None and t >= condition.since for t in times)
    wanted = len(condition.what.ids) if condition.count is None else condition.count
    if isinstance(condition, Be):
        good = sum(facts.attr(thing, condition.attr) == condition.value for thing in things)
    else:
        good = sum(_is_at(thing, condition, facts) for thing in things)
    return good >= wanted


def _on(condition: Clear, facts: Facts) -> Iterator[str]:
    """What a wish to clear a holder finds on it."""
    for thing in facts.ids("object"):
        place = facts.location(thing)
        if (
            place is not None
            and place.holder == condition.where
            and facts.is_a(thing, condition.cls)
            and not any(matches(kept, thing, facts) for kept in condition.besides)
        ):
            yield thing


def _is_at(thing: str, condition: At, facts: Facts) -> bool:
    if condition.relation == "at":
        return condition.where in holders(thing, facts)
    place = facts.location(thing)
    return place is not None and place.holder == condition.where
