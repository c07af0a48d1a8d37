"""Conditions, atoms and events as a person would say them."""

from __future__ import annotations

from collections.abc import Callable

from brain.language.words.plural import be, counted, is_mass, is_plural, listed
from devices.facts import Be, Clear, Condition, Known, Selector, Told, Value
from devices.skill import Atom
from stem_memory import contracts as log
from stem_memory.belief.naming import in_words
from stem_memory.instructions import (
    Activate,
    Cancel,
    Change,
    Drain,
    Instruction,
    Release,
    Restrict,
    Retire,
    Stop,
)
from stem_memory.tasks import Finding

Name = Callable[[str], str]
# The words for a step of a goal.
Title = Callable[[str, str], str]
# What stands where the words of somebody were who was erased.
ERASED = "(erased)"
_CLOSED = {
    "satisfied": "is satisfied",
    "answered": "is answered",
    "missed": "is reached, but late",
    "failed": "has failed",
    "refused": "is refused",
    "needs_answer": "waits for an answer",
    "cancelled": "is cancelled",
}
_DRINKS_NOTHING = "none"
_STATES: dict[tuple[str, Value], str] = {
    ("clean", False): "dirty",
    ("open", False): "closed",
    ("power", True): "on",
    ("power", False): "off",
    ("sliced", False): "whole",
    ("fill", _DRINKS_NOTHING): "empty",
}


def plain(id_: str) -> str:
    """An id or class as words: "dining-room" becomes "dining room"."""
    return id_.replace("-", " ").replace("_", " ")


def state_words(attr: str, value: Value | None) -> str:
    """A state: "clean", "off", "filled with coffee", "battery 0.4"."""
    if value is None:
        return f"a known {plain(attr)}"
    known = _STATES.get((attr, value))
    if known is not None:
        return known
    if attr == "fill":
        return f"filled with {value}"
    if isinstance(value, bool):
        return f"{'' if value else 'not '}{plain(attr)}"
    return f"{plain(attr)} {value}"


def condition_words(condition: Condition, name: Name = plain) -> str:
    """A goal condition as a statement that is true or not."""
    if isinstance(condition, Clear):
        return f"nothing {_adjective(condition.cls)} is on {name(condition.where)}"
    if isinstance(condition, Told):
        return f"{name(condition.who)} has been told “{condition.message}”"
    things, verb = _things(condition.what, getattr(condition, "count", None), name)
    if isinstance(condition, Known):
        what = "where" if condition.attr == "location" else f"how {plain(condition.attr)}"
        return f"somebody has seen {what} {things} {verb}"
    if isinstance(condition, Be):
        return f"{things} {verb} {state_words(condition.attr, condition.value)}"
    fresh = "newly " if condition.fresh else ""
    return f"{things} {verb} {fresh}{in_words(condition.relation)} {name(condition.where)}"


def instruction_words(instruction: Instruction, name: Name = plain) -> str:
    """What somebody who instructs does: "cancels g1", "stops all bodies"."""
    if isinstance(instruction, Change):
        return _change_words(instruction)
    if isinstance(instruction, Restrict):
        return _restriction_words(instruction, name)
    if isinstance(instruction, Retire):
        return f"takes {name(instruction.body)} out of the fleet"
    if isinstance(instruction, Stop | Release | Drain | Activate):
        bodies = listed([name(body) for body in instruction.bodies]) or "all bodies"
        return _TO_BODIES[instruction.kind].format(bodies)
    goals = listed(list(instruction.goals)) or "nothing"
    back = isinstance(instruction, Cancel) and instruction.roll_back
    return _TO_GOALS[instruction.kind].format(goals) + (
        ", and what was moved is put back" if back else ""
    )


_TO_BODIES = {
    "stop": "stops {}",
    "release": "lets {} move again",
    "drain": "drains {}",
    "activate": "lets {} take on work",
}
_TO_GOALS = {"cancel": "cancels {}", "pause": "pauses {}", "resume": "lets {} go on"}


