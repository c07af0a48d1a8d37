"""What the cameras and microphones of a body report, and nothing that they could not.

A camera sees what is within its range and its angle and not behind a wall or a closed door.
Furniture hides nothing, but what is in a closed container is hidden. Whatever is seen is known by
its id: the world assumes that things and people carry a marker that cameras can read (fiducials).

| mode | when | how far | how wide |
|---|---|---|---|
| glance | on arrival, behind doors, after each manipulation | the camera's range | its angle |
| look | for a close look at one target | 1.5 times the range | its angle |
| scan | turning around on the spot | twice the range, and its whole room | all around |

A report is lean: it shows objects, people, doors that can close, fixtures that have states, and
bodies that are off line. Bodies that are on line report for themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from devices.contracts import BodyState, Observation, Sighting, Utterance
from devices.geometry import heading
from devices.site import Point
from sim_worlds.actors import SimBody
from sim_worlds.ground import corners
from sim_worlds.stage import Stage

Mode = Literal["glance", "look", "scan"]

_FAR = {"glance": 1.0, "look": 1.5, "scan": 2.0}
_SURE = {"glance": 0.95, "look": 0.99, "scan": 0.95}
# Views from places where bodies stand again and again are remembered.
VIEWS = 8192


@dataclass(frozen=True, slots=True)
class _View:
    """A fixture or door from one place: what is not hidden, how far and in which direction."""

    id: str
    centre_m: float
    centre_yaw: float
    centre_seen: bool
    farthest_m: float
    corner_yaws: tuple[float, ...]
    whole_seen: bool


@dataclass(frozen=True, slots=True)
class _Gaze:
    """Where a body looks from, how far, which way, and how wide (radians to each side)."""

    room: str
    here: Point
    range_m: float
    yaw: float
    half: float
    mode: Mode

    def catches(self, yaw: float) -> bool:
        if self.half >= math.pi:
            return True
        turn = (yaw - self.yaw + math.pi) % (2 * math.pi) - math.pi
        return abs(turn) <= self.half


class Eyes:
    """All sensors of all bodies of a world."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._views = lru_cache(VIEWS)(self._look_around)

    def report(
        self,
        body: SimBody,
        mode: Mode = "glance",
        focus: str | None = None,
        also: Iterable[str] = (),
        heard: tuple[Utterance, ...] = (),
    ) -> None:
        """Send what a body sees now; nothing while it is off line.

        Args:
            body: Who looks.
            mode: How (see the module's table).
            focus: A fixture it works at, seen whole although it is close by.
            also: Doors and other things seen for certain, such as the door it stopped at.
            heard: What was just said within hearing.
        """
        if body.off:
            return
        stage = self._stage
        gaze = self._gaze(body, mode)
        seen: dict[str, Sighting] = {}
        viewed: dict[str, None] = {}
        if gaze is not None:
            focus = focus or body.near
            self._see_fixtures(gaze, focus, seen, viewed)
            self._see_movable(gaze, body, seen, viewed)
        for name in (*stage.truth.contents(body.id), *also):
            if stage.truth.category(name) is not None:
                seen.setdefault(name, self._sighting(name, mode))
        observation = Observation(
            body=body.id,
            t=stage.now,
            state=self.state(body),
            sightings=tuple(seen.values()),
            viewed=tuple(viewed),
            heard=heard,
        )
        stage.truth.note(observation)
        stage.outbox.observations.append(observation)

    def witness(self, things: Iterable[str]) -> None:
        """Bodies at rest report what people change before their eyes, and only that."""
        stage = self._stage
        names = [name for name in things if stage.truth.category(name) is not None]
        for body in stage.bodies.values():
            if body.off or body.mover.speed > 0:
                continue
            seen = [self._sighting(name, "glance") for name in names if self._notices(body, name)]
            if seen:
                observation = Observation(
                    body=body.id, t=stage.now, state=self.state(body), sightings=tuple(seen)
                )
                stage.truth.note(observation)
                stage.outbox.observations.append(observation)

    def hear(self, who: str, text: str) -> None:
        """Every body within hearing of a person reports what they said."""
        stage = self._stage
        where = stage.people[who].mover.where(stage.now)
        for body in stage.bodies.values():
            ears = [s.range_m for s in body.card.sensors if s.kind == "microphone"]
            if body.off or not ears:
                continue
            if math.dist(body.mover.where(stage.now), where) <= max(ears):
                observation = Observation(
                    body=body.id,
                    t=stage.now,
                    state=self.state(body),
                    sightings=(self._sighting(who, "glance"),),
                    heard=(Utterance(who=who, text=text),),
                )
                stage.truth.note(observation)
                stage.outbox.observations.append(observation)

    def can_see(self, body: SimBody, target: str) -> bool:
        """Whether a look from where the body stands could show the target's place."""
        gaze = self._gaze(body, "look")
        where = self._stage.where(target)
        if gaze is None or where is None:
            return False
        if target in self._stage.ground.rooms:
            return gaze.room == target
        near = math.dist(gaze.here, where) <= gaze.range_m or self._stage.is_at(body, target)
        # A fixture counts as seen by any part of it: its centre may be behind its own edge.
        places = [where]
        if target in self._stage.ground.fixtures:
            places += corners(self._stage.ground.fixtures[target])
        shut = self._stage.truth.shut_doors() - {target}
        return near and any(self._stage.ground.sees(gaze.here, np.array(places), shut))

    def state(self, body: SimBody) -> BodyState:
        """What a body knows of itself."""
        stage = self._stage
        near = body.near if body.near is not None and stage.is_at(body, body.near) else None
        fixtures = stage.ground.fixtures
        return BodyState(
            pose=stage.pose(body),
            room=stage.room_of(body),
            near=near,
            battery=round(body.battery.level(stage.now), 3),
            holding=stage.truth.contents(body.id),
            docked=near in fixtures and "charge" in fixtures[near].offers,
        )

    def _gaze(self, body: SimBody, mode: Mode) -> _Gaze | None:
        cameras = [sensor for sensor in body.card.sensors if sensor.kind == "camera"]
        if not cameras:
            return None
        now = self._stage.now
        best = max(cameras, key=lambda camera: (camera.range_m, camera.fov_rad))
        half = math.pi if mode == "scan" else best.fov_rad / 2
        return _Gaze(
            room=self._stage.room_of(body),
            here=body.mover.where(now),
            range_m=best.range_m * _FAR[mode],
            yaw=body.mover.facing(now),
            half=half + 1e-9,
            mode=mode,
        )

    def _see_fixtures(
        self,
        gaze: _Gaze,
        focus: str | None,
        seen: dict[str, Sighting],
        viewed: dict[str, None],
    ) -> None:
        stage = self._stage
        truth, ground = stage.truth, stage.ground
        spot = round(gaze.here[0], 2), round(gaze.here[1], 2)
        for view in self._views(spot, truth.shut_doors()):
            fixture = ground.fixtures.get(view.id)
            at_hand = view.id == focus
            if gaze.mode == "scan" and fixture is not None and fixture.room == gaze.room:
                at_hand = True
            in_view = view.centre_m <= gaze.range_m and gaze.catches(view.centre_yaw)
            if not at_hand and not (view.centre_seen and in_view):
                continue
            if truth.states(view.id):
                seen[view.id] = self._sighting(view.id, gaze.mode)
            if fixture is None:
                continue
            whole = at_hand or (
                view.whole_seen
                and view.farthest_m <= gaze.range_m
                and all(gaze.catches(yaw) for yaw in view.corner_yaws)
            )
            if truth.is_shut(view.id) or not whole:
                continue
            if fixture.capacity > 0:
                viewed[view.id] = None
                for thing in truth.contents(view.id):
                    seen[thing] = self._sighting(thing, gaze.mode)

    def _see_movable(
        self,
        gaze: _Gaze,
        body: SimBody,
        seen: dict[str, Sighting],
        viewed: dict[str, None],
    ) -> None:
        """See objects in view wherever they lie, people, and bodies that are off line."""
        stage = self._stage
        truth = stage.truth
        names: list[str] = []
        points: list[Point] = []
        for name in self._movable(body, seen):
            point = stage.where(name)
            if point is not None:
                names.append(name)
                points.append(point)
        shown = stage.ground.sees(gaze.here, np.array(points), truth.shut_doors())
        for name, point, visible in zip(names, points, shown, strict=True):
            place = truth.location(name)
            whole_room = gaze.mode == "scan" and stage.ground.room_at(point) == gaze.room
            in_view = math.dist(gaze.here, point) <= gaze.range_m and gaze.catches(
                heading(gaze.here, point)
            )
            # Who is at a table that is in full view is seen with it.
            with_place = place is not None and place.holder in viewed
            if not (whole_room or with_place or (visible and in_view)):
                continue
            seen[name] = self._sighting(name, gaze.mode)
            if name in stage.people or name in stage.bodies:
                viewed[name] = None
                for thing in truth.contents(name):
                    seen[thing] = self._sighting(thing, gaze.mode)
        if gaze.mode == "scan":
            viewed[gaze.room] = None

    def _movable(self, body: SimBody, seen: dict[str, Sighting]) -> Iterable[str]:
        """What may be in view besides fixtures and what is known to be seen already."""
        stage = self._stage
        truth = stage.truth
        yield from stage.people
        yield from (b.id for b in stage.bodies.values() if b.off and b is not body)
        for name in truth.ids("object"):
            place = truth.location(name)
            if name in seen or place is None or place.relation == "held":
                continue
            if place.relation == "at" or not truth.is_shut(place.holder):
                yield name

    def _notices(self, body: SimBody, name: str) -> bool:
        stage = self._stage
        gaze, where = self._gaze(body, "glance"), stage.where(name)
        place = stage.truth.location(name)
        if gaze is None or where is None or (place and stage.truth.is_shut(place.holder)):
            return False
        return (
            math.dist(gaze.here, where) <= gaze.range_m
            and gaze.catches(heading(gaze.here, where))
            and stage.ground.sees(gaze.here, np.array([where]), stage.truth.shut_doors())[0]
        )

    def _sighting(self, name: str, mode: Mode) -> Sighting:
        stage = self._stage
        truth = stage.truth
        category = truth.category(name)
        assert category is not None
        assert category != "room"
        where = stage.where(name)
        assert where is not None
        movable = category in ("object", "person", "body")
        return Sighting(
            id=name,
            cls=truth.cls(name),
            category=category,
            names=truth.names(name),
            attrs=truth.attrs(name) if category == "object" else {},
            states=truth.states(name),
            location=truth.location(name) if movable else None,
            x=round(where[0], 3),
            y=round(where[1], 3),
            confidence=_SURE[mode],
        )

    def _look_around(self, here: Point, shut: frozenset[str]) -> tuple[_View, ...]:
        """Every fixture and every door with a leaf, as far as walls let one see it from here."""
        ground = self._stage.ground
        spots: list[tuple[str, list[Point], frozenset[str]]] = [
            (fixture.id, [(fixture.x, fixture.y), *corners(fixture)], shut)
            for fixture in ground.fixtures.values()
        ]
        # A closed leaf does not hide itself.
        spots += [(door.id, [door.at], shut - {door.id}) for door in ground.plan.doors if door.leaf]
        views = []
        for name, points, closed in spots:
            shown = ground.sees(here, np.array(points), closed)
            away = [math.dist(here, point) for point in points]
            yaws = [heading(here, point) for point in points]
            whole = all(shown)
            views.append(_View(name, away[0], yaws[0], shown[0], max(away), tuple(yaws[1:]), whole))
        return tuple(views)
