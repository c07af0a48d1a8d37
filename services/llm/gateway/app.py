"""The endpoint as an ASGI application."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import secrets
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from brain.model import Embedder, ModelError
from services.llm.cluster.cluster import Cluster
from services.llm.cluster.lengths import PromptLengths
from services.llm.engines.contracts import ChatCall, Piece
from services.llm.engines.errors import EngineDied, EngineError, EngineRefused
from services.llm.gateway.contracts import (
    BadInput,
    ChatBody,
    DrainBody,
    EmbeddingsBody,
    WaitBody,
    parsed,
)
from services.llm.gateway.hints import hint_of
from services.llm.gateway.metrics import GatewayMetrics
from services.llm.gateway.programs import ProgramTable
from services.llm.gateway.replies import DONE, Answer, error, event
from services.llm.gateway.work import Work
from services.llm.policy.contracts import Turn, Wait

_log = logging.getLogger(__name__)

EMBEDDING_MODEL = "all-minilm-l6-v2"
# A client may repeat by itself what was refused for want of room, and nothing else that was refused.
_PASSING = {429, 503}
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]", "::1"}
_FAULT = "The endpoint has a fault, which is in its log; the next request may succeed."
_KINDS = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


@dataclass(frozen=True)
class GatewayLimits:
    """What the endpoint accepts.

    Attributes:
        key: The token that clients must send; None for an endpoint on loopback that asks for none.
        body_bytes: Longest request.
        concurrent: Requests in progress at the same time.
    """

    key: str | None = None
    body_bytes: int = 4 * 1024 * 1024
    concurrent: int = 128


class _Refused(Exception):
    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers
        super().__init__(sentence)


class _ClientGone(Exception):
    pass


class Gateway:
    """Answers OpenAI's protocol from a cluster.

    Args:
        cluster: The engines.
        embedder: Makes sentence vectors; None if only engines may.
        limits: What is accepted.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        cluster: Cluster,
        embedder: Embedder | None = None,
        limits: GatewayLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._embedder = embedder
        self._limits = limits or GatewayLimits()
        self._clock = clock
        self._book = ProgramTable()
        self._metrics = GatewayMetrics()
        self._in_progress = 0
        self._turns = 0
        self._lengths = PromptLengths()
        self._started = int(time.time())

    def app(self) -> Starlette:
        """The application; the cluster is started and closed by whoever serves it."""
        routes = [
            Route("/v1/chat/completions", self._guarded(self._chat), methods=["POST"]),
            Route("/v1/embeddings", self._guarded(self._embeddings), methods=["POST"]),
            Route("/v1/models", self._guarded(self._models), methods=["GET"]),
            Route("/v1/models/{model:path}", self._guarded(self._model), methods=["GET"]),
            Route("/v1/status", self._guarded(self._status), methods=["GET"]),
            Route("/v1/programs/{program:path}", self._guarded(self._forget), methods=["DELETE"]),
            Route("/v1/programs/{program:path}", self._guarded(self._waits), methods=["POST"]),
            Route("/v1/replicas/{name}/drain", self._guarded(self._drain), methods=["POST"]),
            Route("/metrics", self._guarded(self._prometheus), methods=["GET"]),
            # Load balancers ask this without a token; it tells nothing but life.
            Route("/health", self._health, methods=["GET"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _told_http})

    def _guarded(
        self, handle: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                self._admit(request)
                response = await handle(request)
            except _Refused as refused:
                response = _told(str(refused), refused.status, refused.headers)
            except BadInput as bad:
                response = _told(str(bad), 400)
            except EngineRefused as refused:
                headers = {} if refused.status in _PASSING else {"x-should-retry": "false"}
                response = _told(str(refused), refused.status, headers)
            except (EngineDied, ModelError) as died:
                response = _told(str(died), 503, {"retry-after": "1"})
            except _ClientGone:
                response = Response(status_code=499)
            except Exception:  # noqa: BLE001 - the endpoint must outlive its own faults
                _log.exception("a fault while answering %s", request.url.path)
                response = _told(_FAULT, 500)
            path = request.scope["route"].path
            self._metrics.requests.labels(path, str(response.status_code)).inc()
            return response

        return guarded

    def _admit(self, request: Request) -> None:
        key = self._limits.key
        if key is not None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(given.encode(), key.encode()):
                raise _Refused(401, "The API key is wrong or missing; send it as a bearer token.")
        elif _host_name(request.headers.get("host", "")) not in _LOOPBACK_NAMES:
            # Without a key the browser of this machine is the danger: a page may have its name
            # resolve to loopback.
            raise _Refused(403, "Without an API key this endpoint answers to localhost only.")

    async def _json(self, request: Request) -> Any:
        # A page of a foreign site can send everything but this type without being asked for leave.
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise _Refused(415, "Send the request as content-type application/json.")
        limit = self._limits.body_bytes
        data = bytearray()
        async for part in request.stream():
            data += part
            if len(data) > limit:
                raise _Refused(413, f"The request is longer than {limit} bytes; shorten it.")
        try:
            return json.loads(data, parse_constant=_no_number)
        except (ValueError, RecursionError) as why:
            raise BadInput("The request's body is not JSON.") from why

    async def _chat(self, request: Request) -> Response:
        body = parsed(ChatBody, await self._json(request))
        if body.model not in self._cluster.models:
            raise _Refused(404, self._no_model(body.model))
        self._require_room()
        conversation = body.conversation()
        hint = hint_of(body, request.headers, conversation, self._book.name)
        deadline_s = hint.deadline_s
        call = ChatCall(messages=conversation, options=body.options())
        now = self._clock()
        self._turns += 1
        length = len(json.dumps(conversation, ensure_ascii=False))
        turn = Turn(
            program=hint.program,
            turn_id=f"turn-{self._turns}",
            arrived_s=now,
            prompt_tokens=self._lengths.tokens(length, hint.program),
            priority=hint.priority,
            deadline_s=None if deadline_s is None else now + deadline_s,
        )
        self._in_progress += 1
        work = Work(self._cluster.run(body.model, turn, call, hint), deadline_s)
        answer = Answer(f"chatcmpl-{secrets.token_hex(12)}", body.model, int(time.time()))
        pieces = self._pieces(request, work, answer, turn, length)
        if body.stream:
            # An error before the first piece is still told by the status.
            first = await anext(pieces)
            usage = body.stream_options is not None and body.stream_options.include_usage
            return StreamingResponse(
                _events(first, pieces, answer, usage),
                media_type="text/event-stream",
                headers={"cache-control": "no-cache", "x-program": _printable(hint.program)},
            )
        async for _ in pieces:
            pass
        return JSONResponse(answer.whole(), headers={"x-program": _printable(hint.program)})

    def _require_room(self) -> None:
        if self._in_progress >= self._limits.concurrent:
            raise _Refused(
                429,
                f"{self._in_progress} requests are in progress, which is the limit; try again.",
                {"retry-after": "1"},
            )

    async def _pieces(
        self, request: Request, work: Work, answer: Answer, turn: Turn, length: int
    ) -> AsyncIterator[dict[str, Any]]:
        """The chunks of an answer; ends the work if the client goes away."""
        gone = asyncio.create_task(_disconnected(request))
        waiting: asyncio.Task[Piece | None] | None = None
        first = True
        try:
            while True:
                waiting = asyncio.create_task(work.next())
                await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    raise _ClientGone
                piece = waiting.result()
                if piece is None:
                    break
                if first:
                    self._metrics.ttft.observe(self._clock() - turn.arrived_s)
                    first = False
                answer.add(piece)
                yield answer.chunk(piece)
            self._metrics.duration.observe(self._clock() - turn.arrived_s)
            self._lengths.learn(length, answer.usage.prompt_tokens, turn.program)
        finally:
            self._in_progress -= 1
            gone.cancel()
            if waiting is not None:
                waiting.cancel()
            await work.cancel()

    async def _embeddings(self, request: Request) -> Response:
        body = parsed(EmbeddingsBody, await self._json(request))
        texts = [body.input] if isinstance(body.input, str) else body.input
        self._require_room()
        self._in_progress += 1
        try:
            if body.model == EMBEDDING_MODEL and self._embedder is not None:
                vectors = await asyncio.to_thread(self._embedder.embed, texts)
            else:
                vectors = await self._cluster.embed(body.model, texts)
        finally:
            self._in_progress -= 1
        length = len(vectors[0])
        if body.dimensions not in {None, length}:
            raise BadInput(
                f"The field 'dimensions' is wrong: vectors of this model have {length} numbers."
            )
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, body)}
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(self._lengths.tokens(len(t)) for t in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "model": body.model, "data": data, "usage": usage})

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._card(m) for m in self._names()]})

    async def _model(self, request: Request) -> Response:
        name = request.path_params["model"]
        if name not in self._names():
            raise _Refused(404, self._no_model(name))
        return JSONResponse(self._card(name))

    async def _status(self, request: Request) -> Response:
        return JSONResponse((await self._cluster.status()).model_dump(mode="json"))

    async def _forget(self, request: Request) -> Response:
        program = request.path_params["program"]
        if not self._cluster.forget(program):
            raise _Refused(404, f"There is no program {program!r} here.")
        return JSONResponse({"program": program, "forgotten": True})

    async def _waits(self, request: Request) -> Response:
        program = request.path_params["program"]
        told = parsed(WaitBody, await self._json(request))
        wait = Wait(told.tool, told.body, told.expected_tool_seconds)
        if not self._cluster.waits(program, wait):
            raise _Refused(404, f"There is no program {program!r} here that waits.")
        return JSONResponse({"program": program, **told.model_dump()})

    async def _drain(self, request: Request) -> Response:
        name = request.path_params["name"]
        draining = parsed(DrainBody, await self._json(request)).draining
        self._cluster.drain(name, draining)
        return JSONResponse({"replica": name, "draining": draining})

    async def _prometheus(self, request: Request) -> Response:
        text = self._metrics.text(await self._cluster.status())
        return Response(text, media_type=self._metrics.content_type)

    async def _health(self, request: Request) -> Response:
        alive = await self._cluster.healthy()
        return JSONResponse({"status": "ok" if alive else "down"}, 200 if alive else 503)

    def _names(self) -> list[str]:
        own = [EMBEDDING_MODEL] if self._embedder is not None else []
        return [*self._cluster.models, *own]

    def _no_model(self, name: str) -> str:
        return f"There is no model {name!r} here; there are {', '.join(self._names())}."

    def _card(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": "retinue"}


async def _events(
    first: dict[str, Any],
    rest: AsyncIterator[dict[str, Any]],
    answer: Answer,
    include_usage: bool,
) -> AsyncIterator[bytes]:
    yield event(first)
    try:
        async for chunk in rest:
            yield event(chunk)
    except EngineError as why:
        # The status is long sent: what clients understand here is an event with an error.
        status = why.status if isinstance(why, EngineRefused) else 503
        yield event(error(str(why), "server_error", status))
        return
    except _ClientGone:
        return
    except Exception:  # noqa: BLE001 - without a word the client would take the answer for whole
        _log.exception("a fault in the middle of an answer")
        yield event(error(_FAULT, "server_error", 500))
        return
    if include_usage:
        yield event(answer.usage_chunk())
    yield DONE


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _told_http(request: Request, why: Exception) -> Response:
    assert isinstance(why, HTTPException)
    sentence = f"{request.method} {request.url.path} is not offered here."
    return _told(sentence, why.status_code)


def _told(sentence: str, status: int, headers: dict[str, str] | None = None) -> Response:
    kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return JSONResponse(error(sentence, kind, status), status, headers)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON.")


def _host_name(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def _encoded(vector: list[float], body: EmbeddingsBody) -> list[float] | str:
    if body.encoding_format == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _printable(program: str) -> str:
    # A header holds Latin-1 without control characters.
    return "".join(c if " " < c < "\x7f" else "?" for c in program)
