"""What must be right about privacy in a scenario: places that exist, times that can come."""

from __future__ import annotations

from collections.abc import Iterator

from devices.facts import Category
from sim_worlds.contracts import Scenario
from sim_worlds.loading.ontology import Ontology
from sim_worlds.loading.plan_checks import polygon_problem
from sim_worlds.loading.problem import Problem, unknown


def check_privacy(
    scenario: Scenario, ontology: Ontology, categories: dict[str, Category]
) -> Iterator[Problem]:
    """Yield every mistake about what is not recorded and how long the rest is kept."""
    rooms = [room.id for room in scenario.plan.rooms]
    seen: set[str] = set()
    for i, zone in enumerate(scenario.privacy.no_record):
        at = ("privacy", "no_record", i)
        if zone.id in seen:
            yield Problem((*at, "id"), f"the id `{zone.id}` is taken already; give each its own")
        seen.add(zone.id)
        if zone.room and zone.room not in rooms:
            yield unknown((*at, "room"), "room", zone.room, rooms)
        elif zone.polygon:
            problem = polygon_problem(zone.id, zone.polygon)
            if problem:
                yield Problem((*at, "polygon"), problem)
        if zone.to_s is not None and zone.to_s <= zone.from_s:
            yield Problem((*at, "to_s"), f"`{zone.id}` ends before it begins; give a later `to_s`")
    places = [name for name, of in categories.items() if of in ("room", "fixture")]
    for i, rule in enumerate(scenario.privacy.keep):
        at = ("privacy", "keep", i)
        if rule.cls and rule.cls not in ontology:
            yield unknown((*at, "cls"), "class", rule.cls, ontology.cards)
        if rule.place and rule.place not in places and rule.place not in ontology:
            yield unknown((*at, "place"), "room, fixture or class", rule.place, places)
