"""The scene as memory believes it: what holds what, how things lie to one another, who gets there.

All of it is read from a `MemoryState`; give it the state of another time (`EventStore.replay`) and
it answers for that time, with the bodies as they were then. Metres and radians in the map frame.
"""

from __future__ import annotations

from math import atan2, cos, hypot, pi, remainder, sin
from typing import Literal

from devices.noun import Noun
from devices.roadmap import Roadmap
from devices.site import Fixture, Point
from stem_memory.belief.geometry import distance
from stem_memory.belief.state import MemoryState
from stem_memory.view import BodyRecord

# Closer than this (edge to edge, metres) two things stand beside one another; closer than that,
# near one another.
BESIDE_M = 0.15
NEAR_M = 1.0
_USUAL_SIZE_M = 0.1
# How many places to stand are tried on the way to a thing that no fixture holds.
_STANDS = 4

SpatialRelation = Literal["on", "in", "held", "at", "beside", "near"]


class SceneNode(Noun):
    """A thing and what it holds: the site, its rooms, what stands there, what lies on that."""

    thing: str
    category: str
    relation: SpatialRelation | None = None
    inside: tuple[SceneNode, ...] = ()


class Lies(Noun):
    """One relation of the object graph: `thing` is on, in, beside or near `other`."""

    thing: str
    relation: SpatialRelation
    other: str
    distance_m: float | None = None


class Access(Noun):
    """Whether a body sees and reaches a thing from where it is, or could if it went there.

    `kind` is what the body was then, since `since_s` (its embodiment revision). `why` says what is
    in the way of the first "no". Doors do not count: somebody may open them.
    """

    body: str
    kind: str
    since_s: float
    sees: bool
    reaches: bool
    could_see: bool
    could_reach: bool
    why: str = ""


def scene_tree(memory: MemoryState) -> SceneNode:
    """Everything believed, under the site, by what holds it; what has no known place is left out."""
    plan = memory.plan()
    held: dict[str, list[str]] = {}
    for thing in memory.ids():
        place = memory.location(thing)
        if place is not None:
            held.setdefault(place.holder, []).append(thing)
    rooms = tuple(_node(memory, room.id, held, frozenset()) for room in plan.rooms)
    return SceneNode(thing=plan.name, category="site", inside=rooms)


def relations(memory: MemoryState, thing: str) -> tuple[Lies, ...]:
    """How a thing lies to what is around it, nearest first: its holder, then its neighbours.

    Where nobody said what holds it, the fixture whose footprint it lies in does.
    """
    under = _under(memory, thing)
    found = () if under is None else (under,)
    at = memory.position(thing)
    if at is None:
        return found
    held_by = None if under is None else under.other
    around = [
        lies
        for other in memory.ids("object")
        if other not in (thing, held_by)
        and (lies := _neighbour(memory, thing, at, other)) is not None
    ]
    return (*found, *sorted(around, key=lambda lies: lies.distance_m or 0.0))


def _under(memory: MemoryState, thing: str) -> Lies | None:
    """What a thing lies on or in, as far as that is more than a room."""
    at, place = memory.position(thing), memory.location(thing)
    if place is not None and memory.category(place.holder) != "room":
        return Lies(thing=thing, relation=place.relation, other=place.holder)
    if at is None or memory.category(thing) != "object":
        return None
    fixture = next((f for f in memory.plan().fixtures if f.capacity and _covers(f, at)), None)
    if fixture is None:
        return None
    return Lies(thing=thing, relation="in" if fixture.inside else "on", other=fixture.id)


def _neighbour(memory: MemoryState, thing: str, at: Point, other: str) -> Lies | None:
    """How another thing in the same room lies to one; None: it is too far away."""
    spot = memory.position(other)
    if spot is None or memory.room_of(other) != memory.room_of(thing):
        return None
    gap = distance(at, spot) - (_size(memory, thing) + _size(memory, other)) / 2.0
    if gap > NEAR_M:
        return None
    place, there = memory.location(thing), memory.location(other)
    together = place is not None and there is not None and there.holder == place.holder
    close: SpatialRelation = "beside" if together and gap <= BESIDE_M else "near"
    return Lies(thing=thing, relation=close, other=other, distance_m=round(max(gap, 0.0), 3))


def who_gets_at(memory: MemoryState, thing: str) -> tuple[Access, ...]:
    """For each body in touch, whether it sees and reaches the thing, in order of enrolment."""
    roadmap = Roadmap(memory.plan())
    return tuple(
        _access(memory, roadmap, record, thing)
        for record in memory.bodies().values()
        if not record.lost and record.spec.id != thing
    )


