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

from devices.contracts import BodyState, Observation, Sighting, Utterance
from devices.geometry import heading
from devices.site import Point
from sim_worlds.physics.actors import SimBody
from sim_worlds.physics.stage import Stage

Mode = Literal["glance", "look", "scan"]

_FAR = {"glance": 1.0, "look": 1.5, "scan": 2.0}
_SURE = {"glance": 0.95, "look": 0.99, "scan": 0.95}
# Views from places where bodies stand again and again are remembered.
VIEWS = 8192


@dataclass(frozen=True, slots=True)
class _View:
    """A fixture or door from one place: how far, in which directions, how much is not hidden.

    `centre` is the bearing of its centre, `bearings` those of its corners.
    """

    id: str
    nearest_m: float
    centre_m: float
    farthest_m: float
    centre: float
    bearings: tuple[float, ...]
    centre_seen: bool
    part_seen: bool
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

    def reaches(self, view: _View) -> bool:
        """Some part of it is not hidden and not too far, whichever way the body looks."""
        return view.part_seen and view.nearest_m <= self.range_m

    def centred(self, view: _View) -> bool:
        """Its centre is in view: enough to see its own states."""
        return view.centre_seen and view.centre_m <= self.range_m and self.catches(view.centre)

    def holds(self, view: _View) -> bool:
        """All of it is in view: what is not seen there is not there."""
        return (
            view.whole_seen
            and view.farthest_m <= self.range_m
            and all(self.catches(bearing) for bearing in view.bearings)
        )


