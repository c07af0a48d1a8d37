"""The kinds of bodies that are installed: ours and strangers', through the same door."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from devices.contracts import BodyCard
from devices.device import BodyKind
from devices.errors import Refused
from devices.installed import entry_points

GROUP = "retinue.devices"


def body_kinds() -> dict[str, BodyKind]:
    """Every installed kind of body by name, in alphabetical order.

    Raises:
        Refused: an entry point cannot be loaded, holds something else, or names a kind twice.
    """
    kinds: dict[str, BodyKind] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        kind = _load(entry)
        if kind.card.kind in kinds:
            raise Refused(
                f"two packages offer a body of kind {kind.card.kind!r} (one is {entry.value}): "
                "uninstall one of them"
            )
        kinds[kind.card.kind] = kind
    return dict(sorted(kinds.items()))


def _load(entry: EntryPoint) -> BodyKind:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise Refused(
            f"the body {entry.name!r} ({entry.value}) cannot be loaded: {error}"
        ) from error
    if isinstance(found, BodyCard):
        return BodyKind(card=found)
    if isinstance(found, BodyKind):
        return found
    raise Refused(
        f"the body {entry.name!r} ({entry.value}) is a {type(found).__name__}: "
        "it must be a BodyCard or a BodyKind"
    )
