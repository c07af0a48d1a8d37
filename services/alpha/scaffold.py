"""A new glasses skill to start from: a package of one skill file, its tests, its entry point."""

from __future__ import annotations

import re
from pathlib import Path

from services.errors import UserError

TEMPLATE = Path(__file__).with_name("template.py")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "retinue-{name}"
version = "0.1.0"
description = "A skill for Retinue's glasses: {title}."
requires-python = ">=3.11"
dependencies = ["retinue"]

[project.entry-points."retinue.glasses"]
{name} = "{module}:{cls}"

[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]
"""

_TEST = '''\
"""The contract that every glasses skill keeps, on pictures of this one's own."""

import numpy as np

from services.alpha.testing import GlassesSkillContract, shot
from {module} import {cls}


def picture(colour):
    """A grey street, with a glowing disc if a colour is given."""
    pixels = np.full((360, 640, 3), 110, np.uint8)
    if colour:
        y, x = np.mgrid[:360, :640]
        pixels[(x - 380) ** 2 + (y - 150) ** 2 <= 24**2] = colour
    return pixels


class Test{cls}(GlassesSkillContract):
    factory = {cls}

    def noticed(self):
        colours = [None] * 3 + [(40, 40, 230)] * 5
        return [shot(picture(c), t=0.1 * k, seq=k) for k, c in enumerate(colours)]
'''


def new_skill(name: str, folder: Path) -> tuple[Path, ...]:
    """Write the package into `folder`/retinue-NAME. Returns the files, the skill first.

    Raises:
        UserError: the name is no kebab-case name, or something is there already.
    """
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r} can not name a skill: use small letters, digits and dashes")
    target = folder / f"retinue-{name}"
    if target.exists():
        raise UserError(f"{target} is there already, nothing was changed")
    module = name.replace("-", "_")
    cls = "".join(part.capitalize() for part in name.split("-"))
    title = name.replace("-", " ").capitalize()
    source = TEMPLATE.read_text(encoding="utf-8")
    for old, new in (
        ("crossing-light", name),
        ("CrossingLight", cls),
        ('title="Crossing light"', f'title="{title}"'),
    ):
        source = source.replace(old, new)
    fields = {"name": name, "module": module, "cls": cls, "title": title}
    files = {
        target / f"{module}.py": source,
        target / "pyproject.toml": _PROJECT.format(**fields),
        target / "tests" / f"test_{module}.py": _TEST.format(**fields),
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(files)
