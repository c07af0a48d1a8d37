"""The guard has the last word on every command: what leaves it is allowed, whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely import LineString

from cerebellum.pace import Pace
from devices.contracts import BodyCard, BodyState, Command, Drive, Halt, Operate, Release
from devices.geometry import floor
from devices.site import Point, SitePlan

# Below this charge (0..1) a body only goes to a dock, charges, or puts down what it holds.
BATTERY_FLOOR = 0.05
# How far a path may stray from the drawn floor (m): plans are drawn by people.
FLOOR_SLACK_M = 0.05


@dataclass(frozen=True)
class Refusal:
    """Why a command is not passed on: a code and a sentence."""

    reason: str
    detail: str


class Guard:
    """Checks one body's commands against its card, the site's zones, its battery and the stop."""

    def __init__(self, card: BodyCard, plan: SitePlan) -> None:
        self._card = card
        self._pace = Pace(plan, card.mobility)
        self._docks = frozenset(f.id for f in plan.fixtures if "charge" in f.offers)
        self._floor = floor(plan).buffer(FLOOR_SLACK_M)
        shapely.prepare(self._floor)
        self.is_stopped = False

    def check(self, command: Command, state: BodyState | None) -> Command | Refusal:
        """The command as allowed (perhaps slower than asked), or why it is refused.

        `halt` always passes, unchanged.
        """
        if isinstance(command, Halt):
            return command
        if self.is_stopped:
            return Refusal("stopped", "the emergency stop is in")
        if command.skill not in self._card.skills:
            return Refusal("not_able", f"a {self._card.title} cannot {command.skill}")
        if (
            state is not None
            and state.battery < BATTERY_FLOOR
            and not self._may_do_when_flat(command)
        ):
            return Refusal("battery_low", f"the battery is at {state.battery:.0%}")
        return self._drive(command) if isinstance(command, Drive) else command

    def _may_do_when_flat(self, command: Command) -> bool:
        if isinstance(command, Drive):
            return command.to in self._docks
        if isinstance(command, Operate):
            return command.process == "charge"
        return isinstance(command, Release) or command.kind in {"sense", "speak"}

    def _drive(self, drive: Drive) -> Drive | Refusal:
        if self._card.mobility == "fixed":
            return Refusal("not_able", f"a {self._card.title} cannot move")
        if not drive.path:
            return Refusal("off_map", "the path is empty")
        fence = self._pace.fence_on(drive.path)
        if fence is not None:
            return Refusal("fenced", f"the path enters {fence}, where this body may not go")
        if not self._is_on_floor(drive.path):
            return Refusal("off_map", "the path leaves the floor plan")
        allowed = self._pace.limit_m_s(drive.path, min(drive.speed_m_s, self._card.speed_m_s))
        if allowed <= 0:
            return Refusal("not_able", "the speed must be above zero")
        return (
            drive if allowed == drive.speed_m_s else drive.model_copy(update={"speed_m_s": allowed})
        )

    def _is_on_floor(self, path: tuple[Point, ...]) -> bool:
        """A body that was pushed off the plan may come back: its first point is not held against it."""
        points = path if shapely.intersects_xy(self._floor, *path[0]) else path[1:]
        if len(points) == 1:
            return bool(shapely.intersects_xy(self._floor, *points[0]))
        return bool(points) and bool(self._floor.covers(LineString(points)))
