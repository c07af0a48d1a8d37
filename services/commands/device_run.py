"""`retinue device run`: the daemon's command, which on the site's own machine finds it by itself."""

from __future__ import annotations

from typing import Any

import click

from cerebellum.daemon import command as daemon_command
from cerebellum.daemon.program import DeviceFolder


@click.command(short_help="Run the daemon of one body: its cerebellum beside it, linked to a site.")
@click.pass_context
def run(context: click.Context, /, **options: Any) -> Any:
    """Run the daemon of one body: its cerebellum beside it, linked to a site.

    KIND_OR_CARD is an installed kind of body (retinue bodies) or the file of a card. The daemon calls the
    site, so that no port is opened here; when the connection is lost it calls again, and no result is
    lost. Ctrl-C or SIGTERM stops the body and ends the daemon.

    SITE is the address of a site, or on its own machine its name or nothing: there no code is needed.
    `retinue-device run` is the same where only the distribution retinue-device is installed.
    """
    context.obj = _located
    return context.invoke(daemon_command.run, **options)


run.params = daemon_command.run.params


def _located(hub: str, device: str, folder: DeviceFolder) -> tuple[str, str, str | None]:
    """The address of a site, and on its own machine a code for a device that it does not know yet, and
    what it is to trust.
    """
    from services.hub.client import SiteClient
    from services.hub.places import find

    if hub.startswith(("http://", "https://")):
        return hub.rstrip("/"), "", None
    url, token, ca = find(hub)
    if _is_known(url, folder, ca):
        return url, "", ca
    return url, str(SiteClient(url, token, ca=ca).post("/devices/codes")["code"]), ca


def _is_known(url: str, folder: DeviceFolder, ca: str | None) -> bool:
    """Whether the site knows the key that this device has."""
    from services.errors import UserError
    from services.hub.client import SiteClient

    if not folder.key():
        return False
    try:
        SiteClient(url, folder.key(), ca=ca).get("/devices/me")
    except UserError:
        return False
    return True
