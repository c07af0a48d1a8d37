"""The World protocol: a place that runs in virtual time and hides what sensors would not see.

A run is a pure function of (scenario, seed, commands). Nobody but the caller moves time.
"""

from __future__ import annotations

from typing import Protocol

from devices.contracts import BodyCard, BodySpec
from devices.facts import Condition
from sim_worlds.contracts import Commands, Film, Survey, Verdict, WorldStep


class World(Protocol):
    """`reset`, then `step` until done, then `close`; plus the judge that knows the truth."""

    def reset(self) -> WorldStep:
        """Go to time 0 and return the first reports of all bodies. May be called again."""
        ...

    def step(self, commands: tuple[Commands, ...], until: float) -> WorldStep:
        """Take the commands now and run to the next report or to `until` (s), whatever is first.

        A report is a receipt, a wish, or an observation worth sending. Commands of a body that is
        off line vanish without a receipt. A new motion or manipulation command of a body that is
        still busy fails with reason "busy"; `halt` stops the old one (receipt "stopped").
        """
        ...

    def report(self) -> WorldStep:
        """The reports of all bodies as things stand. Time does not go on."""
        ...

    def enter(self, body: str, card: BodyCard) -> BodySpec:
        """Let a body in while the world goes on; where it stands. Asked again, it only reports."""
        ...

    def survey(self) -> Survey:
        """What the fleet is told before the run."""
        ...

    def watch(self, goal: str, conditions: tuple[Condition, ...]) -> None:
        """Bind the conditions of a goal to the truth of this moment, for `judge`."""
        ...

    def judge(self, goal: str) -> Verdict:
        """Whether the watched goal is truly satisfied now. KeyError for a goal never watched."""
        ...

    def carried(self, things: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the things that are in the hands of a body now, in truth."""
        ...

    def film(self) -> Film:
        """The run so far, for rendering."""
        ...

    def close(self) -> None:
        """Release everything; a closed world can be reset."""
        ...
