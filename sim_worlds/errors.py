"""What can go wrong with a world, named after who should act.

WorldError
├── ScenarioError   the author of the file mends the line that is named
├── FaultError      the caller mends the fault specification
├── UnknownWorld    the caller picks a world that exists
├── WorldChanged    the caller brings back the scenario that a world's past was lived in
└── WorldMisuse     the program calls the world in a way it does not allow
"""

from __future__ import annotations


class WorldError(Exception):
    """The root of all errors of a simulated world; its text is one sentence for a person."""


class ScenarioError(WorldError):
    """A scenario file is wrong.

    Args:
        problems: One sentence each, "file.yaml:LINE: what is wrong; what to do", in file order.

    The text is the first sentence and how many more there are; `problems` holds them all.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        more = len(problems) - 1
        super().__init__(problems[0] + (f" (and {more} more)" if more else ""))


class FaultError(WorldError):
    """A fault specification cannot be read, or names a body or skill that is not there."""


class UnknownWorld(WorldError):
    """No world of this name ships with Retinue or is installed."""


class WorldChanged(WorldError):
    """The journal of a world tells the past of another one."""


class WorldMisuse(WorldError):
    """The world was asked for something it cannot do, such as commands for a body it lacks."""
