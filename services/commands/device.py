"""`retinue device`: bodies that take part in a site from a computer of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import click

from services.commands.menu import Menu, Shelf
from services.commands.output import Output
from services.commands.site import Site

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@click.group(cls=Menu, commands=Shelf("services.commands", (("device", "run code protocol"),)))
def device() -> None:
    """Let a body take part in a site from a computer of its own."""


def run(
    kind: Annotated[str, "KIND_OR_CARD"],
    id_: str,
    hub: str = "",
    code: str = "",
    address: str = "",
    on_silence: Literal["finish", "hold"] = "finish",
    state: Annotated[Path | None, click.Path(file_okay=False, path_type=Path)] = None,
    ca: Annotated[Path | None, click.Path(exists=True, dir_okay=False, path_type=Path)] = None,
) -> int:
    """Run the daemon of one body: its cerebellum beside it, linked to a site.

    KIND_OR_CARD is an installed kind of body (retinue bodies) or the file of a card. It calls the site,
    so that no port is opened here; when the connection is lost it calls again, and no result is lost.
    Ctrl-C or SIGTERM stops the body and ends the daemon.

    Options:
        --id ID: Under which it takes part.
        --hub SITE ($RETINUE_SITE): The site: its address, or on its own machine its name or
            nothing.
        --code CODE: A one-time code of `retinue device code`, the first time; not needed on
            the machine of the site.
        --address ADDRESS: Where its driver finds it; without one the site simulates its
            hardware.
        --on-silence: What it does when the site is not heard: what it was told to the end, or
            stop.
        --state DIR: Where it keeps its key and its results.  [default: one for each ID]
        --ca FILE: The certificate authority of the site, if it has one of its own.
    """
    from cerebellum.daemon.member import Calling
    from cerebellum.daemon.program import DeviceFolder, opened
    from cerebellum.daemon.program import run as run_daemon
    from services.errors import UserError
    from services.hub.places import device_state

    if not _ID.fullmatch(id_):
        raise UserError(f"--id {id_!r} is no id: take lower-case letters, digits and hyphens")
    folder = DeviceFolder(state or device_state(id_))
    card, spec, hardware = opened(kind, id_, address)
    url = _enrolled(folder, id_, hub, code, None if ca is None else str(ca))
    calling = Calling(
        id=id_,
        url=url,
        key=folder.key(),
        card=card,
        spec=spec,
        ca=None if ca is None else str(ca),
        holds=on_silence == "hold",
    )

    def tell(_: str, line: str) -> None:
        click.echo(line)

    run_daemon(calling, hardware, folder, tell)
    click.echo(f"{id_} is left standing still")
    return 0


def code(site: Site = "") -> Output:
    """Make a code with which one device can enrol at a site, once."""
    from services.commands.site import client_of

    client = client_of(site)
    made = client.post("/devices/codes")
    told = f"retinue device run KIND --id ID --hub {client.url} --code {made['code']}"
    return Output(
        made, f"{made['code']}, for {made['valid_s'] / 60:g} minutes; at the device say:", told
    )


def protocol() -> Output:
    """Print the protocol between devices and sites as an AsyncAPI document."""
    import importlib.metadata

    import yaml

    from cerebellum.daemon.messages import asyncapi

    document = asyncapi(importlib.metadata.version("retinue"))
    return Output(document, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _enrolled(folder: Any, id_: str, hub: str, code: str, ca: str | None) -> str:
    """The address of the site, where this device has a key from now on."""
    from services.errors import UserError
    from services.hub.client import SiteClient
    from services.hub.places import find

    is_far = hub.startswith(("http://", "https://"))
    url, token = (hub.rstrip("/"), "") if is_far else find(hub)
    if code:
        client = SiteClient(url, "", ca=ca)
        folder.enrolled(client.post("/devices/enrol", {"code": code, "id": id_})["key"])
    elif not is_far and not _is_known(url, token, id_, folder):
        client = SiteClient(url, token)
        made = client.post("/devices/codes")["code"]
        folder.enrolled(client.post("/devices/enrol", {"code": made, "id": id_})["key"])
    elif not folder.key():
        raise UserError(
            f"{url} does not know {id_} yet: give --code, which `retinue device code` makes at the site"
        )
    return url


def _is_known(url: str, token: str, id_: str, folder: Any) -> bool:
    """Whether the site knows the key that this device has."""
    from services.errors import UserError
    from services.hub.client import SiteClient

    if not folder.key():
        return False
    try:
        SiteClient(url, folder.key()).get("/devices/me")
    except UserError:
        return False
    return True
