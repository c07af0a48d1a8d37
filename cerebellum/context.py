"""What one performance of a skill works with: its order, its body's senses, and a mailbox.

The mailbox holds one command at a time. Whether and when the command reaches the body is the
runner's business (the guard may refuse it); the skill only ever sees a receipt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cerebellum.contracts import Order
from cerebellum.errors import BadOrder, SkillBroken
from cerebellum.senses import Senses
from devices.contracts import BodyCard, Command, Receipt
from devices.geometry import footprint
from devices.roadmap import Roadmap
from devices.site import Point, SitePlan
from devices.skill import SkillRequest
from devices.stands import gap_m

# A sighting this old (s) says no more where a person or a body is now.
FRESH_S = 5.0
# How far (m) a pose and a place may be wrong together: what is nearer than this to being in reach is tried.
UNSURE_M = 0.05


@dataclass
class Context:
    """The world of one performance. Everything but the mailbox is read-only for the skill."""

    order: Order
    card: BodyCard
    roadmap: Roadmap
    senses: Senses
    failure: tuple[str, str] | None = None
    posted: Command | None = None
    recalled: bool = False
    alarm_s: float | None = None
    phases: list[str] = field(default_factory=list)
    _count: int = 0
    _receipts: dict[str, Receipt] = field(default_factory=dict)

    @property
    def request(self) -> SkillRequest:
        """What was ordered."""
        return self.order.request

    @property
    def plan(self) -> SitePlan:
        """The floor plan of the site."""
        return self.roadmap.plan

    @property
    def now(self) -> float:
        """The present time in seconds."""
        return self.senses.now

    def argument(self, name: str) -> str:
        """An argument that is an id or a text.

        Raises:
            BadOrder: the order lacks it.
        """
        value = self.request.args.get(name)
        if not isinstance(value, str) or not value:
            raise BadOrder(
                f"{self.request.skill} needs the argument {name!r}: order it again with one"
            )
        return value

    def next_id(self) -> str:
        """An id for the next command, unique over all performances."""
        self._count += 1
        return f"{self.request.id}/{self._count}"

    def post(self, command: Command) -> None:
        """Hand in a command for the body.

        Raises:
            SkillBroken: another one is waiting to be sent.
        """
        if self.posted is not None:
            raise SkillBroken(
                f"{self.request.skill} posted two commands at once: wait for a receipt"
            )
        self.posted = command

    def recall(self) -> None:
        """Take back what was posted, and halt it if it is under way already."""
        self.posted = None
        self.recalled = True

    def receipt(self, command_id: str) -> Receipt | None:
        """How the command ended; None while it has not."""
        return self._receipts.get(command_id)

    def deliver(self, receipt: Receipt) -> None:
        """Called by the runner when a command has ended, or was refused by the guard."""
        self._receipts[receipt.command] = receipt

    def tell(self, phase: str) -> None:
        """Report a phase of the work in a word or two, for people."""
        self.phases.append(phase)

    def give_up(self, reason: str, detail: str = "") -> None:
        """Say why the skill is about to fail. A later reason replaces an earlier one."""
        self.failure = (reason, detail)

    def wake_at(self, t: float) -> None:
        """Ask for a tick at time `t` (s), even if nothing happens until then."""
        self.alarm_s = t if self.alarm_s is None else min(self.alarm_s, t)

    def spot(self, thing: str) -> Point | None:
        """Where a thing outside the floor plan is: as seen lately, else as the order says."""
        seen = self.senses.seen.get(thing)
        told = self.order.whereabouts.get(thing)
        if seen is not None and (told is None or self.now - seen.t <= FRESH_S):
            return (seen.sighting.x, seen.sighting.y)
        return (told.x, told.y) if told is not None else None

    def anchor(self, thing: str) -> str | Point | None:
        """What one has to stand at to reach a thing: a place of the floor plan, or a point.

        Things that lie on or in a fixture are reached at the fixture; people beside one are not.
        """
        if self._is_place(thing):
            return thing
        point = self.spot(thing)
        seen = self.senses.seen.get(thing)
        told = self.order.whereabouts.get(thing)
        holder = told.holder if told is not None else None
        if holder is None and seen is not None and seen.sighting.location is not None:
            holder = seen.sighting.location.holder
        if holder is not None and any(fixture.id == holder for fixture in self.plan.fixtures):
            shape = footprint(self.plan.fixture(holder))
            if point is None or gap_m(shape, point, 0.0) < 0.02:
                return holder
        return point

    def is_out_of_reach(self, thing: str) -> bool:
        """Whether the thing is certainly out of reach; where nobody can tell, the body finds out."""
        if self.senses.state is None:
            return False
        pose = self.senses.state.pose
        anchor = self.anchor(thing)
        if isinstance(anchor, str):
            return not self.roadmap.in_reach(pose, self.card, anchor, UNSURE_M)
        seen = self.senses.seen.get(thing)
        if seen is None or self.now - seen.t > FRESH_S:
            return False
        spot = (seen.sighting.x, seen.sighting.y)
        return math.dist(spot, (pose.x, pose.y)) - self.card.radius_m > self.card.reach_m + UNSURE_M

    def _is_place(self, thing: str) -> bool:
        return any(
            thing == place.id
            for places in (self.plan.fixtures, self.plan.doors, self.plan.rooms)
            for place in places
        )
