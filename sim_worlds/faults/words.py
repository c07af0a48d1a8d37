"""Faults in words, as given on the command line: "offline waiter-1 at 30s".

| spec | meaning |
|---|---|
| `offline BODY at 30s [for 60s]` | dead from 30 s on, for a minute or for ever |
| `tool-fail SKILL [on BODY] [times 2] [p=0.3] [from 10s] [for 60s]` | the skill fails |
| `slow BODY [x3] at 60s [for 60s]` | moves and works three times slower |
| `drain BODY to 10% at 20s` | the battery falls to a tenth |

Times are in seconds of the run; `s` may be left out, and `2min` and `1h` are understood.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence

from sim_worlds.errors import FaultError
from sim_worlds.faults.installed import fault_kinds
from sim_worlds.faults.kind import Fault


def load_faults(
    specs: Sequence[str], bodies: Collection[str], skills: Collection[str]
) -> tuple[Fault, ...]:
    """Read fault specifications; `bodies` and `skills` are the names that exist.

    Raises:
        FaultError: A specification cannot be read, or names an unknown body or skill.
    """
    return tuple(_fault(spec, {"body": bodies, "skill": skills}) for spec in specs)


def _fault(spec: str, known: dict[str, Collection[str]]) -> Fault:
    words = " ".join(spec.split())
    kinds = {kind.word: kind for kind in fault_kinds()}
    kind = kinds.get(words.split(" ")[0])
    if kind is None:
        raise FaultError(
            f'fault "{spec}": there is no fault `{words.split(" ")[0]}`; begin with one of '
            f'{", ".join(kinds)}, for example "{next(iter(kinds.values())).example}"'
        )
    found = kind.pattern.fullmatch(words)
    if found is None:
        raise FaultError(f'fault "{spec}" cannot be read; write it like "{kind.example}"')
    given = found.groupdict()
    fields = {what: given[what] for what in known if given.get(what) is not None}
    for what, name in fields.items():
        if name not in known[what]:
            raise FaultError(_nobody(spec, what, str(name), known[what]))
    for group, field in (("at", "t"), ("lasts", "lasts_s")):
        if (text := given.get(group)) is not None:
            fields[field] = _seconds(text)
    try:
        return kind.model.model_validate({**fields, **kind.made(given)})
    except ValueError as error:
        raise FaultError(f'fault "{spec}": {error}') from None


def _nobody(spec: str, what: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"name one of {', '.join(sorted(known))}"
    return f'fault "{spec}": there is no {what} `{name}`; {advice}'


def _seconds(text: str) -> float:
    unit = re.sub(r"[\d.]", "", text)
    return float(text.removesuffix(unit) if unit else text) * {"min": 60, "h": 3600}.get(unit, 1)
