"""The kinds of bodies that are installed: ours and strangers', through the same door."""

from __future__ import annotations

from devices.contracts import BodyCard
from devices.device import BodyKind
from devices.errors import Refused
from devices.installed import loaded, taken

GROUP = "retinue.devices"


def body_kinds() -> dict[str, BodyKind]:
    """Every installed kind of body by name, in alphabetical order.

    Raises:
        Refused: an entry point cannot be loaded, holds something else, or names a kind twice.
    """
    kinds: dict[str, BodyKind] = {}
    for entry, found in loaded(GROUP, "body", Refused):
        kind = BodyKind(card=found) if isinstance(found, BodyCard) else found
        if not isinstance(kind, BodyKind):
            raise Refused(
                f"the body {entry.name!r} ({entry.value}) is a {type(kind).__name__}: "
                "it must be a BodyCard or a BodyKind"
            )
        if kind.card.kind in kinds:
            raise Refused(taken(f"a body of kind {kind.card.kind!r}", entry.value))
        kinds[kind.card.kind] = kind
    return dict(sorted(kinds.items()))
