"""What a kind of fault is: how it is written, what it is as data, and what it does when it strikes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from devices.noun import Noun

#: Pieces of patterns: a name, a time, "at 30s", "for 1min".
NAME = r"[a-z0-9][\w-]*"
TIME = r"\d+(?:\.\d+)?(?:s|min|h)?"
AT = rf"(?:at|from) (?P<at>{TIME})"
FOR = rf"(?: for (?P<lasts>{TIME}))?"


class Fault(Noun):
    """Something that goes wrong from `t` (seconds of the run) on. Each kind has a model with its own `kind`.

    Where a model has a field `body` or `skill`, it names one that exists.
    """

    kind: str
    t: float


class Strikes(Protocol):
    """What a fault may do to a world. A body that takes no part in the run is left alone."""

    def at(self, t: float, body: str, do: Callable[[], None]) -> None:
        """Do something at a time of the run, in the order of bodies among what happens then."""
        ...

    def switch_off(self, body: str) -> None:
        """The body's computer and motors die; what it holds stays in its hands."""
        ...

    def switch_on(self, body: str) -> None:
        """A body that was switched off is back."""
        ...

    def slow(self, body: str, factor: float) -> None:
        """The body moves and works this many times slower than nominal; 1 is nominal again."""
        ...

    def discharge(self, body: str, level: float) -> None:
        """The body's battery holds no more than this share (0..1)."""
        ...

    def break_tool(
        self,
        skill: str,
        body: str | None,
        from_s: float,
        to_s: float,
        times: int | None,
        probability: float,
    ) -> None:
        """A skill fails on a body (None: on all) in a span: so often, or each time by chance."""
        ...


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault, as it stands in the entry points `retinue.faults`.

    Attributes:
        word: What its specification on the command line begins with.
        example: Such a specification.
        pattern: All of a specification. Groups `body` and `skill` must name what exists; `at` and
            `lasts` are times.
        model: What it is in a scenario file and inside.
        made: The model's fields, besides those of the groups above, from the pattern's groups. What it
            raises as ValueError is said after "fault ...".
        strike: Puts one on a world's agenda.
    """

    word: str
    example: str
    pattern: re.Pattern[str]
    model: type[Fault]
    made: Callable[[Mapping[str, str | None]], dict[str, Any]]
    strike: Callable[[Any, Strikes], None]

    @property
    def name(self) -> str:
        """What a scenario file calls it."""
        return str(self.model.model_fields["kind"].default)
