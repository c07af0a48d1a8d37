"""Doors that must be opened before anybody who could do a step can get to its place."""

from __future__ import annotations

from brain.feasible import spot
from brain.planning.sketch import Gates, Sketch
from brain.planning.whatif import HANDS
from devices.contracts import BodyCard
from devices.site import Point
from stem_memory.tasks import TaskStep


def gates(sketch: Sketch) -> Gates:
    """For each place of the plan the shut doors on the way of every body that could work there.

    Places that somebody able reaches without opening anything are not in the answer.
    """
    view = sketch.view
    shut = frozenset(
        door.id for door in view.plan().doors if door.leaf and view.attr(door.id, "open") is False
    )
    found: Gates = {}
    if not shut:
        return found
    for step in sketch.steps[sketch.fixed :]:
        place = step.place
        if place is None or place in found:
            continue
        doors = _in_the_way(step, place, shut, sketch)
        if doors:
            found[place] = doors
    return found


def _in_the_way(
    step: TaskStep, place: str, shut: frozenset[str], sketch: Sketch
) -> tuple[str, ...]:
    """The shut doors on the shortest way of a body able to do the step; none if one is free."""
    target = spot(place, sketch.view)
    if target is None:
        return ()
    fit = sketch.able(step)
    if step.bind is not None:
        fit &= sketch.fit(HANDS + step.bind)
    best: tuple[float, tuple[str, ...]] | None = None
    for name in sorted(fit):
        body = sketch.view.bodies()[name]
        if body.card.mobility == "fixed":
            return ()
        start = (body.state.pose.x, body.state.pose.y)
        if _way(start, target, body.card, shut, sketch) is not None:
            return ()
        way = _way(start, target, body.card, frozenset(), sketch)
        if way is not None and (best is None or way[0] < best[0]):
            best = way
    return tuple(door for door in best[1] if door in shut) if best is not None else ()


def _way(
    start: Point, target: str, card: BodyCard, shut: frozenset[str], sketch: Sketch
) -> tuple[float, tuple[str, ...]] | None:
    """Length (m) and doors of the shortest way to a stand at the target."""
    stands = sketch.roadmap.stand(
        target, radius_m=card.radius_m, mobility=card.mobility, reach_m=card.reach_m
    )
    routes = [
        sketch.roadmap.route(
            start, (at.x, at.y), radius_m=card.radius_m, mobility=card.mobility, shut=shut
        )
        for at in stands
    ]
    ways = [(route.length_m, route.doors) for route in routes if route is not None]
    return min(ways, default=None)
