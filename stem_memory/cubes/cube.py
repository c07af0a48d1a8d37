"""One cube as it is now."""

from __future__ import annotations

from dataclasses import dataclass, field

from stem_memory.cubes.contracts import Right, Stage, Tier
from stem_memory.cubes.heat import Heat

EVERYBODY = "*"


@dataclass(slots=True)
class Cube:
    """One cube now. More than one head: two hosts revised it at once and nobody merged yet."""

    id: str
    owner: str
    title: str
    scope: str
    made_s: float
    stage: Stage = "created"
    heads: list[str] = field(default_factory=list)
    grants: set[tuple[str, Right]] = field(default_factory=set)
    heat: dict[str, Heat] = field(default_factory=dict)
    tiers: dict[str, Tier] = field(default_factory=dict)
    used_s: float = 0.0

    @property
    def head(self) -> str | None:
        """The newest revision; with several, the same one everywhere."""
        return self.heads[0] if self.heads else None

    def allows(self, who: str, right: Right) -> bool:
        """Whether `who` has the right; managing includes writing, and writing reading."""
        enough: dict[Right, tuple[Right, ...]] = {
            "read": ("read", "write", "manage"),
            "write": ("write", "manage"),
            "manage": ("manage",),
        }
        if who == self.owner:
            return True
        return any((name, r) in self.grants for name in (who, EVERYBODY) for r in enough[right])
