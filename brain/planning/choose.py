"""Which things fulfil a wish that leaves the choice open ("two coffees"): the least effort first."""

from __future__ import annotations

from brain.planning.atoms import unify
from brain.planning.homes import is_home, is_movable
from brain.planning.operators import achievers, changeable, distance_m
from brain.planning.search import Search
from devices.facts import At, Be, Location, Selector
from devices.skill import Atom

# Effort in metres of way: a property to be changed, something more to be done first, a belief that
# may be wrong, something somebody is using, something in somebody's hands.
CHANGE_M = 30.0
FIRST_M = 40.0
DOUBT_M = 20.0
IN_USE_M = 300.0
IN_HAND_M = 600.0
# Something that a note speaks against: worse than using what is in use, better than taking it away.
NOTED_M = 400.0


def candidates(what: Selector, where: str | None, search: Search) -> list[str]:
    """Things that are meant, or can be made into what is meant; the least effort first.

    Named ones are all in; of others those that no other goal uses. Things nobody knows the place
    of come last.
    """
    facts = search.sketch.facts
    pool = what.ids or tuple(facts.ids())
    found: list[tuple[float, int, str]] = []
    for index, thing in enumerate(pool):
        if facts.category(thing) is None or thing in what.exclude or thing in search.claimed:
            continue
        if what.cls is not None and not facts.is_a(thing, what.cls):
            continue
        if not what.ids and (thing in search.reserved or _is_taken(thing, search)):
            continue
        cost = _making_m(thing, what, search)
        if cost is not None:
            found.append((cost + _fetching_m(thing, where, search), index, thing))
    if not what.ids and len(found) > 1:
        avoided = search.advice.avoided((thing for _, _, thing in found), facts)
        found = [(cost + NOTED_M * (t in avoided), index, t) for cost, index, t in found]
    return [thing for _, _, thing in sorted(found)]


def lacking(what: Selector, thing: str, search: Search) -> list[Atom]:
    """The properties the thing must still get."""
    facts = search.sketch.facts
    return [
        Atom(pred="be", args=(thing, name), value=value)
        for name, value in what.having.items()
        if facts.attr(thing, name) != value
    ]


def wanted(condition: At | Be) -> int:
    """How many things the condition asks for."""
    return len(condition.what.ids) if condition.count is None else condition.count


def served(search: Search) -> frozenset[str]:
    """Objects that other goals brought to where they are: nobody takes those away again."""
    view = search.sketch.view
    mine = search.sketch.goal.goal.id
    found: set[str] = set()
    for name, record in view.goals().items():
        if name == mine or record.status not in ("planned", "satisfied", "missed"):
            continue
        if record.goal.cause in view.goals():
            continue  # it only put away what an ended goal had left in hand
        for condition in record.conditions:
            if isinstance(condition, At):
                for thing in view.contents(condition.where):
                    if condition.what.cls is None or view.is_a(thing, condition.what.cls):
                        found.add(thing)
    return frozenset(found)


def reserved(search: Search) -> frozenset[str]:
    """Objects that the open steps of other goals use."""
    view = search.sketch.view
    mine = search.sketch.goal.goal.id
    found: set[str] = set()
    for name, record in view.goals().items():
        if name == mine or record.graph is None or record.status != "planned":
            continue
        for step in record.graph.steps:
            if record.steps.get(step.id) in ("done", "cancelled"):
                continue
            found.update(str(v) for v in step.args.values() if view.category(str(v)) == "object")
        named = (c.what.ids for c in record.conditions if isinstance(c, At | Be))
        found.update(thing for ids in named for thing in ids)
    return frozenset(found)


def _is_taken(thing: str, search: Search) -> bool:
    """Whether a body busy with something else holds the thing."""
    holder = search.sketch.facts.held_by(thing)
    record = search.sketch.goal
    if holder is None or holder not in search.sketch.view.bodies():
        return False
    if search.sketch.view.bodies()[holder].is_out:
        return True  # there it stays until that body may move again
    mine = record.graph is not None and any(thing in s.args.values() for s in record.graph.steps)
    return not mine


def _making_m(thing: str, what: Selector, search: Search) -> float | None:
    """Effort to give the thing its properties; None where no skill could."""
    total = 0.0
    facts = search.sketch.facts
    for atom in lacking(what, thing, search):
        if atom.value is None or not changeable(atom.args[1], atom.value, search.sketch):
            return None
        total += CHANGE_M
        cards = achievers(atom, search.sketch)
        for effect in (e for card in cards[:1] for e in card.post):
            slots = unify(effect, atom)
            if slots is None:
                continue
            names = [name for name, value in slots.items() if value == thing]
            for pre in cards[0].pre:
                if pre.pred == "be" and pre.args[0].removeprefix("$") in names:
                    total += FIRST_M * (facts.attr(thing, pre.args[1]) != pre.value)
    return total


def _fetching_m(thing: str, where: str | None, search: Search) -> float:
    """Effort to get at the thing: way, doubt, and whom one would take it from."""
    sketch = search.sketch
    place: Location | None = sketch.facts.location(thing)
    if place is None:
        return 10 * IN_HAND_M
    belief = sketch.view.belief(thing, "location")
    cost = distance_m(thing, where, sketch)
    cost += DOUBT_M * (1.0 - belief.confidence) if belief is not None else DOUBT_M
    category = sketch.facts.category(place.holder)
    if category == "person":
        return cost + IN_HAND_M
    if category == "fixture" and is_movable(thing, sketch):
        cost += (
            0.0 if is_home(thing, place.holder, sketch) else IN_USE_M * _has_guests(place, search)
        )
    return cost


def _has_guests(place: Location, search: Search) -> bool:
    facts = search.sketch.facts
    return any(
        (seat := facts.location(person)) is not None and seat.holder == place.holder
        for person in facts.ids("person")
    )
