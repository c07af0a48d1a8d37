"""Gold wishes as YAML: a short notation for conditions, checked against the site's memory.

A file maps a world to its wishes. A wish has `say`, `tags`, and what is right:

    understood: [CONDITION, ...]            one set of conditions
    understood_any: [[CONDITION, ...], ...] several equally right ones
    ask: true                               a question back; a refusal declines as well
    refuse: true                            a refusal; a question declines as well
    decline: true                           a question or a refusal, either is right

and optionally `by` (who says it), `before` (earlier wishes), `answers` (to questions). Conditions:

    {at: THINGS, where: ID}                 also count, fresh, relation
    {be: THINGS, clean: true}               one state and its value; also count
    {clear: ID}                             also cls
    {tell: ID, message: TEXT}
    {know: THINGS}                          also attr (default: location)

THINGS is a list of ids or {cls: NAME, within: ID, exclude: [ID], PROPERTY: VALUE ...}. `relation`
follows from where it is, and things that are counted are fresh, unless they are bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from devices.facts import At, Be, Clear, Condition, Known, Relation, Selector, Told
from devices.site import SitePlan
from services.errors import UserError
from services.lab.wishes.check import mistakes
from services.lab.wishes.contracts import Expected, GoldWish
from services.lab.wishes.site import Site, site_of
from stem_memory.view import MemoryView

FOLDER = Path(__file__).parent / "splits"
_DECLINED: tuple[Expected, ...] = ("ask", "refuse", "decline")
_FIELDS = {"say", "tags", "by", "before", "answers", "understood", "understood_any", *_DECLINED}


def read_gold(source: str) -> tuple[GoldWish, ...]:
    """The wishes of a split ("dev", "train", "test") or of a YAML file, in the order of the file.

    Raises:
        UserError: there is no such file, or a wish in it is wrong; the sentence says which.
    """
    path = Path(source) if source.endswith((".yaml", ".yml")) else FOLDER / f"{source}.yaml"
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise UserError(f"the wishes {source} can not be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise UserError(f"{path.name} is no list of wishes: map each world to its wishes")
    return tuple(
        wish
        for world, entries in data.items()
        for number, entry in enumerate(entries, 1)
        for wish in (_wish(f"{path.stem}/{world}/{number}", str(world), entry),)
    )


def _wish(name: str, world: str, entry: Any) -> GoldWish:
    site = site_of(world)
    try:
        unknown = set(entry) - _FIELDS
        if unknown:
            raise ValueError(f"it has the unknown fields {', '.join(sorted(unknown))}")
        readings = entry.get("understood_any", [])
        if "understood" in entry:
            readings = [entry["understood"]]
        declined = [kind for kind in _DECLINED if entry.get(kind)]
        if bool(readings) + len(declined) != 1:
            raise ValueError(
                "it needs exactly one of understood, understood_any, ask, refuse, decline"
            )
        wish = GoldWish(
            id=name,
            world=world,
            text=entry["say"],
            tags=tuple(entry["tags"]),
            by=entry.get("by"),
            before=tuple(entry.get("before", ())),
            answers=tuple(entry.get("answers", ())),
            expected=declined[0] if declined else "understood",
            readings=tuple(tuple(condition(raw, site) for raw in each) for each in readings),
        )
        wrong = next(mistakes(wish, site), None)
        if wrong is not None:
            raise ValueError(wrong)
        return wish
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the wish {name} is wrong: {' '.join(str(error).split())}") from None


def condition(raw: Mapping[str, Any], site: Site) -> Condition:
    """One condition from its short notation.

    Raises:
        ValueError: it is none of the five kinds, or has a field too many.
        KeyError: a field is missing.
    """
    rest = dict(raw)
    if "at" in rest:
        what, where = _things(rest.pop("at")), rest.pop("where")
        count, view = rest.pop("count", None), site.memory
        bodies = what.cls is not None and any(
            view.is_a(body, what.cls) for body in view.ids("body")
        )
        found: Condition = At(
            what=what,
            where=where,
            relation=rest.pop("relation", None) or relation_of(what, where, view),
            count=count,
            fresh=rest.pop("fresh", count is not None and not bodies),
        )
    elif "be" in rest:
        what, count = _things(rest.pop("be")), rest.pop("count", None)
        attr = next(iter(rest))
        found = Be(what=what, attr=attr, value=rest.pop(attr), count=count)
    elif "clear" in rest:
        found = Clear(where=rest.pop("clear"), cls=rest.pop("cls", "clearable"))
    elif "tell" in rest:
        found = Told(who=rest.pop("tell"), message=rest.pop("message"))
    elif "know" in rest:
        found = Known(what=_things(rest.pop("know")), attr=rest.pop("attr", "location"))
    else:
        raise ValueError(f"{dict(raw)} is neither at, be, clear, tell nor know")
    if rest:
        raise ValueError(f"{dict(raw)} has the unknown fields {', '.join(sorted(rest))}")
    return found


def relation_of(what: Selector, where: str, view: MemoryView) -> Relation:
    """How things are at a place: bodies and rooms "at", people "held", fixtures "on" or "in"."""
    category = view.category(where)
    if category in ("person", "body"):
        return "held"
    if category == "fixture" and not all(view.category(i) == "body" for i in what.ids or ("",)):
        return "in" if _inside(view.plan(), where) else "on"
    return "at"


def _inside(plan: SitePlan, fixture: str) -> bool:
    return plan.fixture(fixture).inside


def _things(raw: Any) -> Selector:
    if isinstance(raw, list):
        return Selector(ids=tuple(sorted(raw)))
    rest = dict(raw)
    return Selector(
        ids=tuple(sorted(rest.pop("ids", ()))),
        cls=rest.pop("cls", None),
        within=rest.pop("within", None),
        exclude=tuple(sorted(rest.pop("exclude", ()))),
        having=rest,
    )
