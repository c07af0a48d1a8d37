"""Looking for things: where to look next for what nobody knows the place of.

A look changes memory, and memory changes the plan: after it the goal is planned anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from brain.planning.operators import distance_m
from brain.planning.search import Search
from devices.facts import Category
from devices.skill import Atom

# How many places are looked at before the plan is made anew; different bodies look at once.
LOOKS = 4


def seek(thing: str, cls: str, search: Search) -> str | None:
    """Add looks at the likeliest places not yet looked at since the goal was posted.

    Args:
        thing: The id of what is sought, or "" for any of the class.
        cls: Its class.
        search: The plan so far.

    Returns:
        None, or in words that every place was looked at in vain (or that nobody can look).
    """
    name = thing or f"one more {cls.replace('_', ' ')}"
    looks = 0
    why: str | None = None
    for place in likely(thing, cls, search):
        failed = search.reach(Atom(pred="known", args=(place, "location")))
        why = why or failed
        looks += failed is None
        if looks == LOOKS:
            break
    if looks:
        return None
    return why or f"nobody knows where {name} is, and it was looked for wherever it may be"


def likely(thing: str, cls: str, search: Search) -> list[str]:
    """Places not viewed since the goal was posted, likeliest first: home, last place, anywhere."""
    sketch = search.sketch
    facts, since = sketch.facts, sketch.goal.goal.t
    classes = sketch.view.classes()
    card = classes.get(sketch.view.cls(thing) if thing else cls)
    home = (*card.home, *card.dirty_home) if card is not None else ()
    fixtures = [f for f in facts.fixtures.values() if f.capacity > 0]
    person = bool(thing) and facts.category(thing) == "person"
    belongs = [f.id for place in home for f in fixtures if place == f.id or facts.is_a(f.id, place)]
    labelled = [f.id for f in fixtures if any(c == cls for c in f.home_of)]
    last = sketch.view.room_of(thing) if thing else None
    near = sorted((f.id for f in fixtures), key=lambda f: distance_m(f, thing or None, sketch))
    rooms = [r for r in (last, *facts.ids("room")) if r is not None]
    if not thing and (belongs or labelled):
        # Of a kind of thing one more might be where such things are; anywhere would be too much.
        order = [*belongs, *labelled]
    else:
        order = rooms if person else [*belongs, *labelled, *near, *rooms]
    kind: Category = "person" if person else "object"
    return [
        p
        for p in dict.fromkeys(order)
        # Where nothing may be recorded a look tells nobody anything.
        if not _viewed(p, since, search) and sketch.view.unrecorded(kind, p) is None
    ]


def _viewed(place: str, since: float, search: Search) -> bool:
    seen = search.sketch.view.learnt_at(place, "location")
    return (seen is not None and seen >= since) or search.sketch.facts.true(
        Atom(pred="known", args=(place, "location"))
    )


def unknown(things: Iterable[str], search: Search) -> list[str]:
    """Those of the things whose place nobody knows."""
    return [t for t in things if search.sketch.facts.location(t) is None]
