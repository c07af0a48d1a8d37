"""Faults as they strike: a body goes off line, a tool fails, slowness, an empty battery."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from devices.contracts import Command, Drive, Operate
from sim_worlds.contracts import Drain, Fault, Offline, Slow, ToolFail
from sim_worlds.physics.actors import SimBody
from sim_worlds.physics.stage import Stage


def schedule_faults(
    stage: Stage,
    faults: tuple[Fault, ...],
    slowed: Callable[[SimBody, float], None],
    back: Callable[[SimBody], None],
) -> None:
    """Put the faults of the bodies that take part on the agenda.

    Args:
        stage: The world.
        faults: What is to go wrong.
        slowed: Called when a body becomes this many times slower than nominal.
        back: Called when a body is on line again.
    """
    for fault in faults:
        if isinstance(fault, ToolFail):
            stage.tool_faults.append((fault, [0]))
            continue
        body = stage.bodies.get(fault.body)
        if body is None:
            continue
        strike: Callable[[], None]
        recover: Callable[[], None] | None = None
        if isinstance(fault, Offline):
            strike, recover = partial(_fall, stage, body), partial(_rise, stage, body, back)
        elif isinstance(fault, Slow):
            strike, recover = partial(slowed, body, fault.factor), partial(slowed, body, 1.0)
        else:
            strike = partial(_drain, stage, body, fault)
        stage.agenda.at(fault.t, body.id, strike)
        lasts_s = None if isinstance(fault, Drain) else fault.lasts_s
        if recover is not None and lasts_s is not None:
            stage.agenda.at(fault.t + lasts_s, body.id, recover)


def tool_breaks(stage: Stage, body: SimBody, command: Command) -> bool:
    """Whether a tool fault strikes this command, which then counts as struck.

    A drive is touched only by faults of the skill "navigate": the way to an object is not the tool.
    """
    skill = command.skill
    names = {skill, command.process} if isinstance(command, Operate) else {skill}
    if isinstance(command, Drive) and skill != "navigate":
        return False
    for index, (fault, struck) in enumerate(stage.tool_faults):
        if fault.skill not in names or fault.body not in (None, body.id):
            continue
        if stage.now < fault.t:
            continue
        if fault.lasts_s is not None and stage.now >= fault.t + fault.lasts_s:
            continue
        if fault.times is not None and struck[0] >= fault.times:
            continue
        draw = stage.random(body.id, command.id, "fault", str(index)).random()
        if draw < fault.probability:
            struck[0] += 1
            return True
    return False


def _fall(stage: Stage, body: SimBody) -> None:
    if not body.off:
        stage.switch_off(body, "offline")


def _rise(stage: Stage, body: SimBody, back: Callable[[SimBody], None]) -> None:
    if body.off != "offline":
        return
    body.off = ""
    stage.power(body)
    stage.recorder.mark(stage.now, body.id, "online")
    back(body)


def _drain(stage: Stage, body: SimBody, fault: Drain) -> None:
    body.battery.set_level(min(body.battery.level(stage.now), fault.level), stage.now)
    stage.check_battery(body)
