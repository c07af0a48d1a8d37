"""Where an engine's process lives: an actor on some machine that starts it and keeps its KV files."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.errors import ActorDied
from services.llm.engines.errors import EngineDied, EngineRefused
from services.llm.engines.kv_folder import KvFolder
from services.llm.engines.server_process import ServerProcess
from services.runtime.local import Handle, Runtime

#: As the host of an engine: the address of whatever machine its actor lives on.
ANY_MACHINE = "auto"
_READY_WAIT_S = 20.0


def own_address() -> str:
    """The address by which other machines reach this one; loopback if it has no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the way that would be taken is enough. The address is one for documentation.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


class HostSpec(BaseModel):
    """Which server a host starts.

    Attributes:
        module: The module that is run with ``-m``; it speaks `ServerProcess`'s protocol.
        settings: What it is told, beside its key and the folder for KV files.
        python: The interpreter; engines with heavy needs have an environment of their own.
        environment: Variables that differ from the host's.
        start_limit_s: Longest wait for it to be ready.
        keeps_kv: Whether it is given a folder for KV files, as ``slot_folder``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: str
    settings: dict[str, Any] = Field(default_factory=dict)
    python: str = sys.executable
    environment: dict[str, str] = Field(default_factory=dict)
    start_limit_s: float = 120.0
    keeps_kv: bool = False


class EngineHost:
    """The actor. Its methods are called through a runtime, from another process if that is Ray.

    Args:
        spec: What to start.
    """

    def __init__(self, spec: HostSpec) -> None:
        self._folder: KvFolder | None = None
        # Nobody but those who were given it may use the engine, other users of the machine included.
        self._key = secrets.token_hex(16)
        settings = {**spec.settings, "key": self._key}
        if settings.get("host") == ANY_MACHINE:
            settings["host"] = own_address()
        if spec.keeps_kv:
            self._folder = KvFolder()
            settings["slot_folder"] = str(self._folder.path)
        self._process = ServerProcess(
            spec.module, settings, spec.start_limit_s, spec.environment, spec.python
        )
        self._starter = ThreadPoolExecutor(1, "engine-start")
        self._starting: Future[dict[str, Any]] | None = None

    def begin(self) -> None:
        """Begin to start the engine, ending an earlier one; a large model may load for minutes."""
        self._starting = self._starter.submit(self._process.start)

    def ready(self, wait_s: float) -> dict[str, Any] | None:
        """Where the engine that `begin` starts is, once it is ready.

        Args:
            wait_s: Longest wait.

        Returns:
            Its url, key and pid, and whatever else it answered; None if it is not ready yet.

        Raises:
            EngineMissing: If it does not start.
        """
        if self._starting is None:
            self.begin()
        assert self._starting is not None
        try:
            return {**self._starting.result(timeout=wait_s), "key": self._key}
        except TimeoutError:
            return None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.alive()

    def kill(self) -> None:
        """End the engine at once, as a crash would."""
        self._process.kill()

    def size(self, key: str) -> int:
        """Bytes of a KV file; 0 if there is none."""
        path = self._path(key)
        return path.stat().st_size if path.is_file() else 0

    def read(self, key: str) -> bytes:
        """A KV file's content.

        Raises:
            EngineRefused: If there is none under this key.
        """
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise EngineRefused(f"There is no KV file {key!r}.") from None

    def write(self, key: str, data: bytes) -> None:
        """Write a KV file."""
        self._path(key).write_bytes(data)

    def drop(self, key: str) -> None:
        """Delete a KV file; unknown keys are ignored."""
        self._path(key).unlink(missing_ok=True)

    def close(self) -> None:
        """Stop the engine and delete its KV files."""
        self._process.stop()
        self._starter.shutdown(wait=False)
        if self._folder is not None:
            self._folder.close()

    def _path(self, key: str) -> Path:
        if self._folder is None:
            raise EngineRefused("This engine keeps no KV files.")
        return self._folder.path / key


class HostLink:
    """An `EngineHost` as asynchronous code calls it; it makes the actor anew if that has died.

    Args:
        runtime: Where the actor is to live.
        name: The actor's name.
        spec: What it starts.
    """

    def __init__(self, runtime: Runtime, name: str, spec: HostSpec) -> None:
        self._runtime = runtime
        self._name = name
        self._spec = spec
        self._handle: Handle | None = None
        self._spawned = 0

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._name

    async def start(self) -> dict[str, Any]:
        """Start the engine, in a new actor if the one there was has died. Returns as the actor does.

        Raises:
            EngineDied: If the new actor dies, too.
            EngineMissing: If the engine does not start.
        """
        try:
            return await self._start()
        except EngineDied:
            return await self._start()

    async def _start(self) -> dict[str, Any]:
        await self.call("begin")
        while True:
            # Calls of a runtime have a limit of their own, which a large model outlasts.
            address: dict[str, Any] | None = await self.call("ready", _READY_WAIT_S)
            if address is not None:
                return address

    async def call(self, method: str, *args: Any) -> Any:
        """Call the actor without blocking the event loop.

        Raises:
            EngineDied: If the actor's process is gone; the next call makes a new one.
        """
        try:
            return await asyncio.to_thread(self._call, method, args)
        except ActorDied as error:
            self._handle = None
            raise EngineDied(str(error)) from error

    async def close(self) -> None:
        """Stop the engine; the actor itself goes with its runtime."""
        if self._handle is not None:
            with contextlib.suppress(EngineDied):
                await self.call("close")
            self._handle = None

    def _call(self, method: str, args: tuple[Any, ...]) -> Any:
        if self._handle is None:
            self._spawned += 1
            name = self._name if self._spawned == 1 else f"{self._name}-{self._spawned}"
            self._handle = self._runtime.spawn(name, EngineHost, self._spec)
        return self._runtime.gather([self._handle.call(method, *args)])[0]
