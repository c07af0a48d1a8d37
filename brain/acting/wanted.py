"""A wish that a program says as conditions: what it means, unless it names what is not here."""

from __future__ import annotations

from collections.abc import Iterator

from brain.contracts import Refuse, Understood
from brain.language.summary import summary
from brain.language.words.lexicon import lexicon
from brain.language.words.site import Site
from devices.facts import Condition, Selector, select
from stem_memory.view import MemoryView


def wanted(conditions: tuple[Condition, ...], view: MemoryView) -> Understood | Refuse:
    """The wish as understood; refused is what names something that memory does not know.

    Conditions about nothing would be true at once, and nobody would have done anything.
    """
    for condition in conditions:
        for name in _names(condition):
            if view.category(name) is None:
                return Refuse(reason=f"nothing here is called {name}")
        what = getattr(condition, "what", None)
        if isinstance(what, Selector) and not select(what, view):
            return Refuse(
                reason=f"nothing here is meant by {what.model_dump_json(exclude_defaults=True)}"
            )
    told = summary(conditions, Site(view, lexicon()))
    return Understood(conditions=conditions, summary=told, by="operator")


def _names(condition: Condition) -> Iterator[str]:
    for field in ("where", "who"):
        if isinstance(name := getattr(condition, field, None), str):
            yield name
    what = getattr(condition, "what", None)
    if isinstance(what, Selector):
        yield from what.ids
        if what.within is not None:
            yield what.within
