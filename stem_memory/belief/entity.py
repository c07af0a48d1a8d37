"""One thing as memory knows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.facts import Category, Location, Value
from devices.site import Point
from stem_memory.belief.evidence import Evidence

Place = Evidence[Location | None]
# The class of what a body holds and nobody has seen yet.
UNSEEN = "object"


@dataclass(slots=True)
class Entity:
    """One thing. `fixed` ones belong to the floor plan and never change place.

    `xy` (metres) is where it was seen, as long as `place` still rests on that sighting. `place`
    with value None means: somebody looked and it was not there. `been` counts how often it came to
    each holder. `restated` is until when people said that the past of an attribute was otherwise.
    """

    id: str
    category: Category
    cls: str
    names: tuple[str, ...] = ()
    attrs: dict[str, Value] = field(default_factory=dict)
    states: dict[str, Evidence[Value]] = field(default_factory=dict)
    place: Place | None = None
    xy: Point | None = None
    been: dict[str, int] = field(default_factory=dict)
    fixed: bool = False
    restated: dict[str, float] = field(default_factory=dict)

    def is_restated(self, attr: str, t: float) -> bool:
        """Whether what is believed now may not be what history says of the time `t`."""
        return t < self.restated.get(attr, t)
