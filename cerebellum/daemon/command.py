"""`retinue-device`: the daemon's command, where nothing of the house but its two lower floors is installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from cerebellum.daemon.enrol import enrol
from cerebellum.daemon.member import Calling
from cerebellum.daemon.program import BadDevice, DeviceFolder, opened
from cerebellum.daemon.program import run as run_daemon
from cerebellum.errors import CerebellumError
from devices.errors import DeviceError
from devices.home import state_home

BAD_INPUT = 2
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# The address of a site, a code for a device that it does not know yet, and what is to be trusted.
Locate = Callable[[str, str, DeviceFolder], tuple[str, str, str | None]]


@click.group()
@click.version_option(package_name="retinue-device", message="%(prog)s %(version)s")
def app() -> None:
    """Let a body take part in a Retinue site from a computer of its own."""


@app.command()
@click.argument("kind", metavar="KIND_OR_CARD")
@click.option("--id", "id_", metavar="ID", required=True, help="Under which it takes part.")
@click.option(
    "--hub",
    metavar="SITE",
    envvar="RETINUE_SITE",
    default="",
    help="The site's address, http(s)://HOST:PORT.",
)
@click.option(
    "--code",
    metavar="CODE",
    default="",
    help="A one-time code of `retinue device code`, the first time.",
)
@click.option(
    "--address",
    metavar="ADDRESS",
    default="",
    help="Where its driver finds it; without one the site simulates its hardware.",
)
@click.option(
    "--on-silence",
    type=click.Choice(["finish", "hold"]),
    default="finish",
    show_default=True,
    help="What it does when the site is not heard: what it was told to the end, or stop.",
)
@click.option(
    "--state",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where it keeps its key and its results.  [default: one for each ID]",
)
@click.option(
    "--ca",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The certificate authority of the site, if it has one of its own.",
)
@click.pass_context
def run(
    context: click.Context,
    kind: str,
    id_: str,
    hub: str,
    code: str,
    address: str,
    on_silence: str,
    state: Path | None,
    ca: Path | None,
) -> int:
    """Run the daemon of one body: its cerebellum beside it, linked to a site.

    KIND_OR_CARD is an installed kind of body or the file of a card. The daemon calls the site, so that
    no port is opened here; when the connection is lost it calls again, and no result is lost. Ctrl-C or
    SIGTERM stops the body and ends the daemon.
    """
    if not _ID.fullmatch(id_):
        raise BadDevice(f"--id {id_!r} is no id: take lower-case letters, digits and hyphens")
    folder = DeviceFolder(state or state_home() / "devices" / id_)
    card, spec, hardware = opened(kind, id_, address)
    locate: Locate = context.obj or _far
    url, made, known = locate(hub, id_, folder)
    trust = known if ca is None else str(ca)
    if code or made:
        folder.enrolled(enrol(url, code or made, id_, trust))
    if not folder.key():
        raise BadDevice(
            f"{url} does not know {id_} yet: give --code, which `retinue device code` makes at the site"
        )
    holds = on_silence == "hold"
    calling = Calling(id_, url, folder.key(), card, spec, trust, holds)
    run_daemon(calling, hardware, folder, lambda _, line: click.echo(line))
    click.echo(f"{id_} is left standing still")
    return 0


def main() -> None:
    """Run the command and exit with its code. Mistakes of the user end in one sentence."""
    try:
        code = app.main(standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"retinue-device: {error.format_message()}", err=True)
        code = BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except (CerebellumError, DeviceError) as error:
        click.echo(f"retinue-device: {error}", err=True)
        code = BAD_INPUT
    sys.exit(code or 0)


def _far(hub: str, _: str, __: DeviceFolder) -> tuple[str, str, str | None]:
    if not hub.startswith(("http://", "https://")):
        raise BadDevice("--hub says which site: its address, such as http://10.0.0.5:8800")
    return hub.rstrip("/"), "", None


if __name__ == "__main__":
    main()
