"""What hands, eyes and voices do: take, put down, operate, look, speak. Seconds, metres.

Every such command is a job: it is checked when it begins (a failure is told at once), takes a time
that depends on geometry, the body's rate and chance, and is checked again when it ends, because
the world may have changed meanwhile. Only then its effect comes, at one instant.

The chance is a stream of random numbers of its own per command, so that what else happens cannot
change it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from devices.contracts import Command, Grasp, Operate, Release, Sense, Speak
from sim_worlds.physics.actors import SimBody, Task
from sim_worlds.physics.fault_injection import tool_breaks
from sim_worlds.physics.operations import check_operation, finish_operation, operation_seconds
from sim_worlds.physics.sensor_model import SensorModel
from sim_worlds.physics.stage import Stage
from sim_worlds.physics.verdicts import Refusal

# To close the hand around something, or to open it, and how fast the arm gets there.
GRIP_S = 6.0
ARM_M_S = 0.4
GIVE_S = 6.0
LOOK_S = 2.0
SCAN_S = 6.0
# A scan of a larger room takes longer.
SCAN_M2 = 40.0
WORDS_S = 1.0
LETTERS_PER_S = 15.0
# Deviation of the natural logarithm of times that no process gives.
SPREAD = 0.1
EARSHOT_M = 3.0


@dataclass(frozen=True)
class _Job:
    """How a kind of command goes: may it, how long, what then, what is looked at."""

    check: Callable[[], Refusal | None]
    seconds: float
    spread: float
    effect: Callable[[], None]
    focus: str | None


class Handling:
    """Everything a body does on the spot."""

    def __init__(self, stage: Stage, eyes: SensorModel, door_busy: Callable[[str], bool]) -> None:
        self._stage = stage
        self._eyes = eyes
        self._door_busy = door_busy

    def begin(self, body: SimBody, command: Command) -> None:
        """Take a command of a body that is free (or whose voice is)."""
        stage = self._stage
        job = self._job(body, command)
        refusal = job.check()
        if refusal is not None:
            return self._refuse(body, command, refusal)
        where = stage.where(job.focus) if job.focus is not None else None
        if where is not None and job.focus not in stage.ground.rooms and body.task is None:
            body.mover.face(where, stage.now)
        rate = body.card.skills.get(command.skill, 1.0) or 1.0
        chance = stage.random(body.id, command.id).lognormvariate(0.0, job.spread)
        seconds = job.seconds / rate * body.slow * (chance if job.spread > 0 else 1.0)
        if tool_breaks(stage, body, command):
            seconds *= stage.random(body.id, command.id, "break").uniform(0.3, 0.7)
            action = partial(self._break, body, command, job)
        else:
            action = partial(self._finish, body, command, job)
        charging = isinstance(command, Operate) and command.process == "charge"
        watts = -body.card.charge_w if charging else body.card.work_w
        task = Task(command, watts, stretches=not charging)
        task.due = stage.agenda.at(stage.now + seconds, body.id, action)
        if isinstance(command, Speak):
            body.voice = task
            stage.recorder.caption(stage.now, body.id, command.text)
        else:
            stage.occupy(body, task)
        return None

    def _refuse(self, body: SimBody, command: Command, refusal: Refusal) -> None:
        self._stage.receipt(body, command.id, "failed", refusal.reason, refusal.detail)
        self._eyes.report(body)

    def _finish(self, body: SimBody, command: Command, job: _Job) -> None:
        self._free(body, command)
        refusal = job.check()
        if refusal is not None:
            return self._refuse(body, command, refusal)
        job.effect()
        self._stage.receipt(body, command.id, "done")
        if not isinstance(command, Speak):
            mode = command.mode if isinstance(command, Sense) else "glance"
            self._eyes.report(body, mode, focus=job.focus)
        return None

    def _break(self, body: SimBody, command: Command, job: _Job) -> None:
        self._free(body, command)
        detail = f"`{command.skill}` failed on `{body.id}`"
        self._stage.receipt(body, command.id, "failed", "tool_failed", detail)
        self._eyes.report(body, focus=job.focus)

    def _free(self, body: SimBody, command: Command) -> None:
        if isinstance(command, Speak):
            body.voice = None
        else:
            self._stage.end(body)

    def _job(self, body: SimBody, command: Command) -> _Job:
        stage = self._stage
        if isinstance(command, Grasp):
            return _Job(
                partial(self._check_grasp, body, command),
                GRIP_S + self._arm_s(body, command.source),
                SPREAD,
                partial(stage.put, command.object, body.id),
                command.source,
            )
        if isinstance(command, Release):
            given = command.to in stage.people or command.to in stage.bodies
            return _Job(
                partial(self._check_release, body, command),
                (GIVE_S if given else GRIP_S) + self._arm_s(body, command.to),
                SPREAD,
                partial(self._put_down, body, command),
                command.to,
            )
        if isinstance(command, Operate):
            seconds, spread = operation_seconds(stage, body, command)
            return _Job(
                partial(check_operation, stage, body, command, self._door_busy),
                seconds,
                spread,
                partial(finish_operation, stage, body, command),
                _place_of(stage, command.target),
            )
        if isinstance(command, Sense):
            return _Job(
                partial(self._check_sense, body, command),
                self._sense_s(body, command),
                SPREAD,
                _nothing,
                None if command.mode == "scan" else command.target,
            )
        assert isinstance(command, Speak)
        return _Job(
            partial(self._check_speak, body, command),
            WORDS_S + len(command.text) / LETTERS_PER_S,
            0.0,
            partial(stage.truth.tell, command.to, command.text),
            command.to,
        )

    def _arm_s(self, body: SimBody, place: str) -> float:
        """How long the arm needs to get there from the body's edge."""
        stage = self._stage
        here = body.mover.where(stage.now)
        if place in stage.ground.fixtures:
            away = stage.ground.gap_m(here, stage.ground.fixtures[place])
        else:
            where = stage.where(place) if stage.truth.category(place) else None
            away = math.dist(here, where) if where is not None else 0.0
        return min(max(0.0, away - body.card.radius_m), body.card.reach_m) / ARM_M_S

    def _sense_s(self, body: SimBody, command: Sense) -> float:
        if command.mode == "look":
            return LOOK_S
        room = self._stage.ground.rooms[self._stage.room_of(body)]
        return SCAN_S * max(1.0, room.area / SCAN_M2)

    def _check_grasp(self, body: SimBody, command: Grasp) -> Refusal | None:
        stage, thing, source = self._stage, command.object, command.source
        truth = stage.truth
        if truth.category(source) in (None, "object", "door") or source == body.id:
            return Refusal("not_there", f"`{source}` is no place to take things from")
        place = truth.location(thing)
        if truth.category(thing) != "object" or place is None or place.holder != source:
            if source in stage.ground.rooms or stage.is_at(body, source):
                return Refusal("not_there", f"`{thing}` is not at `{source}`")
            return Refusal("out_of_reach", f"`{source}` is out of reach")
        if truth.attr(thing, "fixed"):
            return Refusal("not_able", f"`{thing}` cannot be taken")
        return self._check_lift(body, thing) or self._check_near(body, thing, source)

    def _check_lift(self, body: SimBody, thing: str) -> Refusal | None:
        stage, card = self._stage, body.card
        held, taken = stage.held(body), stage.class_card(thing)
        if card.hands < taken.hands:
            return Refusal("too_heavy", f"`{thing}` takes {taken.hands} hands")
        if taken.mass_kg + sum(one.mass_kg for one in held) > card.payload_kg + 1e-9:
            return Refusal(
                "too_heavy", f"`{thing}` ({taken.mass_kg} kg) is too heavy for `{body.id}`"
            )
        if len(held) >= card.carry or body.hands_free(held) < taken.hands:
            return Refusal("hands_full", f"`{body.id}` holds {len(held)} things already")
        return None

    def _check_near(self, body: SimBody, thing: str, holder: str) -> Refusal | None:
        """Whether the hands reach the thing at its holder."""
        stage = self._stage
        if stage.truth.is_shut(holder):
            return Refusal("closed", f"`{holder}` is closed")
        on_floor = holder in stage.ground.rooms
        if not stage.is_at(body, thing if on_floor else holder):
            return Refusal("out_of_reach", f"`{thing}` is out of reach of `{body.id}`")
        if not stage.height_fits(body.card, holder):
            return Refusal("out_of_reach", f"`{holder}` is too high or too low for `{body.id}`")
        other = stage.bodies.get(holder)
        if other is not None and other.mover.speed > 0:
            return Refusal("out_of_reach", f"`{holder}` is moving")
        return None

    def _check_release(self, body: SimBody, command: Release) -> Refusal | None:
        stage, thing, to = self._stage, command.object, command.to
        place = stage.truth.location(thing)
        if place is None or place.holder != body.id:
            return Refusal("not_held", f"`{body.id}` does not hold `{thing}`")
        if stage.truth.category(to) in (None, "object", "door") or to == body.id:
            return Refusal("not_there", f"nothing can be put at `{to}`")
        if not stage.is_at(body, to):
            return Refusal("out_of_reach", f"`{to}` is out of reach of `{body.id}`")
        if stage.truth.is_shut(to):
            return Refusal("closed", f"`{to}` is closed")
        if not stage.height_fits(body.card, to):
            return Refusal("out_of_reach", f"`{to}` is too high or too low for `{body.id}`")
        if not stage.truth.room_on(to):
            return Refusal("occupied", f"`{to}` is full")
        taker = stage.bodies.get(to)
        if taker is not None:
            if taker.off or taker.mover.speed > 0:
                return Refusal("not_able", f"`{to}` does not stand ready to take things")
            return self._check_lift(taker, thing)
        return None

    def _put_down(self, body: SimBody, command: Release) -> None:
        stage = self._stage
        on_floor = command.to in stage.ground.rooms
        stage.put(command.object, command.to, floor_spot(stage, body) if on_floor else None)

    def _check_sense(self, body: SimBody, command: Sense) -> Refusal | None:
        stage = self._stage
        if not any(sensor.kind == "camera" for sensor in body.card.sensors):
            return Refusal("not_able", f"`{body.id}` has no camera")
        if command.mode == "scan":
            if command.target != stage.room_of(body):
                return Refusal("not_there", f"`{body.id}` is not in `{command.target}`")
        elif stage.truth.category(command.target) is None:
            return Refusal("not_there", f"there is no `{command.target}`")
        elif stage.truth.category(command.target) != "object" and not self._eyes.can_see(
            body, command.target
        ):
            return Refusal("out_of_sight", f"`{body.id}` cannot see `{command.target}` from here")
        return None

    def _check_speak(self, body: SimBody, command: Speak) -> Refusal | None:
        stage = self._stage
        person = stage.people.get(command.to)
        if person is None:
            return Refusal("not_there", f"there is no person `{command.to}`")
        here, there = body.mover.where(stage.now), person.mover.where(stage.now)
        if math.dist(here, there) > EARSHOT_M:
            return Refusal("out_of_reach", f"`{command.to}` is more than {EARSHOT_M} m away")
        return None


def floor_spot(stage: Stage, body: SimBody) -> tuple[float, float]:
    """The floor in front of a body, or under it where there is no floor in front."""
    pose = stage.pose(body)
    away = body.card.radius_m + 0.2
    spot = pose.x + away * math.cos(pose.yaw), pose.y + away * math.sin(pose.yaw)
    here = (pose.x, pose.y)
    blocked = stage.ground.blocked_at((here, spot), 0.1, "wheels")
    if blocked is not None or stage.ground.room_at(spot) != stage.ground.room_at(here):
        return here
    return round(spot[0], 3), round(spot[1], 3)


def _place_of(stage: Stage, target: str) -> str | None:
    """The fixture that is worked at: the target, or what holds it."""
    place = stage.truth.location(target)
    if stage.truth.category(target) == "object" and place is not None:
        return place.holder if place.relation in ("on", "in") else target
    return target if stage.truth.category(target) is not None else None


def _nothing() -> None:
    """Looking changes nothing."""
