"""Bodies: stopped, released, drained, taken up again, retired; and the site as a whole."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from brain.acting.foresee import foresee
from services.hub.contracts import BodiesBody, BodyView, StepShift, StopBody, WhatIfBody, WhatIfView
from services.hub.people import Person
from services.hub.routes.shared import Api, Key
from stem_memory.contracts import NEWS
from stem_memory.instructions import (
    Activate,
    Drain,
    Instruction,
    Release,
    Restrict,
    Retire,
    Stop,
)


def fleet(api: Api) -> APIRouter:
    """What people do with bodies."""
    router = APIRouter()
    _stopping(api, router)
    _serving(api, router)
    _asking(api, router)
    return router


def _stopping(api: Api, router: APIRouter) -> None:
    agent, operator = api.requires("agent"), api.requires("operator")
    admin = api.requires("admin")

    @router.post(
        "/stop", summary="Stop bodies, all unless some or a room are named, until they are released"
    )
    async def stop(
        body: StopBody | None = None, by: Person = agent, key: Key = None
    ) -> list[BodyView]:
        named = _meant(api, body)
        await api.instruct(Stop(bodies=named), by, key)
        return api.bodies_now()

    @router.post("/release", summary="Let stopped bodies move again, all unless some are named")
    async def release(
        body: BodiesBody | None = None, by: Person = operator, key: Key = None
    ) -> list[BodyView]:
        named = api.bodies(body.bodies if body is not None else ())
        await api.instruct(Release(bodies=named), by, key)
        return api.bodies_now()

    @router.post(
        "/down", status_code=202, summary="Take the site down; with drain, once it is idle"
    )
    async def down(by: Person = admin, drain: bool = False) -> dict[str, str]:
        (api.hub.drain if drain else api.hub.end)()
        return {"status": "draining" if drain else "going down", "by": by.name}


def _meant(api: Api, body: StopBody | None) -> tuple[str, ...]:
    """The bodies to be stopped; none: all. Of a room: whoever may be in it."""
    if body is None or not body.rooms:
        return api.bodies(body.bodies if body is not None else ())
    rooms = {room.id for room in api.hub.standing.plan.rooms}
    for room in body.rooms:
        if room not in rooms:
            raise HTTPException(
                404, f"there is no room {room} here; there are: {', '.join(sorted(rooms))}"
            )
    inside = api.hub.standing.inside(body.rooms)
    named = tuple(dict.fromkeys((*api.bodies(body.bodies), *inside)))
    if not named:
        raise HTTPException(409, f"nobody is in {', '.join(body.rooms)} as far as anybody knows")
    return named


def _serving(api: Api, router: APIRouter) -> None:
    operator, admin = api.requires("operator"), api.requires("admin")

    def view(body: str) -> BodyView:
        return next(found for found in api.bodies_now() if found.id == body)

    @router.post("/bodies/{body}/pause", summary="Have one body hold still until it is resumed")
    async def pause(body: str, by: Person = operator, key: Key = None) -> BodyView:
        api.bodies((body,))
        await api.instruct(Stop(bodies=(body,)), by, key)
        return view(body)

    @router.post("/bodies/{body}/resume", summary="Let one body move, and take on work, again")
    async def resume(body: str, by: Person = operator, key: Key = None) -> BodyView:
        api.bodies((body,))
        before = view(body)
        if before.stopped:
            await api.instruct(Release(bodies=(body,)), by, None if key is None else key + ".r")
        if before.drained or not before.stopped:
            await api.instruct(Activate(bodies=(body,)), by, key)
        return view(body)

    @router.post(
        "/bodies/{body}/drain", summary="Give one body nothing new; what it has begun it finishes"
    )
    async def drain(body: str, by: Person = operator, key: Key = None) -> BodyView:
        api.bodies((body,))
        await api.instruct(Drain(bodies=(body,)), by, key)
        return view(body)

    @router.post(
        "/bodies/{body}/decommission",
        summary="Take a body out of the fleet: its work moves to others, its key is worth nothing",
    )
    async def decommission(
        body: str, by: Person = admin, key: Key = None, force: bool = False
    ) -> list[BodyView]:
        api.bodies((body,))
        before = view(body)
        if not force and not before.lost and before.doing not in ("", "stopped"):
            raise HTTPException(
                409, f"{body} is at work ({before.doing}): drain it first, or say force=true"
            )
        await api.instruct(Retire(body=body), by, key)
        if any(p.name == body and p.role == "device" for p in api.people.all()):
            api.people.remove(body)
        api.hub.links.expel(body)
        return api.bodies_now()


def _asking(api: Api, router: APIRouter) -> None:
    @router.post(
        "/whatif",
        summary="Who would do what when without some bodies, or with them barred from a goal",
        dependencies=[api.requires("viewer")],
    )
    def whatif(body: WhatIfBody) -> WhatIfView:
        api.bodies(body.without)
        order: Instruction = Drain(bodies=body.without)
        if body.goal:
            api.goal(body.goal)
            order = Restrict(goal=body.goal, never=body.without)
        with api.hub.memory() as store:
            foreseen = foresee(store.state, (e.event for e in store.read(kinds=NEWS)), order)
        then = {(a.goal, a.step): a for a in foreseen.then.assignments}
        return WhatIfView(
            makespan_s=foreseen.now.makespan_s,
            makespan_then_s=foreseen.then.makespan_s,
            steps=tuple(
                StepShift(
                    goal=given.goal,
                    step=given.step,
                    body=given.body,
                    end_s=given.end_s,
                    body_then=other.body if (other := then.get((given.goal, given.step))) else "",
                    end_then_s=other.end_s if other else None,
                )
                for given in foreseen.now.assignments
            ),
            stuck=foreseen.then.unassigned,
        )
