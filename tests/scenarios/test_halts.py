"""A real body is halted at the word: not once somebody has thought about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brain.contracts import News
from devices.contracts import Command, Drive, Halt
from services.runtime.local import LocalRuntime
from services.session.contracts import PostedWish, RunConfig
from services.session.run import run
from stem_memory.contracts import Said


class Noting(LocalRuntime):
    """A runtime that notes what the brain is told and what the device is."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[News | Command] = []

    def spawn(self, name: str, factory: Callable[..., Any], *args: Any) -> Any:
        handle = super().spawn(name, factory, *args)
        return _Noted(handle, self.notes) if name in ("brain", "device robbie") else handle


class _Noted:
    def __init__(self, handle: Any, notes: list[News | Command]) -> None:
        self.name = handle.name
        self._handle = handle
        self._notes = notes

    def call(self, method: str, *args: Any) -> Any:
        if method == "step" and self.name == "brain":
            self._notes.append(args[0])
        elif method == "step" and len(args) > 1:
            self._notes += args[1]
        return self._handle.call(method, *args)


@pytest.mark.scenario
def test_a_halt_waits_for_no_thought(tmp_path: Path) -> None:
    runtime = Noting()
    config = RunConfig(
        world="household",
        wishes=(
            PostedWish(t=0.0, text="send robbie to the kitchen"),
            PostedWish(t=1.0, text="stop"),
        ),
        devices=("robbie=pipe:python -m devices.drivers.toy --x 2 --y 2 --speed-m-s 0.1",),
        model="none",
        film=False,
        out=str(tmp_path / "run"),
    )
    run(config, runtime=runtime)
    notes = runtime.notes
    told = next(i for i, note in enumerate(notes) if isinstance(note, News) and _has_stop(note))
    assert any(isinstance(note, Drive) for note in notes[:told])
    assert isinstance(notes[told - 1], Halt)


def _has_stop(news: News) -> bool:
    return any(isinstance(e.body, Said) and e.body.text == "stop" for e in news.events)
