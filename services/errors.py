"""What can go wrong in a run, and who should act.

    ServiceError
    ├── UserError    who typed the command: mend the input; the command exits with 2
    ├── ActorDied    the loop: go on without the actor, or stop
    └── BrokeOff     who watches the run: bring it to its end with --resume; the command exits with 1

The packages below have their own trees. `sentence_of` tells which of their errors are about input.
"""

from __future__ import annotations

import sys

# Errors of the packages whose text is one sentence for the person at the terminal. They are looked
# up by name so that printing one does not load a package that was never needed.
_ABOUT_INPUT = (
    ("sim_worlds.errors", "WorldError"),
    ("stem_memory.errors", "MemoryFault"),
    ("brain.model", "ModelError"),
    ("devices.errors", "DeviceError"),
    ("cerebellum.errors", "CerebellumError"),
)


class ServiceError(Exception):
    """The root of the errors of this package; its text is one sentence for a person."""


class UserError(ServiceError):
    """The input is wrong: the sentence says what, and what to do."""


class ActorDied(ServiceError):
    """An actor's process is gone, or it does not answer any more.

    Args:
        name: The actor's name.
        why: What the runtime says of its death.
    """

    def __init__(self, name: str, why: str = "") -> None:
        self.name = name
        super().__init__(f"the actor {name} died" + (f": {why}" if why else ""))


class BrokeOff(ServiceError):
    """Something that a run can not do without is gone; what was recorded stands in its folder."""


def sentence_of(error: BaseException) -> str | None:
    """The sentence to print for an error that the user can act on; None for a fault of ours."""
    if isinstance(error, UserError):
        return str(error)
    for module, name in _ABOUT_INPUT:
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(error, getattr(loaded, name)):
            return str(error)
    return None
