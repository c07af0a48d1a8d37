"""`retinue memory`: the table of its commands."""

from __future__ import annotations

import click

from services.commands.menu import Menu, Shelf

_PACKAGE = "services.commands.memory"
# The files, and their commands in the order of help. Those of other packages are entry points of the
# group retinue.queries.
_TABLE = (
    ("questions", "where history near as-of diff explain search"),
    ("upkeep", "verify upgrade compact restore"),
    ("serve", "serve"),
    ("views", "scene reach look disputes bodies tasks context"),
    ("tell", "tell retract same apart align"),
    ("exchange", "pull push"),
    ("keep", "cubes"),
    ("table", "cube"),
    ("keep", "notes export import record-body"),
    ("private", "privacy audit expire erase"),
)
_CUBE = (("cube", "make put adapter fork merge unite grant stage snapshot back demote warm"),)


@click.group(cls=Menu, commands=Shelf(_PACKAGE, _TABLE, "queries"))
def memory() -> None:
    """Ask what a run remembers: what is where, since when, seen by whom, and how sure.

    RUN is a folder that retinue run wrote, or a memory.db. Whoever asks is noted in the file
    memory.db.audit beside it.

    A TIME is a clock that stands at 0:00 when the run starts, as the replay shows it (14:03 is
    14 minutes and 3 seconds), or seconds (120s), or start, or end. In a memory that goes on from
    run to run it stands at 0:00 when the first one starts.
    """


@click.group(cls=Menu, commands=Shelf(_PACKAGE, _CUBE))
def cube() -> None:
    """Make, fill, fork, merge, share and retire cubes: packages of memory with rights and a life.

    retinue memory cubes lists them and shows what one holds.
    """
