"""Any OpenAI-compatible server that somebody else runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.errors import UserError
from services.llm.config import LlmConfig
from services.llm.engines.contracts import (
    Capabilities,
    ChatCall,
    EngineStats,
    Hint,
    Piece,
)
from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied, EngineMissing, EngineRefused
from services.runtime.local import Runtime

_HEALTH_LIMIT_S = 5.0


class RemoteSpec(BaseModel):
    """Where a remote engine is.

    Attributes:
        url: The server's address, ``/v1`` left off.
        model: The model's name there, and here.
        key: The server's key.
        concurrency: Requests to send at the same time.
        embeds: Whether it also embeds texts, under the same model name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str
    key: str = "none"
    concurrency: int = Field(default=64, gt=0)
    embeds: bool = False


class RemoteEngine:
    """An `Engine` over an endpoint whose memory we do not manage.

    Args:
        spec: Where it is.
    """

    def __init__(self, spec: RemoteSpec) -> None:
        self._spec = spec
        self._endpoint: Endpoint | None = None
        self._running = 0

    @property
    def capabilities(self) -> Capabilities:
        """No slots, no KV files."""
        spec = self._spec
        return Capabilities(
            kind="openai", model=spec.model, concurrency=spec.concurrency, embeds=spec.embeds
        )

    async def start(self) -> None:
        """Make the client, and see whether the server is there and takes the key.

        Raises:
            EngineMissing: If it is not, does not, or has no model of this name.
        """
        if self._endpoint is not None:
            return
        url = self._spec.url
        endpoint = Endpoint(url.rstrip("/").removesuffix("/v1"), self._spec.key)
        try:
            told = await endpoint.get("/v1/models", _HEALTH_LIMIT_S)
            self._require_model(told)
        except EngineDied:
            await endpoint.close()
            raise EngineMissing(
                f"Nobody answers at {url}; start that server or correct the address."
            ) from None
        except (EngineRefused, EngineMissing) as why:
            await endpoint.close()
            raise EngineMissing(f"The endpoint {url} cannot be used: {why}") from None
        self._endpoint = endpoint

    def _require_model(self, told: Any) -> None:
        cards = told.get("data") if isinstance(told, dict) else None
        names = sorted(str(card["id"]) for card in cards or () if "id" in card)
        # A server that lists nothing may still serve; its refusal will tell.
        if names and self._spec.model not in names:
            raise EngineMissing(
                f"it has no model {self._spec.model!r}; it has {', '.join(names[:20])}."
            )

    async def generate(
        self, call: ChatCall, slot: int | None = None, hint: Hint | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Pass the call on."""
        self._running += 1
        try:
            async with aclosing(self._live().chat(self._spec.model, call)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._running -= 1

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Pass the texts on, if the server embeds."""
        if not self._spec.embeds:
            raise EngineRefused("This engine does not embed texts; use the embedding model.")
        return await self._live().embed(self._spec.model, texts)

    async def stats(self) -> EngineStats:
        """Whether it answers."""
        return EngineStats(alive=await self.healthy(), running=self._running)

    async def healthy(self) -> bool:
        """Whether anything answers there; a refusal is an answer."""
        if self._endpoint is None:
            return False
        try:
            await self._live().get("/v1/models", _HEALTH_LIMIT_S)
        except EngineRefused:
            return True
        except EngineDied:
            return False
        return True

    async def restart(self) -> None:
        """Forget the connections; the server is not ours to restart."""
        await self.close()
        await self.start()

    async def close(self) -> None:
        """Close the connections."""
        if self._endpoint is not None:
            await self._endpoint.close()
            self._endpoint = None

    def _live(self) -> Endpoint:
        if self._endpoint is None:
            raise EngineDied("The engine is not connected.")
        return self._endpoint


def maker(kind: str, config: LlmConfig, runtime: Runtime) -> Callable[[str], RemoteEngine]:
    """The server at an address, asked for one model: ``http://host:port/v1#model``.

    Raises:
        UserError: If no model is named, or the address is none.
    """
    address, _, model = kind.partition("#")
    if not model:
        raise UserError(
            f"--engine {kind!r} names no model: use an address with its model's name, such as "
            f"{address}#qwen3"
        )
    try:
        spec = RemoteSpec(url=address, model=model, key=config.remote_key)
    except ValidationError as error:
        raise UserError(f"--engine {kind!r}: {error.errors()[0]['msg']}") from None
    return lambda name: RemoteEngine(spec)
