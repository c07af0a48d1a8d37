"""One OpenAI-compatible server, spoken to over HTTP. The only file that imports ``httpx2``."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx2

from services.llm.engines.contracts import ChatCall, Piece, Usage
from services.llm.engines.errors import EngineDied, EngineRefused, EngineSilent

# An answer may be minutes away behind a long queue; who has no patience closes the stream.
_READ_TIMEOUT_S = 3600.0
_CONNECT_TIMEOUT_S = 5.0


class Endpoint:
    """A client of one server.

    Args:
        url: Its address, without ``/v1``.
        key: Its API key.
        keep_alive: Whether to use connections again. llama.cpp closes one after a stream while a new
            request may be on its way, which would then look like a crash.
    """

    def __init__(self, url: str, key: str, keep_alive: bool = True) -> None:
        self.url = url
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx2.Timeout(_READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
            limits=httpx2.Limits(
                max_connections=None, max_keepalive_connections=8 if keep_alive else 0
            ),
            # A proxy in the environment must not see what goes to an engine.
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, path: str, timeout_s: float = _READ_TIMEOUT_S) -> Any:
        """A GET's JSON.

        Raises:
            EngineDied: If nobody answers.
            EngineRefused: If the answer is an error.
        """
        return await self._json("GET", path, None, timeout_s)

    async def post(self, path: str, body: Any, timeout_s: float = _READ_TIMEOUT_S) -> Any:
        """A POST's JSON.

        Raises:
            EngineDied: If nobody answers.
            EngineRefused: If the answer is an error.
        """
        return await self._json("POST", path, body, timeout_s)

    async def send(self, method: str, path: str, body: Any, timeout_s: float) -> Any:
        """The JSON that any other method answers with.

        Raises:
            EngineDied: If nobody answers.
            EngineRefused: If the answer is an error.
        """
        return await self._json(method, path, body, timeout_s)

    async def ok(self, path: str, timeout_s: float) -> bool:
        """Whether a GET is answered with success, whatever it says."""
        try:
            response = await self._client.get(path, timeout=timeout_s)
        except httpx2.HTTPError:
            return False
        return response.is_success

    async def chat(
        self, model: str, call: ChatCall, extra: dict[str, Any] | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Stream a chat completion.

        Args:
            model: The model's name at this server.
            call: What to answer.
            extra: Further fields of the body, for this kind of server.

        Raises:
            EngineDied: If the server goes away before the end.
            EngineRefused: If it answers with an error.
        """
        body = {
            "model": model,
            "messages": list(call.messages),
            **call.options,
            "stream": True,
            "stream_options": {"include_usage": True},
            **(extra or {}),
        }
        reason: str | None = None
        usage = Usage()
        try:
            async with self._client.stream("POST", "/v1/chat/completions", json=body) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise _refused(response)
                async for line in response.aiter_lines():
                    if not line.startswith("data:"):
                        continue
                    data = line[5:].strip()
                    if data == "[DONE]":
                        yield Piece(finish_reason=reason or "stop", usage=usage)
                        return
                    chunk = json.loads(data)
                    if "error" in chunk:
                        raise EngineRefused(_sentence(chunk, 500), 502)
                    usage = _usage(chunk) or usage
                    for choice in chunk.get("choices") or ():
                        reason = choice.get("finish_reason") or reason
                        delta = {k: v for k, v in (choice.get("delta") or {}).items() if v}
                        logprobs = choice.get("logprobs")
                        if delta or logprobs:
                            yield Piece(delta=delta, logprobs=logprobs)
        except httpx2.HTTPError as error:
            raise self._died(error) from error
        raise EngineDied(f"The engine at {self.url} ended its answer in the middle.")

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """Embed each text.

        Raises:
            EngineDied: If nobody answers.
            EngineRefused: If the answer is an error.
        """
        reply = await self.post("/v1/embeddings", {"model": model, "input": list(texts)})
        return [list(map(float, item["embedding"])) for item in reply["data"]]

    async def _json(self, method: str, path: str, body: Any, timeout_s: float) -> Any:
        try:
            response = await self._client.request(method, path, json=body, timeout=timeout_s)
        except httpx2.HTTPError as error:
            raise self._died(error) from error
        if response.status_code != 200:
            raise _refused(response)
        try:
            return response.json()
        except ValueError as error:
            raise EngineRefused(
                f"The answer of {self.url}{path} is not JSON; correct the address.", 502
            ) from error

    def _died(self, error: httpx2.HTTPError) -> EngineDied:
        kind = EngineSilent if isinstance(error, httpx2.TimeoutException) else EngineDied
        return kind(f"The engine at {self.url} does not answer ({type(error).__name__}).")


def _usage(chunk: dict[str, Any]) -> Usage | None:
    told = chunk.get("usage")
    if not told:
        return None
    details = told.get("prompt_tokens_details") or {}
    timings = chunk.get("timings") or {}
    prefill_ms = timings.get("prompt_ms")
    return Usage(
        prompt_tokens=told.get("prompt_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
        completion_tokens=told.get("completion_tokens") or 0,
        prefill_s=None if prefill_ms is None else prefill_ms / 1000.0,
    )


def _refused(response: httpx2.Response) -> EngineRefused:
    try:
        told = response.json()
    except ValueError:
        told = {}
    status = response.status_code
    # What the engine's own key or address is wrong about is not the caller's mistake.
    shown = status if status in {400, 413, 422, 429, 501, 503} else 502
    return EngineRefused(_sentence(told, status), shown)


def _sentence(told: Any, status: int) -> str:
    error = told.get("error") if isinstance(told, dict) else None
    if isinstance(error, dict):
        if error.get("type") == "exceed_context_size_error":
            return (
                f"The conversation has {error.get('n_prompt_tokens')} tokens and this model reads "
                f"{error.get('n_ctx')}; shorten it, or serve with a longer --context."
            )
        if error.get("message"):
            return f"The engine refused the request: {str(error['message']).splitlines()[0][:300]}"
    return f"The engine refused the request with status {status}."
