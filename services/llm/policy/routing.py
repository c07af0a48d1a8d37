"""Where a turn goes: prefill left to do, wait, and the harm to those whose pins would break.

All terms are engine seconds, so no weights are needed (the additive metric of Llumnix v1, extended by what is
pinned where and for how long):

    cost_i = (own missing prefill + prefill queued there) * (1 + running there)
           + wait for memory that no pin can give
           + expected loss of the pins that would break

Choosing and reserving is one call: two turns that are routed before a replica reports again do not both
take the same room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Breakable:
    """A pin on a replica, as the router sees it.

    Attributes:
        blocks: Blocks that breaking it frees.
        loss_s: Reload cost times the chance that the owner returns before it would expire.
    """

    blocks: int
    loss_s: float


@dataclass(frozen=True, slots=True)
class ReplicaView:
    """What the router knows of a replica, with respect to one turn.

    Attributes:
        name: Its name.
        blocks: Blocks of its KV memory.
        available: Blocks that are free, or cached by nobody who is waited for.
        running: Turns that run.
        running_blocks: Blocks that they hold.
        queued_s: Engine seconds of prefill that queue or are in progress.
        waiting_blocks: Blocks that queued turns need.
        missing_s: Engine seconds to prefill what the turn does not find there.
        needed: Blocks that the turn would take there beyond those held for it.
        residence_s: How long a turn runs there, usually.
        homed: Context tokens of programs that live there, running or waiting, per token of its memory.
        pins: What could be broken, cheapest first.
        draining: Whether it takes no new programs.
    """

    name: str
    blocks: int
    available: int
    running: int
    running_blocks: int
    queued_s: float
    waiting_blocks: int
    missing_s: float
    needed: int
    residence_s: float = 5.0
    homed: float = 0.0
    pins: Sequence[Breakable] = ()
    draining: bool = False


@dataclass(slots=True)
class _Promised:
    """What was promised to turns that a replica has not reported yet."""

    turns: dict[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(seconds for seconds, _ in self.turns.values())

    @property
    def blocks(self) -> int:
        return sum(blocks for _, blocks in self.turns.values())


class Router:
    """Chooses replicas and keeps what it promised until the replica has it in its own report."""

    def __init__(self) -> None:
        self._promised: dict[str, _Promised] = {}

    def choose(self, turn_id: str, views: Sequence[ReplicaView], home: str | None = None) -> str:
        """Choose a replica for a turn and reserve its place there.

        Args:
            turn_id: The turn.
            views: At least one replica.
            home: Where its program lives; it may stay on a draining replica.

        Raises:
            ValueError: If there is no replica.
        """
        if not views:
            raise ValueError("There is no replica to choose from.")
        allowed = [v for v in views if not v.draining or v.name == home] or list(views)
        best = min(allowed, key=lambda view: (self.cost_s(view), view.homed, view.name))
        promised = self._promised.setdefault(best.name, _Promised())
        promised.turns[turn_id] = (best.missing_s, best.needed)
        return best.name

    def settled(self, turn_id: str) -> None:
        """The replica's reports include the turn, or it is gone: its reservation ends."""
        for promised in self._promised.values():
            promised.turns.pop(turn_id, None)

    def cost_s(self, view: ReplicaView) -> float:
        """Engine seconds that a turn costs on a replica: to itself and to others."""
        promised = self._promised.get(view.name, _Promised())
        before = view.queued_s + promised.seconds
        ahead = view.running + len(promised.turns)
        # Its prefill stalls whoever runs there, as theirs stalls it.
        cost = before + view.missing_s * (1.0 + ahead)
        short = view.needed + view.waiting_blocks + promised.blocks - view.available
        for pin in view.pins:
            if short <= 0:
                break
            short -= pin.blocks
            cost += pin.loss_s
        if short > 0:
            drained = max(1.0, view.running_blocks / max(1e-3, view.residence_s))
            cost += short / drained
        # Whoever settles here comes back often: crowded memory is paid for at every turn.
        return cost + view.missing_s * max(0.0, view.homed)
