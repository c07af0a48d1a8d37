"""Glasses with a camera of their own take part in a run on the host's clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from devices.clock import Clock
from devices.glasses.contracts import Ended, Signal
from devices.glasses.sources import Raw
from services.errors import UserError
from services.session.contracts import PostedWish, RunConfig, RunResult
from services.session.run import run
from stem_memory.contracts import BodyEnrolled
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

pytestmark = pytest.mark.scenario

# So long (s) the camera runs.
FILMED_S = 1.0


class Scripted:
    """A live source: grey pictures on the clock it is given, then its end."""

    live = True
    dropped = 0

    def __init__(self, fps: float, clock: Clock) -> None:
        self._every_s = 1.0 / fps
        self._clock = clock
        self._seq = 0
        self.is_closed = False

    def read(self) -> Raw | Signal | None:
        """The picture of this moment, if it is due."""
        now = self._clock.now()
        if now >= FILMED_S:
            return Ended(t=round(now, 3))
        if now < self._seq * self._every_s:
            return None
        self._seq += 1
        return Raw(self._seq, round(now, 3), np.full((48, 64, 3), 128, np.uint8))

    def close(self) -> None:
        """Nothing is held."""
        self.is_closed = True


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[Scripted]:
    """The cameras that were opened; `my_glasses:camera` opens one."""
    opened: list[Scripted] = []

    def camera(fps: float, clock: Clock) -> Scripted:
        opened.append(Scripted(fps, clock))
        return opened[-1]

    module: Any = ModuleType("my_glasses")
    module.camera = camera
    monkeypatch.setitem(sys.modules, "my_glasses", module)
    return opened


@pytest.fixture
def play(tmp_path: Path) -> Callable[[str], RunResult]:
    def play(worn: str) -> RunResult:
        config = RunConfig(
            world="household",
            wishes=(PostedWish(t=0.2, text="where is the red mug?"),),
            glasses=worn,
            model="none",
            film=False,
            out=str(tmp_path / "run"),
        )
        return run(config)

    return play


def test_a_live_camera_takes_part(
    tmp_path: Path, cameras: list[Scripted], play: Callable[[str], RunResult]
) -> None:
    result = play("sam=my_glasses:camera")
    assert [goal.status for goal in result.goals] == ["answered"], result.goals
    assert result.virtual_seconds >= FILMED_S
    (camera,) = cameras
    assert camera.is_closed
    assert (tmp_path / "run" / "ledger.jsonl").is_file()
    path = tmp_path / "run" / "memory.db"
    with EventStore.reader(path, Vault.beside(path)) as store:
        bodies = [e.event.body for e in store.read() if isinstance(e.event.body, BodyEnrolled)]
    assert "glasses-sam" in {what.spec.id for what in bodies}


def test_who_wears_a_camera_must_be_somebody_there(
    cameras: list[Scripted], play: Callable[[str], RunResult]
) -> None:
    with pytest.raises(UserError, match="nobody in this world"):
        play("ann=my_glasses:camera")
    with pytest.raises(UserError, match="nobody in this world"):
        play("my_glasses:camera")
    assert not cameras
