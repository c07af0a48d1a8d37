"""The Skill protocol: one performance of one order, on one body."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from cerebellum.context import Context
from cerebellum.contracts import Order
from devices.skill import SkillCard


class Status(Enum):
    """How a performance stands. There is no fourth answer."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Skill(Protocol):
    """One performance: made for one order, started once, ticked until it ends.

    A skill moves nothing itself. It posts commands to its `Context`, one at a time, and finds
    their receipts there at a later tick.
    """

    def start(self) -> None:
        """Called once, before the first tick, when the body is free to begin."""
        ...

    def tick(self) -> Status:
        """Called whenever there is news: an observation, a receipt, an alarm that is due.

        Never blocks and never waits: what is not there yet is RUNNING. After SUCCEEDED or FAILED it
        is not called again. Before FAILED, the skill says why with `Context.give_up`.
        """
        ...

    def halt(self) -> None:
        """Called at most once, in any state after `start`, when the performance is to end early.

        Leaves nothing pending. The runner halts the body itself; what the body holds it keeps.
        """
        ...


class SkillKind(Protocol):
    """What a package offers under the entry-point group `retinue.skills`: a module or an object.

    `card` is what the brain plans with; `build` makes a performance for an order.
    """

    @property
    def card(self) -> SkillCard:
        """The skill as data. Read without performing anything."""
        ...

    def build(self, order: Order, context: Context) -> Skill:
        """Make a performance. Called once for each accepted order; must not post commands yet.

        Raises:
            BadOrder: the order lacks something the skill needs.
        """
        ...
