"""Where an engine's process lives: an actor on some machine that starts it and keeps its KV files."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.errors import ActorDied
from services.llm.engines.errors import EngineDied, EngineRefused
from services.llm.engines.kv_folder import KvFolder
from services.llm.engines.server_process import ServerProcess
from services.runtime import Handle, Runtime


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
        if spec.keeps_kv:
            self._folder = KvFolder()
            settings["slot_folder"] = str(self._folder.path)
        self._process = ServerProcess(
            spec.module, settings, spec.start_limit_s, spec.environment, spec.python
        )

    def start(self) -> dict[str, Any]:
        """Start the engine, ending an earlier one. Returns its url, key and pid.

        Raises:
            EngineMissing: If it does not start.
        """
        return {**self._process.start(), "key": self._key}

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
            address: dict[str, Any] = await self.call("start")
        except EngineDied:
            address = await self.call("start")
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
