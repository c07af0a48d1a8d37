"""Where sites keep their state, and which of them are up on this machine.

A site that is up has a note in one folder of the user's, so that `retinue say` finds it from anywhere.
A note whose process is gone is worth nothing, and whoever looks removes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from devices.home import state_home
from devices.noun import Noun
from services.errors import UserError
from services.hub.secret_file import write_secret

SITE_VARIABLE, TOKEN_VARIABLE, CA_VARIABLE = "RETINUE_SITE", "RETINUE_TOKEN", "RETINUE_CA"
TOKEN, PEOPLE = "token", "people.json"


class Place(Noun):
    """A site that is up: its name, its folder, its address, and the process that keeps it up.

    `ca`: the certificate of its own authority, if it is spoken to by one of that.
    """

    name: str
    state: str
    url: str
    pid: int
    ca: str | None = None


def state_of(name: str) -> Path:
    """The folder of a site that was given none."""
    return state_home() / "sites" / name


@contextlib.contextmanager
def noted(place: Place) -> Iterator[None]:
    """Let everybody on this machine find a site until the block is left."""
    note = _note(place)
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secret(note, place.model_dump_json().encode())
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def sites_up() -> tuple[Place, ...]:
    """The sites of this user that are up, by name."""
    found: list[Place] = []
    for note in sorted((state_home() / "up").glob("*.json")):
        try:
            place = Place.model_validate_json(note.read_bytes())
        except (OSError, ValidationError):
            continue
        if _lives(place.pid):
            found.append(place)
        else:
            note.unlink(missing_ok=True)
    return tuple(sorted(found, key=lambda place: (place.name, place.state)))


def find(site: str) -> tuple[str, str, str | None]:
    """The address of a site, the token to call it with, and its own certificate authority if it has one.

    Args:
        site: Its name, its folder or its address; "": the only one that is up.

    Raises:
        UserError: There is none, or several are meant.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if site.startswith(("http://", "https://")):
        if not token:
            raise UserError(
                f"{site} asks for a token: put yours into {TOKEN_VARIABLE} (`retinue people add` at the "
                "site makes one)"
            )
        return site.rstrip("/"), token, os.environ.get(CA_VARIABLE) or None
    places = sites_up()
    meant = [
        p for p in places if not site or site == p.name or Path(site).resolve() == Path(p.state)
    ]
    if not meant:
        what = f"the site {site} is not up" if site else "no site is up on this machine"
        raise UserError(f"{what}: start one with `retinue up {site or 'restaurant'}`")
    if len(meant) > 1:
        states = ", ".join(place.state for place in meant)
        raise UserError(f"several sites are up: say which with --site, of {states}")
    place = meant[0]
    return place.url, token or _own_token(Path(place.state)), place.ca


def _own_token(state: Path) -> str:
    try:
        return (state / TOKEN).read_text(encoding="utf-8").strip()
    except OSError:
        raise UserError(
            f"the token of {state} can not be read: put one of your own into {TOKEN_VARIABLE}"
        ) from None


def _note(place: Place) -> Path:
    mark = hashlib.sha256(place.state.encode()).hexdigest()[:16]
    return state_home() / "up" / f"{mark}.json"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
