"""What is wrong, in sentences about things: counter-examples that people and models can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from brain.planning.atoms import suits
from brain.planning.whatif import HANDS, WhatIf
from devices.facts import At, Be, Clear, Condition, Known, Selector, Told, Value
from devices.skill import Atom, Param, SkillCard
from stem_memory.view import MemoryView

Denied = tuple[Literal["unknown_thing", "argument"], str]


def unmet(atom: Atom, facts: WhatIf) -> str:
    """Why an atom is not true: what is believed instead."""
    args = atom.args
    if atom.negated:
        return f"it must not be so that {_plain(atom)}"
    if atom.pred == "at":
        return f"{args[0]} is not {_where(args[1], facts)}; it is believed {where(args[0], facts)}"
    if atom.pred == "holding":
        return f"nobody holds {args[0]}; it is believed {where(args[0], facts)}"
    if atom.pred == "be":
        found = facts.attr(*args)
        return f"the {args[1]} of {args[0]} is not {_value(atom.value)} but {_value(found)}"
    if atom.pred == "reachable":
        return f"{args[0]} is shut; open it first"
    if atom.pred == "room_on":
        fixture = facts.fixtures.get(args[0])
        full = fixture is not None and fixture.capacity > 0
        return f"{args[0]} is full; make room first" if full else f"nothing fits on {args[0]}"
    if atom.pred == "clear":
        things = [t for t in facts.contents(args[0]) if facts.is_a(t, "clearable")]
        return f"{args[0]} is not clear: {', '.join(things)} must go first"
    return f"it is not so that {_plain(atom)}"


def where(thing: str, facts: WhatIf) -> str:
    """Where a thing is believed to be: "on table-4", "held by ana", "somewhere unknown"."""
    place = facts.location(thing)
    if place is None:
        return "somewhere unknown"
    if place.holder.startswith(HANDS):
        return "in the hands of a body by then"
    return _where(place.holder, facts)


def denied(
    param: Param, value: Value, card: SkillCard, args: Mapping[str, Value], view: MemoryView
) -> Denied | None:
    """Why a value can not be an argument: nothing is called so, or it is the wrong kind."""
    if param.kind not in ("value", "text") and view.category(str(value)) is None:
        return "unknown_thing", f"nothing here is called {value}"
    why = suits(param, value, view)
    if why is not None:
        return "argument", why
    if param.kind != "fixture":
        return None
    offers = view.plan().fixture(str(value)).offers
    if param.offers is not None and param.offers not in offers:
        return "argument", f"{value} does not offer {param.offers}"
    setting = args.get("value")
    dispenses = bool(offers) or "dispenser" in param.cls
    asked = isinstance(setting, str) and any(p.kind == "value" for p in card.params)
    if asked and dispenses and setting not in offers:
        return "argument", f"{value} does not offer {setting}; it offers {', '.join(offers)}"
    return None


def wish(condition: Condition) -> str:
    """A condition in words."""
    if isinstance(condition, Clear):
        return f"{condition.where} is clear of anything {condition.cls}"
    if isinstance(condition, Told):
        return f'{condition.who} has been told "{condition.message}"'
    things = _things(condition.what)
    if isinstance(condition, Known):
        return f"somebody has looked at {things}"
    many = f"{condition.count} of " if condition.count is not None else ""
    if isinstance(condition, Be):
        return f"{many}{things}: {condition.attr} is {_value(condition.value)}"
    assert isinstance(condition, At)
    return f"{many}{things} {condition.relation} {condition.where}"


def _things(what: Selector) -> str:
    named = ", ".join(what.ids) or what.cls or "things"
    having = " and ".join(f"{name} {_value(value)}" for name, value in what.having.items())
    return f"{named} with {having}" if having else named


def _where(holder: str, facts: WhatIf) -> str:
    fixture = facts.fixtures.get(holder)
    if fixture is not None:
        return f"{'in' if fixture.inside else 'on'} {holder}"
    return f"held by {holder}" if facts.category(holder) in ("person", "body") else f"in {holder}"


def _value(value: Value | None) -> str:
    return "unknown" if value is None else str(value).lower()


def _plain(atom: Atom) -> str:
    value = f" {_value(atom.value)}" if atom.value is not None else ""
    return f"{atom.pred} {' '.join(atom.args)}{value}"
