"""Which bodies can do a step, and why the others can not.

Embodiment only: skills, hands, payload, reach, mobility. Whether a body is busy or its hands are
full is a matter of the moment and belongs to the allocator and to dispatch. Lengths in metres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

from devices.contracts import Pose
from devices.roadmap import Roadmap
from devices.site import Fixture
from devices.skill import SkillCard
from stem_memory.tasks import TaskStep
from stem_memory.view import BodyRecord, MemoryView

# Hands that get this low (m) pick things up from the floor.
FLOOR_M = 0.1


class Lack(NamedTuple):
    """What a body lacks for a step: a rule of the verifier, and a sentence."""

    rule: Literal["embodiment", "reach", "payload"]
    sentence: str


def able(step: TaskStep, body: BodyRecord, view: MemoryView, roadmap: Roadmap) -> str | None:
    """Whether the body can do the step: None if it can, else one sentence why not.

    A step that names a `body` suits that one only. For a team step this tells whether the body can
    be one of the team. Shut doors do not count: somebody may open them.
    """
    lack = lacks(step, body, view, roadmap)
    return None if lack is None else lack.sentence


def lacks(step: TaskStep, body: BodyRecord, view: MemoryView, roadmap: Roadmap) -> Lack | None:
    """What the body lacks for the step, or None if it can do it."""
    name = body.spec.id
    card = view.skills().get(step.skill)
    if card is None:
        return Lack("embodiment", f"nobody knows a skill called {step.skill}")
    if body.retired:
        return Lack("embodiment", f"{name} has left the fleet")
    if body.lost:
        return Lack("embodiment", f"{name} gives no sign of life since {body.heard_s:.0f} s")
    if body.stopped:
        return Lack("embodiment", f"{name} is stopped until somebody lets it go on")
    if body.drained and not {*view.contents(name)} & {*step.args.values()}:
        return Lack("embodiment", f"{name} is drained and takes nothing new on")
    if step.body not in (None, name):
        return Lack("embodiment", f"the step is for {step.body} and no other body")
    if body.card.skills.get(step.skill, 0.0) <= 0.0:
        return Lack("embodiment", f"{name} ({body.card.title}) can not {words(step.skill)}")
    return (
        _hands(step, card, body, view)
        or _weight(step, card, body, view)
        or (reach(body, step.place, view, roadmap, touching(card)) if step.place else None)
        or _far_end(step, body, view, roadmap)
    )


def _far_end(step: TaskStep, body: BodyRecord, view: MemoryView, roadmap: Roadmap) -> Lack | None:
    """A step that ends elsewhere than it begins must reach both places."""
    for atom in step.post:
        if atom.pred == "at" and atom.args[1] not in (step.place, body.spec.id):
            lack = reach(body, atom.args[1], view, roadmap)
            if lack is not None:
                return lack
    return None


def touching(card: SkillCard) -> bool:
    """Whether the skill needs contact with what it is done to (looking and speaking do not)."""
    moves = any(atom.pred in ("at", "holding") for atom in card.post)
    return moves or card.hands > 0 or card.process is not None


def lifted(step: TaskStep, card: SkillCard) -> tuple[str, ...]:
    """The objects whose weight the step puts on its bodies."""
    names = [
        atom.args[0].removeprefix("$")
        for atom in (*card.pre, *card.post)
        if atom.pred == "holding" or (card.team > 1 and atom.pred == "at")
    ]
    found = [step.args[name] for name in dict.fromkeys(names) if name in step.args]
    return tuple(thing for thing in found if isinstance(thing, str))


def _hands(step: TaskStep, card: SkillCard, body: BodyRecord, view: MemoryView) -> Lack | None:
    if card.hands > body.card.hands:
        return Lack(
            "embodiment",
            f"{words(card.name)} needs {card.hands} hands and {body.spec.id} has {body.card.hands}",
        )
    for thing in lifted(step, card):
        kind = view.class_card(thing)
        if kind is not None and kind.hands > body.card.hands * card.team:
            return Lack(
                "payload",
                f"{thing} takes {kind.hands} hands and {body.spec.id} has {body.card.hands}",
            )
        if body.card.carry < 1:
            return Lack("payload", f"{body.spec.id} can not carry anything")
    return None


def _weight(step: TaskStep, card: SkillCard, body: BodyRecord, view: MemoryView) -> Lack | None:
    for thing in lifted(step, card):
        mass, limit = mass_kg(thing, view), body.card.payload_kg
        if mass > limit + _helpers_kg(card, body, view) + 1e-9:
            return Lack(
                "payload", f"{thing} weighs {mass:g} kg and {body.spec.id} lifts {limit:g} kg"
            )
    return None


def _helpers_kg(card: SkillCard, body: BodyRecord, view: MemoryView) -> float:
    """What the strongest helpers of a team skill lift besides the body itself."""
    if card.team < 2:
        return 0.0
    others = [
        other.card.payload_kg
        for other in view.bodies().values()
        if other.spec.id != body.spec.id
        and not other.is_out
        and other.card.skills.get(card.name, 0.0) > 0.0
    ]
    return sum(sorted(others, reverse=True)[: card.team - 1])


def mass_kg(thing: str, view: MemoryView) -> float:
    """What the thing weighs: its own attribute if it has one, else that of its class."""
    own = view.attr(thing, "mass_kg")
    if isinstance(own, int | float) and not isinstance(own, bool):
        return float(own)
    kind = view.class_card(thing)
    return kind.mass_kg if kind is not None else 0.0


def reach(
    body: BodyRecord, place: str, view: MemoryView, roadmap: Roadmap, touch: bool = True
) -> Lack | None:
    """Why the body can not work at the place, or None if it can.

    Args:
        body: The body.
        place: A fixture, door, room, person, body or object.
        view: What memory believes.
        roadmap: The ways of the site.
        touch: Whether hands must get there, or standing near is enough.
    """
    if place == body.spec.id:
        return None
    at = spot(place, view)
    if at is None:
        return Lack("reach", f"nobody knows where {place} is")
    if view.category(at) == "room":
        lies = touch and view.category(place) == "object"
        if lies and body.card.low_m > FLOOR_M:
            low = f"{body.card.low_m:g} m"
            return Lack("reach", f"{place} lies on the floor and {body.spec.id} reaches from {low}")
        if body.card.mobility == "fixed":
            return _beside(body, place, at, view, roadmap)
    touch = touch and view.category(place) not in ("person", "body")
    table = _REACH.get(roadmap)
    if table is None:
        table = _REACH[roadmap] = _Reach(roadmap)
    return table.lack(body, at, touch, roadmap)


def spot(place: str, view: MemoryView) -> str | None:
    """The fixture, door or room one must go to for a place, a person, a body or an object."""
    seen: set[str] = set()
    while view.category(place) not in ("fixture", "door", "room"):
        at = view.location(place)
        if at is None or place in seen:
            return view.room_of(place)
        seen.add(place)
        place = at.holder
    return place


def _beside(
    body: BodyRecord, place: str, room: str, view: MemoryView, roadmap: Roadmap
) -> Lack | None:
    """A body that stays where it is meets only what comes within its reach."""
    pose, there = body.state.pose, view.position(place)
    if place == room and roadmap.room_at((pose.x, pose.y)) == room:
        return None
    if place != room and there is not None:
        gap = math.hypot(pose.x - there[0], pose.y - there[1]) - body.card.radius_m
        if gap <= body.card.reach_m:
            return None
    return Lack("reach", f"{body.spec.id} stays where it is, and {place} is out of its reach")


class _Reach:
    """Who reaches which place of one site: worked out once, since places and cards do not move."""

    def __init__(self, roadmap: Roadmap) -> None:
        self._fixtures: dict[str, Fixture] = {f.id: f for f in roadmap.plan.fixtures}
        self._known: dict[tuple[object, ...], Lack | None] = {}

    def lack(self, body: BodyRecord, spot: str, touch: bool, roadmap: Roadmap) -> Lack | None:
        card = body.card
        pose = body.state.pose if card.mobility == "fixed" else body.spec.pose
        shape = (card.mobility, card.radius_m, card.reach_m, card.low_m, card.high_m)
        key = (body.spec.id, *shape, pose.x, pose.y, spot, touch)
        if key not in self._known:
            self._known[key] = self._lack(body, pose, spot, touch, roadmap)
        return self._known[key]

    def _lack(
        self, body: BodyRecord, pose: Pose, spot: str, touch: bool, roadmap: Roadmap
    ) -> Lack | None:
        card, name = body.card, body.spec.id
        fixture = self._fixtures.get(spot)
        if fixture is not None and touch and not card.low_m <= fixture.height_m <= card.high_m:
            return Lack(
                "reach",
                f"{spot} is {fixture.height_m:g} m high and {name} reaches from {card.low_m:g} m"
                f" to {card.high_m:g} m",
            )
        if card.mobility == "fixed":
            if roadmap.in_reach(pose, card, spot):
                return None
            return Lack("reach", f"{name} stays where it is, and {spot} is out of its reach")
        way = roadmap.way_m(pose, card, spot)
        return None if way is not None else Lack("reach", f"there is no way for {name} to {spot}")


_REACH: WeakKeyDictionary[Roadmap, _Reach] = WeakKeyDictionary()


def nobody(steps: tuple[TaskStep, ...], view: MemoryView, roadmap: Roadmap) -> Lack | None:
    """Why no single body can do all the steps (a team of bodies, for a team step), or None.

    The reason is that of the body that comes closest, told for the whole fleet.
    """
    reasons: list[tuple[int, Lack]] = []
    fit = 0
    for body in view.bodies().values():
        lack = None
        for step in steps:
            lack = lacks(step, body, view, roadmap)
            if lack is not None:
                reasons.append((_nearness(lack, body, steps), lack))
                break
        fit += lack is None
    team = max((step.team for step in steps), default=1)
    if fit >= team:
        return None
    if fit:
        return Lack("embodiment", f"it takes {team} bodies, and only {fit} of this fleet can do it")
    if not reasons:
        return Lack("embodiment", "this fleet has no bodies")
    closest = max(reasons, key=lambda item: item[0])[1]
    return closest if len(reasons) == 1 else _for_all(closest, steps, view, [r for _, r in reasons])


def _nearness(lack: Lack, body: BodyRecord, steps: tuple[TaskStep, ...]) -> int:
    """How much of what the steps ask for the body has: lost, no skill, no reach, too weak."""
    if body.is_out:
        return 0
    if any(body.card.skills.get(step.skill, 0.0) <= 0.0 for step in steps):
        return 1
    return {"embodiment": 2, "reach": 3, "payload": 4}[lack.rule]


def _for_all(
    closest: Lack, steps: tuple[TaskStep, ...], view: MemoryView, every: list[Lack]
) -> Lack:
    living = [body for body in view.bodies().values() if not body.is_out]
    if not living:
        stopped = any(body.stopped for body in view.bodies().values())
        why = (
            "every body of this fleet is stopped"
            if stopped
            else "no body of this fleet gives a sign of life"
        )
        return Lack("embodiment", why)
    for step in steps:
        if not any(body.card.skills.get(step.skill, 0.0) > 0.0 for body in living):
            return Lack("embodiment", f"no body of this fleet can {words(step.skill)}")
    if closest.rule == "reach":
        at = dict.fromkeys(step.place for step in steps if step.place)
        skills = list(dict.fromkeys(step.skill for step in steps))
        skilled = [b for b in living if all(b.card.skills.get(s, 0.0) > 0.0 for s in skills)]
        who = "no body of this fleet"
        if len(skilled) < len(living):
            who += f" that can {' and '.join(words(skill) for skill in skills)}"
        return Lack("reach", f"{who} can reach {_heights(at, view)}")
    if closest.rule == "payload":
        loads = dict.fromkeys(
            f"{thing} ({mass_kg(thing, view):g} kg)"
            for step in steps
            for thing in lifted(step, view.skills()[step.skill])
        )
        return Lack("payload", f"no body of this fleet can carry {' and '.join(loads)}")
    return closest


def _heights(places: Iterable[str], view: MemoryView) -> str:
    heights = {fixture.id: fixture.height_m for fixture in view.plan().fixtures}
    told = [f"{p} ({heights[p]:g} m high)" if p in heights else p for p in places]
    return " and ".join(told)


def words(name: str) -> str:
    """A skill's name as people say it."""
    return name.replace("_", " ")
