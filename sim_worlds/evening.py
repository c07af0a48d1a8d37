"""A long evening in the restaurant: writes `scenarios/restaurant-evening.yaml`.

Parties come, order, drink, leave their dirty dishes and go; the manager has tables cleared. The
file is data like any other: `python -m sim_worlds.evening` prints it, and a test compares.
Times in seconds.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from importlib.resources import files

BODIES = 8
WISHES = 60
HOURS_S = 7200.0
SEED = 7

_NAMES = ("Ana", "Ben", "Carla", "Dan", "Emil", "Fay", "Gus", "Hana", "Igor", "Jane", "Kofi", "Lea")
_SEATED = 4  # of these, already at their tables when the evening begins
_FREE_AT = {1: 0, 3: 0, 4: 0, 6: 0, 8: 0, 10: 0, 2: 900, 5: 900, 7: 900, 9: 900}
_NUMBERS = {1: "a", 2: "two"}
# What is ordered: words for one, for two, the vessel and its fill, and how often.
_DRINKS = (
    ("coffee", "coffees", "cup", "coffee", 6),
    ("tea", "teas", "cup", "tea", 2),
    ("glass of water", "glasses of water", "glass", "water", 4),
    ("juice", "juices", "glass", "juice", 3),
)
_ORDERS = (
    "{what} to table {table}, please",
    "please bring {what} to table {table}",
    "bring {what} to table {table}",
    "could you bring {what} to table {table}?",
)
# Wishes that are no orders: time, who, text, conditions. All stand on things of restaurant.yaml.
_ERRANDS = (
    (20, "mia", "clear table 2, then wipe it", "clear:table-2 clean:table-2"),
    (140, "mia", "mop the spill in the dining room", "clean:spill"),
    (260, "mia", "clear table 5", "clear:table-5"),
    (420, "mia", "clear table 7 and wipe it", "clear:table-7 clean:table-7"),
    (560, "mia", "clear table 9", "clear:table-9"),
    (1320, "mia", "slice the bread", "sliced:bread"),
    (1900, "mia", "heat the tomato soup", "hot:tomato-soup"),
    (2450, "mia", "turn on the terrace heater", "power:terrace-heater"),
    (3050, "mia", "wash the pot", "clean:pot"),
    (3900, "mia", "wipe the prep island", "clean:prep-island"),
    (4700, "mia", "turn on the radio", "power:radio"),
    (6650, "mia", "turn off the dining light", "dark:dining-light"),
)
_PARTIES = (WISHES - len(_ERRANDS)) // 2


@dataclass(frozen=True)
class _Party:
    """Guests who share a table from `comes` to `goes`."""

    table: int
    guests: tuple[str, ...]
    comes: float
    goes: float


def evening(restaurant: str, seed: int = SEED) -> str:
    """Write the evening as a scenario file.

    Args:
        restaurant: The text of the restaurant's file, whose place, things and people it takes.
        seed: Which evening.

    Returns:
        The text of a whole scenario file.

    Raises:
        ValueError: The text is not laid out as the restaurant's is.
    """
    rng = random.Random(seed)
    parties = _parties(rng)
    entries = [entry for party in parties for entry in _stay(party, rng)]
    entries += [
        (float(t), _says(t, who, text, [_errand(word) for word in words.split()]))
        for t, who, text, words in _ERRANDS
    ]
    lines = [text for _, text in sorted(entries, key=lambda entry: entry[0])]
    return _place(restaurant) + "\nhappenings:\n" + "\n".join(lines) + "\n"


def _place(restaurant: str) -> str:
    """The restaurant without its own happenings, for fewer bodies and more guests."""
    head, _, rest = restaurant.partition("\nname: restaurant\n")
    body, _, tail = rest.partition("\nhappenings:\n")
    bodies = [line for line in body.splitlines() if line.startswith("  - {id:") and "pose:" in line]
    if not (head and tail and len(bodies) >= BODIES):
        raise ValueError("the restaurant's file has another layout; adapt sim_worlds/evening.py")
    for line in bodies[BODIES:]:
        body = body.replace(line + "\n", "").replace(line, "")
    extra = "".join(
        f"  - {{id: {name.lower()}, cls: guest, names: [{name}], at: street}}\n"
        for name in _NAMES
        if f"id: {name.lower()}," not in body
    )
    body = body.replace("\nbodies:\n", f"{extra}\nbodies:\n", 1)
    body = body.replace("at: cup-shelf, count: 20", "at: cup-shelf, count: 28")
    body = body.replace("at: cup-shelf, count: 16", "at: cup-shelf, count: 18")
    body = body.replace("limit_s: 3600", "limit_s: 9000")
    title = "A restaurant evening, sixty wishes in two hours"
    old = "title: A restaurant with bar, kitchen, dish-wash and terrace"
    return (
        "# Written by sim_worlds/evening.py from restaurant.yaml, where the format is explained.\n"
        f"\nname: restaurant-evening\n{body.replace(old, f'title: {title}').rstrip()}\n"
    )


def _parties(rng: random.Random) -> list[_Party]:
    """Who sits where and when: a table serves one party at a time, a guest comes back later."""
    parties = [
        _Party(4, ("ana", "ben"), 0.0, 1150.0),
        _Party(6, ("carla",), 0.0, 1000.0),
        _Party(3, ("dan",), 0.0, 1250.0),
    ]
    tables = {table: float(t) for table, t in _FREE_AT.items()}
    guests = {name.lower(): 0.0 for name in _NAMES}
    for party in parties:
        tables[party.table] = party.goes + 500.0
        guests.update(dict.fromkeys(party.guests, party.goes + 240.0))
    last = HOURS_S - 1500.0
    step = last / (_PARTIES - len(parties))
    for k in range(_PARTIES - len(parties)):
        comes = round(120.0 + k * step + rng.uniform(0.0, 0.5 * step))
        free = [table for table, t in sorted(tables.items()) if t <= comes]
        idle = [name for name, t in guests.items() if t <= comes]
        table = rng.choice(free)
        who = tuple(rng.sample(idle, min(len(idle), rng.choice((1, 2, 2)))))
        goes = comes + round(rng.uniform(900.0, 1250.0))
        tables[table] = goes + 500.0
        guests.update(dict.fromkeys(who, goes + 240.0))
        parties.append(_Party(table, who, float(comes), float(goes)))
    return parties


def _stay(party: _Party, rng: random.Random) -> list[tuple[float, str]]:
    """What one party does, in order: come, order, eat, leave a mess, be cleared up after."""
    table, goes = f"table-{party.table}", party.goes
    entries: list[tuple[float, str]] = []
    if party.comes > 0:
        for k, guest in enumerate(party.guests):
            t = party.comes + 4.0 * k
            entries.append((t, _flat("walk", t, f"who: {guest}, to: {table}")))
    entries.append(_order(party, rng))
    t = party.comes + round(rng.uniform(500.0, 650.0))
    plates = f"{{id: plate-{table}-{round(t)}, cls: plate, at: {table}, count: {len(party.guests) + 1}, states: {{clean: false}}}}"
    entries.append((t, _flat("appears", t, f"thing: {plates}")))
    entries.append((goes, _flat("changes", goes, _drunk(table))))
    entries.append((goes, _flat("changes", goes, f"thing: {table}, states: {{clean: false}}")))
    entries += [
        (goes + 2.0 + k, _flat("walk", goes + 2.0 + k, f"who: {guest}, to: street"))
        for k, guest in enumerate(party.guests)
    ]
    wipe = rng.random() < 0.4
    t = goes + 45.0
    words = [_errand(f"clear:{table}")] + ([_errand(f"clean:{table}")] if wipe else [])
    text = f"clear table {party.table}" + (" and wipe it" if wipe else "")
    entries.append((t, _says(t, "mia", text, words)))
    return entries


def _order(party: _Party, rng: random.Random) -> tuple[float, str]:
    t = party.comes + round(rng.uniform(30.0, 60.0)) + 5.0
    one, many, vessel, fill, _ = rng.choices(_DRINKS, [drink[-1] for drink in _DRINKS])[0]
    count = min(len(party.guests), 2)
    what = f"{_NUMBERS[count]} {one if count == 1 else many}"
    text = rng.choice(_ORDERS).format(what=what, table=party.table)
    served = (
        f"{{kind: at, what: {{cls: {vessel}, having: {{fill: {fill}}}}}, "
        f"where: table-{party.table}, count: {count}, fresh: true}}"
    )
    return t, _says(t, party.guests[0], text, [served])


def _drunk(table: str) -> str:
    return f"what: {{cls: vessel, within: {table}}}, states: {{clean: false, fill: none}}"


def _errand(word: str) -> str:
    """A condition from its short form `verb:thing`."""
    verb, _, thing = word.partition(":")
    if verb == "clear":
        return f"{{kind: clear, where: {thing}}}"
    attr = "power" if verb == "dark" else verb
    value = "false" if verb == "dark" else "true"
    return f"{{kind: be, what: {{ids: [{thing}]}}, attr: {attr}, value: {value}}}"


def _flat(kind: str, t: float, rest: str) -> str:
    return f"  - {{kind: {kind}, t: {t:g}, {rest}}}"


def _says(t: float, who: str, text: str, success: list[str]) -> str:
    quoted = f'"{text}"'
    return (
        f"  - {{kind: says, t: {t:g}, who: {who}, text: {quoted},\n"
        f"     success: [{', '.join(success)}]}}"
    )


if __name__ == "__main__":
    source = files("sim_worlds") / "scenarios" / "restaurant.yaml"
    sys.stdout.write(evening(source.read_text(encoding="utf-8")))