def _access(memory: MemoryState, roadmap: Roadmap, record: BodyRecord, thing: str) -> Access:
    body, card, pose = record.spec.id, record.card, record.state.pose
    revision = memory.revision_at(body, memory.now())
    since = revision.since_s if revision is not None else 0.0
    at = memory.position(thing)
    if at is None:
        nobody = {"sees": False, "reaches": False, "could_see": False, "could_reach": False}
        why = "nobody knows where it is"
        return Access(body=body, kind=card.kind, since_s=since, **nobody, why=why)
    shut, height = _shut_in(memory, thing), _height(memory, thing)
    moves = card.mobility != "fixed" and card.speed_m_s > 0
    apart = hypot(at[0] - pose.x, at[1] - pose.y)
    same_room = memory.room_of(thing) == memory.room_of(body)
    sees = shut is None and same_room and _in_view(record, at)
    could_see = sees or (
        shut is None
        and any(s.kind == "camera" for s in card.sensors)
        and moves
        and _gets_to(roadmap, record, memory.room_of(thing))
    )
    level = card.low_m <= height <= card.high_m
    within = apart <= card.reach_m + card.radius_m and same_room
    handy = card.hands > 0 and level and shut is None
    there = within or (moves and _gets_at(roadmap, record, _spot(memory, thing), at))
    hindrances = (
        (shut is not None, f"{shut} is closed"),
        (
            not level,
            f"its hands work at {card.low_m:g} to {card.high_m:g} m, and it is at {height:g} m",
        ),
        (not card.hands, "it has no hands"),
        (not there and moves, "there is no way for it to get there"),
        (not there, "it stays where it is"),
        (not same_room, f"it is in {memory.room_of(body)}"),
        (not within, f"it is {apart:.1f} m away"),
        (not sees, "it looks elsewhere"),
    )
    return Access(
        body=body,
        kind=card.kind,
        since_s=since,
        sees=sees,
        reaches=handy and within,
        could_see=could_see,
        could_reach=handy and there,
        why=next((why for is_so, why in hindrances if is_so), ""),
    )


def _in_view(record: BodyRecord, at: Point) -> bool:
    """Whether a point is within range of one of a body's cameras, and in front of it."""
    pose = record.state.pose
    apart = hypot(at[0] - pose.x, at[1] - pose.y)
    turned = abs(remainder(atan2(at[1] - pose.y, at[0] - pose.x) - pose.yaw, 2 * pi))
    return any(
        apart <= eye.range_m and (turned <= eye.fov_rad / 2 or eye.fov_rad >= 2 * pi)
        for eye in record.card.sensors
        if eye.kind == "camera"
    )


def _gets_to(roadmap: Roadmap, record: BodyRecord, room: str | None) -> bool:
    """Whether there is a way for the body into a room."""
    return room is not None and _way(roadmap, record, room)


def _gets_at(roadmap: Roadmap, record: BodyRecord, spot: str | None, at: Point) -> bool:
    """Whether there is a way for the body to where its hands reach a fixture, or else a point."""
    if spot is not None:
        return _way(roadmap, record, spot)
    card, pose = record.card, record.state.pose
    radius_m, mobility = card.radius_m, card.mobility
    stands = roadmap.stand_near(at, radius_m=radius_m, mobility=mobility, reach_m=card.reach_m)
    ways = (
        roadmap.route((pose.x, pose.y), (s.x, s.y), radius_m=radius_m, mobility=mobility)
        for s in stands[:_STANDS]
    )
    return any(way is not None for way in ways)


def _way(roadmap: Roadmap, record: BodyRecord, place: str) -> bool:
    return roadmap.way_m(record.state.pose, record.card, place) is not None


def _spot(memory: MemoryState, thing: str) -> str | None:
    """The fixture that one must get to for a thing, if it is on or in one."""
    spot = _holder_fixture(memory, thing)
    return spot.id if spot is not None else None


def _node(
    memory: MemoryState, thing: str, held: dict[str, list[str]], above: frozenset[str]
) -> SceneNode:
    place = memory.location(thing)
    below = [i for i in held.get(thing, ()) if i not in above and i != thing]
    return SceneNode(
        thing=thing,
        category=memory.category(thing) or "",
        relation=place.relation if place is not None else None,
        inside=tuple(_node(memory, i, held, above | {thing}) for i in below),
    )


def _covers(fixture: Fixture, point: Point) -> bool:
    """Whether a point lies in the footprint of a fixture."""
    dx, dy = point[0] - fixture.x, point[1] - fixture.y
    c, s = cos(-fixture.yaw), sin(-fixture.yaw)
    x, y = c * dx - s * dy, s * dx + c * dy
    return abs(x) <= fixture.size_m[0] / 2 and abs(y) <= fixture.size_m[1] / 2


def _size(memory: MemoryState, thing: str) -> float:
    card = memory.class_card(thing)
    return card.size_m if card is not None else _USUAL_SIZE_M


def _holder_fixture(memory: MemoryState, thing: str) -> Fixture | None:
    spots = {f.id: f for f in memory.plan().fixtures}
    if thing in spots:
        return spots[thing]
    place = memory.location(thing)
    return spots.get(place.holder) if place is not None else None


def _shut_in(memory: MemoryState, thing: str) -> str | None:
    """The closed fixture that the thing is in, if there is one."""
    spot = _holder_fixture(memory, thing)
    if spot is None or spot.id == thing or not (spot.inside and spot.closable):
        return None
    return None if memory.attr(spot.id, "open") else spot.id


def _height(memory: MemoryState, thing: str) -> float:
    """How high the thing is; on the floor where nothing holds it."""
    place = memory.location(thing)
    if place is not None and memory.category(place.holder) in {"person", "body"}:
        return 1.0
    spot = _holder_fixture(memory, thing)
    return spot.height_m if spot is not None else 0.0
