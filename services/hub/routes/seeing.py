"""The site, its bodies and what happens there, as a viewer sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import PlainTextResponse, StreamingResponse

from services.hub.contracts import BodyView, SiteView
from services.hub.hub import Hub, TooSlow
from services.hub.metrics import metrics
from services.hub.routes.shared import Api


def seeing(api: Api) -> APIRouter:
    """What a viewer may see of the site."""
    router = APIRouter(dependencies=[api.requires("viewer")])
    hub = api.hub

    @router.get("/site", summary="The site at a glance")
    def site() -> SiteView:
        standing = hub.standing
        bodies = standing.bodies()
        return SiteView(
            name=api.name,
            version=api.version,
            now_s=standing.now_s,
            speed=hub.config.speed,
            events=standing.position,
            bodies=len(bodies),
            lost=tuple(body.id for body in bodies if body.lost),
            stopped=tuple(body.id for body in bodies if body.stopped),
            drained=tuple(body.id for body in bodies if body.drained),
            goals_open=len(standing.diary.goals) - standing.diary.closed_goals,
            goals_done=standing.diary.closed_goals,
        )

    @router.get("/bodies", summary="Every body: what it does, where, and whether it is in touch")
    def bodies() -> list[BodyView]:
        return api.bodies_now()

    @router.get(
        "/events",
        summary="What happens, as server-sent events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    def events(
        after: Annotated[int | None, Query(ge=0, description="A position of the log.")] = None,
        last_event_id: Annotated[int | None, Header(ge=0)] = None,
    ) -> StreamingResponse:
        start = after if last_event_id is None else last_event_id
        return StreamingResponse(
            _sent(hub, start),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
    def figures() -> PlainTextResponse:
        return PlainTextResponse(metrics(hub.standing), media_type="text/plain; version=0.0.4")

    return router


async def _sent(hub: Hub, after: int | None) -> AsyncIterator[str]:
    yield ": connected\n\n"
    try:
        async for event in hub.events(after):
            if event is None:
                yield ": still here\n\n"
            else:
                yield f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
    except TooSlow:
        yield "event: behind\ndata: {}\n\n"
