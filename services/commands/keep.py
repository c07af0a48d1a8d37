"""`retinue memory cubes|notes|export|import|erase`: what is kept of a memory, moved, and forgotten."""

from __future__ import annotations

from pathlib import Path

import click

from services.commands.output import json_option, print_json, print_table

_run = click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
_file = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))


@click.command()
@_run
@click.option("--cube", metavar="NAME", help="Show what this cube holds.")
@json_option
def cubes(run: Path, cube: str | None, as_json: bool) -> None:
    """List the cubes of a memory, or what one of them holds."""
    from services.commands.memory import opened
    from stem_memory.cubes.overview import entries, summaries

    with opened(run) as store:
        state = store.state
    book = state.annexes.cubes
    if cube is not None:
        held = entries(book, cube, state.now())
        if as_json:
            print_json({"entries": [entry.model_dump(mode="json") for entry in held]})
            return
        print_table(
            ("entry", "tier", "heat", "holds"),
            [(e.entry, e.tier, e.heat, " | disputed: ".join(e.items)) for e in held],
        )
        return
    found = summaries(book)
    if as_json:
        print_json({"cubes": [summary.model_dump(mode="json") for summary in found]})
    elif found:
        print_table(
            ("cube", "title", "owner", "stage", "entries", "disputed", "revisions", "granted"),
            [
                (
                    s.cube,
                    s.title,
                    s.owner,
                    s.stage if s.heads < 2 else f"{s.stage}, {s.heads} heads",
                    s.entries,
                    s.disputed,
                    s.revisions,
                    ", ".join(f"{who} {right}" for who, right in s.grants),
                )
                for s in found
            ],
        )
    else:
        click.echo("this memory has no cubes")


@click.command()
@_run
@click.option("--learn", is_flag=True, help="First draw lessons from the log and record them.")
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help="How many failures of one kind, each put right in the end, make a lesson.",
)
@click.option("--retired", is_flag=True, help="Show also those that did not stand their trial.")
@json_option
def notes(run: Path, learn: bool, repeats: int, retired: bool, as_json: bool) -> None:
    """List what was learnt from failures: symptom, cause, what helped, and how surely."""
    from services.commands.memory import opened, store_path
    from stem_memory.migrations import check
    from stem_memory.notes.overview import learn as draw
    from stem_memory.notes.overview import overview
    from stem_memory.privacy.vault import Vault
    from stem_memory.store import EventStore

    if learn:
        path = store_path(run)
        check(path)
        with EventStore.writer(path, lambda: 0, Vault.beside(path)) as store:
            draw(store, repeats)
    with opened(run) as store:
        found = overview(store.state.annexes.notes, retired)
    if as_json:
        print_json({"notes": [line.model_dump(mode="json") for line in found]})
    elif found:
        print_table(
            ("note", "status", "taught by", "with fix", "without", "gain", "better", "what helps"),
            [
                (
                    line.note.id,
                    line.status,
                    line.taught,
                    f"{line.applied[0]}/{line.applied[1]}",
                    f"{line.without[0]}/{line.without[1]}",
                    f"{line.gain:+.0%} ± {line.spread:.0%}",
                    f"{line.better:.0%}",
                    f"{line.note.symptom}; {line.note.fix.text}",
                )
                for line in found
            ],
        )
    else:
        click.echo("this memory has no notes (--learn draws lessons from its log)")


@click.command()
@_run
@_file
@click.option(
    "--cube", "names", multiple=True, metavar="NAME", help="Only this cube; repeat it for more."
)
@json_option
def export(run: Path, file: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Write a memory, or some of its cubes with all they refer to, into one FILE with checksums."""
    from services.commands.memory import opened, store_path
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.bundle import export_memory

    with opened(run) as store:
        manifest = export_memory(store, BlobStore.beside(store_path(run)), file, names)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
    else:
        blobs = len(manifest.members) - 1
        click.echo(f"{file}: {manifest.events} events, {blobs} blobs")


@click.command("import")
@_run
@_file
@json_option
def import_(run: Path, file: Path, as_json: bool) -> None:
    """Bring an exported FILE into a memory. RUN may be a new memory.db in a folder that exists."""
    from services.commands.memory import store_path
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.bundle import import_memory, read_manifest
    from stem_memory.privacy.vault import Vault
    from stem_memory.store import EventStore

    # A file that can not be read must not leave an empty memory behind.
    read_manifest(file)
    path = store_path(run)
    with EventStore.writer(path, lambda: 0, Vault.beside(path)) as store:
        brought = import_memory(store, BlobStore.beside(path), file)
    if as_json:
        print_json(brought.model_dump(mode="json"))
    else:
        click.echo(
            f"{brought.new_events} of {brought.events} events and {brought.new_blobs} blobs were new"
        )


@click.command()
@click.argument("person")
@_run
@click.option("--by", default="operator", show_default=True, metavar="WHO", help="Who erases.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@click.option(
    "--rewrite",
    is_flag=True,
    help="Seal the memory first, if it was kept in clear. Its hash chain becomes another one.",
)
@click.confirmation_option("--yes", prompt="What is erased can never be read again. Go on?")
@json_option
def erase(person: str, run: Path, by: str, reason: str, rewrite: bool, as_json: bool) -> None:
    """Make everything a memory holds of a PERSON (an id) unreadable, for good.

    The log stays whole and still verifies. Copies of the file become unreadable too, once no copy
    of its .keys file is left. Films and reports in the run folder are not touched.
    """
    from services.commands.memory import store_path
    from stem_memory.migrations import check
    from stem_memory.privacy.erase import erase_person, seal_in_place
    from stem_memory.privacy.keys import Keyring
    from stem_memory.privacy.vault import Vault

    path = store_path(run)
    check(path)
    vault = Vault(Keyring.beside(path))
    if rewrite:
        seal_in_place(path, vault, lambda: 0)
    erased = erase_person(path, vault, person, by, lambda: 0, reason)
    if as_json:
        print_json(erased.model_dump(mode="json"))
        return
    click.echo(f"{person} is erased: {erased.sealed_events} events can no longer be read in full")
    if erased.blobs:
        click.echo(f"{len(erased.blobs)} caches that may have held something are deleted")
    if erased.adapters:
        click.echo(
            "trained with it and not able to unlearn it, train anew: " + ", ".join(erased.adapters)
        )
