"""A world whose past is on the disk: when its process is gone, it is played again to the same point.

A world is a pure function of its scenario, its seed, and what it was told, so what it was told is all
that has to be kept. Every call is written before it is carried out: the world is never behind a log
that holds what it reported.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from devices.contracts import BodyCard, BodySpec
from devices.facts import Condition
from devices.noun import Noun
from sim_worlds.contracts import Commands, Film, Survey, Verdict, WorldStep
from sim_worlds.errors import WorldChanged
from sim_worlds.world import World


class _Opening(Noun):
    """The first line: which world this is the journal of."""

    world: str


class _Call(Noun):
    """One line: what the world was told. A goal it watches, a body it lets in; without `until` (s) it reports."""

    until: float | None = None
    commands: tuple[Commands, ...] = ()
    goal: str = ""
    conditions: tuple[Condition, ...] = ()
    body: str = ""
    card: BodyCard | None = None


class JournaledWorld:
    """A `sim_worlds.world.World` that goes on where its journal ends.

    Args:
        world: The world as it is at the start.
        path: Its journal; begun if there is none.
        about: What decides the world besides the calls, as JSON: scenario, seed, bodies, faults.

    Raises:
        WorldChanged: The journal is that of another world.
    """

    def __init__(self, world: World, path: Path, about: str) -> None:
        self._world = world
        self._path = path
        self._mark = hashlib.sha256(about.encode()).hexdigest()
        self._is_new = not path.exists()
        self._watched: dict[str, tuple[Condition, ...]] = {}
        calls = [] if self._is_new else list(self._told())
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if self._is_new:
            self._write(_Opening(world=self._mark))
            return
        self._world.reset()
        for call in calls:
            self._carry_out(call)

    def survey(self) -> Survey:
        """What the fleet is told before the run."""
        return self._world.survey()

    def reset(self) -> WorldStep:
        """The reports of all bodies: at time 0, or where the journal ends."""
        return self._world.reset() if self._is_new else self.report()

    def step(self, commands: tuple[Commands, ...], until: float) -> WorldStep:
        """Take the commands now and run to the next report or to `until`."""
        self._write(_Call(until=until, commands=commands))
        return self._world.step(commands, until)

    def report(self) -> WorldStep:
        """The reports of all bodies as things stand."""
        self._write(_Call())
        return self._world.report()

    def enter(self, body: str, card: BodyCard) -> BodySpec:
        """Let a body in while the world goes on."""
        spec = self._world.enter(body, card)
        # Written once it is known to go well: nobody has been told of it yet.
        self._write(_Call(body=body, card=card))
        return spec

    def watch(self, goal: str, conditions: tuple[Condition, ...]) -> None:
        """Bind the conditions of a goal to the truth of this moment; said again, they stay as bound."""
        if self._watched.get(goal) != conditions:
            call = _Call(goal=goal, conditions=conditions)
            self._write(call)
            self._carry_out(call)

    def judge(self, goal: str) -> Verdict:
        """Whether the watched goal is truly satisfied now. KeyError for a goal never watched."""
        return self._world.judge(goal)

    def carried(self, things: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the things that are in the hands of a body now, in truth."""
        return self._world.carried(things)

    def film(self) -> Film:
        """All of it, for rendering."""
        return self._world.film()

    def close(self) -> None:
        """End the world; its journal stays."""
        self._world.close()
        os.close(self._file)

    def _carry_out(self, call: _Call) -> None:
        if call.goal:
            self._watched[call.goal] = call.conditions
            self._world.watch(call.goal, call.conditions)
        elif call.card is not None:
            self._world.enter(call.body, call.card)
        elif call.until is None:
            self._world.report()
        else:
            self._world.step(call.commands, call.until)

    def _told(self) -> Iterator[_Call]:
        """What the journal holds. A last line that was cut off was never carried out."""
        whole, _, rest = self._path.read_bytes().rpartition(b"\n")
        lines = whole.splitlines()
        if not lines or json.loads(lines[0]) != {"world": self._mark}:
            raise WorldChanged(
                f"{self._path} is the past of another world: its scenario, seed or faults were changed; "
                "put them back as they were, or begin anew in another folder"
            )
        if rest:
            os.truncate(self._path, len(whole) + 1)
        return map(_Call.model_validate_json, lines[1:])

    def _write(self, line: Noun) -> None:
        text = line.model_dump_json(include=line.model_fields_set) + "\n"
        os.write(self._file, text.encode())
        # A log that outlives a power failure must not be ahead of the world it tells of.
        os.fdatasync(self._file)
