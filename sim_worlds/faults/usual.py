"""The faults that come with the house: off line, slow, a battery that falls, a tool that fails."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from sim_worlds.faults.kind import AT, FOR, NAME, Fault, FaultKind, Strikes

_BODY = rf"(?P<body>{NAME})"
_Given = Mapping[str, str | None]


class Offline(Fault):
    """The body's computer and motors die at `t`, for `lasts_s` (None: for ever)."""

    kind: Literal["offline"] = "offline"
    body: str
    lasts_s: float | None = None


class ToolFail(Fault):
    """A skill fails on a body (or on all): `times` times, or with a probability each time."""

    kind: Literal["tool_fail"] = "tool_fail"
    skill: str
    body: str | None = None
    t: float = 0.0
    lasts_s: float | None = None
    times: int | None = None
    probability: float = 1.0


class Slow(Fault):
    """The body moves and works `factor` times slower from `t` on."""

    kind: Literal["slow"] = "slow"
    body: str
    factor: float = 3.0
    lasts_s: float | None = None


class Drain(Fault):
    """The body's battery falls to `level` (0..1) at `t`."""

    kind: Literal["drain"] = "drain"
    body: str
    level: float = 0.1


def _nothing_more(given: _Given) -> dict[str, Any]:
    return {}


def _factor(given: _Given) -> dict[str, Any]:
    factor = float(given["factor"] or 3.0)
    if factor <= 0:
        raise ValueError("a body cannot be 0 times slower; give x2 or more")
    return {"factor": factor}


def _level(given: _Given) -> dict[str, Any]:
    level = float(given["level"] or 0) / 100
    if level > 1:
        raise ValueError("a battery holds at most 100%; give 0% to 100%")
    return {"level": level}


def _chance(given: _Given) -> dict[str, Any]:
    times = int(given["times"]) if given["times"] else None
    probability = float(given["p"]) if given["p"] else 1.0
    if times == 0 or not 0 < probability <= 1:
        raise ValueError(
            "never happens or is no probability; give `times 1` or more and p above 0 and at most 1"
        )
    return {"times": times, "probability": probability}


def _fall(fault: Offline, world: Strikes) -> None:
    world.at(fault.t, fault.body, lambda: world.switch_off(fault.body))
    if fault.lasts_s is not None:
        world.at(fault.t + fault.lasts_s, fault.body, lambda: world.switch_on(fault.body))


def _slow(fault: Slow, world: Strikes) -> None:
    world.at(fault.t, fault.body, lambda: world.slow(fault.body, fault.factor))
    if fault.lasts_s is not None:
        world.at(fault.t + fault.lasts_s, fault.body, lambda: world.slow(fault.body, 1.0))


def _drain(fault: Drain, world: Strikes) -> None:
    world.at(fault.t, fault.body, lambda: world.discharge(fault.body, fault.level))


def _break(fault: ToolFail, world: Strikes) -> None:
    to_s = math.inf if fault.lasts_s is None else fault.t + fault.lasts_s
    world.break_tool(fault.skill, fault.body, fault.t, to_s, fault.times, fault.probability)


OFFLINE = FaultKind(
    word="offline",
    example="offline waiter-1 at 30s for 60s",
    pattern=re.compile(rf"offline {_BODY} {AT}{FOR}"),
    model=Offline,
    made=_nothing_more,
    strike=_fall,
)
TOOL_FAIL = FaultKind(
    word="tool-fail",
    example="tool-fail pick on waiter-1 times 2 from 10s",
    pattern=re.compile(
        rf"tool-fail (?P<skill>{NAME})(?: on {_BODY})?(?: times (?P<times>\d+))?"
        rf"(?: p ?= ?(?P<p>\d*\.?\d+))?(?: {AT})?{FOR}"
    ),
    model=ToolFail,
    made=_chance,
    strike=_break,
)
SLOW = FaultKind(
    word="slow",
    example="slow waiter-1 x3 at 60s",
    pattern=re.compile(rf"slow {_BODY}(?: x ?(?P<factor>\d+(?:\.\d+)?))? {AT}{FOR}"),
    model=Slow,
    made=_factor,
    strike=_slow,
)
DRAIN = FaultKind(
    word="drain",
    example="drain waiter-1 to 10% at 20s",
    pattern=re.compile(rf"drain {_BODY} to (?P<level>\d+(?:\.\d+)?) ?% {AT}"),
    model=Drain,
    made=_level,
    strike=_drain,
)
