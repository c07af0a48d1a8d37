"""When two sets of conditions are the same goal: a form in which equal goals are equal.

Nothing here depends on the order of conditions, on how several things are put together in one
condition, or on the words that pick them out: what counts is which things must change, and how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from devices.facts import At, Be, Clear, Condition, Known, Selector, Told, bind, holds, select
from stem_memory.view import MemoryView

Atom = tuple[object, ...]


def canonical(conditions: Iterable[Condition], view: MemoryView) -> frozenset[Atom]:
    """The goal as atoms, bound to what memory knows now.

    - "Every" becomes one atom for each thing that is meant and not yet so.
    - A count of exactly as many things as memory knows means these things.
    - A count among more compares by which things qualify, and by the words only where none does
      yet (coffees are made, not found). `fresh` matters only where some are there already.
    - On and in a fixture are the same, since it is either a surface or a container; on, in and at
      a room are the same.
    - A message is its words: neither case nor punctuation matters.
    """
    return frozenset(atom for condition in conditions for atom in _atoms(condition, view))


def same_goal(a: Iterable[Condition], b: Iterable[Condition], view: MemoryView) -> bool:
    """Whether both ask for the same."""
    return canonical(a, view) == canonical(b, view)


def _atoms(condition: Condition, view: MemoryView) -> list[Atom]:
    if isinstance(condition, Clear):
        return [("clear", condition.where, condition.cls)]
    if isinstance(condition, Told):
        return [("told", condition.who, words(condition.message))]
    if isinstance(condition, Known):
        return [("known", thing, condition.attr) for thing in _meant(condition.what, view)]
    things, count = select(condition.what, view), condition.count
    every = count is None or (condition.what.ids and count == len(condition.what.ids))
    if isinstance(condition, At) and condition.fresh:
        bound = bind(condition, view, 0.0)
        assert isinstance(bound, At)
        things = select(bound.what, view)
    if not every and len(things) != count:
        return [_counted(condition, things, view)]
    each = [(_of(condition, thing, view), _is_so(condition, thing, view)) for thing in things]
    if not each:
        return [_counted(condition, (), view)]
    open_ones = [atom for atom, so in each if not so]
    return open_ones if len(each) > 1 and open_ones else [atom for atom, _ in each]


def _meant(what: Selector, view: MemoryView) -> tuple[str, ...]:
    """The things, or the ids as they stand where memory knows none of them."""
    return select(what, view) or what.ids or (f"no {what.cls}",)


def _of(condition: At | Be, thing: str, view: MemoryView) -> Atom:
    if isinstance(condition, Be):
        return ("be", thing, condition.attr, condition.value)
    return ("at", thing, condition.where, _relation(condition, view))


def _is_so(condition: At | Be, thing: str, view: MemoryView) -> bool:
    one = {"what": Selector(ids=(thing,)), "count": None}
    return holds(condition.model_copy(update=one), view)


def _counted(condition: At | Be, things: tuple[str, ...], view: MemoryView) -> Atom:
    what = condition.what
    qualify: object = frozenset(things)
    if not things:
        having = tuple(sorted((name, str(value)) for name, value in what.having.items()))
        qualify = (what.ids, what.cls, having, what.within, tuple(sorted(what.exclude)))
    aim: Atom
    if isinstance(condition, Be):
        aim = ("be", condition.attr, condition.value)
    else:
        aim = ("at", condition.where, _relation(condition, view))
    return (*aim, qualify, condition.count)


def _relation(condition: At, view: MemoryView) -> str:
    if view.category(condition.where) == "room":
        return "at"
    return "on" if condition.relation == "in" else condition.relation


def words(message: str) -> str:
    """A message in lower case, without punctuation and with single spaces."""
    return " ".join(re.sub(r"[^\w\s]", "", message.lower()).split())
