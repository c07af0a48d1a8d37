"""What must be right in a floor plan before anybody can move on it. Metres."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import shapely
from shapely import Polygon
from shapely.validation import explain_validity

from devices.geometry import footprint, free_floor
from devices.site import Door, Point, Room, SitePlan
from sim_worlds.loading.ontology import Ontology
from sim_worlds.loading.problem import Problem, unknown

# Shared walls may be drawn twice, this far apart, or overlap by as much.
WALL_SLACK_M = 0.3
ROOM_OVERLAP_M2 = 0.01
FIXTURE_OVERLAP_M2 = 0.005
OUTSIDE_M2 = 0.005
SMALLEST_ROOM_M2 = 0.25
# A way as narrow as this is blocked for every body.
NARROW_M = 0.1


def check_plan(plan: SitePlan, ontology: Ontology) -> Iterator[Problem]:
    """Yield every mistake of the floor plan; paths start at `plan`."""
    shapes: dict[str, Polygon] = {}
    for i, room in enumerate(plan.rooms):
        problem = polygon_problem(room.id, room.polygon)
        if problem:
            yield Problem(("plan", "rooms", i, "polygon"), problem)
        else:
            shapes[room.id] = Polygon(room.polygon)
        if room.cls not in ontology:
            yield unknown(("plan", "rooms", i, "cls"), "class", room.cls, ontology.cards)
    yield from _overlapping_rooms(plan, shapes)
    for i, zone in enumerate(plan.zones):
        problem = polygon_problem(zone.id, zone.polygon)
        if problem:
            yield Problem(("plan", "zones", i, "polygon"), problem)
    yield from _check_doors(plan, shapes)
    yield from _check_fixtures(plan, shapes, ontology)


def polygon_problem(name: str, points: tuple[Point, ...]) -> str | None:
    """What is wrong with a polygon, if anything; `name` is how the sentence calls it."""
    if len(points) < 3:
        return f"the polygon of `{name}` has {len(points)} corners; give at least three"
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
        return f"the polygon of `{name}` has a corner that is not a number; give metres"
    shape = Polygon(points)
    if not shape.is_valid:
        why = explain_validity(shape).split("[")[0].lower()
        return f"the polygon of `{name}` is not simple ({why}); list its corners in order"
    if shape.area < SMALLEST_ROOM_M2:
        return f"the polygon of `{name}` has no room in it ({shape.area:.2f} m2); move its corners"
    return None


def _overlapping_rooms(plan: SitePlan, shapes: dict[str, Polygon]) -> Iterator[Problem]:
    rooms = [(i, room) for i, room in enumerate(plan.rooms) if room.id in shapes]
    for k, (i, room) in enumerate(rooms):
        for _, other in rooms[:k]:
            area = shapes[room.id].intersection(shapes[other.id]).area
            if area > ROOM_OVERLAP_M2:
                yield Problem(
                    ("plan", "rooms", i, "polygon"),
                    f"room `{room.id}` overlaps room `{other.id}` by {area:.2f} m2; move a wall "
                    "(floors of a building lie side by side in the map)",
                )


def _check_doors(plan: SitePlan, shapes: dict[str, Polygon]) -> Iterator[Problem]:
    rooms = {room.id: room for room in plan.rooms}
    for i, door in enumerate(plan.doors):
        path = ("plan", "doors", i)
        missing = [room for room in door.rooms if room not in rooms]
        for room in missing:
            yield unknown((*path, "rooms"), "room", room, rooms)
        if missing or any(room not in shapes for room in door.rooms):
            continue
        if door.rooms[0] == door.rooms[1]:
            yield Problem(
                (*path, "rooms"), f"door `{door.id}` leads back into its room; name two rooms"
            )
        elif not 0.3 <= door.width_m <= 50:
            yield Problem(
                (*path, "width_m"),
                f"door `{door.id}` is {door.width_m} m wide; give at least 0.3 and at most 50",
            )
        elif (off := _off_the_wall(door, shapes)) is not None:
            yield Problem(
                (*path, "at"),
                f"door `{door.id}` is not in a wall that `{off}` has there, over its whole "
                f"width; move it onto the wall that `{door.rooms[0]}` and `{door.rooms[1]}` share",
            )


def _off_the_wall(door: Door, shapes: dict[str, Polygon]) -> str | None:
    """The room whose wall the door misses, if it misses one."""
    x, y = door.at
    wall = _wall_direction(shapes[door.rooms[0]], door.at)
    half = door.width_m / 2 - 0.01
    ends = [shapely.Point(x + s * half * wall[0], y + s * half * wall[1]) for s in (-1, 0, 1)]
    for room in door.rooms:
        edge = shapes[room].exterior
        if any(edge.distance(end) > WALL_SLACK_M for end in ends):
            return room
    return None


def _wall_direction(shape: Polygon, point: Point) -> Point:
    corners = list(shape.exterior.coords)
    spot = shapely.Point(point)
    walls = list(itertools.pairwise(corners))
    (ax, ay), (bx, by) = min(walls, key=lambda wall: shapely.LineString(wall).distance(spot))
    length = math.hypot(bx - ax, by - ay)
    return (bx - ax) / length, (by - ay) / length


def _check_fixtures(
    plan: SitePlan, shapes: dict[str, Polygon], ontology: Ontology
) -> Iterator[Problem]:
    rooms: dict[str, Room] = {room.id: room for room in plan.rooms}
    prints: dict[str, Polygon] = {}
    for i, fixture in enumerate(plan.fixtures):
        path = ("plan", "fixtures", i)
        if fixture.cls not in ontology:
            yield unknown((*path, "cls"), "class", fixture.cls, ontology.cards)
        for cls in (*fixture.home_of, *fixture.stock):
            if cls not in ontology:
                field = "home_of" if cls in fixture.home_of else "stock"
                yield unknown((*path, field), "class", cls, ontology.cards)
        if fixture.closable and "open" not in ontology.states(fixture.cls):
            yield Problem(
                (*path, "closable"),
                f"`{fixture.id}` is closable but class `{fixture.cls}` has no state `open`; "
                "use a class that has it or leave `closable` out",
            )
        if fixture.capacity < 0:
            yield Problem(
                (*path, "capacity"), f"`{fixture.id}` has capacity below 0; give 0 or more"
            )
        if min(fixture.size_m) <= 0:
            yield Problem((*path, "size_m"), f"`{fixture.id}` has no size; give metres above 0")
            continue
        if fixture.room not in rooms:
            yield unknown((*path, "room"), "room", fixture.room, rooms)
            continue
        shape = footprint(fixture)
        if fixture.room in shapes and shape.difference(shapes[fixture.room]).area > OUTSIDE_M2:
            yield Problem(
                path,
                f"fixture `{fixture.id}` stands partly outside room `{fixture.room}`; "
                "move it or make it smaller",
            )
            continue
        if fixture.solid:
            yield from _standing_in(i, plan, shape, prints)
            prints[fixture.id] = shape


def _standing_in(
    i: int, plan: SitePlan, shape: Polygon, others: dict[str, Polygon]
) -> Iterator[Problem]:
    fixture = plan.fixtures[i]
    for name, other in others.items():
        if shape.intersection(other).area > FIXTURE_OVERLAP_M2:
            yield Problem(
                ("plan", "fixtures", i),
                f"fixture `{fixture.id}` stands in fixture `{name}`; move it, or give it "
                "`solid: false` if it stands on top",
            )
    for door in plan.doors:
        if shape.distance(shapely.Point(door.at)) < NARROW_M:
            yield Problem(
                ("plan", "fixtures", i),
                f"fixture `{fixture.id}` blocks door `{door.id}`; move one of them",
            )


def standing_room(plan: SitePlan, radius_m: float, fixtures: bool) -> shapely.Geometry:
    """Where the centre of a body of this radius may be at the start (zones do not matter)."""
    bare = plan.model_copy(update={"zones": ()})
    # A hair more than the body needs: a drawn start may touch what it stands beside.
    return free_floor(bare, max(radius_m - 0.02, 0.01), "wheels" if fixtures else "air")
