"""Go to a place, a person, a body or a thing.

The way is planned here, from where the body stands to the nearest stand at the target. What is in
the way locally (somebody in a doorway, an occupied spot) is gone around; what is in the way for
good (a closed door) is reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from cerebellum.cards import NAVIGATE
from cerebellum.context import FRESH_S, Context
from cerebellum.contracts import Order
from cerebellum.leaves import TRANSIENT
from cerebellum.pace import Pace
from cerebellum.skill import Skill
from cerebellum.tree import Node, Tree, act, check, retry, sequence, timeout, wait_until
from devices.contracts import Drive, Pose, Receipt
from devices.roadmap import Route

card = NAVIGATE

# How often another way or another spot is tried, and how far from a door (m) a body that is held up
# may be for the door to be the cause.
RETRIES = 3
DOOR_M = 1.5
OBSTACLES = frozenset({"blocked", "closed", "moved", "occupied"})
# Without any report of its own pose for this long (s), a body does not know where it is.
POSE_WAIT_S = 10.0


def build(order: Order, context: Context) -> Skill:
    """A tree that plans, drives, and plans anew around what holds it up."""
    trip = Trip(context, context.argument("to"))
    start = wait_until("knows where it is", lambda: context.senses.state is not None)

    def attempt() -> Node:
        drive = act("drive", context, lambda: trip.commands, trip.learn)
        return sequence("go", check("has a way", trip.plan), drive, check("is there", trip.arrived))

    def between(k: int) -> Node:
        return check(f"retry {k}", lambda: trip.report(k))

    return Tree(
        sequence(
            "navigate",
            timeout("locate", start, context, POSE_WAIT_S, "no_pose"),
            retry("go", attempt, times=RETRIES, again=trip.may_go_on, between=between),
        )
    )


@dataclass
class Trip:
    """One journey and what it has learnt about obstacles on the way."""

    context: Context
    to: str
    commands: Sequence[Drive] = ()
    _stand: Pose | None = None
    _route: Route | None = None
    _taken: list[Pose] = field(default_factory=list)
    _held_up: set[str] = field(default_factory=set)
    _shut: set[str] = field(default_factory=set)
    _began: float = 0.0

    def plan(self) -> bool:
        """Choose the shortest way to a stand that has not let us down; False: there is none."""
        context, state = self.context, self.context.senses.state
        if state is None:
            return self._fail("no_pose", "the body does not know where it is")
        stands = self._stands()
        if not stands:
            return False
        start = (state.pose.x, state.pose.y)
        fresh = [stand for stand in stands if stand not in self._taken]
        found, seen = frozenset(self._shut), frozenset(self._shut | context.senses.shut)
        # Rather another spot and way round. Failing that, the same again: people step aside, and
        # doors that we once saw closed get opened.
        choices = ((fresh, seen | self._held_up), (fresh, seen), (stands, seen), (stands, found))
        for choice, avoid in choices:
            best = self._best(start, choice, avoid)
            if best is not None:
                self._stand, self._route = best
                self._began = context.now
                self.commands = self._drives(best[1])
                return True
        through = self._best(start, stands, frozenset())
        if through is None:
            return self._fail("unreachable", f"no way leads to {self.to}")
        doors = ", ".join(door for door in through[1].doors if door in found)
        return self._fail("closed", f"on the way to {self.to}, {doors} is closed")

    def learn(self, receipt: Receipt) -> None:
        """Remember what held us up, so that the next plan is another one."""
        if receipt.reason in TRANSIENT:
            return
        if self._stand is not None:
            self._taken.append(self._stand)
        doors = self._doors_ahead()
        if receipt.reason == "closed":
            leaves = [door for door in doors if self.context.plan.door(door).leaf]
            self._shut.update(leaves[:1])
        else:
            self._held_up.update(doors)

    def arrived(self) -> bool:
        """Whether who we came for is still there; people and bodies walk on."""
        context, seen = self.context, self.context.senses.seen.get(self.to)
        state = context.senses.state
        if state is None or seen is None or seen.t < self._began or context.now - seen.t > FRESH_S:
            return True
        if isinstance(context.anchor(self.to), str):
            return True
        spot = (seen.sighting.x, seen.sighting.y)
        gap = math.dist(spot, (state.pose.x, state.pose.y)) - context.card.radius_m
        return gap <= context.card.reach_m or self._fail("moved", f"{self.to} has gone elsewhere")

    def may_go_on(self) -> bool:
        """Whether another plan may succeed."""
        failure = self.context.failure
        return failure is not None and failure[0] in OBSTACLES | TRANSIENT

    def report(self, attempt: int) -> bool:
        """Tell people that we try another way."""
        self.context.tell(f"another way {attempt}")
        return True

    def _stands(self) -> tuple[Pose, ...]:
        context, card = self.context, self.context.card
        anchor = context.anchor(self.to)
        if anchor is None:
            self._fail("unknown_place", f"nobody said where {self.to} is")
            return ()
        radius_m, mobility, reach_m = card.radius_m, card.mobility, card.reach_m
        if isinstance(anchor, str):
            find = context.roadmap.stand
            stands = find(anchor, radius_m=radius_m, mobility=mobility, reach_m=reach_m)
        else:
            near = context.roadmap.stand_near
            stands = near(anchor, radius_m=radius_m, mobility=mobility, reach_m=reach_m)
        if not stands:
            self._fail("unreachable", f"there is no room for this body at {self.to}")
        return stands

    def _best(
        self, start: tuple[float, float], stands: Sequence[Pose], shut: frozenset[str]
    ) -> tuple[Pose, Route] | None:
        card = self.context.card
        ways = []
        for rank, stand in enumerate(stands):
            route = self.context.roadmap.route(
                start, (stand.x, stand.y), radius_m=card.radius_m, mobility=card.mobility, shut=shut
            )
            if route is not None:
                ways.append((route.length_m, rank, stand, route))
        return min(ways, key=lambda way: way[:2])[2:] if ways else None

    def _drives(self, route: Route) -> list[Drive]:
        card = self.context.card
        legs = Pace(self.context.plan, card.mobility).legs(route.points, card.speed_m_s)
        return [
            Drive(
                id=self.context.next_id(), skill="navigate", to=self.to, path=path, speed_m_s=speed
            )
            for path, speed in legs
        ]

    def _doors_ahead(self) -> list[str]:
        """The doors of our route next to where we stand now, nearest first."""
        state = self.context.senses.state
        if state is None or self._route is None:
            return []
        here = (state.pose.x, state.pose.y)
        away = [(math.dist(here, self.context.plan.door(d).at), d) for d in self._route.doors]
        return [door for metres, door in sorted(away) if metres <= DOOR_M]

    def _fail(self, reason: str, detail: str) -> bool:
        self.context.give_up(reason, detail)
        return False
