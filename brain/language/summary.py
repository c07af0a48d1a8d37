"""One plain sentence of what will be made true."""

from __future__ import annotations

from collections.abc import Iterable

from brain.language.words.plural import be, counted, is_mass, is_plural, listed, plural
from brain.language.words.site import Site
from devices.facts import Be, Clear, Condition, Known, Selector, Told, Value

_STATES: dict[tuple[str, Value], str] = {
    ("clean", False): "dirty",
    ("open", False): "closed",
    ("power", True): "on",
    ("power", False): "off",
}


def summary(conditions: Iterable[Condition], site: Site) -> str:
    """What will be true, in one sentence."""
    parts = [_part(c, site) for c in conditions]
    text = listed(parts)
    return text[:1].upper() + text[1:] + "."


def _part(condition: Condition, site: Site) -> str:
    if isinstance(condition, Clear):
        return f"{site.title(condition.where)} is free of {plural(site.class_title(condition.cls))}"
    if isinstance(condition, Told):
        return f'{site.title(condition.who)} is told "{condition.message}"'
    if isinstance(condition, Known):
        what, _ = _things(condition.what, None, site)
        return f"somebody has looked {'for' if condition.attr == 'location' else 'at'} {what}"
    what, verb = _things(condition.what, condition.count, site)
    if isinstance(condition, Be):
        value = condition.value
        state = _word(condition.attr, value)
        if state == str(value):
            state = f"{condition.attr} {state}"
        return f"{what} {verb} {state}"
    place = site.title(condition.where)
    how = {"held": "with", "at": "at", "on": "on", "in": "in"}[condition.relation]
    return f"{what} {verb} {how} {place}"


def _things(what: Selector, count: int | None, site: Site) -> tuple[str, str]:
    """The things in words, and the verb that goes with them: "2 clean towels", "are"."""
    if what.ids:
        names = site.titles(what.ids)
        return listed(names), be(len(names), names[0])
    fill = what.having.get("fill")
    looks = [_word(k, v) for k, v in sorted(what.having.items()) if k != "fill"]
    name = site.class_title(what.cls or "thing")
    if fill is not None:
        name = f"{name} of {fill}" if fill != "none" else f"empty {name}"
    name = " ".join((*looks, name))
    if count is None:
        several = is_plural(name) or is_mass(name)
        number, verb = f"{'all' if several else 'every'} {name}", be(1, name)
    else:
        number, verb = counted(count, name), be(count, name)
    within = f" from {site.title(what.within)}" if what.within else ""
    without = f" except {', '.join(site.titles(what.exclude))}" if what.exclude else ""
    return f"{number}{within}{without}", verb


def _word(name: str, value: Value) -> str:
    plain = f"{'' if value else 'not '}{name}" if isinstance(value, bool) else str(value)
    return _STATES.get((name, value), plain)
