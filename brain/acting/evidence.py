"""Whether memory itself holds an atom to be true: the ground for dispatching and for "done".

A call that returned proves nothing; an atom counts when the facts that sensors reported say so.
"""

from __future__ import annotations

import math

from devices.facts import holders
from devices.roadmap import Roadmap
from devices.skill import Atom
from stem_memory.tasks import TaskStep
from stem_memory.view import BodyRecord, MemoryView

TALKING_DISTANCE_M = 1.6


def by_hand(step: TaskStep) -> bool:
    """Whether the step is done with hands: what only tells or looks needs no arm's length."""
    return any(atom.pred not in ("told", "known", "near") for atom in step.post)


def at_place(
    body: BodyRecord, place: str, view: MemoryView, roadmap: Roadmap, hands: bool = False
) -> bool:
    """Whether the body stands where it can work at the place (fixture, room, person, object).

    A person is talked to from `TALKING_DISTANCE_M`, but `hands` must reach them.
    """
    if place == body.spec.id or body.state.near == place or body.state.room == place:
        return True
    category = view.category(place)
    if category == "fixture" and body.card.mobility == "fixed":
        return roadmap.in_reach(body.state.pose, body.card, place)
    if category in ("person", "body", "object"):
        holder = next(holders(place, view), None)
        if holder is not None and view.category(holder) == "fixture" and category == "object":
            return at_place(body, holder, view, roadmap, hands)
        there = view.position(place)
        if there is None:
            return False
        pose = body.state.pose
        gap = math.hypot(pose.x - there[0], pose.y - there[1]) - body.card.radius_m
        talks = category == "person" and not hands
        return gap <= max(body.card.reach_m, TALKING_DISTANCE_M if talks else 0.0)
    return False


def atom_holds(
    atom: Atom, body: BodyRecord, view: MemoryView, roadmap: Roadmap, since_s: float = 0.0
) -> bool:
    """Whether the atom is true for this body as memory believes now.

    `since_s` only matters for "known": the look must not be older.
    """
    return (_world_atom(atom, view, since_s) or _body_atom(atom, body, view, roadmap)) != (
        atom.negated
    )


def _world_atom(atom: Atom, view: MemoryView, since_s: float) -> bool:
    args = atom.args
    if atom.pred == "at":
        place = view.location(args[0])
        return place is not None and place.holder == args[1]
    if atom.pred == "be":
        return view.attr(args[0], args[1]) == atom.value
    if atom.pred == "reachable":
        return view.attr(args[0], "open") is not False
    if atom.pred == "room_on":
        return has_room(args[0], view)
    if atom.pred == "clear":
        return not any(view.is_a(thing, "clearable") for thing in view.contents(args[0]))
    if atom.pred == "told":
        return args[1] in view.told(args[0])
    if atom.pred == "known":
        learnt = view.learnt_at(args[0], args[1])
        return learnt is not None and learnt >= since_s
    return False


def _body_atom(atom: Atom, body: BodyRecord, view: MemoryView, roadmap: Roadmap) -> bool:
    if atom.pred == "holding":
        return atom.args[0] in body.state.holding
    if atom.pred == "hand_free":
        return len(body.state.holding) < body.card.carry
    if atom.pred == "near":
        return at_place(body, atom.args[0], view, roadmap)
    return False


def has_room(holder: str, view: MemoryView) -> bool:
    """Whether one more object fits on the holder, as far as memory knows."""
    if view.category(holder) != "fixture":
        return True
    return len(view.contents(holder)) < view.plan().fixture(holder).capacity


def unmet(
    atoms: tuple[Atom, ...],
    body: BodyRecord,
    view: MemoryView,
    roadmap: Roadmap,
    since_s: float = 0.0,
) -> tuple[Atom, ...]:
    """The atoms that are not believed true for this body now."""
    return tuple(a for a in atoms if not atom_holds(a, body, view, roadmap, since_s))


def evidenced(
    step: TaskStep, body: BodyRecord, view: MemoryView, roadmap: Roadmap, since_s: float
) -> bool:
    """Whether every effect of the step is believed, with the evidence no older than its start."""
    return not unmet(step.post, body, view, roadmap, since_s)
