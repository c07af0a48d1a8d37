"""What must be right in a scenario besides its floor plan: things, people, bodies, happenings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import shapely

from devices.contracts import BodyCard
from devices.facts import At, Be, Category, Clear, Condition, Known, Selector, Told, Value
from sim_worlds.contracts import (
    Appears,
    Changes,
    Moves,
    Scenario,
    ScenarioThing,
    Vanishes,
    Walk,
)
from sim_worlds.faults.kind import Fault
from sim_worlds.loading.marked_yaml import Path
from sim_worlds.loading.ontology import Ontology
from sim_worlds.loading.plan_checks import standing_room
from sim_worlds.loading.population import categories, numbered
from sim_worlds.loading.privacy_checks import check_privacy
from sim_worlds.loading.problem import Problem, unknown

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOLDERS: tuple[Category, ...] = ("fixture", "body", "person", "room")


@dataclass(frozen=True)
class _Names:
    """Everything a name in the file can mean."""

    scenario: Scenario
    ontology: Ontology
    cards: Mapping[str, BodyCard]
    categories: dict[str, Category]

    def of(self, *wanted: Category) -> list[str]:
        return [name for name, category in self.categories.items() if category in wanted]

    def is_one(self, name: str, *wanted: Category) -> bool:
        return self.categories.get(name) in wanted


def check_content(
    scenario: Scenario, ontology: Ontology, cards: Mapping[str, BodyCard]
) -> Iterator[Problem]:
    """Yield every mistake outside the floor plan. Ids are checked in the plan, too."""
    names = _Names(scenario, ontology, cards, categories(scenario))
    yield from _check_ids(scenario)
    yield from _check_classes(names)
    for i, thing in enumerate(scenario.things):
        yield from _check_thing(thing, ("things", i), names)
    yield from _check_states(names)
    yield from _check_people(names)
    yield from _check_bodies(names)
    yield from _check_loads(names)
    for i in range(len(scenario.happenings)):
        yield from _check_happening(i, names)
    skills = sorted({skill for card in cards.values() for skill in card.skills})
    bodies = names.of("body")
    for i, fault in enumerate(scenario.faults):
        yield from _check_fault(fault, ("faults", i), bodies, skills)
    yield from check_privacy(scenario, ontology, names.categories)
    if not scenario.limit_s > 0:
        yield Problem(("limit_s",), "`limit_s` is not above 0; give the longest run in seconds")


def _check_ids(scenario: Scenario) -> Iterator[Problem]:
    plan = scenario.plan
    named: list[tuple[str, Path]] = []
    for field in ("rooms", "doors", "fixtures", "zones"):
        named += [(x.id, ("plan", field, i, "id")) for i, x in enumerate(getattr(plan, field))]
    named += [
        (one.id, ("things", i, "id"))
        for i, thing in enumerate(scenario.things)
        for one in numbered(thing)
    ]
    named += [(x.id, ("people", i, "id")) for i, x in enumerate(scenario.people)]
    named += [(x.id, ("bodies", i, "id")) for i, x in enumerate(scenario.bodies)]
    named += [
        (one.id, ("happenings", i, "thing", "id"))
        for i, x in enumerate(scenario.happenings)
        if isinstance(x, Appears)
        for one in numbered(x.thing)
    ]
    seen: set[str] = set()
    for name, path in named:
        if not _ID.fullmatch(name):
            yield Problem(
                path, f"`{name}` is not an id; use small letters, digits and hyphens (kitchen-2)"
            )
        if name in seen:
            yield Problem(path, f"the id `{name}` is taken already; give each thing its own")
        seen.add(name)


def _check_classes(names: _Names) -> Iterator[Problem]:
    ontology = names.ontology
    for i, card in enumerate(names.scenario.classes):
        for field in ("home", "dirty_home"):
            for place in getattr(card, field):
                if place not in ontology and not names.is_one(place, "fixture"):
                    known = [*ontology.cards, *names.of("fixture")]
                    yield unknown(("classes", i, field), "class or fixture", place, known)
        for state, spec in card.states.items():
            if spec.default not in spec.values:
                yield Problem(
                    ("classes", i, "states", state),
                    f"`{state}` starts as {spec.default!r}, which is not among its values; add it",
                )
    for i, process in enumerate(names.scenario.processes):
        for field in ("target_cls", "at_cls"):
            for cls in getattr(process, field):
                if cls not in ontology:
                    yield unknown(("processes", i, field), "class", cls, ontology.cards)
        if process.seconds < 0 or process.spread < 0:
            yield Problem(
                ("processes", i), f"`{process.name}` has a time below 0; give seconds of 0 or more"
            )


def _check_thing(thing: ScenarioThing, path: Path, names: _Names) -> Iterator[Problem]:
    if thing.cls not in names.ontology:
        yield unknown((*path, "cls"), "class", thing.cls, names.ontology.cards)
    elif names.ontology.card(thing.cls).category != "object":
        category = names.ontology.card(thing.cls).category
        yield Problem(
            (*path, "cls"), f"`{thing.cls}` is a class of {category}; use a class of objects"
        )
    else:
        yield from _check_values(thing.id, thing.cls, thing.states, (*path, "states"), names)
    for field, place in (("at", thing.at), ("believed_at", thing.believed_at)):
        if place is not None and not names.is_one(place, *_HOLDERS):
            yield unknown((*path, field), "place", place, names.of(*_HOLDERS))
    if thing.count < 1:
        yield Problem((*path, "count"), f"`{thing.id}` has count {thing.count}; give 1 or more")


def _check_values(
    name: str, cls: str, states: Mapping[str, Value], path: Path, names: _Names
) -> Iterator[Problem]:
    specs = names.ontology.states(cls)
    for state, value in states.items():
        if state not in specs:
            yield unknown((*path, state), f"state of `{name}` (a {cls}):", state, specs)
        elif value not in specs[state].values:
            values = ", ".join(str(v).lower() for v in specs[state].values)
            yield Problem(
                (*path, state),
                f"`{state}` of `{name}` cannot be `{str(value).lower()}`; use one of {values}",
            )


def _check_states(names: _Names) -> Iterator[Problem]:
    scenario = names.scenario
    classes = {fixture.id: fixture.cls for fixture in scenario.plan.fixtures}
    classes |= {door.id: "door" for door in scenario.plan.doors}
    classes |= {one.id: thing.cls for thing in scenario.things for one in numbered(thing)}
    for name, states in scenario.states.items():
        if name not in classes:
            yield unknown(("states", name), "door, fixture or object", name, classes)
        elif classes[name] in names.ontology:
            yield from _check_values(name, classes[name], states, ("states", name), names)


def _check_people(names: _Names) -> Iterator[Problem]:
    for i, person in enumerate(names.scenario.people):
        path = ("people", i)
        if person.cls not in names.ontology:
            yield unknown((*path, "cls"), "class", person.cls, names.ontology.cards)
        if not names.is_one(person.at, "fixture", "room"):
            yield unknown((*path, "at"), "room or fixture", person.at, names.of("fixture", "room"))
        if not person.speed_m_s > 0:
            yield Problem((*path, "speed_m_s"), f"`{person.id}` stands still for ever; give m/s")
    operator = names.scenario.operator
    if not names.is_one(operator, "person"):
        yield unknown(("operator",), "person", operator, names.of("person"))


def _check_bodies(names: _Names) -> Iterator[Problem]:
    plan = names.scenario.plan
    for i, body in enumerate(names.scenario.bodies):
        path = ("bodies", i)
        card = names.cards.get(body.kind)
        if card is None:
            yield unknown((*path, "kind"), "kind of body", body.kind, names.cards)
            continue
        if not 0 <= body.battery <= 1:
            yield Problem((*path, "battery"), f"`{body.id}` is charged {body.battery}; give 0 to 1")
        pose = body.pose
        if not (math.isfinite(pose.x) and math.isfinite(pose.y)):
            yield Problem((*path, "pose"), f"`{body.id}` starts nowhere; give metres")
            continue
        on_floor = card.mobility in ("wheels", "legs")
        # What is bolted down may stand in or on furniture, but must be in a room.
        radius_m = 0.02 if card.mobility == "fixed" else card.radius_m
        free = standing_room(plan, radius_m, fixtures=on_floor)
        if not shapely.intersects_xy(free, pose.x, pose.y):
            yield Problem(
                (*path, "pose"),
                f"`{body.id}` starts at ({pose.x}, {pose.y}), in an obstacle or less than its "
                f"radius ({card.radius_m} m) from one; move it to free floor",
            )


def _check_loads(names: _Names) -> Iterator[Problem]:
    scenario = names.scenario
    capacity = {fixture.id: fixture.capacity for fixture in scenario.plan.fixtures}
    for body in scenario.bodies:
        if body.kind in names.cards:
            capacity[body.id] = names.cards[body.kind].carry
    load: Counter[str] = Counter()
    for i, thing in enumerate(scenario.things):
        load[thing.at] += max(thing.count, 0)
        if thing.at in capacity and load[thing.at] > capacity[thing.at]:
            yield Problem(
                ("things", i, "at"),
                f"`{thing.at}` holds {capacity[thing.at]} objects and would get "
                f"{load[thing.at]} with `{thing.id}`; raise its capacity or use another place",
            )


def _check_happening(i: int, names: _Names) -> Iterator[Problem]:
    happening = names.scenario.happenings[i]
    path: Path = ("happenings", i)
    if not (happening.t >= 0 and math.isfinite(happening.t)):
        yield Problem((*path, "t"), f"nothing happens at {happening.t} s; give 0 or later")
    if isinstance(happening, Walk):
        if not names.is_one(happening.who, "person"):
            yield unknown((*path, "who"), "person", happening.who, names.of("person"))
        if not names.is_one(happening.to, "fixture", "room"):
            places = names.of("fixture", "room")
            yield unknown((*path, "to"), "room or fixture", happening.to, places)
    elif isinstance(happening, Appears):
        yield from _check_thing(happening.thing, (*path, "thing"), names)
    elif isinstance(happening, Moves | Vanishes):
        if not names.is_one(happening.thing, "object"):
            yield unknown((*path, "thing"), "object", happening.thing, names.of("object"))
        if isinstance(happening, Moves) and not names.is_one(happening.to, *_HOLDERS):
            yield unknown((*path, "to"), "place", happening.to, names.of(*_HOLDERS))
    elif isinstance(happening, Changes):
        yield from _check_change(happening, path, names)
    else:
        if not names.is_one(happening.who, "person"):
            yield unknown((*path, "who"), "person", happening.who, names.of("person"))
        for k, condition in enumerate(happening.success):
            yield from _check_condition(condition, (*path, "success", k), names)


def _check_change(change: Changes, path: Path, names: _Names) -> Iterator[Problem]:
    kinds: tuple[Category, ...] = ("object", "fixture", "door")
    if change.what is not None:
        yield from _check_selector(change.what, (*path, "what"), names)
        return
    if not names.is_one(change.thing, *kinds):
        yield unknown((*path, "thing"), "door, fixture or object", change.thing, names.of(*kinds))
        return
    cls = _class_of(change.thing, names.scenario)
    if cls in names.ontology:
        yield from _check_values(change.thing, cls, change.states, (*path, "states"), names)


def _class_of(name: str, scenario: Scenario) -> str:
    for fixture in scenario.plan.fixtures:
        if fixture.id == name:
            return fixture.cls
    appearing = [x.thing for x in scenario.happenings if isinstance(x, Appears)]
    for thing in (*scenario.things, *appearing):
        if any(one.id == name for one in numbered(thing)):
            return thing.cls
    return "door"


def _check_condition(condition: Condition, path: Path, names: _Names) -> Iterator[Problem]:
    if isinstance(condition, Be | At | Known):
        yield from _check_selector(condition.what, (*path, "what"), names)
    if isinstance(condition, At | Clear) and condition.where not in names.categories:
        yield unknown((*path, "where"), "place", condition.where, names.categories)
    if isinstance(condition, Clear) and condition.cls not in names.ontology:
        yield unknown((*path, "cls"), "class", condition.cls, names.ontology.cards)
    if isinstance(condition, Told) and not names.is_one(condition.who, "person"):
        yield unknown((*path, "who"), "person", condition.who, names.of("person"))


def _check_selector(what: Selector, path: Path, names: _Names) -> Iterator[Problem]:
    for field in ("ids", "exclude"):
        for name in getattr(what, field):
            if name not in names.categories:
                yield unknown((*path, field), "thing", name, names.categories)
    if what.within is not None and what.within not in names.categories:
        yield unknown((*path, "within"), "place", what.within, names.categories)
    if what.cls is not None and what.cls not in names.ontology:
        yield unknown((*path, "cls"), "class", what.cls, names.ontology.cards)


def _check_fault(
    fault: Fault, path: Path, bodies: Iterable[str], skills: Iterable[str]
) -> Iterator[Problem]:
    known, able = list(bodies), list(skills)
    for what, names in (("body", known), ("skill", able)):
        name = getattr(fault, what, None)
        if name is not None and name not in names:
            yield unknown((*path, what), what, name, names)
    for field, low, high in (
        ("t", 0.0, math.inf),
        ("lasts_s", 0.0, math.inf),
        ("probability", 0.0, 1.0),
        ("level", 0.0, 1.0),
        ("factor", 0.01, math.inf),
        ("times", 1, math.inf),
    ):
        value = getattr(fault, field, None)
        if value is not None and not low <= value <= high:
            limits = f"{low} or more" if high == math.inf else f"{low} to {high}"
            yield Problem((*path, field), f"`{field}` is {value}; give {limits}")
