"""Who acts in a world: bodies that take commands, and people who do as they please."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from devices.contracts import BodyCard, BodySpec, Command
from devices.facts import ClassCard
from sim_worlds.contracts import ScenarioPerson
from sim_worlds.physics.agenda import Due
from sim_worlds.physics.battery import Battery
from sim_worlds.physics.mover import Mover


@dataclass(slots=True)
class Task:
    """A command that a body carries out. `due` is its next step; `drop` undoes what it reserved.

    `drop` is called when the task ends before its time, with the reason. `watts` is drawn on top
    of idling (below 0: charged). `stretches`: a slower body needs longer until `due`.
    """

    command: Command
    watts: float = 0.0
    due: Due | None = None
    drop: Callable[[str], None] | None = None
    stretches: bool = False


@dataclass(slots=True)
class SimBody:
    """One body. `task` occupies it; `voice` is what it says meanwhile; `off` why it is off line."""

    spec: BodySpec
    card: BodyCard
    mover: Mover
    battery: Battery
    slow: float = 1.0
    off: str = ""
    near: str | None = None
    task: Task | None = None
    voice: Task | None = None
    taken: set[str] = field(default_factory=set)
    battery_check: Due | None = None

    @property
    def id(self) -> str:
        """Its name."""
        return self.spec.id

    def hands_free(self, held: list[ClassCard]) -> int:
        """Hands that hold nothing. A tray (`carry` above `hands`) fills up first."""
        tray = max(self.card.carry - self.card.hands, 0)
        in_hand = max(0, sum(card.hands for card in held) - tray)
        return max(0, self.card.hands - in_hand)


@dataclass(slots=True)
class SimPerson:
    """One person. `goal` is the room or fixture they are at or walk to."""

    spec: ScenarioPerson
    mover: Mover
    goal: str
    due: Due | None = None

    @property
    def id(self) -> str:
        """Their name."""
        return self.spec.id
