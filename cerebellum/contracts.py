"""What goes into a body's runner and what comes out, each time it is asked. Times in seconds."""

from __future__ import annotations

from devices.contracts import Command, Observation, Receipt
from devices.noun import Noun
from devices.skill import SkillEvent, SkillRequest


class Whereabouts(Noun):
    """Where memory believes a thing to be, given along with a request so that a body can act."""

    holder: str | None
    x: float
    y: float


class Order(Noun):
    """A skill request with what the brain knows of the things it names."""

    request: SkillRequest
    whereabouts: dict[str, Whereabouts] = {}


class BodyInput(Noun):
    """News for one body. `stop`: emergency stop; every motion ends and requests fail.

    A stop holds, also through later inputs without it, until a person lets go of it with `resume`.
    """

    now: float
    observation: Observation | None = None
    receipts: tuple[Receipt, ...] = ()
    orders: tuple[Order, ...] = ()
    cancels: tuple[str, ...] = ()
    stop: bool = False
    resume: bool = False


class BodyOutput(Noun):
    """Commands for the device, events for the brain, and the time to be asked again at the latest.

    `wake_s` is a time on the clock of `BodyInput.now`, not a duration; None: only on news.
    """

    commands: tuple[Command, ...] = ()
    events: tuple[SkillEvent, ...] = ()
    wake_s: float | None = None
