"""Where actors live. An actor is a plain object made by a factory; a runtime hosts it.

The same program runs on `LocalRuntime` (one process, calls happen at once) and on
`services.runtime.ray_runtime.RayRuntime` (one Ray actor each). Results cannot differ: the loop that calls
them is lock-step.
"""

from __future__ import annotations

import asyncio
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


class Port(Protocol):
    """A way to call an actor that many call at the same time. It can be passed on to actors."""

    @property
    def name(self) -> str:
        """The actor's name."""
        ...

    @property
    def is_here(self) -> bool:
        """Whether the actor is in this process, so that nothing has to be packed for it."""
        ...

    def begin(self, method: str, *args: Any) -> Pending:
        """Begin a call; calls under way overlap."""
        ...

    def answer(self, pending: Pending) -> Any:
        """Wait for a call begun here. Raises as `Runtime.gather` does."""
        ...


class Runtime(Protocol):
    """Hosts actors and waits for their answers."""

    @property
    def is_shared(self) -> bool:
        """Whether other programs can reach what is shared here."""
        ...

    def share(self, name: str, factory: Callable[..., Any], *args: Any) -> Port:
        """The actor of this name for all programs on this host: one is made where there is none.

        `factory` makes it at the first call, which raises what the factory raises, and again should
        its process die; a call that the death interrupts is made again. Its methods are coroutines.
        It ends with the program that made it.
        """
        ...

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


class LocalPort:
    """An actor of coroutines in this process."""

    is_here = True

    def __init__(self, name: str, factory: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._name = name
        self._factory, self._args = factory, args
        self._loop = asyncio.new_event_loop()
        self._target: Any = None

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._name

    def begin(self, method: str, *args: Any) -> Callable[[], Any]:
        """Begin a call; here it happens when its answer is asked for."""
        return lambda: self._loop.run_until_complete(self._call(method, args))

    def answer(self, pending: Any) -> Any:
        """Make the call."""
        return pending()

    def close(self) -> None:
        """End the actor."""
        if not self._loop.is_closed():
            if self._target is not None:
                self._loop.run_until_complete(self._target.close())
            self._loop.close()

    async def _call(self, method: str, args: tuple[Any, ...]) -> Any:
        if self._target is None:
            self._target = self._factory(*self._args)
        return await getattr(self._target, method)(*args)


class LocalRuntime:
    """All actors in this process, called one after the other."""

    is_shared = False

    def __init__(self) -> None:
        self._actors: list[Any] = []
        self._shared: dict[str, LocalPort] = {}

    def share(self, name: str, factory: Callable[..., Any], *args: Any) -> LocalPort:
        """The actor of this name; nobody but this process can reach it."""
        if name not in self._shared:
            self._shared[name] = LocalPort(name, factory, args)
        return self._shared[name]

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
        while self._shared:
            self._shared.popitem()[1].close()
