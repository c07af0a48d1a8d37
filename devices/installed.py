"""What installed packages offer, looked up once: a scan of all packages takes some 30 ms."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Any


def entry_points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, as the packages on the path had them when first asked."""
    return tuple(_scan(tuple(sys.path)).select(group=group))


def loaded(
    group: str, what: str, refuse: Callable[[str], Exception]
) -> Iterator[tuple[EntryPoint, Any]]:
    """What the entry points of a group stand for, in the order of their names.

    Args:
        group: The group.
        what: What each is, for the sentence that says that one does not load.
        refuse: Makes the error of such a sentence.
    """
    for entry in in_order(group):
        try:
            found = entry.load()
        except (ImportError, AttributeError) as error:
            raise refuse(
                f"the {what} {entry.name!r} ({entry.value}) cannot be loaded: {error}"
            ) from error
        yield entry, found


def in_order(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group by name, then by place: in the same order on every machine."""
    return tuple(sorted(entry_points(group), key=lambda entry: (entry.name, entry.value)))


def taken(what: str, source: str) -> str:
    """The sentence for two packages that offer the same."""
    return f"two packages offer {what} (one is {source}): uninstall one of them"


@lru_cache(8)
def _scan(path: tuple[str, ...]) -> Any:
    # What it returns is called differently in Python 3.11 and later.
    return metadata.entry_points()
