"""How devices come to a site, renew their keys, and their link."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket
from starlette.exceptions import HTTPException

from devices.clock import WallClock
from services.hub.codes import VALID_S, Codes, TooMany
from services.hub.contracts import CodeView, EnrolBody, KeyView
from services.hub.people import Person
from services.hub.routes.shared import Api


def enrolling(api: Api) -> APIRouter:
    """What devices, and those who bring them, may do."""
    router = APIRouter(prefix="/devices")
    codes = Codes(WallClock())
    admin, device = api.requires("admin"), api.requires("device")

    @router.post("/codes", status_code=201, summary="A code by which one device can enrol, once")
    def code(by: Person = admin) -> CodeView:
        return CodeView(code=codes.make(), valid_s=VALID_S)

    @router.post("/enrol", status_code=201, summary="Enrol a device: its code for a key")
    def enrol(body: EnrolBody) -> KeyView:
        taken = {person.name: person.role for person in api.people.all()}.get(body.id)
        standing = api.hub.standing
        if taken not in (None, "device") or (taken is None and body.id in standing.names):
            raise HTTPException(409, f"there is a {body.id} here already: choose another id")
        try:
            if not codes.use(body.code):
                raise HTTPException(
                    403, "the code is wrong, was used, or is too old: ask for another"
                )
        except TooMany as error:
            raise HTTPException(429, str(error)) from None
        return KeyView(id=body.id, key=api.people.add(body.id, "device"))

    @router.get("/me", summary="Whose key a device has")
    def me(by: Person = device) -> dict[str, str]:
        return {"id": by.name, "role": by.role}

    @router.post("/me/key", status_code=201, summary="A new key for a device, in place of its own")
    def renew(by: Person = device) -> KeyView:
        if by.role != "device":
            raise HTTPException(
                403, f"{by.name} is no device: give people tokens with retinue people"
            )
        return KeyView(id=by.name, key=api.people.add(by.name, "device"))

    @router.websocket("/link")
    async def link(socket: WebSocket) -> None:
        scheme, _, token = socket.headers.get("authorization", "").partition(" ")
        found = api.people.who(token) if scheme.lower() == "bearer" else None
        if found is None or found.role != "device":
            await socket.close(1008)
            return
        await api.hub.links.serve(socket, found.name, lambda: api.people.who(token) is not None)

    return router