def _change_words(change: Change) -> str:
    parts = [
        f"it is now “{change.text}”" if change.text is not None else "",
        f"by {change.deadline_s:.0f} s" if change.deadline_s is not None else "",
        f"priority {change.priority}" if change.priority is not None else "",
    ]
    return f"changes {change.goal}: {', '.join(filter(None, parts))}"


def _restriction_words(rule: Restrict, name: Name) -> str:
    only, never = (listed([name(body) for body in bodies]) for bodies in (rule.only, rule.never))
    rules = [f"only {only}" if only else "", f"not {never}" if never else ""]
    return f"lets {' and '.join(filter(None, rules)) or 'anybody'} work for {rule.goal}"


def finding_words(found: Finding, name: Name = plain) -> str:
    """What is believed: "red mug is on kitchen counter"."""
    thing = name(found.thing)
    verb = be(1, thing)
    if found.value is None:
        return f"nobody knows where {thing} {verb}" if found.attr == "location" else thing
    if found.attr == "location":
        return f"{thing} {verb} {in_words(found.relation or 'at')} {name(str(found.value))}"
    return f"{thing} {verb} {state_words(found.attr, found.value)}"


def atom_words(atom: Atom) -> str:
    """One pre- or postcondition of a skill or step."""
    args = [plain(arg.removeprefix("$")) for arg in atom.args]
    text = _atom(atom, args)
    return f"not: {text}" if atom.negated else text


def _atom(atom: Atom, args: list[str]) -> str:
    match atom.pred:
        case "at":
            return f"{args[0]} is at {args[1]}"
        case "holding":
            return f"the body holds {args[0]}"
        case "be":
            value = "as asked" if atom.value is None else state_words(atom.args[1], atom.value)
            return (
                f"{args[0]} is {value}"
                if atom.value is not None
                else f"{args[1]} of {args[0]} is {value}"
            )
        case "near":
            return f"the body is at {args[0]}"
        case "hand_free":
            return "a hand is free"
        case "reachable":
            return f"{args[0]} can be reached into"
        case "room_on":
            return f"{args[0]} has room"
        case "clear":
            return f"{args[0]} is cleared"
        case "told":
            return f"{args[0]} has been told"
        case "known":
            return f"somebody has seen {args[0]}"


def event_words(
    body: log.Payload, name: Name = plain, title: Title = lambda goal, step: step
) -> str:
    """One sentence for an entry of the log.

    Args:
        body: The entry.
        name: Words for an id.
        title: Words for a step, from the ids of its goal and its own.
    """
    if isinstance(body, log.StepAssigned):
        given = body.assignment
        return f"{title(given.goal, given.step)}: {given.explain.sentence}"
    if isinstance(body, log.StepStarted):
        return _started(body, name, title)
    if isinstance(body, log.StepEnded):
        return _ended(body, name, title)
    words = _SENTENCES.get(body.kind)
    return words(body, name) if words is not None else plain(body.kind)


