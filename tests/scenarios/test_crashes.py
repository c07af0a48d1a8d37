"""The brain's process dies in the middle of a run: nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from services.contracts import PostedWish, RunConfig
from services.errors import ActorDied
from services.runtime import LocalRuntime
from services.session.folder import MEMORY
from services.session.run import run
from stem_memory.contracts import StepStarted
from stem_memory.store import EventStore


class Mortal(LocalRuntime):
    """A runtime whose brain dies at every `every`-th answer, its memory with it."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self.deaths = 0
        self._every = every
        self._answers = 0

    def spawn(self, name: str, factory: Any, *args: Any) -> Any:
        handle = super().spawn(name, factory, *args)
        return _Mortal(handle, self) if name == "brain" else handle

    def gather(self, pending: Sequence[Any]) -> list[Any]:
        return super().gather(pending)

    def is_fatal(self, method: str) -> bool:
        if method != "step":
            return False
        self._answers += 1
        if self._answers % self._every:
            return False
        self.deaths += 1
        return True


class _Mortal:
    def __init__(self, handle: Any, runtime: Mortal) -> None:
        self.name = handle.name
        self._handle = handle
        self._runtime = runtime
        self._dead = False

    def call(self, method: str, *args: Any) -> Any:
        self._dead = self._dead or self._runtime.is_fatal(method)
        if self._dead:
            return self._fail
        return self._handle.call(method, *args)

    def _fail(self) -> Any:
        raise ActorDied("brain", "killed by the test")


@pytest.mark.scenario
@pytest.mark.parametrize("every", [4, 7, 19])
def test_a_brain_that_dies_again_and_again_still_finishes(tmp_path: Path, every: int) -> None:
    runtime = Mortal(every)
    config = RunConfig(
        world="restaurant",
        wishes=(
            PostedWish(t=0.0, text="bring two coffees to table 4, then clear table 2"),
            PostedWish(t=5.0, text="clear table 6"),
        ),
        seed=7,
        out=str(tmp_path / "run"),
        film=False,
    )
    result = run(config, runtime=runtime)
    assert runtime.deaths > 3
    assert [goal.status for goal in result.goals] == ["satisfied", "satisfied"], result.goals
    with EventStore.reader(tmp_path / "run" / MEMORY) as store:
        started = [
            e.event.body.request for e in store.read() if isinstance(e.event.body, StepStarted)
        ]
    assert len(started) == len(set(started))
