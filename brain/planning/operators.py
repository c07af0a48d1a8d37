"""Which skills, with which arguments, could make an atom true. Best guesses first.

Skills are read from their cards alone: what a third party declares is planned with like our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from brain.planning.atoms import GENERAL, Args, suits, unify
from brain.planning.sketch import Sketch
from devices.facts import Value
from devices.skill import Atom, Param, SkillCard

# Distances in metres stand for effort: a place that is full, in use or shut is as bad as one that is
# this much farther away.
FULL_M = 15.0
USED_M = 4.0
SHUT_M = 8.0
# How many things are tried for one free parameter.
CHOICES = 12


def operators(
    atom: Atom, sketch: Sketch, free: Callable[[str], bool]
) -> list[tuple[SkillCard, Args]]:
    """Skills with arguments whose effects include the atom, the least effort first.

    `free` tells whether an object may be used where any of its kind would do.
    """
    found: list[tuple[SkillCard, Args]] = []
    for card in achievers(atom, sketch):
        for effect in card.post:
            args = unify(effect, atom)
            if args is None or not _typed(card, args, sketch):
                continue
            found.extend((card, full) for full in _complete(card, args, sketch, free))
    return sorted(found, key=lambda item: item[0].team)


def achievers(atom: Atom, sketch: Sketch) -> list[SkillCard]:
    """Plannable skills with an effect of the atom's kind."""
    cards = sketch.view.skills().values()
    return [
        card
        for card in cards
        if card.plannable and any(unify(effect, atom) is not None for effect in card.post)
    ]


def changeable(attr: str, value: Value, sketch: Sketch) -> bool:
    """Whether any skill can give some thing this value of an attribute."""
    return any(
        effect.pred == "be"
        and effect.args[1] == attr
        and (effect.value is None or effect.value == value)
        for card in sketch.view.skills().values()
        if card.plannable
        for effect in card.post
    )


def why_none(atom: Atom, sketch: Sketch) -> str:
    """In words, why no skill makes the atom true."""
    if atom.pred != "be":
        return f"nobody here knows how to bring about: {atom.pred} {' '.join(atom.args)}"
    thing, attr = atom.args
    for card in achievers(atom, sketch):
        for param in card.params:
            if param.kind == "fixture" and param.offers:
                return f"there is no place here to {card.name.replace('_', ' ')} {thing}"
            if param.kind == "fixture" and isinstance(atom.value, str):
                return f"nothing here offers {atom.value}"
    if achievers(atom, sketch):
        return f"{thing} is nothing whose {attr!r} can be changed"
    return f"no skill of this fleet changes {attr!r} of {thing} to {_said(atom.value)}"


def _said(value: Value | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(card: SkillCard, args: Args, sketch: Sketch) -> bool:
    kinds = {param.name: param for param in card.params}
    return all(
        name in kinds and suits(kinds[name], value, sketch.facts) is None
        for name, value in args.items()
    ) and all(
        _offers(param, str(args[param.name]), card, args, sketch)
        for param in card.params
        if param.name in args and param.kind == "fixture"
    )


def _complete(
    card: SkillCard, args: Args, sketch: Sketch, free: Callable[[str], bool]
) -> Iterator[Args]:
    """Every choice for the parameters that the effect leaves open, nearest first."""
    open_ = next((param for param in card.params if param.name not in args), None)
    if open_ is None:
        yield args
        return
    for value in _choices(open_, card, args, sketch, free):
        yield from _complete(card, args | {open_.name: value}, sketch, free)


def _choices(
    param: Param, card: SkillCard, args: Args, sketch: Sketch, free: Callable[[str], bool]
) -> list[str]:
    facts = sketch.facts
    if param.kind in ("value", "text"):
        return []
    subject = _subject(param, card, args)
    if subject is not None and not (param.cls or param.offers):
        place = facts.location(subject)
        if facts.held_by(subject) is not None:
            return []  # nobody takes things out of the hands of somebody who can put them down
        return [place.holder] if place is not None and _fits(param, place.holder, sketch) else []
    if param.kind in GENERAL and not param.cls:
        return []
    anchor = subject or next((v for v in args.values() if facts.category(str(v))), None)
    category = None if param.kind in GENERAL else param.kind
    pool: Iterable[str] = facts.ids(category)  # type: ignore[arg-type]
    fitting = [
        thing
        for thing in pool
        if _fits(param, thing, sketch)
        and (param.kind != "object" or free(thing))
        and (param.kind != "fixture" or _offers(param, thing, card, args, sketch))
    ]
    ranked = sorted(fitting, key=lambda thing: effort_m(thing, subject, anchor, sketch))
    return ranked[:CHOICES]


def _subject(param: Param, card: SkillCard, args: Args) -> str | None:
    """The object that must be at this parameter's place, if that object is chosen already."""
    for atom in card.pre:
        if atom.pred == "at" and atom.args[1] == f"${param.name}":
            name = atom.args[0].removeprefix("$")
            return str(args[name]) if name in args else None
    return None


def _fits(param: Param, thing: str, sketch: Sketch) -> bool:
    return suits(param, thing, sketch.facts) is None


def _offers(param: Param, fixture: str, card: SkillCard, args: Args, sketch: Sketch) -> bool:
    """Whether the fixture's mechanism does what is asked: the skill's service, or its setting.

    A setting in words ("coffee") is something the fixture must offer if it offers anything.
    """
    offers = sketch.facts.fixtures[fixture].offers
    if param.offers is not None:
        return param.offers in offers
    value = args.get("value")
    if not isinstance(value, str) or not any(p.kind == "value" for p in card.params):
        return True
    return value in offers if offers or "dispenser" in param.cls else True


def effort_m(thing: str, subject: str | None, anchor: Value | None, sketch: Sketch) -> float:
    """How unhandy a choice is, in metres: distance, a full place, a place already in use."""
    facts = sketch.facts
    place = facts.location(subject) if subject is not None else None
    if place is not None and place.holder == thing:
        return -1.0
    metres = distance_m(thing, str(anchor) if anchor is not None else None, sketch)
    if thing in facts.fixtures:
        metres += USED_M * sketch.uses(thing)
        metres += SHUT_M if facts.attr(thing, "open") is False else 0.0
        metres += FULL_M if facts.fixtures[thing].capacity and facts.room_on(thing) <= 0 else 0.0
    return metres


def distance_m(thing: str, other: str | None, sketch: Sketch) -> float:
    """Straight distance between two things as believed now; far where a place is unknown."""
    if other is None:
        return 0.0
    return math.dist(_spot(thing, sketch) or (0.0, 0.0), _spot(other, sketch) or (0.0, 0.0))


def _spot(thing: str, sketch: Sketch) -> tuple[float, float] | None:
    place = sketch.facts.location(thing)
    if place is not None and place.holder in sketch.facts.fixtures:
        return sketch.view.position(place.holder)
    return sketch.view.position(thing)
