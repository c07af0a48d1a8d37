"""From conditions to a graph of steps.

Each condition becomes atoms for the things it is about; `brain.planning.search` finds the steps that make
them true, `brain.planning.order` lets them happen side by side. What the goal opened is shut again, what it
took is put away. Things nobody knows the place of are looked for first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from brain.contracts import Decomposition, Impossible, Planned
from brain.planning.advice import Advice
from brain.planning.choose import candidates, lacking, reserved, served, wanted
from brain.planning.doubt import doubtful
from brain.planning.homes import is_home
from brain.planning.operators import changeable, distance_m, operators
from brain.planning.search import Search
from brain.planning.seek import seek, unknown
from brain.planning.sketch import Gates, Sketch
from brain.planning.ways import gates
from brain.planning.whatif import HANDS
from devices.facts import At, Be, Clear, Condition, Known, Told, holds, matches, select
from devices.roadmap import Roadmap
from devices.skill import Atom
from stem_memory.tasks import GoalRecord, TaskStep
from stem_memory.view import MemoryView

# How many other things are tried when one can not be made into what is wanted.
OTHERS = 8
# How often conditions that others undid are planned for again.
ROUNDS = 3


def decompose(
    goal: GoalRecord,
    conditions: tuple[Condition, ...],
    view: MemoryView,
    roadmap: Roadmap,
    *,
    keep: tuple[TaskStep, ...] = (),
    revision: int = 0,
) -> Decomposition:
    """Steps that make all conditions true, or why no steps of this fleet do.

    Args:
        goal: Whose wish it is; its graph tells what was opened and taken for it before.
        conditions: Bound conditions (`devices.facts.bind`).
        view: What memory believes.
        roadmap: The ways of the site.
        keep: Steps under way: their effects will come true, new steps come after them.
        revision: Which plan of the goal this is, from 1; later ones give new ids to their steps.

    Returns:
        The new steps without those in `keep`, or the condition that is impossible.
    """
    found: Decomposition = Planned(steps=())
    shut: Gates = {}
    first: tuple[int, ...] = ()
    verdict: Impossible | None = None
    for _ in range(ROUNDS + len(conditions)):
        advice = Advice(view, goal.goal.id, max(1, revision))
        search = Search(Sketch(goal, view, roadmap, keep, revision, shut), advice)
        found = _plan(search, conditions, first)
        if isinstance(found, Impossible):
            verdict = verdict or found
            if found.condition in first or len(conditions) == 1:
                return verdict
            # What came before may have taken its place: try with this one first.
            first = (found.condition, *first)
            continue
        more = gates(search.sketch)
        if all(shut.get(place) == doors for place, doors in more.items()):
            return found
        shut = shut | more
    return verdict or found


@dataclass
class _Course:
    """What became of the conditions while a plan was made: those that need a search first."""

    search: Search
    sought: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


def _plan(
    search: Search, conditions: tuple[Condition, ...], first: tuple[int, ...]
) -> Decomposition:
    """One attempt: each condition in turn (those in `first` before the others), then tidying."""
    search.reserved = reserved(search) | served(search)
    sketch = search.sketch
    course = _Course(search)
    search.shunned = {c.where for c in conditions if isinstance(c, Clear)}
    order = sorted(
        range(len(conditions)),
        key=lambda i: (
            first.index(i) if i in first else len(first),
            _rank(conditions[i], search),
            i,
        ),
    )
    open_: list[int] = []
    for _ in range(ROUNDS):
        for index in order:
            sketch.serving = index
            why = None if index in course.sought else _fulfil(conditions[index], index, course)
            if why is not None:
                return Impossible(condition=index, reason=_sentence(why))
        sketch.serving = order[-1] if order else 0
        _tidy(search, conditions)
        open_ = [
            i for i in order if i not in course.sought and not holds(conditions[i], sketch.facts)
        ]
        if not open_:
            break
    if open_:
        return Impossible(
            condition=open_[0], reason=_sentence("the conditions of this wish exclude each other")
        )
    for index, things in course.sought.items():
        sketch.serving = index
        reasons = [seek(thing, cls, search) for thing, cls in things]
        if all(reasons):
            return Impossible(condition=index, reason=_sentence(reasons[0] or ""))
    return Planned(steps=search.advice.marked(sketch.finish()))


def _sentence(why: str) -> str:
    return why[:1].upper() + why[1:]


def _rank(condition: Condition, search: Search) -> int:
    """What spoils other conditions if it comes late goes first; what others spoil goes last."""
    facts = search.sketch.facts
    if isinstance(condition, Clear):
        return 0
    if isinstance(condition, Be):
        things = condition.what.ids or select(
            condition.what.model_copy(update={"having": {}}), facts
        )
        if any(facts.category(thing) == "object" for thing in things):
            return 2
        return 4 if condition.attr == "open" else 1
    return 3 if isinstance(condition, At) else 5


def _fulfil(condition: Condition, index: int, course: _Course) -> str | None:
    """Add steps until the condition would hold; None, or why it can not."""
    search = course.search
    if isinstance(condition, Known):
        return _know(condition, index, course)
    if holds(condition, search.sketch.facts):
        if isinstance(condition, At | Be):
            _claim(condition, search)
        _make_sure(condition, search)
        return None
    if isinstance(condition, Told):
        why = search.reach(Atom(pred="told", args=(condition.who, condition.message)))
        return _sought(why, index, course)
    if isinstance(condition, Clear):
        return _clear(condition, search)
    return _choose(condition, index, course)


def _make_sure(condition: Condition, search: Search) -> None:
    """Look where a fulfilled wish rests on hearsay; where nobody can look, hearsay must do."""
    sketch = search.sketch
    for place in doubtful(condition, sketch.view, sketch.goal.goal.t):
        search.reach(Atom(pred="known", args=(place, "location")))


def _clear(condition: Clear, search: Search) -> str | None:
    facts = search.sketch.facts
    things = [t for t in facts.contents(condition.where) if facts.is_a(t, condition.cls)]
    # What a body took and still holds is put away too, out of its hands if the body is lost.
    held = {t: facts.location(t) for t in condition.taken if t not in things}
    things += [t for t, p in held.items() if p is not None and facts.category(p.holder) == "body"]
    for thing in things:
        why = search.put_away(thing)
        if why is not None:
            return why
    return None


def _choose(condition: At | Be, index: int, course: _Course) -> str | None:
    """Make as many things as are wanted be, or be where, the condition says."""
    search = course.search
    facts = search.sketch.facts
    what = condition.what
    where = condition.where if isinstance(condition, At) else None
    good = _claim(condition, search)
    left = wanted(condition) - len(good)
    first_why: str | None = None
    failures = 0
    for thing in candidates(what, where, search):
        if left <= 0:
            return None
        if thing in good:
            continue
        if facts.location(thing) is None and facts.category(thing) == "object":
            course.sought.setdefault(index, []).append((thing, facts.cls(thing)))
            left -= 1
            continue
        mark = search.sketch.mark()
        why = _make(condition, thing, search)
        if why is None:
            if isinstance(condition, At):
                search.claimed.add(thing)
            left -= 1
            continue
        search.sketch.undo(mark)
        if search.missing:
            return _sought(why, index, course)
        first_why = first_why or why
        failures += 1
        if failures > OTHERS:
            break
    if left <= 0:
        return None
    if first_why is None and what.cls is not None and not what.ids:
        course.sought.setdefault(index, []).append(("", what.cls))
        return None
    return first_why or _too_few(condition, search)


def _too_few(condition: At | Be, search: Search) -> str:
    """Why there are not enough things to choose from."""
    used = [thing for thing in condition.what.ids if thing in search.claimed]
    if used:
        return f"{' and '.join(used)} can not be in two places"
    for name, value in condition.what.having.items():
        if not changeable(name, value, search.sketch):
            return f"nothing here is {name} {value}, and nobody can make it so"
    return f"there are not {wanted(condition)} such things here"


def _claim(condition: At | Be, search: Search) -> list[str]:
    """The things that fulfil the condition already: they stay as they are."""
    facts = search.sketch.facts
    one = condition.model_copy(update={"count": 1})
    found = []
    for thing in select(condition.what, facts):
        alone = condition.what.model_copy(update={"ids": (thing,)})
        if holds(one.model_copy(update={"what": alone}), facts):
            found.append(thing)
    found = found[: wanted(condition)] if isinstance(condition, At) else found
    if isinstance(condition, At):
        search.claimed.update(t for t in found if facts.category(t) == "object")
    return found


def _make(condition: At | Be, thing: str, search: Search) -> str | None:
    """Give the thing its properties, then its state or place."""
    facts = search.sketch.facts
    if isinstance(condition, Be):
        return search.reach(Atom(pred="be", args=(thing, condition.attr), value=condition.value))
    for atom in lacking(condition.what, thing, search):
        why = search.reach(atom)
        if why is not None:
            return why
    why = _bring(thing, condition.where, search)
    if why is None and not matches(condition.what, thing, facts):
        return f"{thing} would not be what is wanted any more once it is there"
    return why


def _bring(thing: str, where: str, search: Search) -> str | None:
    facts = search.sketch.facts
    if facts.category(thing) == "body":
        return _send(thing, where, search)
    if facts.category(thing) != "object":
        return f"{thing} is a {facts.category(thing)} and can not be brought anywhere"
    if facts.category(where) != "room":
        return search.reach(Atom(pred="at", args=(thing, where)))
    first_why: str | None = None
    for place in _spots(thing, where, search):
        why = search.reach(Atom(pred="at", args=(thing, place)))
        if why is None:
            return None
        first_why = first_why or why
    # Some skills put things on the floor.
    if search.reach(Atom(pred="at", args=(thing, where))) is None:
        return None
    return first_why or f"there is nothing in {where} to put {thing} on"


def _spots(thing: str, room: str, search: Search) -> list[str]:
    """Fixtures of a room to put a thing on: where it belongs, then open surfaces, near ones."""
    facts = search.sketch.facts
    inside = [f for f in facts.fixtures.values() if f.room == room and f.capacity > 0]
    inside = [f for f in inside if facts.room_on(f.id) > 0]
    return [
        f.id
        for f in sorted(
            inside,
            key=lambda f: (
                not is_home(thing, f.id, search.sketch),
                f.inside or f.closable,
                distance_m(f.id, thing, search.sketch),
            ),
        )
    ]


def _send(body: str, where: str, search: Search) -> str | None:
    """Make a body itself go somewhere."""
    sketch = search.sketch
    why: str | None = None
    for card, args in operators(Atom(pred="near", args=(where,)), sketch, lambda _: False):
        step = sketch.shape(card, args).model_copy(update={"body": body, "place": where})
        why = sketch.add(step, card, body)
        if why is None:
            return None
    return why or f"{body} can not go to {where}"


def _know(condition: Known, index: int, course: _Course) -> str | None:
    """Look at the things, or at what holds them."""
    search = course.search
    facts = search.sketch.facts
    things = select(condition.what, facts)
    if not things:
        within = condition.what.within
        if within is not None and facts.category(within) in ("fixture", "room"):
            course.sought.setdefault(index, [])
            return search.reach(Atom(pred="known", args=(within, "location")))
        ids = condition.what.ids or ("",)
        course.sought[index] = [(t, condition.what.cls or "thing") for t in ids]
        return None
    for thing in things:
        learnt = facts.learnt_at(thing, condition.attr)
        if learnt is not None and learnt >= condition.since:
            continue
        if facts.category(thing) == "object":
            place = facts.location(thing)
            if place is None:
                course.sought.setdefault(index, []).append((thing, facts.cls(thing)))
                continue
            thing = place.holder
        why = search.reach(Atom(pred="known", args=(thing, "location")))
        if why is not None:
            return _sought(why, index, course)
    return None


def _sought(why: str | None, index: int, course: _Course) -> str | None:
    """Turn a failure for want of knowledge into a search."""
    missing = unknown(course.search.missing, course.search)
    course.search.missing.clear()
    if why is None or not missing:
        return why
    facts = course.search.sketch.facts
    course.sought.setdefault(index, []).extend((t, facts.cls(t)) for t in missing)
    return None


def _tidy(search: Search, conditions: tuple[Condition, ...]) -> None:
    """Put down what is still held for this goal and shut what it opened.

    What can not be tidied stays as it is: the wish itself is not spoilt by that.
    """
    facts, sketch = search.sketch.facts, search.sketch
    for thing in _in_hand(search, conditions):
        search.put_away(thing)
    stay_open = {
        thing
        for c in conditions
        if isinstance(c, Be) and c.attr == "open" and c.value is True
        for thing in select(c.what, facts)
    }
    earlier = opened_by(sketch.goal)
    for name, fixture in facts.fixtures.items():
        was_shut = sketch.view.attr(name, "open") is False or name in earlier
        is_open = facts.attr(name, "open") is True
        if fixture.closable and was_shut and is_open and name not in stay_open:
            search.reach(Atom(pred="be", args=(name, "open"), value=False))


def _in_hand(search: Search, conditions: tuple[Condition, ...]) -> list[str]:
    facts, sketch = search.sketch.facts, search.sketch
    graph = sketch.goal.graph
    mine = {str(v) for s in (graph.steps if graph else ()) for v in s.args.values()}
    mine |= {str(v) for s in sketch.steps for v in s.args.values()}
    wanted_at = {c.where for c in conditions if isinstance(c, At)}
    held = [t for t in facts.ids("object") if t in mine]
    return [
        t
        for t in held
        if (holder := facts.held_by(t)) is not None
        and (holder.startswith(HANDS) or t not in search.reserved)
        and holder not in wanted_at
    ]


def opened_by(record: GoalRecord) -> set[str]:
    """What the plans of this goal opened so far."""
    steps = record.graph.steps if record.graph is not None else ()
    begun = [s for s in steps if record.steps.get(s.id) in ("done", "running")]
    return {
        atom.args[0]
        for step in begun
        for atom in step.post
        if atom.pred == "be" and atom.args[1] == "open" and atom.value is True
    }
