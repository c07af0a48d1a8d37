"""How an object gets from where it is to where it must be, when no single body reaches both.

An arm behind a bar reaches the coffee machine and the pass, a waiter the pass and the tables: the
cup changes hands on the pass. Shortest chain of resting places by Dijkstra's algorithm (E. Dijkstra,
"A note on two problems in connexion with graphs", 1959); each change of hands costs extra.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from brain.planning.atoms import Args, suits, unify
from brain.planning.operators import achievers, distance_m
from brain.planning.sketch import Sketch
from devices.skill import Atom, SkillCard

# What one change of hands costs, in metres of way: putting down, being called, taking up.
HAND_OVER_M = 15.0


def stops(thing: str, goal: str, sketch: Sketch, avoid: Iterable[str] = ()) -> tuple[str, ...]:
    """Where the thing is put down on its way, the goal last; empty if there is no way.

    `avoid` are places that must not serve as resting places.
    """
    hands = sketch.facts.held_by(thing)
    place = sketch.facts.location(thing)
    if place is None:
        return ()
    start = place.holder
    first = sketch.fit(hands) if hands is not None else takers(thing, start, sketch)
    if first & givers(thing, goal, sketch) or _by_team(thing, start, goal, sketch):
        return (goal,)
    rests = _rests(thing, {start, goal, *avoid}, sketch)
    return _shortest(thing, first, start, goal, rests, sketch)


def takers(thing: str, holder: str, sketch: Sketch) -> frozenset[str]:
    """The bodies that can take the thing from the holder."""
    found: frozenset[str] = frozenset()
    for card in achievers(Atom(pred="holding", args=(thing,)), sketch):
        found |= _able(card, thing, holder, sketch)
    return found


def givers(thing: str, holder: str, sketch: Sketch) -> frozenset[str]:
    """The bodies that can put the thing, once they hold it, on or in the holder."""
    wanted = Atom(pred="at", args=(thing, holder))
    found: frozenset[str] = frozenset()
    for card in achievers(wanted, sketch):
        if any(atom.pred == "holding" for atom in card.pre):
            found |= _able(card, thing, holder, sketch)
    return found


def _able(card: SkillCard, thing: str, holder: str, sketch: Sketch) -> frozenset[str]:
    args: Args = {}
    for atom in (*card.post, *card.pre):
        if atom.pred == "holding":
            args |= unify(atom, Atom(pred="holding", args=(thing,))) or {}
        elif atom.pred == "at":
            args |= unify(atom, Atom(pred="at", args=(thing, holder))) or {}
    params = card.params
    if any(p.name not in args or suits(p, args[p.name], sketch.facts) for p in params):
        return frozenset()
    return sketch.able(sketch.shape(card, args))


def _by_team(thing: str, start: str, goal: str, sketch: Sketch) -> bool:
    """Whether some skill moves the thing in one go, without anybody holding it before."""
    wanted = Atom(pred="at", args=(thing, goal))
    for card in achievers(wanted, sketch):
        if any(atom.pred == "holding" for atom in card.pre):
            continue
        args: Args = {}
        for atom in card.pre:
            if atom.pred == "at":
                args |= unify(atom, Atom(pred="at", args=(thing, start))) or {}
        for atom in card.post:
            args |= unify(atom, wanted) or {}
        if any(p.name not in args or suits(p, args[p.name], sketch.facts) for p in card.params):
            continue
        if len(sketch.able(sketch.shape(card, args))) >= card.team:
            return True
    return False


def _rests(thing: str, taken: set[str], sketch: Sketch) -> dict[str, frozenset[str]]:
    """Open surfaces with room where somebody can put the thing, and who can take it from there."""
    found: dict[str, frozenset[str]] = {}
    for name, fixture in sketch.facts.fixtures.items():
        open_ = not fixture.inside and not fixture.closable
        if name in taken or not open_ or fixture.offers or sketch.facts.room_on(name) <= 0:
            continue
        if takers_there := takers(thing, name, sketch):
            found[name] = takers_there
    return found


def _shortest(
    thing: str,
    first: frozenset[str],
    start: str,
    goal: str,
    rests: dict[str, frozenset[str]],
    sketch: Sketch,
) -> tuple[str, ...]:
    queue: list[tuple[float, tuple[str, ...]]] = [(0.0, (start,))]
    done: set[str] = set()
    putters = {name: givers(thing, name, sketch) for name in (*rests, goal)}
    while queue:
        cost, path = heapq.heappop(queue)
        here = path[-1]
        if here == goal:
            return path[1:]
        if here in done:
            continue
        done.add(here)
        carriers = first if here == start else rests[here]
        for name, givers_there in putters.items():
            if name not in done and carriers & givers_there:
                # The thing itself stands for a start without a place of its own (a hand).
                origin = thing if here == start else here
                step = distance_m(name, origin, sketch) + HAND_OVER_M
                heapq.heappush(queue, (cost + step, (*path, name)))
    return ()
