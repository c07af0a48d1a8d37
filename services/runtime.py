"""Where actors live. An actor is a plain object made by a factory; a runtime hosts it.

The same program runs on `LocalRuntime` (one process, calls happen at once) and on
`services.ray_runtime.RayRuntime` (one Ray actor each). Results cannot differ: the loop that calls
them is lock-step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Pending(Protocol):
    """A call under way. Only the runtime that made it can wait for it (`gather`)."""


class Handle(Protocol):
    """A way to call one actor."""

    @property
    def name(self) -> str:
        """The actor's name, unique in its runtime."""
        ...

    def call(self, method: str, *args: Any) -> Pending:
        """Begin a call; calls to one actor happen in the order they were made."""
        ...


class Runtime(Protocol):
    """Hosts actors and waits for their answers."""

    def spawn(self, name: str, factory: Callable[..., Any], *args: Any) -> Handle:
        """Make an actor: `factory(*args)` in its own place."""
        ...

    def gather(self, pending: Sequence[Pending]) -> list[Any]:
        """Wait for calls, in the order given. Raises what the actor raised, or
        `services.errors.ActorDied` if the actor's process is gone.
        """
        ...

    def close(self) -> None:
        """End all actors."""
        ...


class LocalHandle:
    """An actor in this process."""

    def __init__(self, name: str, target: Any) -> None:
        self._name = name
        self._target = target

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._name

    def call(self, method: str, *args: Any) -> Callable[[], Any]:
        """Run the call now; the answer (or the exception) is handed over by `gather`."""
        try:
            value = getattr(self._target, method)(*args)
        except Exception as error:  # noqa: BLE001 - handed to whoever gathers, like a remote one
            caught = error

            def fail() -> Any:
                raise caught

            return fail
        return lambda: value


class LocalRuntime:
    """All actors in this process, called one after the other."""

    def __init__(self) -> None:
        self._actors: list[Any] = []

    def spawn(self, name: str, factory: Callable[..., Any], *args: Any) -> LocalHandle:
        """Make the actor here."""
        target = factory(*args)
        self._actors.append(target)
        return LocalHandle(name, target)

    def gather(self, pending: Sequence[Any]) -> list[Any]:
        """Hand over the answers."""
        return [answer() for answer in pending]

    def close(self) -> None:
        """Close the actors that can be closed, last made first."""
        while self._actors:
            close = getattr(self._actors.pop(), "close", None)
            if close is not None:
                close()
