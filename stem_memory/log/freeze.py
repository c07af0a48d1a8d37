"""Folded state as JSON and back, exactly: the form a snapshot has on disk.

Containers keep their kind, objects of this house are written as their class and their attributes.
Reading makes only such objects and runs no code of the file, as unpickling would.
"""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

_HOUSE = ("stem_memory.", "devices.")
# Where older memories say that a class lies, and where it lies now.
_MOVED_TO_BELIEF = (
    "bodies",
    "drift",
    "entity",
    "evidence",
    "experience",
    "frames",
    "goals",
    "identities",
    "ontology",
    "performance",
    "talk",
    "things",
)
_MOVED = {
    **{f"stem_memory.{name}": f"stem_memory.belief.{name}" for name in _MOVED_TO_BELIEF},
    "stem_memory.annexes": "stem_memory.belief.projections",
    "stem_memory.cubes.book": "stem_memory.cubes.projection",
    "stem_memory.notes.book": "stem_memory.notes.projection",
    "stem_memory.taskgraph.book": "stem_memory.taskgraph.projection",
}
_RENAMED = {
    "Annexes": "Projections",
    "CubeBook": "CubeProjection",
    "NoteBook": "NoteProjection",
    "TaskBook": "TaskProjection",
    "PerformanceBook": "PerformanceProjection",
}
_PLAIN = (type(None), bool, int, float, str)
_MANY: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
_MADE: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class Unfreezable(TypeError):
    """Something in the state has no form on disk; the state is still right, only not storable."""


def freeze(value: Any) -> Any:
    """A value as JSON data: plain values as they are, everything else as [kind, ...].

    Raises:
        Unfreezable: If it holds something that is neither plain, a container, nor of this house.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict or kind is Counter:
        pairs = [part for key, item in value.items() for part in (freeze(key), freeze(item))]
        return ["dict" if kind is dict else "counter", *pairs]
    many = _MANY.get(kind)
    if many is not None:
        items = value if kind in (list, tuple) else sorted(value)
        return [many, *(freeze(item) for item in items)]
    name = f"{kind.__module__}:{kind.__qualname__}"
    if not name.startswith(_HOUSE):
        raise Unfreezable(f"A {name} can not be stored.")
    if isinstance(value, BaseModel):
        return ["noun", name, to_json(value, inf_nan_mode="constants").decode()]
    if isinstance(value, tuple):
        return ["named", name, *(freeze(item) for item in value)]
    return ["object", name, *(freeze(part) for pair in _parts(value) for part in pair)]


def thaw(form: Any) -> Any:
    """The value that was frozen.

    Raises:
        ValueError, TypeError, AttributeError, ImportError: If the form is not of this software.
    """
    if not isinstance(form, list):
        return form
    kind, *rest = form
    if kind in _MADE:
        return _MADE[kind](thaw(item) for item in rest)
    if kind in ("dict", "counter"):
        made = dict(zip(map(thaw, rest[::2]), map(thaw, rest[1::2]), strict=True))
        return made if kind == "dict" else Counter(made)
    cls = _house_class(rest[0])
    if kind == "noun":
        return cls.model_validate_json(rest[1])
    if kind == "named":
        return cls(*(thaw(item) for item in rest[1:]))
    made = cls.__new__(cls)
    for name, item in zip(rest[1::2], rest[2::2], strict=True):
        object.__setattr__(made, name, thaw(item))
    return made


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Names and values of an object's attributes, without what it says it can make again."""
    again = getattr(type(value), "MADE_AGAIN", {})
    if is_dataclass(value) and not hasattr(value, "__dict__"):
        return [(f.name, getattr(value, f.name)) for f in fields(value)]
    parts = [(name, item) for name, item in vars(value).items() if name not in again]
    return [*parts, *((name, empty()) for name, empty in again.items())]


@cache
def _house_class(name: str) -> Any:
    module, _, path = name.partition(":")
    if not module.startswith(_HOUSE):
        raise ValueError(f"{name} is not of this house.")
    found: Any = importlib.import_module(_MOVED.get(module, module))
    for part in _RENAMED.get(path, path).split("."):
        found = getattr(found, part)
    if not isinstance(found, type):
        raise ValueError(f"{name} is not a class.")
    return found
