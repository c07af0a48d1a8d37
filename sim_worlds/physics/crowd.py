"""People: they walk, say wishes, carry things about and change them, as the scenario's happenings.

People are not hindered by robots. They open a closed door that is in their way and leave it open.
"""

from __future__ import annotations

import math
from functools import partial

from devices.contracts import Pose
from devices.facts import Location, select
from devices.site import Point
from sim_worlds.contracts import (
    Appears,
    Changes,
    Happening,
    Moves,
    Says,
    ScenarioPerson,
    ScenarioThing,
    Walk,
    Wish,
)
from sim_worlds.loading.population import numbered
from sim_worlds.physics.actors import SimPerson
from sim_worlds.physics.mover import Mover
from sim_worlds.physics.sensor_model import SensorModel
from sim_worlds.physics.stage import Stage

RADIUS_M = 0.2
REACH_M = 0.7
# Closer than this, two people would sit on the same chair.
APART_M = 0.35


class Crowd:
    """All people of a world, and everything that happens by itself."""

    def __init__(self, stage: Stage, eyes: SensorModel) -> None:
        self._stage = stage
        self._eyes = eyes
        for person in stage.scenario.people:
            self._enter(person)
        for happening in stage.scenario.happenings:
            stage.agenda.at(happening.t, _who(happening), partial(self._happen, happening))

    def _enter(self, spec: ScenarioPerson) -> None:
        pose = self._place(spec.at, spec.id)
        person = SimPerson(spec, Mover(pose.x, pose.y, pose.yaw), spec.at)
        self._stage.people[spec.id] = person
        self._stage.truth.stand(spec.id, spec.at)

    def _place(self, to: str, who: str) -> Pose:
        """Where somebody stands at a fixture or in a room: the first place nobody has."""
        stage = self._stage
        poses = stage.roadmap.stand(to, radius_m=RADIUS_M, mobility="legs", reach_m=REACH_M)
        taken = [other.mover.way[-1] for name, other in stage.people.items() if name != who]
        for pose in poses:
            if all(math.dist((pose.x, pose.y), spot) > APART_M for spot in taken):
                return pose
        if poses:
            return poses[len(taken) % len(poses)]
        # Nowhere to stand beside it: at it.
        where = stage.where(to)
        assert where is not None
        return Pose(x=where[0], y=where[1])

    def _happen(self, happening: Happening) -> None:
        stage = self._stage
        if isinstance(happening, Walk):
            self._walk(stage.people[happening.who], happening.to)
        elif isinstance(happening, Says):
            self._say(happening)
        elif isinstance(happening, Changes):
            self._change(happening)
        elif isinstance(happening, Appears):
            for thing in numbered(happening.thing):
                self._appear(thing)
        elif stage.truth.category(happening.thing) != "object":
            # It has left the world already.
            return
        elif isinstance(happening, Moves):
            self._move(happening)
        else:
            stage.remove(happening.thing)

    def _say(self, says: Says) -> None:
        stage = self._stage
        wish = Wish(
            t=stage.now,
            who=says.who,
            text=says.text,
            deadline_s=says.deadline_s,
            priority=says.priority,
        )
        stage.outbox.wishes.append(wish)
        stage.recorder.caption(stage.now, says.who, says.text)
        self._eyes.hear(says.who, says.text)

    def _change(self, change: Changes) -> None:
        stage = self._stage
        things = [change.thing] if change.what is None else select(change.what, stage.truth)
        known = [name for name in things if stage.truth.category(name) and stage.truth.states(name)]
        for name in known:
            stage.set_states(name, change.states)
        self._eyes.witness(known)

    def _appear(self, thing: ScenarioThing) -> None:
        """It comes to its place, or to the floor beside it where the place is full."""
        stage = self._stage
        at, spot = self._room_for(thing.at)
        stage.add(thing.model_copy(update={"at": at}), spot)
        self._eyes.witness([thing.id])

    def _move(self, moves: Moves) -> None:
        stage = self._stage
        to, spot = self._room_for(moves.to)
        stage.put(moves.thing, to, spot)
        self._eyes.witness([moves.thing])

    def _room_for(self, holder: str) -> tuple[str, Point | None]:
        """The holder if it has a place left, else the floor beside it."""
        stage = self._stage
        body = stage.bodies.get(holder)
        full = not stage.truth.room_on(holder)
        if body is not None:
            full = len(stage.truth.contents(holder)) >= body.card.carry
        if not full:
            return holder, None
        where = stage.where(holder)
        assert where is not None
        return stage.ground.room_at(where), None

    def _walk(self, person: SimPerson, to: str) -> None:
        stage = self._stage
        if person.due is not None:
            person.due.cancel()
        person.goal = to
        here = person.mover.where(stage.now)
        pose = self._place(to, person.id)
        goal = (pose.x, pose.y)
        route = stage.roadmap.route(here, goal, radius_m=RADIUS_M, mobility="legs")
        person.mover.set_way(route.points if route else (goal,), stage.now)
        stage.truth.stand(person.id, stage.ground.room_at(here))
        crossings = stage.ground.crossings(person.mover.way)
        self._walk_on(person, crossings, pose)

    def _walk_on(self, person: SimPerson, doors: list[tuple[float, str]], pose: Pose) -> None:
        """Walk to the next door on the way, or to the goal."""
        stage, mover = self._stage, person.mover
        mover.go(person.spec.speed_m_s, stage.now)
        metres = doors[0][0] if doors else mover.length_m
        step = (
            partial(self._pass, person, doors, pose)
            if doors
            else partial(self._arrive, person, pose)
        )
        person.due = stage.agenda.at(mover.when(metres, stage.now), person.id, step)

    def _pass(self, person: SimPerson, doors: list[tuple[float, str]], pose: Pose) -> None:
        stage = self._stage
        door = doors[0][1]
        if door in stage.truth.shut_doors():
            stage.set_states(door, {"open": True})
        rooms = stage.ground.plan.door(door).rooms
        room = _location(stage, person.id).holder
        stage.truth.stand(person.id, rooms[1] if room == rooms[0] else rooms[0])
        self._walk_on(person, doors[1:], pose)

    def _arrive(self, person: SimPerson, pose: Pose) -> None:
        stage = self._stage
        person.mover.stop(stage.now)
        person.mover.yaw = pose.yaw
        person.due = None
        stage.truth.stand(person.id, person.goal)
        self._eyes.witness([person.id, *stage.truth.contents(person.id)])


def _who(happening: Happening) -> str:
    """Whom the happening concerns: it orders what happens at the same instant."""
    if isinstance(happening, Walk | Says):
        return happening.who
    if isinstance(happening, Appears):
        return happening.thing.id
    return happening.thing


def _location(stage: Stage, name: str) -> Location:
    place = stage.truth.location(name)
    assert place is not None
    return place
