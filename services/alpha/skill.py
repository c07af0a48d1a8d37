"""What a glasses skill is: one file, one object, seven questions.

A skill is made by a factory that takes no argument, offered under the entry-point group
`retinue.glasses`:

    [project.entry-points."retinue.glasses"]
    blackjack = "services.alpha.skills.blackjack:Blackjack"

Each unit makes its own copy: `notice` and `look` are called on the copy of the input unit (they may
keep what they saw between calls), `tools` on the one of the arithmetic unit, and `hear`, `plan`,
`phrase`, `check` on the one of the central unit, where they must be pure functions of their
arguments. Nothing may read a clock, the network, or chance: times come in with the frames.
Our own skills reach OpenCV through `services.alpha.skills.vision` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from devices.facts import Value
from devices.glasses.contracts import Words
from devices.glasses.shot import Shot
from services.alpha.contracts import (
    Content,
    Draft,
    Evidence,
    LookRequest,
    LookResult,
    Notice,
    Silence,
    SkillSpec,
    ToolCall,
    ToolResult,
    Trigger,
    WearerProfile,
)

Tool = Callable[..., Mapping[str, Content]]


@dataclass(frozen=True)
class Case:
    """Everything the central unit knows about one case when it asks the skill.

    `evidence` holds, by slot, only what is sure and fresh enough for the slot. `results` are the
    tool results so far, by tool name. `now` is the present time in seconds.
    """

    trigger: Trigger
    now: float
    wearer: WearerProfile
    evidence: Mapping[str, Evidence]
    results: Mapping[str, ToolResult]

    def value(self, slot: str) -> Content | None:
        """The value in the slot, or None where it is missing."""
        found = self.evidence.get(slot)
        return found.value if found is not None else None


class GlassesSkill(Protocol):
    """A service of the glasses. `services.alpha.testing.GlassesSkillContract` proves one."""

    @property
    def spec(self) -> SkillSpec:
        """What it needs and costs; always the same."""
        ...

    def configure(self, settings: Mapping[str, Value]) -> None:
        """Take settings (rules of the house, a catalogue's path) before anything else is called.

        Raises:
            services.errors.UserError: a setting is unknown or wrong, in one sentence.
        """
        ...

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """The cheap trigger, on gated frames in order of time. A few CPU milliseconds, no more.

        Returns a `Trigger` when it may be of use now, a `Gone` when what it was about has ended,
        usually nothing.
        """
        ...

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """The expensive look: read evidence from the pictures (oldest first, at least one).

        What is not sure is left out, or given with an honest confidence. It must not raise.
        """
        ...

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """A trigger with `asked` (and `words`) if the wearer's words are for this skill."""
        ...

    def plan(self, case: Case) -> ToolCall | Silence | None:
        """The next tool to call; None when the skill is ready to speak. Asked again after each."""
        ...

    def tools(self) -> Mapping[str, Tool]:
        """The functions behind `spec.tools` by name. They take the call's `args` as keywords and
        return a mapping; they raise ValueError with one sentence for arguments that make no sense.
        """
        ...

    def phrase(self, case: Case) -> Draft | Silence:
        """What to say, from full to short; or why to say nothing."""
        ...

    def check(self, text: str, case: Case) -> str:
        """Why this text of a language model contradicts the exact tools; "" if it does not."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """A skill that loads something before its first look (a network, a catalogue)."""

    def prepare(self) -> None:
        """Load it. Called beside the first pictures of a live session; a look does it otherwise."""
        ...


SkillFactory = Callable[[], GlassesSkill]
