"""Where things belong: the places of a class, of its fixtures' labels, or any free surface."""

from __future__ import annotations

from collections.abc import Iterator

from brain.planning.operators import FULL_M, USED_M, distance_m
from brain.planning.sketch import Sketch
from devices.site import Fixture

# Cheaper than the next best kind of home, dearer than any way within a building.
NEXT_BEST_M = 200.0


def homes(thing: str, sketch: Sketch, avoid: frozenset[str]) -> list[str]:
    """Fixtures the thing may be put away to, best first; those in `avoid` are left out.

    First where its class belongs (while dirty: where dirty ones go), then fixtures labelled as the
    home of its class, then open surfaces that serve nothing else.
    """
    ranked: dict[str, float] = {}
    for rank, fixture in _ranked(thing, sketch):
        if fixture.id in avoid or fixture.capacity <= 0 or fixture.id in ranked:
            continue
        metres = distance_m(fixture.id, thing, sketch) + USED_M * 0.1 * sketch.uses(fixture.id)
        if sketch.facts.room_on(fixture.id) <= 0:
            metres += NEXT_BEST_M * 3 + FULL_M
        ranked[fixture.id] = metres + NEXT_BEST_M * rank
    return sorted(ranked, key=lambda name: ranked[name])


def is_home(thing: str, holder: str, sketch: Sketch) -> bool:
    """Whether the thing belongs where it is (clean or dirty), or stands there to be used."""
    fixture = sketch.facts.fixtures.get(holder)
    if fixture is None:
        return False
    if fixture.offers or any(sketch.facts.is_a(thing, cls) for cls in fixture.home_of):
        return True
    card = sketch.view.class_card(thing)
    places = (*card.home, *card.dirty_home) if card is not None else ()
    return any(_is_called(fixture, place, sketch) for place in places)


def is_movable(thing: str, sketch: Sketch) -> bool:
    """Whether the thing is an object that can be taken away (a spill can not)."""
    return sketch.facts.category(thing) == "object" and not sketch.facts.attr(thing, "fixed")


def _ranked(thing: str, sketch: Sketch) -> Iterator[tuple[int, Fixture]]:
    facts = sketch.facts
    card = sketch.view.class_card(thing)
    # What has something in it is not put among clean ones either.
    dirty = facts.attr(thing, "clean") is False or facts.attr(thing, "fill") not in (None, "none")
    places = (card.dirty_home if dirty and card.dirty_home else card.home) if card else ()
    for rank, place in enumerate(places):
        for fixture in facts.fixtures.values():
            if _is_called(fixture, place, sketch):
                yield rank, fixture
    for fixture in facts.fixtures.values():
        if any(facts.is_a(thing, cls) for cls in fixture.home_of):
            yield (0 if not places else len(places)), fixture
    for fixture in facts.fixtures.values():
        free = not (fixture.inside or fixture.closable or fixture.offers or fixture.home_of)
        if free and not _is_for_people(fixture, sketch):
            yield len(places) + 1, fixture


def _is_called(fixture: Fixture, place: str, sketch: Sketch) -> bool:
    return fixture.id == place or sketch.facts.is_a(fixture.id, place)


def _is_for_people(fixture: Fixture, sketch: Sketch) -> bool:
    """Whether people sit there: used things do not go where guests are."""
    return "seats" in fixture.attrs or any(
        (place := sketch.facts.location(person)) is not None and place.holder == fixture.id
        for person in sketch.facts.ids("person")
    )
