"""What people tell the fleet to do with goals and bodies, besides wishing: cancel, pause, stop.

An instruction is an event before it is anything else (`stem_memory.contracts.Instructed`), whether
it was said in words, typed as a command or sent by a program. Times in seconds.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.noun import Noun


class Cancel(Noun):
    """The goals end now. Who holds something for them puts it down safely.

    `roll_back`: what they moved or switched is put back as it was.
    """

    kind: Literal["cancel"] = "cancel"
    goals: tuple[str, ...]
    roll_back: bool = False


class Pause(Noun):
    """Nothing is done for the goals until they are resumed."""

    kind: Literal["pause"] = "pause"
    goals: tuple[str, ...]


class Resume(Noun):
    """The paused goals go on."""

    kind: Literal["resume"] = "resume"
    goals: tuple[str, ...]


class Change(Noun):
    """The goal is another from now on: other words, another deadline or urgency. None: as it was."""

    kind: Literal["change"] = "change"
    goal: str
    text: str | None = None
    deadline_s: float | None = None
    priority: int | None = None


class Stop(Noun):
    """The bodies halt at once and stay where they are until they are released; none given: all."""

    kind: Literal["stop"] = "stop"
    bodies: tuple[str, ...] = ()


class Release(Noun):
    """The stopped bodies may move again; none given: all."""

    kind: Literal["release"] = "release"
    bodies: tuple[str, ...] = ()


class Drain(Noun):
    """The bodies take nothing new on; what they have begun, or hold, they see to the end."""

    kind: Literal["drain"] = "drain"
    bodies: Annotated[tuple[str, ...], Field(min_length=1)]


class Activate(Noun):
    """The drained bodies take work on again."""

    kind: Literal["activate"] = "activate"
    bodies: Annotated[tuple[str, ...], Field(min_length=1)]


class Retire(Noun):
    """The body leaves the fleet, until it is enrolled anew."""

    kind: Literal["retire"] = "retire"
    body: str


class Restrict(Noun):
    """Who may work for the goal from now on: only these (none given: anybody), and never those.

    Who has begun something, or holds something for it, sees that to the end.
    """

    kind: Literal["restrict"] = "restrict"
    goal: str
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


Instruction = Annotated[
    Cancel | Pause | Resume | Change | Restrict | Stop | Release | Drain | Activate | Retire,
    Field(discriminator="kind"),
]
