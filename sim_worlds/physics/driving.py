"""Bodies under way: milestones along a polyline, doors that are passed one at a time.

A drive is one way at one speed. What can happen on it is known when it begins: where it meets a
wall, where it enters and leaves doorways, where it ends. Each of these is an event; nothing in
between is computed.

Doors: a body that comes to a busy doorway waits there; whoever waits longest goes next. A body that
stops inside a doorway frees it: bodies at rest can be squeezed past, so nobody waits for a dead one
and no two bodies wait for each other. Elsewhere moving bodies do not hinder each other.

Places: no two bodies work on the same spot. Whoever finds its goal taken goes on to the nearest
free spot from which it still reaches what it came for; where there is none it waits behind the
other for `PATIENCE_S`, then fails with reason "blocked".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial

from devices.contracts import Drive
from devices.site import Point
from sim_worlds.physics.actors import SimBody, Task
from sim_worlds.physics.fault_injection import tool_breaks
from sim_worlds.physics.sensor_model import SensorModel
from sim_worlds.physics.stage import Stage

# How far before and behind its centre line a doorway is taken, besides the body's radius.
THRESHOLD_M = 0.2
PATIENCE_S = 20.0
# Share of the two radii below which two resting bodies stand on the same spot.
ELBOW = 0.8
RING = 16


@dataclass(slots=True)
class _Ride:
    """A drive under way: what is still ahead, and what it has taken."""

    body: SimBody
    command: Drive
    ahead: list[tuple[float, int, str, str]]
    doors: list[str] = field(default_factory=list)
    waits_for: str | None = None
    waits_since: float | None = None


class Driving:
    """All drives of a world, and its doorways."""

    def __init__(self, stage: Stage, eyes: SensorModel) -> None:
        self._stage = stage
        self._eyes = eyes
        self._rides: dict[str, _Ride] = {}
        self._inside: dict[str, str] = {}
        self._queues: dict[str, list[str]] = {door: [] for door in stage.ground.gates}

    def begin(self, body: SimBody, command: Drive) -> None:
        """Take a drive command of a body that is free."""
        stage, card = self._stage, body.card
        numbers = [command.speed_m_s, *(c for point in command.path for c in point)]
        if card.mobility == "fixed" or card.speed_m_s <= 0:
            return self._refuse(body, command, "not_able", f"`{body.id}` is fixed to its place")
        if not command.path or not all(math.isfinite(n) for n in numbers):
            return self._refuse(body, command, "bad_path", "the path has no points or no numbers")
        if command.speed_m_s <= 0:
            return self._refuse(body, command, "bad_path", "the speed is not above 0")
        body.near = None
        body.mover.set_way(command.path, stage.now)
        ride = _Ride(body, command, self._milestones(body, command))
        self._rides[body.id] = ride
        stage.occupy(body, Task(command, card.move_w, drop=partial(self._drop, body)))
        self._recall_waiting()
        return self._go(ride)

    def busy(self, door: str) -> bool:
        """Whether a body is just passing the door."""
        return door in self._inside

    def reckon_anew(self, body: SimBody) -> None:
        """The body's speed changed: everything ahead happens at another time."""
        ride = self._rides.get(body.id)
        if ride is not None and body.mover.speed > 0:
            self._go(ride)

    def _refuse(self, body: SimBody, command: Drive, reason: str, detail: str) -> None:
        self._stage.receipt(body, command.id, "failed", reason, detail)

    def _milestones(self, body: SimBody, command: Drive) -> list[tuple[float, int, str, str]]:
        """What lies ahead, as (metres, rank among equals, kind, door), next one last."""
        ground, way, card = self._stage.ground, body.mover.way, body.card
        length = body.mover.length_m
        ahead = [(length, 9, "end", "")]
        blocked = ground.blocked_at(way, card.radius_m, card.mobility)
        if blocked is not None:
            ahead.append((blocked, 0, "blocked", ""))
        half = card.radius_m + THRESHOLD_M
        for metres, door in ground.crossings(way):
            ahead.append((max(metres - half, 0.0), 1, "enter", door))
            ahead.append((min(metres + half, length), 2, "leave", door))
        if tool_breaks(self._stage, body, command):
            share = self._stage.random(body.id, command.id, "break").uniform(0.3, 0.7)
            ahead.append((share * length, 3, "broken", ""))
        return sorted(ahead, reverse=True)

    def _speed(self, ride: _Ride) -> float:
        body = ride.body
        return min(ride.command.speed_m_s, body.card.speed_m_s) / body.slow

    def _go(self, ride: _Ride) -> None:
        stage, body = self._stage, ride.body
        assert body.task is not None
        if body.task.due is not None:
            body.task.due.cancel()
        body.mover.go(self._speed(ride), stage.now)
        when = body.mover.when(ride.ahead[-1][0], stage.now)
        body.task.due = stage.agenda.at(when, body.id, partial(self._arrive, ride))

    def _arrive(self, ride: _Ride) -> None:
        _, _, kind, door = ride.ahead[-1]
        if kind == "enter":
            self._enter(ride, door)
        elif kind == "leave":
            ride.ahead.pop()
            self._leave(ride, door)
            self._stage.truth.stand(ride.body.id, self._stage.room_of(ride.body))
            self._eyes.report(ride.body)
            self._go(ride)
        elif kind == "end":
            self._park(ride)
        elif kind == "blocked":
            self._fail(ride, "blocked", "a wall or a fixture is in the way")
        else:
            self._fail(ride, "tool_failed", "the drive failed")

    def _enter(self, ride: _Ride, door: str) -> None:
        stage, body = self._stage, ride.body
        if door in stage.truth.shut_doors():
            self._fail(ride, "closed", f"the door `{door}` is closed", door)
        elif self._inside.get(door, body.id) == body.id:
            self._inside[door] = body.id
            if door not in ride.doors:
                ride.doors.append(door)
            ride.ahead.pop()
            self._go(ride)
        else:
            # Waiting inside another doorway would let two bodies wait for each other.
            for other in tuple(ride.doors):
                self._leave(ride, other)
            body.mover.stop(stage.now)
            ride.waits_for = door
            self._queues[door].append(body.id)

    def _leave(self, ride: _Ride, door: str) -> None:
        if door not in ride.doors:
            return
        ride.doors.remove(door)
        del self._inside[door]
        while self._queues[door] and door not in self._inside:
            waiting = self._rides[self._queues[door].pop(0)]
            waiting.waits_for = None
            self._enter(waiting, door)

    def _park(self, ride: _Ride) -> None:
        """Stop at the goal, or at the nearest free spot that serves as well."""
        stage, body = self._stage, ride.body
        if self._is_free(body, body.mover.where(stage.now)):
            return self._finish(ride)
        spot = self._spot_beside(ride)
        if spot is not None:
            body.mover.set_way([spot], stage.now)
            ride.ahead = [(body.mover.length_m, 9, "end", "")]
            ride.waits_since = None
            return self._go(ride)
        body.mover.stop(stage.now)
        assert body.task is not None
        if ride.waits_since is None:
            ride.waits_since = stage.now
        patience = ride.waits_since + PATIENCE_S
        body.task.due = stage.agenda.at(patience, body.id, partial(self._give_up, ride))
        return None

    def _give_up(self, ride: _Ride) -> None:
        self._fail(ride, "blocked", f"other bodies stand at `{ride.command.to}`")

    def _recall_waiting(self) -> None:
        """Somebody left a place: let those who wait for one try again."""
        stage = self._stage
        for ride in list(self._rides.values()):
            if ride.waits_since is not None and ride.body.task is not None:
                if ride.body.task.due is not None:
                    ride.body.task.due.cancel()
                again = partial(self._park, ride)
                ride.body.task.due = stage.agenda.at(stage.now, ride.body.id, again)

    def _is_free(self, body: SimBody, spot: Point) -> bool:
        now = self._stage.now
        for other in self._stage.bodies.values():
            if other is body or other.mover.speed > 0 or other.card.mobility == "fixed":
                continue
            ride = self._rides.get(other.id)
            if ride is not None and ride.waits_since is not None:
                continue
            elbow_m = ELBOW * (body.card.radius_m + other.card.radius_m)
            if math.dist(other.mover.where(now), spot) < elbow_m:
                return False
        return True

    def _spot_beside(self, ride: _Ride) -> Point | None:
        """The nearest free spot beside the goal that is joined to it and serves as well."""
        stage, body = self._stage, ride.body
        card, goal = body.card, body.mover.where(stage.now)
        served = stage.is_at(body, ride.command.to)
        for away in (1.0, 1.6, 2.2, 3.0):
            for k in range(RING):
                angle = 2 * math.pi * k / RING
                step = away * 2 * card.radius_m
                spot = goal[0] + step * math.cos(angle), goal[1] + step * math.sin(angle)
                if (
                    self._is_free(body, spot)
                    and not stage.ground.crossings((goal, spot))
                    and stage.ground.blocked_at((goal, spot), card.radius_m, card.mobility) is None
                    and (not served or stage.is_near(body, spot, ride.command.to))
                ):
                    return spot
        return None

    def _finish(self, ride: _Ride) -> None:
        stage, body = self._stage, ride.body
        self._close(ride)
        target = stage.where(ride.command.to)
        if target is not None and stage.is_at(body, ride.command.to):
            body.near = ride.command.to
            if ride.command.to not in stage.ground.rooms:
                body.mover.face(target, stage.now)
        stage.receipt(body, ride.command.id, "done")
        self._eyes.report(body)

    def _fail(self, ride: _Ride, reason: str, detail: str, door: str | None = None) -> None:
        self._close(ride)
        self._stage.receipt(ride.body, ride.command.id, "failed", reason, detail)
        self._eyes.report(ride.body, also=(door,) if door else ())

    def _close(self, ride: _Ride) -> None:
        stage, body = self._stage, ride.body
        body.mover.stop(stage.now)
        stage.end(body)
        self._drop(body, "")

    def _drop(self, body: SimBody, _reason: str) -> None:
        """Free what the ride had taken: doorways and its turn in a queue."""
        ride = self._rides.pop(body.id, None)
        if ride is None:
            return
        body.mover.stop(self._stage.now)
        self._stage.truth.stand(body.id, self._stage.room_of(body))
        if ride.waits_for is not None:
            self._queues[ride.waits_for].remove(body.id)
        for door in tuple(ride.doors):
            self._leave(ride, door)
