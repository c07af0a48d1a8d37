"""Questions about space: what is near, where something may be, and where to look again.

All of them read a `MemoryState` and change nothing. Metres in the map frame, probabilities 0..1.
"""

from __future__ import annotations

from math import log2

from devices.facts import Category
from devices.noun import Noun
from devices.site import Point
from stem_memory.belief.geometry import distance
from stem_memory.belief.state import MemoryState

# What a holder may count on before anything was learned about a thing.
_HOME_WEIGHT = 2.0
_ELSEWHERE_WEIGHT = 0.05


class Near(Noun):
    """A thing and its distance in metres."""

    thing: str
    distance_m: float


class Whereabouts(Noun):
    """One place a thing may be: how likely, and why we think so in a few words."""

    holder: str
    probability: float
    why: str


class LookAgain(Noun):
    """A holder worth a look: what a look tells (bits, expected), and when it was last in view."""

    holder: str
    bits: float
    viewed_s: float | None


def near(
    memory: MemoryState, point: Point, radius_m: float, category: Category | None = None
) -> tuple[Near, ...]:
    """Everything believed within the radius, nearest first (rooms only if asked for)."""
    found: list[Near] = []
    for thing in memory.ids(category):
        if category is None and memory.category(thing) == "room":
            continue
        at = memory.position(thing)
        if at is not None and distance(at, point) <= radius_m:
            found.append(Near(thing=thing, distance_m=round(distance(at, point), 3)))
    return tuple(sorted(found, key=lambda n: n.distance_m))


def where_is(memory: MemoryState, thing: str) -> tuple[Whereabouts, ...]:
    """Where the thing may be, likeliest first; the probabilities sum to 1.

    The last evidence counts as much as trust in it is left. The rest is spread over the other
    places by how often the thing was there, where things of its class belong, and where others of
    its class are; a place that was viewed in vain counts only as much as that view has aged.
    Empty for an unknown thing and for what belongs to the floor plan.
    """
    category = memory.category(thing)
    belief = memory.belief(thing, "location")
    if category in {None, "room", "door", "fixture"} or (belief is None and category == "body"):
        return ()
    sure = belief.confidence if belief is not None and belief.value is not None else 0.0
    holder = str(belief.value) if belief is not None and belief.value is not None else None
    weights = _elsewhere(memory, thing, holder)
    total = sum(weight for weight, _ in weights.values())
    places = [
        Whereabouts(holder=place, probability=(1.0 - sure) * weight / total, why=why)
        for place, (weight, why) in weights.items()
    ]
    if holder is not None and belief is not None:
        sure = sure if total else 1.0
        age = memory.now() - belief.seen_s
        places.append(
            Whereabouts(holder=holder, probability=sure, why=f"{belief.source}, {age:.0f} s ago")
        )
    ranked = sorted(places, key=lambda p: -p.probability)
    return tuple(p.model_copy(update={"probability": round(p.probability, 4)}) for p in ranked)


def look_again(memory: MemoryState, at_most: int = 5) -> tuple[LookAgain, ...]:
    """Holders worth a look, by expected information in bits.

    A look at a holder answers, for every object that may be there, whether it is: the binary
    entropy of its probability (Shannon 1948), summed.
    """
    bits: dict[str, float] = {}
    for thing in memory.ids("object"):
        for place in where_is(memory, thing):
            if memory.category(place.holder) in {"fixture", "room"}:
                gain = _entropy(place.probability)
                bits[place.holder] = bits.get(place.holder, 0.0) + gain
    ranked = sorted(bits.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        LookAgain(holder=holder, bits=round(gain, 3), viewed_s=memory.viewed_at(holder))
        for holder, gain in ranked[:at_most]
        if gain > 0.0
    )


def _elsewhere(
    memory: MemoryState, thing: str, believed: str | None
) -> dict[str, tuple[float, str]]:
    """Weight and reason of every place but the believed one."""
    cls = memory.cls(thing)
    card = memory.class_card(thing)
    homes = (*card.home, *card.dirty_home) if card is not None else ()
    been = memory.been_at(thing)
    company: dict[str, int] = {}
    for other in memory.ids(memory.category(thing)):
        place = memory.location(other) if other != thing and memory.cls(other) == cls else None
        if place is not None:
            company[place.holder] = company.get(place.holder, 0) + 1
    weights: dict[str, tuple[float, str]] = {}
    for holder in _holders(memory, thing):
        if holder == believed:
            continue
        reasons = [
            (float(been.get(holder, 0)), "it was there before"),
            (_HOME_WEIGHT * _is_home(memory, holder, cls, homes), "such things belong there"),
            (float(min(company.get(holder, 0), 3)) / 3.0, "there are others like it"),
            (_ELSEWHERE_WEIGHT, "it may be anywhere"),
        ]
        weight = sum(value for value, _ in reasons) * _not_viewed(memory, thing, holder)
        weights[holder] = (weight, max(reasons)[1])
    return weights


def _holders(memory: MemoryState, thing: str) -> list[str]:
    rooms = list(memory.ids("room"))
    if memory.category(thing) != "object":
        return rooms
    carriers = [f.id for f in memory.plan().fixtures if f.capacity > 0]
    return carriers + rooms


def _is_home(memory: MemoryState, holder: str, cls: str, homes: tuple[str, ...]) -> bool:
    spot = next((f for f in memory.plan().fixtures if f.id == holder), None)
    if spot is None:
        return holder in homes
    return holder in homes or spot.cls in homes or cls in spot.home_of


def _not_viewed(memory: MemoryState, thing: str, holder: str) -> float:
    """How much a place still counts after it was viewed without the thing."""
    viewed = memory.viewed_at(holder)
    half_life = memory.half_life(thing)
    if viewed is None or half_life is None:
        return 1.0
    return float(max(1.0 - 0.5 ** ((memory.now() - viewed) / half_life), 1e-3))


def _entropy(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return 0.0
    return -p * log2(p) - (1.0 - p) * log2(1.0 - p)
