"""The protocol of engines, and of what some of them can do besides."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, runtime_checkable

from services.llm.config import LlmConfig
from services.llm.engines.contracts import (
    Capabilities,
    ChatCall,
    EngineStats,
    Hint,
    KvFile,
    Piece,
)
from services.llm.policy.contracts import Wait
from services.runtime.local import Runtime


@runtime_checkable
class Engine(Protocol):
    """Produces answers. `services.llm.testing.EngineConformance` is what each must pass.

    What not every engine can do are protocols of their own below: one that can has their methods, and says
    so in its `capabilities`.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; known before it is started."""
        ...

    async def start(self) -> None:
        """Make it ready. Starting one that runs does nothing.

        Raises:
            EngineMissing: If it cannot start on this machine.
        """
        ...

    def generate(
        self, call: ChatCall, slot: int | None = None, hint: Hint | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece; the last piece has a finish reason and the usage.

        Closing the generator early cancels the work.

        Args:
            call: What to answer.
            slot: The KV place to use; None to let the engine choose.
            hint: What is known of the program.

        Raises:
            EngineRefused: If the request is wrong for this engine.
            EngineDied: If the engine is gone.
        """
        ...

    async def stats(self) -> EngineStats:
        """What it tells of itself; a dead engine says so and does not raise."""
        ...

    async def healthy(self) -> bool:
        """Whether it answers now."""
        ...

    async def restart(self) -> None:
        """Start it again after a crash; KV in slots is lost.

        Raises:
            EngineMissing: If it does not come back.
        """
        ...

    async def close(self) -> None:
        """Stop it and free what it holds."""
        ...


@runtime_checkable
class Embeds(Protocol):
    """An engine that embeds texts."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed each text.

        Raises:
            EngineRefused: If the engine does not embed.
        """
        ...


@runtime_checkable
class KvFiles(Protocol):
    """An engine whose KV can be carried, in files under keys."""

    async def take(self, key: str) -> bytes:
        """The bytes under a key, to be carried to another engine with the same model.

        Raises:
            EngineRefused: If there is nothing under this key.
        """
        ...

    async def put(self, key: str, data: bytes) -> None:
        """Place bytes that `take` of another engine gave under a key."""
        ...

    async def drop(self, key: str) -> None:
        """Delete what is under a key; unknown keys are ignored."""
        ...


@runtime_checkable
class KvSlots(KvFiles, Protocol):
    """An engine whose KV lies in places that programs own, and can be put away and brought back."""

    async def save(self, slot: int, key: str) -> KvFile:
        """Put a copy of an idle slot's KV away under a key; an older one of this key is replaced.

        Raises:
            EngineRefused: If the engine cannot, or the slot is empty.
        """
        ...

    async def restore(self, slot: int, key: str) -> int:
        """Fill an idle slot with the KV of a key. Returns its tokens.

        Raises:
            EngineRefused: If the engine cannot, or has nothing under this key.
        """
        ...

    async def erase(self, slot: int) -> None:
        """Empty an idle slot."""
        ...


@runtime_checkable
class KvPrograms(KvFiles, Protocol):
    """An engine that holds KV for programs by itself, and gives and takes it."""

    async def put_out(self, program: str, key: str) -> KvFile:
        """Put a copy of the KV that the engine holds by itself for a program that is away under a key.

        Raises:
            EngineRefused: If the engine cannot, or holds none for it.
        """
        ...

    async def take_in(self, program: str, key: str) -> int:
        """Let a program's next turn find the KV that is under a key. Returns its tokens.

        Raises:
            EngineRefused: If the engine cannot, or has nothing under this key.
        """
        ...


@runtime_checkable
class Schedules(Protocol):
    """An engine that orders requests and holds KV for programs by itself, from hints."""

    async def forget(self, program: str) -> None:
        """A program went away: what the engine holds for it goes."""
        ...

    async def announce(self, program: str, wait: Wait) -> None:
        """A program that is away waits for this from now on."""
        ...


#: Makes engines of one kind, and stands in the entry points `retinue.engines`: called with the engine's name
#: as it was configured, the configuration and where processes live, it checks both (`UserError`) and returns
#: what makes the engine of each replica, by the replica's name.
Maker = Callable[[str, LlmConfig, Runtime], Callable[[str], Engine]]
