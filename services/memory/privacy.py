"""Privacy of a run: what its scenario and its command say is not recorded, and kept how long.

Both are rules in the log itself, so whoever opens the memory later holds to them too.
"""

from __future__ import annotations

import re

from devices.facts import Category
from services.errors import UserError
from services.session.contracts import RunConfig
from sim_worlds.contracts import Keep, NoRecord, Privacy, Scenario
from stem_memory.privacy.contracts import PrivacyChanged, RetentionSet, ZoneDrawn

_KINDS: dict[str, tuple[Category, ...]] = {
    "": (),
    "everything": (),
    "people": ("person",),
    "objects": ("object",),
}
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_KEEP = re.compile(
    r"(?P<cls>[\w-]+)(?: (?:in|on|at) (?P<place>[\w -]+?))? (?P<n>\d+(?:\.\d+)?) ?(?P<unit>s|min|h|d)"
)
_EXAMPLE = '--keep "person in bathroom 10min"'


def declared(config: RunConfig, scenario: Scenario) -> Privacy:
    """What the scenario says of privacy, and on top of it what the command says.

    Raises:
        UserError: `--no-record` or `--keep` names a room, class or time that is none.
    """
    own = scenario.privacy
    zones = tuple(_zone(name, scenario) for name in dict.fromkeys(config.no_record))
    keep = tuple(_keep(text, scenario) for text in config.keep)
    return Privacy(no_record=(*own.no_record, *zones), keep=(*own.keep, *keep))


def rules(privacy: Privacy, scenario: Scenario) -> tuple[PrivacyChanged, ...]:
    """The same as entries of the log."""
    areas = {room.id: room.polygon for room in scenario.plan.rooms}
    zones = (
        ZoneDrawn(
            zone=zone.id,
            polygon=zone.polygon or areas[zone.room],
            margin_m=zone.margin_m,
            categories=zone.categories,
            from_s=zone.from_s,
            to_s=zone.to_s,
        )
        for zone in privacy.no_record
    )
    kept = (RetentionSet(cls=k.cls, place=k.place, keep_s=k.keep_s) for k in privacy.keep)
    return tuple(PrivacyChanged(change=change) for change in (*zones, *kept))


def _zone(text: str, scenario: Scenario) -> NoRecord:
    words = " ".join(text.lower().split())
    kinds, _, name = words.rpartition(" in ")
    wanted = name.removeprefix("the ")
    categories = _KINDS.get(kinds)
    for room in scenario.plan.rooms:
        if wanted in (room.id, *(known.lower() for known in room.names)) and categories is not None:
            zone = f"{kinds or 'everything'} in {room.id}"
            return NoRecord(id=zone, room=room.id, categories=categories)
    rooms = ", ".join(room.id for room in scenario.plan.rooms)
    raise UserError(
        f"--no-record {text!r}: {scenario.name} has no such room; write a room, or such as "
        f'"people in bathroom"; there are {rooms}'
    )


def _keep(text: str, scenario: Scenario) -> Keep:
    found = _KEEP.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise UserError(
            f"--keep {text!r} can not be read; write a class (or everything), where and how long, "
            f"such as {_EXAMPLE}"
        )
    seconds = float(found["n"]) * _UNITS[found["unit"]]
    if seconds <= 0.0:
        raise UserError(
            f"--keep {text!r} keeps nothing at all; use --no-record, or give a time above 0"
        )
    classes = {card.cls for card in scenario.classes}
    cls = "" if found["cls"] in ("everything", "all") else found["cls"].replace("-", "_")
    if cls and cls not in classes:
        raise UserError(f"--keep {text!r}: there is no class {cls}; name one such as person or cup")
    return Keep(cls=cls, place=_place(found["place"], classes, text, scenario), keep_s=seconds)


def _place(words: str | None, classes: set[str], text: str, scenario: Scenario) -> str:
    """A room or fixture by its id or name, or a class of them."""
    if not words:
        return ""
    plan = scenario.plan
    named = [(room.id, room.names) for room in plan.rooms]
    named += [(fixture.id, fixture.names) for fixture in plan.fixtures]
    for place, names in named:
        if words in (place, *(name.lower() for name in names)):
            return place
    if words.replace(" ", "_") in classes:
        return words.replace(" ", "_")
    raise UserError(
        f"--keep {text!r}: {scenario.name} has no place {words!r}; name a room or fixture"
    )
