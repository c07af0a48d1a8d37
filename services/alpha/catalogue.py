"""The glasses skills that are installed, made and configured."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

from devices.facts import Value
from services.alpha.skill import GlassesSkill, SkillFactory
from services.errors import UserError
from services.plugins import discover


def factories() -> dict[str, SkillFactory]:
    """The factories of the entry-point group `retinue.glasses`, by name."""
    return dict(sorted(discover("glasses").of("glasses").items()))


def make_skills(
    names: Sequence[str], settings: Mapping[str, Mapping[str, Value]]
) -> dict[str, GlassesSkill]:
    """Fresh skills by the names of their specs, in order of name.

    Args:
        names: Entry-point names, or "module:factory"; none means all that are installed.
        settings: Settings by skill name.

    Raises:
        UserError: a name or a setting is not known, in one sentence.
    """
    known = factories() if not names or any(":" not in name for name in names) else {}
    skills = {}
    for name in names or known:
        skill = (_imported(name) if ":" in name else _installed(name, known))()
        skills[skill.spec.name] = skill
    for name in settings:
        if name not in skills:
            raise UserError(
                f"there are settings for {name!r}, which is not among the skills in use"
            )
    for name, skill in skills.items():
        skill.configure(settings.get(name, {}))
    return dict(sorted(skills.items()))


def _installed(name: str, known: Mapping[str, SkillFactory]) -> SkillFactory:
    if name not in known:
        have = ", ".join(known) or "none"
        raise UserError(f"there is no glasses skill {name!r}: installed are {have}")
    return known[name]


def _imported(name: str) -> SkillFactory:
    module, _, attribute = name.partition(":")
    try:
        factory: SkillFactory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"the glasses skill {name} can not be loaded: {error}") from error
    return factory
