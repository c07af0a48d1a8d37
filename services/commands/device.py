"""`retinue device`: bodies that take part in a site from a computer of their own."""

from __future__ import annotations

import click

from services.commands.menu import Menu, Shelf
from services.commands.output import Output
from services.commands.site import Site


@click.group(
    cls=Menu,
    commands=Shelf("services.commands", (("device_run", "run"), ("device", "code protocol"))),
)
def device() -> None:
    """Let a body take part in a site from a computer of its own."""


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
