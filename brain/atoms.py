"""Skill cards with their parameters filled in: ground atoms, steps and titles.

Preconditions and effects are those of STRIPS (R. Fikes and N. Nilsson, "STRIPS", Artificial
Intelligence 2, 1971), over the predicates of `devices.skill.Atom`.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.facts import Facts, Value
from devices.skill import Atom, Param, SkillCard
from stem_memory.tasks import TaskStep
from stem_memory.view import MemoryView

Args = dict[str, Value]

# A place is whatever one can stand at.
_PLACES = ("fixture", "door", "room", "person", "body", "object")


def unify(pattern: Atom, wanted: Atom) -> Args | None:
    """The arguments that make an effect of a card the wanted atom, or None if none do."""
    if (pattern.pred, pattern.negated, len(pattern.args)) != (
        wanted.pred,
        wanted.negated,
        len(wanted.args),
    ):
        return None
    args: Args = {}
    for slot, value in zip(pattern.args, wanted.args, strict=True):
        if not slot.startswith("$"):
            if slot != value:
                return None
        elif args.setdefault(slot[1:], value) != value:
            return None
    if pattern.pred == "be":
        if pattern.value is None:
            if wanted.value is None or args.setdefault("value", wanted.value) != wanted.value:
                return None
        elif pattern.value != wanted.value:
            return None
    return args


def suits(param: Param, value: Value, facts: Facts) -> str | None:
    """Why the value is no argument for the parameter, or None if it is one."""
    if param.kind == "value":
        return None
    if not isinstance(value, str):
        return f"{param.name} must name something and is {value!r}"
    if param.kind == "text":
        return None if value else f"{param.name} is empty"
    category = facts.category(value)
    if category is None:
        return f"nothing here is called {value}"
    allowed = _PLACES if param.kind == "place" else (param.kind,)
    if category not in allowed:
        return f"{value} is a {category} and {param.name} must be a {param.kind}"
    if param.cls and not any(facts.is_a(value, cls) for cls in param.cls):
        return f"{value} is not {' or '.join(param.cls)}"
    return None


def ground(card: SkillCard, args: Mapping[str, Value], facts: Facts) -> TaskStep:
    """The card with these arguments as a step without id, order or title.

    Two things follow from what the arguments are. Effects on states that a thing does not have
    vanish (washing a plate leaves no "fill"). What is inside of something is known only if it is
    open.

    Raises:
        KeyError: an argument is missing.
    """
    pre = [_fill(atom, args) for atom in card.pre]
    post = [_fill(atom, args) for atom in card.post]
    post = [a for a in post if a.pred != "be" or (a.value is not None and _has(a, card, facts))]
    for atom in post:
        inside = Atom(pred="reachable", args=atom.args[:1])
        if atom.pred == "known" and facts.category(atom.args[0]) == "fixture" and inside not in pre:
            pre.append(inside)
    return TaskStep(
        id="",
        skill=card.name,
        args={param.name: args[param.name] for param in card.params},
        place=_place(card, args, facts),
        pre=tuple(pre),
        post=tuple(post),
        team=card.team,
    )


def _has(effect: Atom, card: SkillCard, facts: Facts) -> bool:
    """Whether the thing has the state: it is asked for, set by this very card, or known."""
    if facts.attr(*effect.args) is not None:
        return True
    first = next(atom for atom in card.post if atom.pred == "be")
    return first.args[1] == effect.args[1]


def _fill(atom: Atom, args: Mapping[str, Value]) -> Atom:
    filled = tuple(str(args[slot[1:]]) if slot.startswith("$") else slot for slot in atom.args)
    value = args["value"] if atom.pred == "be" and atom.value is None else atom.value
    return Atom(pred=atom.pred, args=filled, value=value, negated=atom.negated)


def _place(card: SkillCard, args: Mapping[str, Value], facts: Facts) -> str | None:
    if card.at is None:
        return None
    place = str(args[card.at])
    if facts.category(place) != "room":
        return place
    # A room is no place to reach from: one goes to the thing that lies there.
    for atom in card.pre:
        if atom.pred == "at" and atom.args[1] == f"${card.at}" and atom.args[0].startswith("$"):
            return str(args[atom.args[0][1:]])
    return place


def title(card: SkillCard, step: TaskStep, view: MemoryView) -> str:
    """The step in a few words for people, such as "take cup-3 from cup-shelf"."""
    verb, *rest = card.title.split()
    particle = (
        f" {rest[0]}" if rest and rest[0] in ("up", "off", "on", "to", "at", "around") else ""
    )
    told: list[str] = []
    for param in card.params:
        value = step.args[param.name]
        if param.kind == "value":
            told.append(_setting(value))
        elif param.kind == "text":
            told.append(f'"{value}"')
        elif told or (param.name == card.at and len(card.params) > 1 and param.kind == "fixture"):
            told.append(f"{_preposition(param, step, view)} {value}")
        else:
            told.append(str(value))
    return f"{verb}{particle} {' '.join(told)}"


def _setting(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"with {value}" if isinstance(value, str) else f"to {value:g}"


def _preposition(param: Param, step: TaskStep, view: MemoryView) -> str:
    """How the place takes part: things leave it, come to it, or stay there meanwhile."""
    value = step.args[param.name]
    if any(atom.pred == "at" and atom.args[1] == value for atom in step.post):
        if view.category(str(value)) != "fixture":
            return "to"
        return "in" if view.plan().fixture(str(value)).inside else "on"
    leaves = any(atom.pred in ("holding", "at") for atom in step.post)
    if leaves and any(atom.pred == "at" and atom.args[1] == value for atom in step.pre):
        return "from"
    return "at" if param.name != "to" else "to"
