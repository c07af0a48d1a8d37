"""`retinue memory privacy|audit|expire|erase`: what is not recorded, who read what, what is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from brain.language.words.plural import be, counted, were
from services.commands.memory.asking import opened, run_argument, store_path, time_of
from services.commands.output import json_option, print_json, print_table, warn

if TYPE_CHECKING:
    from stem_memory.privacy.contracts import ZoneDrawn

archive_option = click.option(
    "--archive",
    "archives",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where an archive of compact is, if it was moved. Repeat it for more.",
)


@click.command()
@run_argument
@json_option
def privacy(run: Path, as_json: bool) -> None:
    """Show the rules of privacy: where nothing is recorded, and what is kept how long."""
    from stem_memory.privacy.keys import Keyring

    with opened(run) as store:
        rules = store.state.projections.privacy
    sealed = Keyring.beside(store_path(run)).path.exists()
    if as_json:
        print_json(
            {
                "sealed": sealed,
                "no_record": [zone.model_dump(mode="json") for zone in rules.zones.values()],
                "keep": [
                    {"cls": cls, "place": place, "keep_s": keep}
                    for (cls, place), keep in rules.retention.items()
                ],
                "keys_destroyed": len(rules.destroyed),
            }
        )
        return
    click.echo("what is personal is sealed" if sealed else "everything is kept in clear")
    click.echo(f"{counted(len(rules.destroyed), 'key')} {were(len(rules.destroyed))} destroyed")
    if rules.zones:
        columns = ("nothing is recorded of", "in", "from", "to", "corners")
        print_table(columns, [_zone_row(zone) for zone in rules.zones.values()])
    if rules.retention:
        print_table(
            ("reports of", "at", "are kept"),
            [
                (cls or "everything", place or "any place", _duration(keep))
                for (cls, place), keep in sorted(rules.retention.items())
            ],
        )


@click.command()
@run_argument
@click.option("--about", metavar="THING", help="Only what was read about this person or thing.")
@click.option("--by", metavar="WHO", help="Only what this user read.")
@json_option
def audit(run: Path, about: str | None, by: str | None, as_json: bool) -> None:
    """List who read what of a memory, oldest first, and check that no note was changed."""
    from stem_memory.answers.queries import resolve
    from stem_memory.privacy.audit import Audit
    from stem_memory.privacy.keys import Keyring

    path = store_path(run)
    with opened(run) as store:
        subject = resolve(store.state, about)[0] if about is not None else None
    notes = Audit.beside(path, Keyring.beside(path))
    readings = tuple(notes.named(reading) for reading in notes.readings(subject, by))
    if as_json:
        print_json({"readings": [reading.model_dump(mode="json") for reading in readings]})
    elif readings:
        print_table(
            ("when (UTC)", "who", "command", "asked", "about"),
            [
                (_clock(r.ms), r.who, r.purpose, " ".join(r.question.split()), ", ".join(r.about))
                for r in readings
            ],
        )
    else:
        click.echo("nobody has read that" if about or by else "nobody has read this memory")


@click.command()
@run_argument
@click.option(
    "--at", "at", default="end", show_default=True, metavar="TIME", help="What is due by then."
)
@archive_option
@json_option
def expire(run: Path, at: str, archives: tuple[Path, ...], as_json: bool) -> None:
    """Forget the reports whose time is over, as the rules of privacy say. It can not be undone."""
    from stem_memory.privacy.erase import expire as carry_out
    from stem_memory.privacy.vault import Vault

    path = store_path(run)
    with opened(run) as store:
        moment = time_of(store, at)
        stamp = round(store.last_time() * 1000)
    vault = Vault.beside(path)
    if vault is None:
        warn(f"{path} has no keys: what it holds in clear can not expire")
        count = 0
    else:
        count = carry_out(path, vault, moment, lambda: stamp, archives=archives).sealed_events
    if as_json:
        print_json({"expired": count})
    else:
        click.echo(
            f"{counted(count, 'report')} {be(count)} forgotten" if count else "nothing is due"
        )


@click.command()
@click.argument("person")
@run_argument
@click.option("--by", default="operator", show_default=True, metavar="WHO", help="Who erases.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@click.option(
    "--rewrite",
    is_flag=True,
    help="Seal the memory first, if it was kept in clear. Its hash chain becomes another one.",
)
@click.option(
    "--also",
    multiple=True,
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    help="A place with more run folders of this memory, to be cleaned as well. Those beside it, "
    "beside RUN and in ./runs are found without.",
)
@archive_option
@click.confirmation_option("--yes", prompt="What is erased can never be read again. Go on?")
@json_option
def erase(
    person: str,
    run: Path,
    by: str,
    reason: str,
    rewrite: bool,
    also: tuple[Path, ...],
    archives: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Make everything a run holds of a PERSON unreadable, for good.

    The log stays whole and still verifies; exported files of it become unreadable too, once no copy
    of its .keys file is left. Film, wishes and report in the folder of each run that remembers there
    are cleaned as well. Delete copies of memory.db yourself: they hold tables in clear.
    """
    from services.memory.forgetting import Traces, forget_files, rebuild
    from services.session.folder import RUNS, folders_of
    from stem_memory.log.compaction import compactions
    from stem_memory.log.migrations import check
    from stem_memory.privacy.erase import erase_person, require_erasable, seal_in_place
    from stem_memory.privacy.keys import Keyring
    from stem_memory.privacy.vault import Vault

    path = store_path(run)
    check(path)
    vault = Vault(Keyring.beside(path))
    if rewrite:
        seal_in_place(path, vault)
    with opened(run) as store:
        subject = _person(store.state.ids("person"), store.state.own_names, person)
        require_erasable(store, vault, subject)
        compactions(store, archives)
        traces = Traces(store.state, subject)
    # Once the names are erased nobody can tell any more what else is about the person: all now.
    folders = folders_of(path, (run, run.parent, path.parent, Path(RUNS), *also))
    removed = {folder: forget_files(folder, traces) for folder in folders}
    erased = erase_person(path, vault, subject, by, lambda: 0, reason, archives)
    again = [str(folder) for folder, had in removed.items() if rebuild(folder, had)]
    if as_json:
        print_json(erased.model_dump(mode="json"))
        return
    events = counted(erased.sealed_events, "event")
    click.echo(f"{person} is erased: {events} can no longer be read in full")
    if again:
        click.echo(f"the report was made again without them in {', '.join(again)}")
    if erased.blobs:
        count = len(erased.blobs)
        click.echo(f"{counted(count, 'cache')} that may have held something {be(count)} deleted")
    if erased.adapters:
        click.echo(
            "trained with it and not able to unlearn it, train anew: " + ", ".join(erased.adapters)
        )


def _zone_row(zone: ZoneDrawn) -> tuple[str, ...]:
    from stem_memory.clock import clock_of

    what = ", ".join({"person": "people", "object": "objects"}.get(c, c) for c in zone.categories)
    corners = " ".join(f"({x:g}, {y:g})" for x, y in zone.polygon)
    return (
        what or "anything",
        zone.zone,
        clock_of(zone.from_s),
        clock_of(zone.to_s) or "for good",
        f"{corners} and {zone.margin_m:g} m around",
    )


def _person(people: tuple[str, ...], names: Callable[[str], tuple[str, ...]], said: str) -> str:
    """The id of the person who is meant; what was said, if it is nobody's name."""
    if said in people:
        return said
    wanted = said.lower()
    found = [p for p in people if wanted in (name.lower() for name in names(p))]
    return found[0] if len(found) == 1 else said


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= length and (seconds / length).is_integer():
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} seconds"


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
