"""The same actors on Ray. The only file that imports ray; all actor options are here."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import ray
from ray.exceptions import AuthenticationError, GetTimeoutError, RayActorError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from services.errors import ActorDied, UserError

CALL_LIMIT_S = 300.0
# Shared actors are found by name in this namespace, whatever the namespace of the program.
NAMESPACE = "retinue"
MOST_CALLS = 1000
KNOCK_S = 10.0
# What actors hold is closed within so long (s), or goes with their processes.
CLOSE_LIMIT_S = 10.0
# By what they are made: who needs nothing of any machine; whose disk or ports are this machine's.
_ROAMING = {"BrainActor", "BodyActor"}
_TIED = {"make_world", "Attendant"}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r"([^:/]+):(\d+)")


class Host:
    """A Ray actor that makes one object and passes calls on to it."""

    def __init__(self, factory: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._target: Any = None
        self._failure: Exception | None = None
        try:
            self._target = factory(*args)
        except Exception as error:  # noqa: BLE001 - for whoever calls: Ray would make text of it
            self._failure = error

    def call(self, method: str, args: tuple[Any, ...]) -> Any:
        """Call a method of the object."""
        if self._failure is not None:
            raise self._failure
        return getattr(self._target, method)(*args)


class SharedHost:
    """A Ray actor that makes one object of coroutines at its first call, and lets calls overlap."""

    def __init__(self, maker: str, factory: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._maker = maker
        self._factory, self._args = factory, args
        self._target: Any = None

    async def made_by(self) -> str:
        """Which runtime made this actor."""
        return self._maker

    async def call(self, method: str, args: tuple[Any, ...]) -> Any:
        """Call a method of the object."""
        if self._target is None:
            self._target = self._factory(*self._args)
        return await getattr(self._target, method)(*args)

    async def close(self) -> None:
        """Let the object close what it holds."""
        if self._target is not None:
            await self._target.close()


class RayPort:
    """A shared actor in a Ray worker process."""

    is_here = False

    def __init__(self, name: str, actor: Any) -> None:
        self._name = name
        self._actor = actor

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._name

    def begin(self, method: str, *args: Any) -> Any:
        """Begin a remote call."""
        return self._actor.call.remote(method, args)

    def answer(self, pending: Any) -> Any:
        """Wait for a remote answer, `CALL_LIMIT_S` seconds at most."""
        return _answer(self._name, pending)


class RayHandle:
    """An actor in a Ray worker process."""

    def __init__(self, name: str, actor: Any) -> None:
        self._name = name
        self._actor = actor

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._name

    def call(self, method: str, *args: Any) -> tuple[str, Any]:
        """Begin a remote call."""
        return self._name, self._actor.call.remote(method, args)


class RayRuntime:
    """Actors on a Ray cluster: the one RAY_ADDRESS names, else a private one on this machine.

    Actors ask for no CPU share: they spend their life waiting for the loop, and a fleet larger
    than the number of cores must still start.

    Args:
        gpus: GPUs that each actor is given.
    """

    is_shared = True

    def __init__(self, gpus: int = 0) -> None:
        self._gpus = gpus
        self._own = not ray.is_initialized()
        self._actors: list[tuple[str, Any]] = []
        self._shared: dict[str, Any] = {}
        self._id = uuid.uuid4().hex
        if self._own:
            _join(os.environ.get("RAY_ADDRESS"))
        self._host = ray.remote(Host)
        self._shared_host = ray.remote(SharedHost)

    @property
    def address(self) -> str:
        """Where other programs find this Ray."""
        return str(ray.get_runtime_context().gcs_address)

    @property
    def environment(self) -> dict[str, str]:
        """What programs of the same person set to join this Ray."""
        found = {"RAY_ADDRESS": self.address}
        mode = os.environ.get("RAY_AUTH_MODE")
        return found if mode is None else {**found, "RAY_AUTH_MODE": mode}

    def share(self, name: str, factory: Callable[..., Any], *args: Any) -> RayPort:
        """Find the actor on this Ray by its name, or make it on this host.

        Its process is started anew when it dies, and calls that were under way are made again.
        """
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        actor: Any = self._shared_host.options(
            name=name,
            namespace=NAMESPACE,
            get_if_exists=True,
            scheduling_strategy=here,
            num_cpus=0,
            max_restarts=-1,
            max_task_retries=-1,
            max_concurrency=MOST_CALLS,
        ).remote(self._id, factory, args)
        # Ray ends an actor with the handle that made it; one that was only found does not keep it.
        if self._shared.get(name) != actor and _answer(name, actor.made_by.remote()) == self._id:
            self._shared[name] = actor
        return RayPort(name, actor)

    def spawn(self, name: str, factory: Callable[..., Any], *args: Any) -> RayHandle:
        """Make the actor in a worker process; errors in its constructor show at the first call.

        What only thinks is spread over the cluster's nodes; the world lives here, where its journal is.
        """
        placement: Any = "DEFAULT"
        if factory.__name__ in _ROAMING:
            placement = "SPREAD"
        elif factory.__name__ in _TIED:
            here = ray.get_runtime_context().get_node_id()
            placement = NodeAffinitySchedulingStrategy(here, soft=False)
        options = {
            "num_cpus": 0,
            "num_gpus": self._gpus,
            "max_restarts": 0,
            "scheduling_strategy": placement,
        }
        actor = self._host.options(**options).remote(factory, args)
        self._actors.append((name, actor))
        return RayHandle(name, actor)

    def holds(self, name: str) -> bool:
        """Whether this program made the shared actor, which then ends with it."""
        return name in self._shared

    def gather(self, pending: Sequence[Any]) -> list[Any]:
        """Wait for remote answers, `CALL_LIMIT_S` seconds at most; those of this process are there."""
        return [call() if callable(call) else _answer(*call) for call in pending]

    def kill(self, name: str) -> None:
        """End one actor's process at once, as a crash would."""
        for known, actor in self._actors:
            if known == name:
                ray.kill(actor)

    def close(self) -> None:
        """Let actors close what they hold, then end them, and Ray if it was started here."""
        closing = [actor.call.remote("close", ()) for _, actor in reversed(self._actors)]
        if closing:
            # All of them together: each may have something to wait for, and some may be gone.
            ray.wait(closing, num_returns=len(closing), timeout=CLOSE_LIMIT_S)
        self._actors.clear()
        for actor in self._shared.values():
            with contextlib.suppress(RayActorError, RayTaskError, GetTimeoutError):
                ray.get(actor.close.remote(), timeout=CALL_LIMIT_S)
            ray.kill(actor)
        self._shared.clear()
        if self._own:
            ray.shutdown()
            _rearm()


