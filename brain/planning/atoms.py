"""Skill cards with their parameters filled in: ground atoms, steps and titles.

Preconditions and effects are those of STRIPS (R. Fikes and N. Nilsson, "STRIPS", Artificial
Intelligence 2, 1971), over the predicates of `devices.skill.Atom`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from devices.facts import Facts, Value
from devices.skill import Atom, Param, SkillCard
from stem_memory.tasks import TaskStep
from stem_memory.view import MemoryView

Args = dict[str, Value]

# Words at which the verb of a card's title ends ("look closely at | a thing").
_NOUNS = ("a", "an", "the", "something", "food")

# A place is whatever one can stand at; a thing is what one can look at from there.
GENERAL: dict[str, tuple[str, ...]] = {
    "place": ("fixture", "door", "room", "person", "body", "object"),
    "thing": ("fixture", "door", "person", "body", "object"),
}


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
    allowed = GENERAL.get(param.kind, (param.kind,))
    if category not in allowed:
        return f"{value} is a {category} and {param.name} must be a {param.kind}"
    if param.cls and not any(facts.is_a(value, cls) for cls in param.cls):
        return f"{value} is not {' or '.join(param.cls)}"
    return None


def ground(card: SkillCard, args: Mapping[str, Value], facts: Facts) -> TaskStep:
    """The card with these arguments as a step without id, order or title.

    Effects on states that a thing does not have vanish (washing a plate leaves no "fill"). What
    holds for every skill is added: nothing goes into, out of or is seen in what is shut, and nothing
    is put where there is no room.

    Raises:
        KeyError: an argument is missing.
    """
    pre = [_fill(atom, args) for atom in card.pre]
    post = [_fill(atom, args) for atom in card.post]
    post = [a for a in post if a.pred != "be" or (a.value is not None and _has(a, card, facts))]
    pre += [atom for atom in _nature(pre, post, facts) if atom not in pre]
    return TaskStep(
        id="",
        skill=card.name,
        args={param.name: args[param.name] for param in card.params},
        place=_place(card, args, facts),
        pre=tuple(pre),
        post=tuple(post),
        team=card.team,
    )


def complete(step: TaskStep, view: MemoryView) -> TaskStep:
    """A proposed step with place, preconditions, effects and title of its skill's card.

    Raises:
        KeyError: there is no such skill, or an argument is missing.
    """
    card = view.skills()[step.skill]
    whole = ground(card, step.args, view)
    own = tuple(atom for atom in step.pre if atom not in whole.pre)
    alone = card.at is None and step.place is not None
    return step.model_copy(
        update={
            "place": step.place if alone else whole.place,
            "pre": (*own, *whole.pre),
            "post": whole.post,
            "team": card.team,
            "title": step.title or title(card, whole, view),
        }
    )


def _nature(pre: list[Atom], post: list[Atom], facts: Facts) -> Iterator[Atom]:
    """Preconditions that a fixture has for whatever is done in it."""
    moved = {atom.args[0] for atom in post if atom.pred in ("at", "holding")}
    for atom in pre:
        inside = atom.pred == "at" and facts.category(atom.args[1]) == "fixture"
        if inside and atom.args[0] in moved:
            yield Atom(pred="reachable", args=atom.args[1:])
    for atom in post:
        if atom.pred == "known" and facts.category(atom.args[0]) == "fixture":
            yield Atom(pred="reachable", args=atom.args[:1])
        if atom.pred == "at" and facts.category(atom.args[1]) == "fixture":
            yield Atom(pred="reachable", args=atom.args[1:])
            yield Atom(pred="room_on", args=atom.args[1:])


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
    verb: list[str] = []
    for word in card.title.split():
        if verb and word in _NOUNS:
            break
        verb.append(word)
    if len(verb) == len(card.title.split()):
        verb = verb[:1]
    told: list[str] = []
    for param in card.params:
        value = step.args[param.name]
        if param.kind == "value":
            told.append(_setting(value))
        elif param.kind == "text":
            told.append(f'"{value}"')
        else:
            told.append(f"{_preposition(param, step, view)} {value}" if told else str(value))
    return " ".join((*verb, *told))


def _setting(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"with {value}" if isinstance(value, str) else f"to {value:g}"


def _preposition(param: Param, step: TaskStep, view: MemoryView) -> str:
    """How the place takes part: things leave it, come to it, or stay there meanwhile."""
    value = step.args[param.name]
    if any(atom.pred == "at" and atom.args[1] == value for atom in step.post):
        if view.category(str(value)) != "fixture" or step.team > 1:
            return "to"
        return "in" if view.plan().fixture(str(value)).inside else "on"
    leaves = any(atom.pred in ("holding", "at") for atom in step.post)
    if leaves and any(atom.pred == "at" and atom.args[1] == value for atom in step.pre):
        return "from"
    return "at" if param.name != "to" else "to"
