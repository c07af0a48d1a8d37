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

from sim_worlds.contracts import Drain, Fault, Offline, Slow, ToolFail
from sim_worlds.errors import FaultError

_ID = r"[a-z0-9][\w-]*"
_TIME = r"\d+(?:\.\d+)?(?:s|min|h)?"
_AT = rf"(?:at|from) (?P<at>{_TIME})"
_FOR = rf"(?: for (?P<lasts>{_TIME}))?"
_OFFLINE = re.compile(rf"offline (?P<body>{_ID}) {_AT}{_FOR}")
_SLOW = re.compile(rf"slow (?P<body>{_ID})(?: x ?(?P<factor>\d+(?:\.\d+)?))? {_AT}{_FOR}")
_DRAIN = re.compile(rf"drain (?P<body>{_ID}) to (?P<level>\d+(?:\.\d+)?) ?% {_AT}")
_TOOL = re.compile(
    rf"tool-fail (?P<skill>{_ID})(?: on (?P<body>{_ID}))?(?: times (?P<times>\d+))?"
    rf"(?: p ?= ?(?P<p>\d*\.?\d+))?(?: {_AT})?{_FOR}"
)
_EXAMPLES = {
    "offline": "offline waiter-1 at 30s for 60s",
    "tool-fail": "tool-fail pick on waiter-1 times 2 from 10s",
    "slow": "slow waiter-1 x3 at 60s",
    "drain": "drain waiter-1 to 10% at 20s",
}


def load_faults(
    specs: Sequence[str], bodies: Collection[str], skills: Collection[str]
) -> tuple[Fault, ...]:
    """Read fault specifications; `bodies` and `skills` are the names that exist.

    Raises:
        FaultError: A specification cannot be read, or names an unknown body or skill.
    """
    return tuple(_fault(spec, bodies, skills) for spec in specs)


def _fault(spec: str, bodies: Collection[str], skills: Collection[str]) -> Fault:
    words = " ".join(spec.split())
    kind = words.split(" ")[0]
    if kind not in _EXAMPLES:
        kinds = ", ".join(_EXAMPLES)
        raise FaultError(
            f'fault "{spec}": there is no fault `{kind}`; begin with one of {kinds}, '
            f'for example "{_EXAMPLES["offline"]}"'
        )
    found = {"offline": _OFFLINE, "slow": _SLOW, "drain": _DRAIN, "tool-fail": _TOOL}[
        kind
    ].fullmatch(words)
    if found is None:
        raise FaultError(f'fault "{spec}" cannot be read; write it like "{_EXAMPLES[kind]}"')
    given = found.groupdict()
    body, skill = given.get("body"), given.get("skill")
    if body is not None and body not in bodies:
        raise FaultError(_nobody(spec, "body", body, bodies))
    if skill is not None and skill not in skills:
        raise FaultError(_nobody(spec, "skill", skill, skills))
    t = _seconds(given["at"]) or 0.0
    lasts_s = _seconds(given.get("lasts"))
    if skill is not None:
        return _tool_fail(spec, skill, body, t, lasts_s, given)
    assert body is not None
    if kind == "offline":
        return Offline(body=body, t=t, lasts_s=lasts_s)
    if kind == "slow":
        factor = float(given["factor"] or 3.0)
        if factor <= 0:
            raise FaultError(f'fault "{spec}": a body cannot be 0 times slower; give x2 or more')
        return Slow(body=body, t=t, factor=factor, lasts_s=lasts_s)
    level = float(given["level"]) / 100
    if level > 1:
        raise FaultError(f'fault "{spec}": a battery holds at most 100%; give 0% to 100%')
    return Drain(body=body, t=t, level=level)


def _tool_fail(
    spec: str,
    skill: str,
    body: str | None,
    t: float,
    lasts_s: float | None,
    given: dict[str, str | None],
) -> ToolFail:
    times = int(given["times"]) if given["times"] else None
    probability = float(given["p"]) if given["p"] else 1.0
    if times == 0 or not 0 < probability <= 1:
        raise FaultError(
            f'fault "{spec}" never happens or is no probability; give `times 1` or more and '
            "p above 0 and at most 1"
        )
    return ToolFail(
        skill=skill, body=body, t=t, lasts_s=lasts_s, times=times, probability=probability
    )


def _nobody(spec: str, what: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"name one of {', '.join(sorted(known))}"
    return f'fault "{spec}": there is no {what} `{name}`; {advice}'


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    unit = re.sub(r"[\d.]", "", text)
    return float(text.removesuffix(unit) if unit else text) * {"min": 60, "h": 3600}.get(unit, 1)
