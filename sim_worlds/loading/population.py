"""Who and what is in a scenario at the start: counted things one by one, kinds of every id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devices.facts import Category
from sim_worlds.contracts import Appears, Moves, Scenario, ScenarioThing
from sim_worlds.errors import WorldMisuse
from sim_worlds.physics.ground import Ground


def numbered(thing: ScenarioThing) -> tuple[ScenarioThing, ...]:
    """One entry per object: `cup` with count 3 becomes `cup-1`, `cup-2` and `cup-3`."""
    if thing.count == 1:
        return (thing,)
    return tuple(
        thing.model_copy(update={"id": f"{thing.id}-{k}", "count": 1})
        for k in range(1, thing.count + 1)
    )


def all_things(things: Iterable[ScenarioThing]) -> Iterator[ScenarioThing]:
    """Every object, counted ones one by one, in the order of the file."""
    for thing in things:
        yield from numbered(thing)


def with_bodies(scenario: Scenario, count: int | None, ground: Ground) -> Scenario:
    """The scenario with its first `count` bodies; what the others were to hold lies on the floor.

    Raises:
        WorldMisuse: `count` is below 1 or above the number of bodies.
    """
    bodies = scenario.bodies
    if count is None:
        return scenario
    if not 1 <= count <= len(bodies):
        raise WorldMisuse(
            f"`{scenario.name}` has {len(bodies)} bodies; run it with 1 to {len(bodies)} of them"
        )
    floors = {b.id: ground.room_at((b.pose.x, b.pose.y)) for b in bodies[count:]}

    def without(thing: ScenarioThing) -> ScenarioThing:
        believed = thing.believed_at
        if believed is not None:
            believed = floors.get(believed, believed)
        place = floors.get(thing.at, thing.at)
        return thing.model_copy(update={"at": place, "believed_at": believed})

    happenings = []
    for happening in scenario.happenings:
        if isinstance(happening, Moves):
            happening = happening.model_copy(update={"to": floors.get(happening.to, happening.to)})
        elif isinstance(happening, Appears):
            happening = happening.model_copy(update={"thing": without(happening.thing)})
        happenings.append(happening)
    return scenario.model_copy(
        update={
            "bodies": bodies[:count],
            "things": tuple(without(thing) for thing in scenario.things),
            "happenings": tuple(happenings),
        }
    )


def categories(scenario: Scenario) -> dict[str, Category]:
    """Every id of a scenario with what it names, later appearances included."""
    plan = scenario.plan
    named: list[tuple[str, Category]] = []
    named += [(room.id, "room") for room in plan.rooms]
    named += [(door.id, "door") for door in plan.doors]
    named += [(fixture.id, "fixture") for fixture in plan.fixtures]
    named += [(thing.id, "object") for thing in all_things(scenario.things)]
    named += [(person.id, "person") for person in scenario.people]
    named += [(body.id, "body") for body in scenario.bodies]
    for happening in scenario.happenings:
        if isinstance(happening, Appears):
            named += [(thing.id, "object") for thing in numbered(happening.thing)]
    return dict(named)
