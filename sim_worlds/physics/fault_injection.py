"""Faults as they strike a world that is under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.contracts import Command, Drive, Operate
from sim_worlds.faults.installed import fault_kinds
from sim_worlds.faults.kind import Fault
from sim_worlds.physics.actors import SimBody
from sim_worlds.physics.stage import Stage, ToolRule


@dataclass(frozen=True)
class Injector:
    """What faults do to a stage: `sim_worlds.faults.kind.Strikes`.

    Args:
        stage: The world.
        slowed: Called when a body becomes this many times slower than nominal.
        back: Called when a body is on line again.
    """

    stage: Stage
    slowed: Callable[[SimBody, float], None]
    back: Callable[[SimBody], None]

    def inject(self, faults: tuple[Fault, ...]) -> None:
        """Put faults on the agenda, in their order."""
        strike = {kind.name: kind.strike for kind in fault_kinds()}
        for fault in faults:
            strike[fault.kind](fault, self)

    def at(self, t: float, body: str, do: Callable[[], None]) -> None:
        """Do something at a time, if the body takes part."""
        if body in self.stage.bodies:
            self.stage.agenda.at(t, body, do)

    def switch_off(self, body: str) -> None:
        """The body goes off line."""
        if not self.stage.bodies[body].off:
            self.stage.switch_off(self.stage.bodies[body], "offline")

    def switch_on(self, body: str) -> None:
        """The body is on line again."""
        stage, one = self.stage, self.stage.bodies[body]
        if one.off != "offline":
            return
        one.off = ""
        stage.power(one)
        stage.recorder.mark(stage.now, one.id, "online")
        self.back(one)

    def slow(self, body: str, factor: float) -> None:
        """The body is this many times slower than nominal."""
        self.slowed(self.stage.bodies[body], factor)

    def discharge(self, body: str, level: float) -> None:
        """The body's battery falls to a level, if it holds more."""
        one, now = self.stage.bodies[body], self.stage.now
        one.battery.set_level(min(one.battery.level(now), level), now)
        self.stage.check_battery(one)

    def break_tool(
        self,
        skill: str,
        body: str | None,
        from_s: float,
        to_s: float,
        times: int | None,
        probability: float,
    ) -> None:
        """Commands of a skill fail from now on, as `tool_breaks` draws."""
        self.stage.tool_rules.append(ToolRule(skill, body, from_s, to_s, times, probability))


def tool_breaks(stage: Stage, body: SimBody, command: Command) -> bool:
    """Whether a tool fault strikes this command, which then counts as struck.

    A drive is touched only by faults of the skill "navigate": the way to an object is not the tool.
    """
    skill = command.skill
    names = {skill, command.process} if isinstance(command, Operate) else {skill}
    if isinstance(command, Drive) and skill != "navigate":
        return False
    for index, rule in enumerate(stage.tool_rules):
        if rule.skill not in names or rule.body not in (None, body.id):
            continue
        if not rule.from_s <= stage.now < rule.to_s:
            continue
        if rule.times is not None and rule.struck >= rule.times:
            continue
        draw = stage.random(body.id, command.id, "fault", str(index)).random()
        if draw < rule.probability:
            rule.struck += 1
            return True
    return False
