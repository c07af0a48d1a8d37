"""The API of a site as an ASGI application: `/api/v1`, described by its own `/api/v1/openapi.json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from devices.clock import WallClock
from services.hub.contracts import Problem
from services.hub.hub import Closing, Hub, KeyTaken
from services.hub.people import People
from services.hub.rates import Rates, TooOften
from services.hub.routes.enrolling import enrolling
from services.hub.routes.fleet import fleet
from services.hub.routes.goals import goals
from services.hub.routes.memory import memory
from services.hub.routes.seeing import seeing
from services.hub.routes.shared import Api
from stem_memory.answers.queries import QueryUnclear
from stem_memory.errors import MemoryFault

_MAX_BYTES = 64 * 1024


def make_app(hub: Hub, people: People, name: str, version: str) -> FastAPI:
    """The application.

    Args:
        hub: The site.
        people: Who may call it.
        name: What the site is called.
        version: Of Retinue.
    """
    app = FastAPI(
        title=f"Retinue: {name}",
        version=version,
        openapi_url="/api/v1/openapi.json",
        # The usual pages fetch their scripts from elsewhere; a site may have no network.
        docs_url=None,
        redoc_url=None,
        responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409, 413, 429, 503)},
    )
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Closing, _as(503))
    app.add_exception_handler(KeyTaken, _as(409))
    app.add_exception_handler(TooOften, _too_often)
    app.add_exception_handler(QueryUnclear, _as(404))
    app.add_exception_handler(MemoryFault, _as(503))
    app.middleware("http")(_bounded)
    api = Api(hub, people, Rates(WallClock()), name, version)
    for router in (seeing(api), goals(api), fleet(api), memory(api), enrolling(api)):
        app.include_router(router, prefix="/api/v1")

    @app.get("/healthz", summary="Whether the site is up")
    def healthz() -> dict[str, str]:
        return {"status": "up", "site": name}

    return app


async def _bounded(request: Request, call: Callable[[Request], Any]) -> Any:
    """Refuse bodies that nobody has to send."""
    length = request.headers.get("content-length", "0")
    if request.headers.get("transfer-encoding") or not length.isdigit() or int(length) > _MAX_BYTES:
        return JSONResponse(
            {"detail": f"a request has a length and at most {_MAX_BYTES} bytes"}, status_code=413
        )
    return await call(request)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "header"))
    message = json.dumps(f"{where}: {first['msg']}" if where else first["msg"])
    return JSONResponse({"detail": json.loads(message)}, 400)


def _as(code: int) -> Callable[[Request, Exception], Any]:
    async def answer(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, code)

    return answer


async def _too_often(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooOften)
    return JSONResponse({"detail": str(error)}, 429, headers={"Retry-After": str(error.wait_s)})
