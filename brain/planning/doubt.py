"""What is believed from hearsay only: places to look at before a goal is called reached.

A survey may be wrong and what is usual for a class may not be so. A wish that memory holds to be
fulfilled already, though nobody has ever seen it, is fulfilled only after somebody looked.
"""

from __future__ import annotations

from collections.abc import Iterator

from devices.facts import At, Be, Clear, Condition, Selector, holds, select
from stem_memory.view import MemoryView


def doubtful(condition: Condition, view: MemoryView, since_s: float) -> tuple[str, ...]:
    """Places to look at before the condition, which memory believes true, may be called true.

    Args:
        condition: A bound condition.
        view: What memory believes.
        since_s: When the goal was posted; places viewed since then are in no doubt.

    Returns:
        Fixtures, rooms, doors, people or bodies; none if the belief rests on what was seen.
    """
    if not holds(condition, view):
        return ()
    found = dict.fromkeys(_places(condition, view))
    return tuple(place for place in found if not _seen(place, "location", view, since_s))


def _places(condition: Condition, view: MemoryView) -> Iterator[str]:
    """Where the things are that nobody has seen to be as the condition says."""
    if isinstance(condition, Clear):
        yield condition.where
    elif isinstance(condition, At | Be):
        wanted = len(condition.what.ids) if condition.count is None else condition.count
        attr = "location" if isinstance(condition, At) else condition.attr
        good = [thing for thing in select(condition.what, view) if _is_good(thing, condition, view)]
        sure = [thing for thing in good if _is_sure(thing, attr, condition.what, view)]
        for thing in [t for t in good if t not in sure][: max(0, wanted - len(sure))]:
            place = view.location(thing)
            if view.category(thing) != "object":
                yield thing
            elif place is not None:
                yield place.holder


def _is_good(thing: str, condition: At | Be, view: MemoryView) -> bool:
    alone = Selector(ids=(thing,), having=condition.what.having)
    return holds(condition.model_copy(update={"what": alone, "count": 1}), view)


def _is_sure(thing: str, attr: str, what: Selector, view: MemoryView) -> bool:
    """Whether somebody has ever seen what is believed of the thing."""
    if view.category(thing) == "body":
        return True
    return all(view.learnt_at(thing, name) is not None for name in (attr, *what.having))


def _seen(thing: str, attr: str, view: MemoryView, since_s: float) -> bool:
    learnt = view.learnt_at(thing, attr)
    return learnt is not None and learnt >= since_s
