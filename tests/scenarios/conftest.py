"""What whole runs are made to suffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from services.errors import ActorDied
from services.runtime.local import LocalRuntime


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


@pytest.fixture(scope="session")
def mortal() -> Callable[[int], Mortal]:
    """Makes runtimes whose brain dies at every so many answers."""
    return Mortal
