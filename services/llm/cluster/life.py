"""Whether an engine may be asked, and how a dead one is started again: once, for everybody who finds it so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.llm.engines.engine import Engine
from services.llm.engines.errors import EngineDied, EngineMissing


class Life:
    """Of one engine.

    Args:
        engine: The engine.
        on_death: Called when it is found dead, before it is started again: its KV is lost.
    """

    def __init__(self, engine: Engine, on_death: Callable[[], None]) -> None:
        self._engine = engine
        self._on_death = on_death
        self._revival: asyncio.Task[EngineDied | None] | None = None
        self._down = False

    @property
    def starting(self) -> bool:
        """Whether it died and is being started again."""
        return self._revival is not None and not self._revival.done()

    @property
    def ready(self) -> bool:
        """Whether it may be asked; not while it is being started again, or after that has failed."""
        return not self._down and not self.starting

    async def begin(self) -> None:
        """Start the engine.

        Raises:
            EngineMissing: If it cannot start.
        """
        try:
            await self._engine.start()
        except EngineMissing:
            self._down = True
            raise
        self._down = False

    def revive(self) -> asyncio.Task[EngineDied | None]:
        """Start a dead engine again; one that answers is left alone.

        It goes on if whoever asked for it is gone, and asking again meanwhile gives the same task.

        Returns:
            A task that ends with why the engine did not come back, or None.
        """
        if self._revival is None or self._revival.done():
            self._revival = asyncio.create_task(self._revive())
        return self._revival

    async def end(self) -> None:
        """Stop the engine, also one that is being started again."""
        if self._revival is not None:
            self._revival.cancel()
        await self._engine.close()

    async def _revive(self) -> EngineDied | None:
        if await self._engine.healthy():
            self._down = False
            return None
        self._on_death()
        try:
            await self._engine.restart()
        except (EngineDied, EngineMissing) as error:
            self._down = True
            return EngineDied(f"The engine died and did not start again: {error}")
        self._down = False
        return None
