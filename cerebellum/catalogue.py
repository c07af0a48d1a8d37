"""The skills that are installed: ours and strangers', through the same doors.

Those that change a state by a physical process are data (`devices.process`), others are modules.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint
from itertools import chain
from typing import cast

from cerebellum.errors import BadCatalogue
from cerebellum.process import ProcessSkill
from cerebellum.skill import SkillKind
from devices.errors import Refused
from devices.installed import entry_points
from devices.process import processes
from devices.skill import SkillCard

GROUP = "retinue.skills"


def skill_kinds() -> dict[str, SkillKind]:
    """Every installed skill by name, in alphabetical order.

    Raises:
        BadCatalogue: an entry point cannot be loaded, is no skill, or names a skill twice.
    """
    try:
        cards = [card for process in processes() if (card := process.card()) is not None]
    except Refused as error:
        raise BadCatalogue(str(error)) from error
    entries = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
    kinds: dict[str, SkillKind] = {}
    for kind, source in chain(
        ((ProcessSkill(card), "a process") for card in cards),
        ((_load(entry), entry.value) for entry in entries),
    ):
        if kind.card.name in kinds:
            raise BadCatalogue(
                f"two packages offer the skill {kind.card.name!r} (one is {source}): "
                "uninstall one of them"
            )
        kinds[kind.card.name] = kind
    return dict(sorted(kinds.items()))


def _load(entry: EntryPoint) -> SkillKind:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise BadCatalogue(
            f"the skill {entry.name!r} ({entry.value}) cannot be loaded: {error}"
        ) from error
    if not isinstance(getattr(found, "card", None), SkillCard) or not callable(
        getattr(found, "build", None)
    ):
        raise BadCatalogue(
            f"the skill {entry.name!r} ({entry.value}) must have a SkillCard `card` and a function "
            "`build(order, context)`"
        )
    return cast(SkillKind, found)
