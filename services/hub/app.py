"""The API of a site as an ASGI application: `/api/v1`, described by its own `/api/v1/openapi.json`."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from devices.clock import WallClock
from services.hub.codes import VALID_S, Codes, TooMany
from services.hub.contracts import (
    BodiesBody,
    BodyView,
    CancelBody,
    ChangeBody,
    CodeView,
    EnrolBody,
    GoalStory,
    GoalView,
    KeyView,
    Problem,
    Role,
    SaidView,
    SayBody,
    SiteView,
)
from services.hub.hub import Closing, Hub, KeyTaken, TooSlow
from services.hub.metrics import metrics
from services.hub.people import People, Person
from services.session.inputs import Directive, Words
from stem_memory.instructions import Cancel, Change, Instruction, Pause, Release, Resume, Stop

_BEARER = HTTPBearer(auto_error=False, description="The token of a person of this site.")
_MAX_BYTES = 64 * 1024
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=128,
        description="Say it again under the same key after a lost answer: it is heard once.",
    ),
]


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
        responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409, 413, 503)},
    )
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Closing, _as(503))
    app.add_exception_handler(KeyTaken, _as(409))
    app.middleware("http")(_bounded)
    app.include_router(_reading(hub, people, name, version), prefix="/api/v1")
    app.include_router(_acting(hub, people), prefix="/api/v1")
    app.include_router(_enrolling(hub, people), prefix="/api/v1/devices")

    @app.get("/healthz", summary="Whether the site is up")
    def healthz() -> dict[str, str]:
        return {"status": "up", "site": name}

    return app


def _reading(hub: Hub, people: People, name: str, version: str) -> APIRouter:
    """What a viewer may see."""
    router = APIRouter(dependencies=[Depends(_requires(people, "viewer"))])

    @router.get("/site", summary="The site at a glance")
    def site() -> SiteView:
        standing = hub.standing
        bodies = standing.bodies()
        return SiteView(
            name=name,
            version=version,
            now_s=standing.now_s,
            speed=hub.config.speed,
            events=standing.position,
            bodies=len(bodies),
            lost=tuple(body.id for body in bodies if body.lost),
            stopped=tuple(body.id for body in bodies if body.stopped),
            goals_open=len(standing.diary.goals) - standing.diary.closed_goals,
            goals_done=standing.diary.closed_goals,
        )

    @router.get("/goals", summary="Goals, the newest last")
    def goals(
        status: Annotated[Literal["open", "all"], Query()] = "open",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[GoalView]:
        return list(hub.standing.goals(status == "open", limit))

    @router.get("/goals/{goal}", summary="One goal: its plan, who does what, and why")
    def goal_story(goal: str) -> GoalStory:
        _known(hub, goal)
        return hub.standing.story(goal)

    @router.get("/bodies", summary="Every body: what it does, where, and whether it is in touch")
    def bodies() -> list[BodyView]:
        return _bodies_now(hub)

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


def _acting(hub: Hub, people: People) -> APIRouter:
    """What an operator may do. Each call is a record that names them before it is answered."""
    router = APIRouter()
    operator, admin = Depends(_requires(people, "operator")), Depends(_requires(people, "admin"))

    async def instruct(order: Instruction, by: Person, key: str | None) -> None:
        await hub.tell(Directive(order, by.name, _key(by, key)))

    async def on_goal(goal: str, order: Instruction, by: Person, key: str | None) -> GoalView:
        view = _known(hub, goal)
        if key is None or not hub.standing.knows(_key(by, key)):
            if view.closed_s is not None:
                raise HTTPException(409, f"{goal} is over: it is {view.status}")
            await instruct(order, by, key)
        return hub.standing.goal(goal)

    @router.post(
        "/say", status_code=201, summary="Say something: a wish, an answer, an instruction"
    )
    async def say(body: SayBody, by: Person = operator, key: Key = None) -> SaidView:
        marked = _key(by, key)
        # Who is known to the site speaks for themselves; anybody else, for its operator.
        who = by.name if by.name in hub.standing.people else None
        await hub.tell(
            Words(body.text, who, body.within_s, body.priority, channel="api", key=marked)
        )
        heard = hub.standing.said(marked)
        await hub.thought_about((*(goal.id for goal in heard.goals), *heard.answered))
        return hub.standing.said(marked)

    @router.post("/goals/{goal}/cancel", summary="Call a goal off; what is held is put down safely")
    async def cancel(
        goal: str, body: CancelBody | None = None, by: Person = operator, key: Key = None
    ) -> GoalView:
        roll_back = body is not None and body.roll_back
        return await on_goal(goal, Cancel(goals=(goal,), roll_back=roll_back), by, key)

    @router.post("/goals/{goal}/pause", summary="Do nothing for a goal until it is resumed")
    async def pause(goal: str, by: Person = operator, key: Key = None) -> GoalView:
        return await on_goal(goal, Pause(goals=(goal,)), by, key)

    @router.post("/goals/{goal}/resume", summary="Let a paused goal go on")
    async def resume(goal: str, by: Person = operator, key: Key = None) -> GoalView:
        return await on_goal(goal, Resume(goals=(goal,)), by, key)

    @router.patch(
        "/goals/{goal}", summary="Change the words, the deadline or the urgency of a goal"
    )
    async def change(
        goal: str, body: ChangeBody, by: Person = operator, key: Key = None
    ) -> GoalView:
        if body == ChangeBody():
            raise HTTPException(400, "nothing is to change: give text, within_s or priority")
        due = None if body.within_s is None else round(hub.standing.now_s + body.within_s, 3)
        order = Change(goal=goal, text=body.text, deadline_s=due, priority=body.priority)
        return await on_goal(goal, order, by, key)

    @router.post("/stop", summary="Stop bodies, all unless some are named, until they are released")
    async def stop(
        body: BodiesBody | None = None, by: Person = operator, key: Key = None
    ) -> list[BodyView]:
        named = _bodies(hub, body)
        await instruct(Stop(bodies=named), by, key)
        return _bodies_now(hub)

    @router.post("/release", summary="Let stopped bodies move again, all unless some are named")
    async def release(
        body: BodiesBody | None = None, by: Person = operator, key: Key = None
    ) -> list[BodyView]:
        named = _bodies(hub, body)
        await instruct(Release(bodies=named), by, key)
        return _bodies_now(hub)

    @router.post(
        "/down", status_code=202, summary="Take the site down; with drain, once it is idle"
    )
    async def down(by: Person = admin, drain: bool = False) -> dict[str, str]:
        (hub.drain if drain else hub.end)()
        return {"status": "draining" if drain else "going down", "by": by.name}

    return router


def _enrolling(hub: Hub, people: People) -> APIRouter:
    """How devices come to a site, and their link."""
    router = APIRouter()
    codes = Codes(WallClock())
    admin = Depends(_requires(people, "admin"))
    anybody = Depends(_requires(people, "device"))

    @router.post("/codes", status_code=201, summary="A code by which one device can enrol, once")
    def code(by: Person = admin) -> CodeView:
        return CodeView(code=codes.make(), valid_s=VALID_S)

    @router.post("/enrol", status_code=201, summary="Enrol a device: its code for a key")
    def enrol(body: EnrolBody) -> KeyView:
        taken = {person.name: person.role for person in people.all()}.get(body.id)
        if taken not in (None, "device") or (taken is None and body.id in hub.standing.names):
            raise HTTPException(409, f"there is a {body.id} here already: choose another id")
        try:
            if not codes.use(body.code):
                raise HTTPException(
                    403, "the code is wrong, was used, or is too old: ask for another"
                )
        except TooMany as error:
            raise HTTPException(429, str(error)) from None
        return KeyView(id=body.id, key=people.add(body.id, "device"))

    @router.get("/me", summary="Whose key a device has")
    def me(by: Person = anybody) -> dict[str, str]:
        return {"id": by.name, "role": by.role}

    @router.websocket("/link")
    async def link(socket: WebSocket) -> None:
        scheme, _, token = socket.headers.get("authorization", "").partition(" ")
        device = people.who(token) if scheme.lower() == "bearer" else None
        if device is None or device.role != "device":
            await socket.close(1008)
            return
        await hub.links.serve(socket, device.name, lambda: people.who(token) is not None)

    return router


def _requires(people: People, role: Role) -> Callable[..., Person]:
    """Who calls, if they may do what the role may."""

    def person(
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Person:
        found = people.who(given.credentials) if given is not None else None
        if found is None:
            raise HTTPException(
                401,
                "the token is missing, wrong or taken back: send Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        if not found.may(role):
            raise HTTPException(403, f"{found.name} is a {found.role}, and this takes an {role}")
        return found

    return person


def _known(hub: Hub, goal: str) -> GoalView:
    try:
        return hub.standing.goal(goal)
    except KeyError:
        known = ", ".join(view.id for view in hub.standing.goals(is_open=True, limit=20)) or "none"
        raise HTTPException(404, f"there is no goal {goal} here; open are: {known}") from None


def _bodies_now(hub: Hub) -> list[BodyView]:
    took = hub.links.latencies()
    return [
        body.model_copy(update={"stop_latency_s": took[body.id]}) if body.id in took else body
        for body in hub.standing.bodies()
    ]


def _bodies(hub: Hub, body: BodiesBody | None) -> tuple[str, ...]:
    named = body.bodies if body is not None else ()
    unknown = sorted(set(named) - set(hub.standing.diary.bodies))
    if unknown:
        known = ", ".join(hub.standing.diary.bodies)
        raise HTTPException(404, f"there is no body {unknown[0]} here; there are: {known}")
    return named


def _key(by: Person, key: str | None) -> str:
    """The mark under which something is recorded; nobody takes another's."""
    return f"{by.name}:{key or uuid.uuid4().hex}"


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
