"""One case: from what was noticed to what is said, or why nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.alpha.contracts import (
    Draft,
    Evidence,
    SkillSpec,
    SlotSpec,
    ToolCall,
    ToolResult,
    Trigger,
    WearerProfile,
)
from services.alpha.skill import Case

Stage = Literal["look", "tool", "voice", "speaking", "asking"]


@dataclass
class OpenCase:
    """What the central unit keeps of a case while it is open. Times in seconds."""

    id: str
    trigger: Trigger
    spec: SkillSpec
    deadline_s: float
    stage: Stage = "look"
    found: dict[str, Evidence] = field(default_factory=dict)
    results: dict[str, ToolResult] = field(default_factory=dict)
    looks: int = 0
    calls: int = 0
    missing: str = ""
    call: ToolCall | None = None
    draft: Draft | None = None
    asked_slot: str = ""
    resigned: bool = False
    looked_s: float | None = None
    called_s: float | None = None

    @property
    def about(self) -> str:
        """What it is about, so that the same is not told twice."""
        told = self.draft.about if self.draft is not None else ""
        return told or self.trigger.subject

    def take(self, found: Evidence) -> None:
        """Keep evidence, unless what is there already is surer and no older."""
        have = self.found.get(found.slot)
        if have is None or found.t > have.t or found.confidence >= have.confidence:
            self.found[found.slot] = found

    def usable(self, now: float) -> dict[str, Evidence]:
        """Evidence that is sure and fresh enough for its slot, by slot."""
        slots = {slot.name: slot for slot in self.spec.slots}
        return {
            name: found
            for name, found in self.found.items()
            if _counts(found, slots.get(name), now)
        }

    def on_record(self, found: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
        """Of this evidence, what may stand in the ledger, by slot."""
        never = {slot.name for slot in self.spec.slots if not slot.kept}
        return tuple(item for name, item in sorted(found.items()) if name not in never)

    def lacks(self, now: float) -> tuple[SlotSpec, ...]:
        """The slots that must be filled and are not."""
        if not self.trigger.look:
            return ()
        have = self.usable(now)
        return tuple(s for s in self.spec.slots if not s.optional and s.name not in have)

    def view(self, now: float, wearer: WearerProfile) -> Case:
        """The case as its skill sees it."""
        results: Mapping[str, ToolResult] = dict(self.results)
        return Case(self.trigger, now, wearer, self.usable(now), results)


def _counts(found: Evidence, slot: SlotSpec | None, now: float) -> bool:
    if slot is None:
        return True
    if found.source == "wearer":
        return True
    return found.confidence >= slot.min_confidence and now - found.t <= slot.max_age_s + 1e-6