def duration_words(seconds: float) -> str:
    """A duration: "8 s", "1 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _things(selector: Selector, count: int | None, name: Name) -> tuple[str, str]:
    """The things in words, and the verb that goes with them."""
    if selector.ids:
        names = [name(id_) for id_ in selector.ids[:4]]
        more = len(selector.ids) - len(names)
        text = listed([*names, f"{more} more"] if more else names)
        verb = be(len(selector.ids) if count is None else count, names[0])
        if count is not None and count < len(selector.ids):
            text = f"{count} of {text}"
    else:
        having = sorted(selector.having.items())
        looks = [_look(attr, value) for attr, value in having if attr != "fill"]
        noun = " ".join((*looks, name(selector.cls or "thing")))
        if count is None:
            text, verb = (
                f"{'all' if is_plural(noun) or is_mass(noun) else 'every'} {noun}",
                be(1, noun),
            )
        else:
            text, verb = counted(count, noun), be(count, noun)
        fill = [state_words(attr, value) for attr, value in having if attr == "fill"]
        text = " ".join((text, *fill))
    return (f"{text} in {name(selector.within)}" if selector.within else text), verb


def _look(attr: str, value: Value) -> str:
    """A state or attribute as it stands before its noun: "clean", "red"."""
    return str(value) if isinstance(value, str) else state_words(attr, value)


def _adjective(cls: str) -> str:
    return "to clear" if cls == "clearable" else f"that is a {plain(cls)}"


def _started(body: log.StepStarted, name: Name, title: Title) -> str:
    if body.role == "step":
        return f"{name(body.body)} begins: {title(body.goal, body.step)}"
    what = f"{plain(body.skill)} {name(body.target)}".strip()
    if body.role == "errand":
        return f"{name(body.body)} runs an errand: {what}"
    return f"{name(body.body)} is on its way ({what}) to: {title(body.goal, body.step)}"


def _ended(body: log.StepEnded, name: Name, title: Title) -> str:
    what = title(body.goal, body.step) if body.role == "step" else plain(body.skill)
    why = f" ({body.detail or plain(body.reason)})" if body.detail or body.reason else ""
    seen = ", and memory has seen it" if body.evidenced and body.role == "step" else ""
    outcome = {
        "done": "has done",
        "failed": "failed",
        "cancelled": "was stopped",
        "lapsed": "lost its lease",
    }[body.outcome]
    return f"{name(body.body)} {outcome}: {what}{seen}{why}"


def _planned(body: log.GraphPlanned, name: Name) -> str:
    again = f", revision {body.revision}: {body.reason}" if body.revision > 1 else ""
    return f"a plan of {counted(len(body.steps), 'step')} for {body.goal}{again}"


# How each kind of event reads. Kinds that are not here are named by their kind.
_SENTENCES: dict[str, Callable[..., str]] = {
    "site_surveyed": lambda b, n: (
        f"the site is surveyed: {counted(len(b.plan.rooms), 'room')}, "
        f"{counted(len(b.things), 'thing')}"
    ),
    "skills_declared": lambda b, n: f"{counted(len(b.cards), 'skill')} {be(len(b.cards))} known",
    "body_enrolled": lambda b, n: f"{n(b.spec.id)} joins ({b.card.title})",
    "observed": lambda b, n: (
        f"{n(b.observation.body)} reports, "
        f"{counted(len(b.observation.sightings), 'thing')} in sight"
    ),
    "body_lost": lambda b, n: f"{n(b.body)} gives no sign of life since {b.last_heard_s:.0f} s",
    "body_back": lambda b, n: f"{n(b.body)} is heard again",
    "said": lambda b, n: f"{n(b.who)} says: “{b.text or ERASED}”",
    "replied": lambda b, n: f"{n(b.to)} is told: “{b.text}”",
    "instructed": lambda b, n: f"{n(b.by)} {instruction_words(b.instruction, n)}",
    "answer_given": lambda b, n: f"{b.goal} is answered: “{b.answer.text}”",
    "deadline_passed": lambda b, n: (
        f"{b.goal} was to be done by {b.deadline_s:.0f} s: it goes on, and is late"
    ),
    "goal_posted": lambda b, n: f"{n(b.goal.who)} wishes: “{b.goal.text or ERASED}”",
    "goal_understood": lambda b, n: f"understood by {b.by}: {b.summary}",
    "goal_questioned": lambda b, n: f"asked back: {b.question}",
    "goal_answered": lambda b, n: f"the answer: “{b.text}”",
    "graph_planned": _planned,
    "spoken": lambda b, n: f"{n(b.body)} says to {n(b.to)}: “{b.text}”",
    "goal_closed": lambda b, n: (
        f"{b.goal} {_CLOSED[b.status]}" + (f": {b.reason}" if b.reason else "")
    ),
}
