"""The skills that are installed: ours and strangers', through the same doors.

Those that change a state by a physical process are data (`devices.process`), others are modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import cast

from cerebellum.errors import BadCatalogue
from cerebellum.process import ProcessSkill
from cerebellum.skill import SkillKind
from devices.errors import Refused
from devices.installed import loaded, taken
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
    kinds: dict[str, SkillKind] = {}
    for kind, source in chain(((ProcessSkill(card), "a process") for card in cards), _modules()):
        if kind.card.name in kinds:
            raise BadCatalogue(taken(f"the skill {kind.card.name!r}", source))
        kinds[kind.card.name] = kind
    return dict(sorted(kinds.items()))


def _modules() -> Iterator[tuple[SkillKind, str]]:
    """The skills that are modules, each with where it stands."""
    for entry, found in loaded(GROUP, "skill", BadCatalogue):
        has_card = isinstance(getattr(found, "card", None), SkillCard)
        if not has_card or not callable(getattr(found, "build", None)):
            raise BadCatalogue(
                f"the skill {entry.name!r} ({entry.value}) must have a SkillCard `card` and a "
                "function `build(order, context)`"
            )
        yield cast(SkillKind, found), entry.value