def _join(address: str | None) -> None:
    """Connect to the Ray at an address; None: start one.

    Raises:
        UserError: There is none, or it does not let us in.
    """
    try:
        if address is not None and (place := _PLACE.fullmatch(address)):
            # Ray itself would go on trying for a quarter of an hour.
            socket.create_connection((place[1], int(place[2])), timeout=KNOCK_S).close()
        with _own_signals():
            ray.init(
                # Without a word Ray would join whatever cluster was begun here last, which may be dead.
                address=address or "local",
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except (OSError, AuthenticationError):
        if address is None:
            raise
        raise UserError(
            f"no Ray that lets us in answers at {address}: unset RAY_ADDRESS to start one, or see "
            "that it runs and, if it asks for a token, that RAY_AUTH_MODE=token is set"
        ) from None


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what this program does when it is told to end; Ray would have it leave without a word."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is not threading.main_thread():
        return
    # By itself it would die at once, and leave Ray's processes to find out.
    signal.signal(signal.SIGTERM, _interrupt if before is signal.SIG_DFL else before)


def _rearm() -> None:
    """Ray leaves the process without a handler, which Python does not know of."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _answer(name: str, reference: Any) -> Any:
    try:
        return ray.get(reference, timeout=CALL_LIMIT_S)
    except RayTaskError as error:
        cause = error.cause
        raise (cause if isinstance(cause, Exception) else error) from None
    except (RayActorError, GetTimeoutError) as error:
        raise ActorDied(name, _cause_of_death(error)) from None


def _cause_of_death(error: Exception) -> str:
    """What Ray says of it, without colours; what could not even be loaded stands in its last line."""
    lines = [line for line in _COLOUR.sub("", str(error)).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return (lines[-1] if "creation task" in lines[0] else lines[0]).strip().rstrip(".")
