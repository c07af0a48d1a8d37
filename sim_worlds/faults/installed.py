"""The kinds of faults that are installed: ours and strangers', through the same door."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from devices.installed import loaded, taken
from sim_worlds.errors import FaultError
from sim_worlds.faults.kind import FaultKind

GROUP = "retinue.faults"


@lru_cache(maxsize=1)
def fault_kinds() -> tuple[FaultKind, ...]:
    """Every installed kind of fault, by its word.

    Raises:
        FaultError: An entry point cannot be loaded, is no kind of fault, or names one twice.
    """
    kinds: dict[str, FaultKind] = {}
    for entry, kind in loaded(GROUP, "fault", FaultError):
        if not isinstance(kind, FaultKind):
            raise FaultError(f"the fault {entry.name!r} ({entry.value}) must be a FaultKind")
        if {kind.word, kind.name} & {w for k in kinds.values() for w in (k.word, k.name)}:
            raise FaultError(taken(f"the fault {kind.word!r}", entry.value))
        kinds[kind.word] = kind
    return tuple(kind for _, kind in sorted(kinds.items()))


class AnyInstalled:
    """Marks a field as a fault of any installed kind, told by its `kind`."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind.name: handler.generate_schema(kind.model) for kind in fault_kinds()}
        return core_schema.tagged_union_schema(choices, discriminator="kind")
