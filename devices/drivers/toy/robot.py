"""The toy robot itself: a point that drives along paths, with a battery and an emergency stop.

It has no clock: whoever owns it tells it the time (s since its start).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from devices.contracts import (
    BodyCard,
    BodyState,
    Command,
    Drive,
    Halt,
    Observation,
    Operate,
    Pose,
    Receipt,
    Sense,
    Sensor,
    Speak,
)
from devices.site import Point

CARD = BodyCard(
    kind="toy",
    title="toy robot",
    mobility="wheels",
    speed_m_s=0.8,
    radius_m=0.2,
    height_m=0.5,
    reach_m=0.7,
    low_m=0.0,
    high_m=1.5,
    hands=0,
    carry=0,
    payload_kg=0.0,
    sensors=(Sensor(kind="camera", range_m=3.0),),
    battery_wh=100.0,
    idle_w=5.0,
    move_w=40.0,
    work_w=10.0,
    charge_w=200.0,
    skills={"navigate": 1.0, "look": 1.0, "scan": 1.0, "say": 1.0, "charge": 1.0},
    colour="#b07aa1",
)

_SENSE_S = {"look": 0.3, "scan": 1.0}
_SPEAK_S = 0.5


@dataclass
class _Task:
    """What it does from `begun` until `ends` (s); `way` is where it drives, from where it stood."""

    command: Command
    begun: float
    ends: float
    way: tuple[Point, ...] = ()


class Toy:
    """One toy robot.

    Args:
        name: Its id.
        pose: Where it stands first (m, rad).
        speed_m_s: As fast as it drives.
        room: What it takes for its room, for ever; empty: it does not know.
        battery: How full, 0 to 1.
    """

    def __init__(
        self, name: str, pose: Pose, speed_m_s: float = 0.8, room: str = "", battery: float = 1.0
    ) -> None:
        self.card = CARD.model_copy(update={"speed_m_s": speed_m_s})
        self._name, self._room = name, room
        self._pose = pose
        self._battery = battery
        self._now = 0.0
        self._task: _Task | None = None
        self._ended: list[Receipt] = []
        self._is_stopped = False

    def advance(self, now: float) -> None:
        """It is `now` (s)."""
        task = self._task
        if task is not None and task.ends <= now:
            self._pass(task.ends)
            self._complete(task)
        self._pass(now)

    def next_s(self) -> float | None:
        """When what it does will have ended (s); None: it does nothing."""
        return self._task.ends if self._task is not None else None

    def act(self, command: Command) -> None:
        """Begin a command, now."""
        if isinstance(command, Halt):
            self._halt()
            self._end(command.id, "done")
        elif self._is_stopped:
            self._end(command.id, "failed", "stopped")
        elif self._task is not None:
            self._end(command.id, "failed", "busy")
        elif self._battery <= 0.0:
            self._end(command.id, "failed", "no_power")
        else:
            self._begin(command)

    def stop(self, confirmation: str) -> None:
        """Emergency stop; a receipt for `confirmation` says that it is in."""
        self._is_stopped = True
        self._halt()
        self._end(confirmation, "done")

    def receipts(self) -> tuple[Receipt, ...]:
        """What ended since the last call."""
        ended, self._ended = tuple(self._ended), []
        return ended

    def observation(self) -> Observation:
        """How it is now. It has no map and no eyes to speak of: it knows no places, and sees nothing."""
        task = self._task
        state = BodyState(
            pose=self._pose,
            room=self._room,
            battery=round(self._battery, 6),
            docked=task is not None and isinstance(task.command, Operate),
        )
        return Observation(body=self._name, t=round(self._now, 3), state=state)

    def _begin(self, command: Command) -> None:
        way: tuple[Point, ...] = ()
        if isinstance(command, Drive) and command.path and command.speed_m_s > 0:
            way = ((self._pose.x, self._pose.y), *command.path)
            lasts = _length(way) / min(command.speed_m_s, self.card.speed_m_s)
        elif isinstance(command, Sense):
            lasts = _SENSE_S[command.mode]
        elif isinstance(command, Speak):
            lasts = _SPEAK_S
        elif isinstance(command, Operate) and command.process == "charge":
            watts = self.card.charge_w - self.card.idle_w
            lasts = (1.0 - self._battery) * self.card.battery_wh * 3600.0 / watts
        else:
            self._end(command.id, "failed", "not_able")
            return
        self._task = _Task(command, self._now, self._now + lasts, way)

    def _pass(self, now: float) -> None:
        """Let time go by: it moves, and the battery drains."""
        task, seconds = self._task, max(0.0, now - self._now)
        watts = self.card.idle_w
        if task is not None and task.way:
            watts = self.card.move_w
        elif task is not None and isinstance(task.command, Operate):
            watts = self.card.idle_w - self.card.charge_w
        elif task is not None:
            watts = self.card.work_w
        drained = watts * seconds / 3600.0 / self.card.battery_wh
        self._battery = min(1.0, max(0.0, self._battery - drained))
        self._now = max(self._now, now)
        if task is None:
            return
        if task.way:
            share = (self._now - task.begun) / max(task.ends - task.begun, 1e-9)
            self._pose = _along(task.way, min(share, 1.0), self._pose)
        if self._battery <= 0.0:
            self._task = None
            self._end(task.command.id, "failed", "no_power")

    def _complete(self, task: _Task) -> None:
        if self._task is not task:
            return
        self._task = None
        self._end(task.command.id, "done")

    def _halt(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            self._end(task.command.id, "stopped", "halted")

    def _end(self, command: str, outcome: str, reason: str = "") -> None:
        self._ended.append(
            Receipt.model_validate(
                {
                    "command": command,
                    "body": self._name,
                    "t": round(self._now, 3),
                    "outcome": outcome,
                    "reason": reason,
                }
            )
        )


def _length(way: tuple[Point, ...]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(way))


def _along(way: tuple[Point, ...], share: float, before: Pose) -> Pose:
    """Where one is after that share of the way, facing ahead."""
    left = share * _length(way)
    yaw, at = before.yaw, way[0]
    for a, b in itertools.pairwise(way):
        piece = math.dist(a, b)
        if piece == 0.0:
            continue
        yaw = math.atan2(b[1] - a[1], b[0] - a[0])
        done = min(1.0, left / piece)
        at = (a[0] + (b[0] - a[0]) * done, a[1] + (b[1] - a[1]) * done)
        left -= piece
        if left <= 0.0:
            break
    return Pose(x=at[0], y=at[1], yaw=yaw)
