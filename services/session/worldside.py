"""The simulated world as the session sees it: on the session's clock, by an actor's handle."""

from __future__ import annotations

from typing import Any

from devices.facts import Condition
from services.runtime.local import Handle, Runtime
from sim_worlds.contracts import Commands, Film, Survey, Verdict, WorldStep


class WorldSide:
    """A world whose time 0 is at `base_s` of the session (seconds).

    Args:
        runtime: Where the world lives.
        world: Its handle.
        base_s: When the world begins: the end of what memory holds already.
    """

    def __init__(self, runtime: Runtime, world: Handle, base_s: float = 0.0) -> None:
        self._runtime = runtime
        self._world = world
        self._base_s = base_s
        self._watched: set[str] = set()

    def survey(self) -> Survey:
        """What the fleet is told before the run."""
        found: Survey = self._ask("survey")
        return found

    def reset(self) -> WorldStep:
        """Begin, with the first reports of all bodies."""
        return self._shifted(self._ask("reset"))

    def step(self, commands: tuple[Commands, ...], until: float) -> WorldStep:
        """Run to the next report, or to `until`."""
        return self._shifted(self._ask("step", commands, round(until - self._base_s, 3)))

    def watch(self, goal: str, conditions: tuple[Condition, ...]) -> None:
        """Bind the conditions of a goal to the truth of this moment."""
        self._watched.add(goal)
        self._ask("watch", goal, conditions)

    def judge(self, goal: str) -> Verdict | None:
        """The world's verdict; None on a goal that it was never told of."""
        if goal not in self._watched:
            return None
        found: Verdict = self._ask("judge", goal)
        return found

    def carried(self, things: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the things that are in a body's hands, in truth."""
        found: tuple[str, ...] = self._ask("carried", things)
        return found

    def film(self) -> Film:
        """The run so far, on the world's own clock."""
        found: Film = self._ask("film")
        return found

    def _shifted(self, step: WorldStep) -> WorldStep:
        base = self._base_s
        if base == 0.0:
            return step

        def later(noun: Any, name: str = "t") -> Any:
            value = getattr(noun, name)
            if value is None:
                return noun
            return noun.model_copy(update={name: round(value + base, 3)})

        return step.model_copy(
            update={
                "now": round(step.now + base, 3),
                "observations": tuple(later(o) for o in step.observations),
                "receipts": tuple(later(r) for r in step.receipts),
                "wishes": tuple(later(later(w), "deadline_s") for w in step.wishes),
                "next_s": None if step.next_s is None else round(step.next_s + base, 3),
            }
        )

    def _ask(self, method: str, *args: Any) -> Any:
        return self._runtime.gather([self._world.call(method, *args)])[0]