class SensorModel:
    """All sensors of all bodies of a world."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._views = lru_cache(VIEWS)(self._look_around)
        self._kept: dict[tuple[str, Mode], tuple[int, Sighting]] = {}

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
            parts = self._see_fixtures(gaze, focus, seen, viewed)
            self._see_movable(gaze, body, parts, seen, viewed)
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
        places = self._stage.ground.outlines.get(target, (where,))
        shut = self._stage.truth.shut_doors() - {target}
        return near and any(self._stage.ground.sees(gaze.here, places, shut))

    def state(self, body: SimBody) -> BodyState:
        """What a body knows of itself."""
        stage = self._stage
        level = body.battery.level(stage.now)
        stage.recorder.battery(stage.now, body.id, body.spec.kind, level)
        near = body.near if body.near is not None and stage.is_at(body, body.near) else None
        fixtures = stage.ground.fixtures
        return BodyState(
            pose=stage.pose(body),
            room=stage.room_of(body),
            near=near,
            battery=round(level, 3),
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
        self, gaze: _Gaze, focus: str | None, seen: dict[str, Sighting], viewed: dict[str, None]
    ) -> list[str]:
        """See fixtures and doors; return the fixtures of which only a part may be in view."""
        stage = self._stage
        truth, ground = stage.truth, stage.ground
        parts: list[str] = []
        spot = round(gaze.here[0], 2), round(gaze.here[1], 2)
        for view in self._views(spot, truth.shut_doors()):
            fixture = ground.fixtures.get(view.id)
            at_hand = view.id == focus
            if gaze.mode == "scan" and fixture is not None and fixture.room == gaze.room:
                at_hand = True
            if not at_hand and not gaze.reaches(view):
                continue
            if (at_hand or gaze.centred(view)) and truth.states(view.id):
                seen[view.id] = self._sighting(view.id, gaze.mode)
            if fixture is None or fixture.capacity == 0 or truth.is_shut(view.id):
                continue
            if at_hand or gaze.holds(view):
                viewed[view.id] = None
                for thing in truth.contents(view.id):
                    seen[thing] = self._sighting(thing, gaze.mode)
            else:
                parts.append(view.id)
        return parts

    def _see_movable(
        self,
        gaze: _Gaze,
        body: SimBody,
        parts: list[str],
        seen: dict[str, Sighting],
        viewed: dict[str, None],
    ) -> None:
        """See people, bodies that are off line, and what lies on floors or half-seen fixtures."""
        stage = self._stage
        truth, ground = stage.truth, stage.ground
        near: list[tuple[str, Point]] = []
        for name in self._movable(body, parts):
            point = stage.where(name)
            if point is None:
                continue
            if gaze.mode == "scan" and ground.room_at(point) == gaze.room:
                self._see_one(name, gaze.mode, seen, viewed)
            elif math.dist(gaze.here, point) <= gaze.range_m and gaze.catches(
                heading(gaze.here, point)
            ):
                near.append((name, point))
            elif (place := truth.location(name)) is not None and place.holder in viewed:
                # Who is at a table that is in full view is seen with it.
                self._see_one(name, gaze.mode, seen, viewed)
        shown = ground.sees(gaze.here, [point for _, point in near], truth.shut_doors())
        for (name, _), visible in zip(near, shown, strict=True):
            place = truth.location(name)
            if visible or (place is not None and place.holder in viewed):
                self._see_one(name, gaze.mode, seen, viewed)
        if gaze.mode == "scan":
            viewed[gaze.room] = None

    def _see_one(
        self, name: str, mode: Mode, seen: dict[str, Sighting], viewed: dict[str, None]
    ) -> None:
        stage = self._stage
        seen[name] = self._sighting(name, mode)
        if name in stage.people or name in stage.bodies:
            viewed[name] = None
            for thing in stage.truth.contents(name):
                seen[thing] = self._sighting(thing, mode)

    def _movable(self, body: SimBody, parts: list[str]) -> Iterable[str]:
        stage = self._stage
        yield from stage.people
        yield from (b.id for b in stage.bodies.values() if b.off and b is not body)
        for holder in (*stage.ground.rooms, *parts):
            yield from stage.truth.contents(holder)

    def _notices(self, body: SimBody, name: str) -> bool:
        stage = self._stage
        gaze, where = self._gaze(body, "glance"), stage.where(name)
        place = stage.truth.location(name)
        if gaze is None or where is None or (place and stage.truth.is_shut(place.holder)):
            return False
        return (
            math.dist(gaze.here, where) <= gaze.range_m
            and gaze.catches(heading(gaze.here, where))
            and stage.ground.sees(gaze.here, [where], stage.truth.shut_doors())[0]
        )

    def _sighting(self, name: str, mode: Mode) -> Sighting:
        """One thing as it is now. What has not changed since it was last seen is not made anew."""
        stage = self._stage
        truth = stage.truth
        key, version = (name, mode), truth.version(name)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            return kept[1]
        category, where = truth.category(name), stage.where(name)
        assert category is not None
        assert category != "room"
        assert where is not None
        place = truth.location(name) if category in ("object", "person", "body") else None
        sighting = Sighting(
            id=name,
            cls=truth.cls(name),
            category=category,
            names=truth.names(name),
            attrs=truth.attrs(name) if category == "object" else {},
            states=truth.states(name),
            location=place,
            x=round(where[0], 3),
            y=round(where[1], 3),
            confidence=_SURE[mode],
        )
        # Whoever moves, and what they hold, is elsewhere the next time.
        if category not in ("person", "body") and (place is None or place.relation != "held"):
            self._kept[key] = version, sighting
        return sighting

    def _look_around(self, here: Point, shut: frozenset[str]) -> tuple[_View, ...]:
        """Every fixture and every door with a leaf, as far as walls let one see it from here."""
        ground = self._stage.ground
        points = [point for outline in ground.outlines.values() for point in outline]
        shown = iter(ground.sees(here, points, shut))
        views = [
            _view(name, here, outline, [next(shown) for _ in outline])
            for name, outline in ground.outlines.items()
        ]
        for door in ground.plan.doors:
            if door.leaf:
                # A closed leaf does not hide itself.
                visible = ground.sees(here, [door.at], shut - {door.id})
                views.append(_view(door.id, here, (door.at,), visible))
        return tuple(views)


def _view(name: str, here: Point, outline: tuple[Point, ...], shown: list[bool]) -> _View:
    """How an outline (its centre first) looks from here."""
    away = [math.dist(here, point) for point in outline]
    return _View(
        id=name,
        nearest_m=min(away),
        centre_m=away[0],
        farthest_m=max(away),
        centre=heading(here, outline[0]),
        bearings=tuple(heading(here, point) for point in outline),
        centre_seen=shown[0],
        part_seen=any(shown),
        whole_seen=all(shown),
    )
