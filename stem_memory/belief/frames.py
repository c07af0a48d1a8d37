"""Frames of reference: where what was measured in one lies in another. Metres and radians.

Rigid motions of the plane: x' = R(yaw) x + (dx, dy). What was measured is never rewritten; when a
map is made anew, an alignment says where the old map lies in it, and questions are carried over.
"""

from __future__ import annotations

from math import cos, sin
from typing import NamedTuple

from devices.contracts import Observation, Pose
from devices.site import Point, SitePlan
from stem_memory.contracts import FrameAligned

MAP = "map"


class Transform(NamedTuple):
    """A rigid motion of the plane."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def __call__(self, point: Point) -> Point:
        """Where a point comes to lie (to a tenth of a millimetre)."""
        c, s = cos(self.yaw), sin(self.yaw)
        x, y = point
        return round(c * x - s * y + self.x, 4), round(s * x + c * y + self.y, 4)

    def then(self, after: Transform) -> Transform:
        """First this motion, then the other."""
        c, s = cos(after.yaw), sin(after.yaw)
        x, y = c * self.x - s * self.y + after.x, s * self.x + c * self.y + after.y
        return Transform(x, y, self.yaw + after.yaw)

    def inverse(self) -> Transform:
        """The motion that takes this one back."""
        c, s = cos(self.yaw), sin(self.yaw)
        return Transform(-c * self.x - s * self.y, s * self.x - c * self.y, -self.yaw)

    def pose(self, pose: Pose) -> Pose:
        """Where a pose comes to lie, in the map."""
        x, y = self((pose.x, pose.y))
        turned = {"x": x, "y": y, "yaw": round(pose.yaw + self.yaw, 6), "frame": MAP}
        return pose.model_copy(update=turned)


class Frames:
    """A tree of frames with the map as its root."""

    def __init__(self) -> None:
        self.parents: dict[str, tuple[str, Transform]] = {}

    def align(self, said: FrameAligned) -> Transform | None:
        """Note where a frame lies; the motion of everything, if the map itself was made anew."""
        motion = Transform(said.x, said.y, said.yaw)
        if said.frame == said.parent:
            # Frames that lie in the map were measured in the old one.
            for frame, (parent, where) in self.parents.items():
                if parent == MAP:
                    self.parents[frame] = (MAP, where.then(motion))
            return motion if said.frame == MAP else None
        if said.frame != MAP and said.frame not in self._line(said.parent):
            self.parents[said.frame] = (said.parent, motion)
        return None

    def to_map(self, frame: str) -> Transform | None:
        """The motion from a frame into the map; None: nobody said where it lies."""
        motion = Transform()
        for name in self._line(frame):
            if name == MAP:
                return motion
            if name not in self.parents:
                return None
            motion = motion.then(self.parents[name][1])
        return None

    def _line(self, frame: str) -> list[str]:
        line = [frame]
        while line[-1] in self.parents and self.parents[line[-1]][0] not in line:
            line.append(self.parents[line[-1]][0])
        return line


def in_map(seen: Observation, motion: Transform) -> Observation:
    """A report with its positions in the map."""
    sightings = []
    for sighting in seen.sightings:
        x, y = motion((sighting.x, sighting.y))
        sightings.append(sighting.model_copy(update={"x": x, "y": y}))
    state = seen.state.model_copy(update={"pose": motion.pose(seen.state.pose)})
    return seen.model_copy(update={"state": state, "sightings": tuple(sightings)})


def moved_plan(plan: SitePlan, motion: Transform) -> SitePlan:
    """A floor plan where it lies in a new map."""

    def area(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(motion(point) for point in polygon)

    def spot(x: float, y: float, yaw: float) -> dict[str, float]:
        at = motion((x, y))
        return {"x": at[0], "y": at[1], "yaw": round(yaw + motion.yaw, 6)}

    rooms = tuple(r.model_copy(update={"polygon": area(r.polygon)}) for r in plan.rooms)
    doors = tuple(d.model_copy(update={"at": motion(d.at)}) for d in plan.doors)
    fixtures = tuple(f.model_copy(update=spot(f.x, f.y, f.yaw)) for f in plan.fixtures)
    zones = tuple(z.model_copy(update={"polygon": area(z.polygon)}) for z in plan.zones)
    changed = {"rooms": rooms, "doors": doors, "fixtures": fixtures, "zones": zones}
    return plan.model_copy(update=changed)
