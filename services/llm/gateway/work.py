"""One request's answer in the making: a task that can be waited for, and cancelled at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.llm.engines.contracts import Piece
from services.llm.engines.errors import EngineRefused

# Pieces that may lie ready for a client that reads slowly; then the engine's stream waits, too.
_AHEAD = 64


class Work:
    """Runs a generator of pieces in a task of its own.

    Args:
        pieces: The generator; it is closed in any case.
        deadline_s: Seconds from now after which the answer is worthless; None for never.
    """

    def __init__(self, pieces: AsyncGenerator[Piece, None], deadline_s: float | None) -> None:
        self._ready: asyncio.Queue[Piece | BaseException | None] = asyncio.Queue(_AHEAD)
        self._task = asyncio.create_task(self._run(pieces, deadline_s))

    async def next(self) -> Piece | None:
        """The next piece; None at the end.

        Raises:
            EngineError: What ended the answer.
        """
        ready = await self._ready.get()
        if isinstance(ready, BaseException):
            raise ready
        return ready

    async def cancel(self) -> None:
        """Stop, and wait until the engine has been told. Does nothing after the end."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self, pieces: AsyncGenerator[Piece, None], deadline_s: float | None) -> None:
        try:
            async with asyncio.timeout(deadline_s), aclosing(pieces):
                async for piece in pieces:
                    await self._ready.put(piece)
        except TimeoutError:
            error = EngineRefused(
                f"The deadline of {deadline_s:g} s passed before the answer was whole.", 504
            )
            await self._ready.put(error)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the next piece
            await self._ready.put(error)
        else:
            await self._ready.put(None)
