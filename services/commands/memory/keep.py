"""`retinue memory cubes|notes|export|import`: what is kept of a memory, and moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from brain.language.words.plural import counted
from services.commands.memory.asking import asked, run_argument, store_path, writing
from services.commands.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from stem_memory.notes.contracts import NoteStatus

_file = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))


@click.command()
@run_argument
@click.option("--cube", metavar="NAME", help="Show what this cube holds.")
@json_option
def cubes(run: Path, cube: str | None, as_json: bool) -> None:
    """List the cubes of a memory, or what one of them holds."""
    from stem_memory.cubes.overview import entries, summaries

    with asked(run, cube or "") as question:
        state = question.store.state
        book = state.projections.cubes
        held = () if cube is None else question.told(entries(book, cube, state.now()))
        found = question.told(summaries(book)) if cube is None else ()
    if cube is not None:
        if as_json:
            print_json({"entries": [entry.model_dump(mode="json") for entry in held]})
            return
        print_table(
            ("entry", "tier", "heat", "holds"),
            [(e.entry, e.tier, e.heat, " | disputed: ".join(e.items)) for e in held],
        )
        return
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
@run_argument
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
@click.option(
    "--judge",
    nargs=2,
    type=(str, click.Choice(("candidate", "validated", "retired"))),
    metavar="NOTE STATUS",
    help="First overrule the trials: candidate, validated or retired.",
)
@click.option(
    "--by", default="operator", show_default=True, metavar="WHO", help="Who judges, for --judge."
)
@click.option("--reason", default="", metavar="TEXT", help="Why, for --judge.")
@json_option
def notes(
    run: Path,
    learn: bool,
    repeats: int,
    retired: bool,
    judge: tuple[str, NoteStatus] | None,
    by: str,
    reason: str,
    as_json: bool,
) -> None:
    """List what was learnt from failures: symptom, cause, what helped, and how surely."""
    from stem_memory.notes.overview import judge as decide
    from stem_memory.notes.overview import learn as draw
    from stem_memory.notes.overview import overview

    if learn or judge:
        with writing(run) as store:
            if learn:
                draw(store, repeats)
            if judge:
                decide(store, *judge, by, reason)
    with asked(run) as question:
        found = question.told(overview(question.store.state.projections.notes, retired))
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
@run_argument
@_file
@click.option(
    "--cube", "names", multiple=True, metavar="NAME", help="Only this cube; repeat it for more."
)
@json_option
def export(run: Path, file: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Write a memory, or some of its cubes with all they refer to, into one FILE with checksums."""
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.bundle import export_memory

    with asked(run, *names, f"into {file}") as question:
        store = question.store
        # The file holds them all, sealed: the note comes before it is written.
        question.told(store.state.ids("person"))
        manifest = export_memory(store, BlobStore.beside(store.path), file, names)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
    else:
        blobs = len(manifest.members) - 1
        click.echo(f"{file}: {counted(manifest.events, 'event')}, {counted(blobs, 'blob')}")


@click.command("import")
@run_argument
@_file
@json_option
def import_(run: Path, file: Path, as_json: bool) -> None:
    """Bring an exported FILE into a memory. RUN may be a new memory.db in a folder that exists."""
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.bundle import import_memory, read_manifest
    from stem_memory.log.store import EventStore
    from stem_memory.privacy.vault import Vault

    # A file that can not be read must not leave an empty memory behind.
    read_manifest(file)
    path = store_path(run)
    with EventStore.writer(path, lambda: 0, Vault.beside(path)) as store:
        brought = import_memory(store, BlobStore.beside(path), file)
    if as_json:
        print_json(brought.model_dump(mode="json"))
    else:
        click.echo(
            f"{brought.new_events:,} of {counted(brought.events, 'event')} and "
            f"{counted(brought.new_blobs, 'blob')} were new"
        )
        if brought.closed:
            click.echo(
                f"{brought.closed} of them are sealed with keys that are not here: for a memory of "
                f"its own, copy the .keys file of where they came from to {path}.keys, then run: "
                f"retinue memory upgrade --anew {path}"
            )
