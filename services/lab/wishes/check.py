"""What can be wrong with a gold wish: ids, classes, states and values that the site does not have."""

from __future__ import annotations

from collections.abc import Iterator

from devices.facts import At, Be, Clear, Condition, Known, Selector, Told, Value, bind, select
from services.lab.wishes.contracts import GoldWish
from services.lab.wishes.site import Site
from stem_memory.view import MemoryView


def mistakes(wish: GoldWish, site: Site) -> Iterator[str]:
    """Yield one sentence for everything in the gold that can not be meant in this site."""
    view = site.memory
    if wish.by is not None and view.category(wish.by) != "person":
        yield f"{wish.by} who says it is no person here"
    if not wish.text.strip() or not wish.tags:
        yield "it has no text or no tags"
    for reading in wish.readings:
        if not reading:
            yield "it means nothing: a reading has no conditions"
        for condition in reading:
            yield from _of_condition(condition, view)


def _of_condition(condition: Condition, view: MemoryView) -> Iterator[str]:
    if isinstance(condition, Told):
        if view.category(condition.who) != "person":
            yield f"{condition.who} is no person here"
        return
    if isinstance(condition, Clear):
        if view.category(condition.where) != "fixture":
            yield f"{condition.where} is no fixture here"
        yield from _of_class(condition.cls, view)
        return
    yield from _of_selector(condition.what, view)
    bound = bind(condition, view, 0.0)
    assert isinstance(bound, At | Be | Known)
    pool = select(bound.what, view)
    if isinstance(condition, At):
        yield from _of_place(condition, view)
    else:
        yield from _of_state(condition, pool, view)
    made = isinstance(condition, At) and "fill" in condition.what.having
    needed = 1 if condition.kind == "known" else (bound.count or 1)  # type: ignore[union-attr]
    later = isinstance(condition, At) and any(
        not isinstance(value, str) for value in condition.what.having.values()
    )
    if not made and not later and len(pool) < needed:
        yield f"{condition.what} means {len(pool)} things here"


def _of_selector(what: Selector, view: MemoryView) -> Iterator[str]:
    for thing in (*what.ids, *what.exclude, *((what.within,) if what.within else ())):
        if view.category(thing) is None:
            yield f"nothing here is called {thing}"
    if what.cls is not None:
        yield from _of_class(what.cls, view)
    of_class = Selector(ids=what.ids, cls=what.cls, within=what.within)
    for name, value in what.having.items():
        found = {_kind(view.attr(thing, name)) for thing in select(of_class, view)} - {None}
        if _kind(value) not in found:
            yield f"no {what.cls or what.ids} here has a {name} like {value}"
        elif not _possible(what.cls, name, value, view):
            yield f"the {name} of {what.cls} is never {value}"


def _of_class(cls: str, view: MemoryView) -> Iterator[str]:
    if cls not in view.classes() and not any(view.is_a(thing, cls) for thing in view.ids()):
        yield f"there is no class {cls}"


def _of_place(condition: At, view: MemoryView) -> Iterator[str]:
    category = view.category(condition.where)
    if category is None:
        yield f"nothing here is called {condition.where}"
        return
    holds_things = category != "fixture" or view.plan().fixture(condition.where).capacity > 0
    if condition.relation != "at" and not holds_things:
        yield f"nothing fits on {condition.where}"


def _of_state(condition: Be | Known, pool: tuple[str, ...], view: MemoryView) -> Iterator[str]:
    if condition.attr == "location":
        return
    for thing in pool:
        if view.attr(thing, condition.attr) is None:
            yield f"{thing} has no {condition.attr}"
        elif isinstance(condition, Be) and not _possible(
            view.cls(thing), condition.attr, condition.value, view
        ):
            yield f"the {condition.attr} of {thing} is never {condition.value}"


def _possible(cls: str | None, name: str, value: Value, view: MemoryView) -> bool:
    """Whether a state can have the value; an attribute can have any that something has."""
    card = view.classes().get(cls or "")
    spec = card.states.get(name) if card is not None else None
    return spec is None or any(value == v and _kind(value) == _kind(v) for v in spec.values)


def _kind(value: Value | None) -> type | None:
    return None if value is None else type(value)
