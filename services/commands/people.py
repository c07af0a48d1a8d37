"""`retinue people`: who may do what at a site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import click

from services.commands.menu import Menu, Shelf
from services.commands.output import Output, listed

if TYPE_CHECKING:
    from services.hub.people import People

State = Annotated[Path, click.Path(exists=True, file_okay=False, path_type=Path), "DIR"]


@click.group(cls=Menu, commands=Shelf("services.commands", (("people", "list add remove"),)))
def people() -> None:
    """Give tokens to the people of a site, and take them back. DIR is the site's folder."""


def list_(state: State) -> Output:
    """List who has a token, and what they may do."""
    found = [{"name": p.name, "role": p.role} for p in _people(state).all()]
    return listed("people", found, ("name", "role"), lambda p: (p["name"], p["role"]), "nobody yet")


def add(
    state: State, name: str, role: Literal["viewer", "agent", "operator", "admin"] = "operator"
) -> Output:
    """Give somebody a token in place of the one they had. It is shown once and kept nowhere.

    Options:
        --role: A viewer sees; an agent wishes, cancels and stops; an operator lets stopped bodies go
            on and drains them; an admin enrols and retires devices and takes the site down.
    """
    token = _people(state).add(name, role)
    told = f"{name} is an {role} now" if role[0] in "ao" else f"{name} is a {role} now"
    return Output(
        {"name": name, "role": role, "token": token},
        f"{told}; they call the site with RETINUE_TOKEN={token}",
    )


def remove(state: State, name: str) -> Output:
    """Take somebody's token back, from their next call on."""
    _people(state).remove(name)
    return Output({"removed": name}, f"the token of {name} is worth nothing any more")


def _people(state: Path) -> People:
    from services.hub.people import People
    from services.hub.places import PEOPLE

    return People(state / PEOPLE)
