"""The site plan: rooms, doors and fixtures as surveyed. Lengths in metres, angles in radians.

A site plan is what a person could draw before any robot arrives. What stands on the fixtures and
what state they are in are facts (see `devices.facts`), because they change.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from devices.noun import Noun

Point = tuple[float, float]


class Room(Noun):
    """A room or an open zone of one: a simple polygon, vertices in metres, either winding."""

    id: str
    cls: str
    names: tuple[str, ...] = ()
    polygon: tuple[Point, ...]
    floor: int = 0


class Door(Noun):
    """A passage between two rooms, centred at `at`; bodies pass it one at a time.

    `leaf` is False for a plain opening. A door with a leaf has the changing fact `open`.
    """

    id: str
    rooms: tuple[str, str]
    at: Point
    width_m: float = 1.0
    leaf: bool = False
    names: tuple[str, ...] = ()


class Fixture(Noun):
    """Something that stays where it is: table, shelf, fridge, sink, lamp, charging dock.

    Footprint `size_m` (dx, dy) centred at (x, y) and turned by `yaw`. `capacity` is how many
    objects it carries (0: none, like a lamp). An `inside` fixture holds things in, not on; if it is
    `closable` they can be seen and reached only while its fact `open` is true.
    `offers` names what its mechanism does: wash, heat, cut, charge, or a liquid it pours
    ("coffee", "water"). `home_of` lists the classes that belong here; `stock` the level to keep.
    """

    id: str
    cls: str
    names: tuple[str, ...] = ()
    room: str
    x: float
    y: float
    yaw: float = 0.0
    size_m: tuple[float, float] = (0.8, 0.8)
    height_m: float = 0.75
    capacity: int = 0
    inside: bool = False
    closable: bool = False
    solid: bool = True
    offers: tuple[str, ...] = ()
    home_of: tuple[str, ...] = ()
    stock: dict[str, int] = {}
    attrs: dict[str, bool | int | float | str] = {}


class SpeedZone(Noun):
    """An area where bodies keep below a speed, or that they never enter (speed 0)."""

    id: str
    polygon: tuple[Point, ...]
    max_speed_m_s: float
    mobilities: tuple[Literal["wheels", "legs", "air"], ...] = ("wheels", "legs", "air")


_Item = TypeVar("_Item", Room, Door, Fixture)


class SitePlan(Noun):
    """The whole floor plan of one site, in one frame (`map`, x right, y up)."""

    name: str
    rooms: tuple[Room, ...]
    doors: tuple[Door, ...]
    fixtures: tuple[Fixture, ...]
    zones: tuple[SpeedZone, ...] = ()

    def room(self, room_id: str) -> Room:
        """Return the room, or raise KeyError."""
        return _by_id(self.rooms, room_id)

    def fixture(self, fixture_id: str) -> Fixture:
        """Return the fixture, or raise KeyError."""
        return _by_id(self.fixtures, fixture_id)

    def door(self, door_id: str) -> Door:
        """Return the door, or raise KeyError."""
        return _by_id(self.doors, door_id)


def _by_id(items: tuple[_Item, ...], item_id: str) -> _Item:
    for item in items:
        if item.id == item_id:
            return item
    raise KeyError(item_id)
