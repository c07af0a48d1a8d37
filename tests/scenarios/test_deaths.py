"""Processes die in the middle of a run: it goes on without them, or says in one sentence what is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.alpha.contracts import WearerProfile
from services.alpha.recording import Trace
from services.errors import ActorDied, BrokeOff
from services.report.history import read
from services.runtime.local import LocalRuntime
from services.session.contracts import PostedWish, RunConfig, RunResult
from services.session.folder import RunFolder
from services.session.run import resume, run
from stem_memory.contracts import BodyLost
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

pytestmark = pytest.mark.scenario


class Deadly(LocalRuntime):
    """A runtime in which the actor of a name dies at one of its calls."""

    def __init__(self, victim: str, call: int) -> None:
        super().__init__()
        self._victim = victim
        self._left = call

    def spawn(self, name: str, factory: Callable[..., Any], *args: Any) -> Any:
        handle = super().spawn(name, factory, *args)
        return _Doomed(handle, self) if name == self._victim else handle

    def is_dead(self) -> bool:
        """Count one call."""
        self._left -= 1
        return self._left < 0


class _Doomed:
    def __init__(self, handle: Any, runtime: Deadly) -> None:
        self.name = handle.name
        self._handle = handle
        self._runtime = runtime

    def call(self, method: str, *args: Any) -> Any:
        if self._runtime.is_dead():
            return self._fail
        return self._handle.call(method, *args)

    def _fail(self) -> Any:
        raise ActorDied(self.name, "killed by the test")


def asked(out: Path, **more: Any) -> RunConfig:
    settings = {"world": "restaurant", "seed": 7, "film": False, "model": "none", **more}
    wishes = (PostedWish(t=0.0, text="clear table 2"),)
    return RunConfig.model_validate({"wishes": wishes, **settings, "out": str(out)})


def recorded(folder: Path) -> list[Any]:
    path = RunFolder(folder).memory
    with EventStore.reader(path, Vault.beside(path)) as store:
        return [entry.event for entry in store.read()]


@pytest.mark.parametrize("call", [2, 3, 20])
def test_a_run_whose_world_dies_is_brought_to_its_end_later(tmp_path: Path, call: int) -> None:
    whole: RunResult = run(asked(tmp_path / "whole"))
    broken = tmp_path / "broken"
    with pytest.raises(BrokeOff) as told:
        run(asked(broken), runtime=Deadly("world", call))
    assert "the actor world died" in str(told.value)
    assert f"retinue run --resume {broken}" in str(told.value)
    before = recorded(broken)
    result = resume(broken)
    assert result.state_sha256 == whole.state_sha256
    assert recorded(broken)[: len(before)] == before


def test_where_nothing_was_recorded_a_run_is_begun_again(tmp_path: Path) -> None:
    with pytest.raises(BrokeOff, match="run it again"):
        run(asked(tmp_path / "run"), runtime=Deadly("world", 0))


@pytest.mark.parametrize("unit", ["input", "central", "memory", "arithmetic", "output"])
@pytest.mark.parametrize("call", [0, 3, 20])
def test_glasses_die_and_robots_go_on(tmp_path: Path, unit: str, call: int) -> None:
    trace = Trace(
        name="worn",
        duration_s=20.0,
        wearer=WearerProfile(id="sam"),
        skills=("services.alpha.open_question:OpenQuestion",),
    )
    (tmp_path / "trace.json").write_text(trace.model_dump_json(), encoding="utf-8")
    out = tmp_path / "run"
    config = asked(
        out,
        world="household",
        wishes=(PostedWish(t=0.0, text="bring the red mug to the kitchen counter"),),
        glasses=str(tmp_path / "trace.json"),
    )
    result = run(config, runtime=Deadly(f"glasses-sam {unit}", call))
    assert [goal.status for goal in result.goals] == ["satisfied"], result.goals
    assert len(read(out).goals) == 1
    lost = [e.body for e in recorded(out) if isinstance(e.body, BodyLost)]
    assert {what.body for what in lost} <= {"glasses-sam"}
    assert all("died" in what.reason for what in lost)
    assert (out / "ledger.jsonl").is_file() or not lost
