"""`retinue memory cubes|notes|export|import|record-body`: what is kept of a memory, and moved."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import click

from brain.language.words.plural import counted
from services.commands.memory.asking import Asked, asked, store_path, writing
from services.commands.output import Output, listed


def cubes(run: Asked, cube: Annotated[str | None, "{}"] = None) -> Output:
    """List the cubes of a memory, or what one of them holds.

    Options:
        --cube NAME: Show what this cube holds.
    """
    from stem_memory.cubes.overview import entries, summaries

    state = run.store.state
    book = state.projections.cubes
    if cube is not None:
        return listed(
            "entries",
            entries(book, cube, state.now()),
            ("entry", "tier", "heat", "holds"),
            lambda e: (e.entry, e.tier, e.heat, " | disputed: ".join(e.items)),
        )
    return listed(
        "cubes",
        summaries(book),
        ("cube", "title", "owner", "stage", "entries", "disputed", "revisions", "granted"),
        lambda s: (
            s.cube,
            s.title,
            s.owner,
            s.stage if s.heads < 2 else f"{s.stage}, {s.heads} heads",
            s.entries,
            s.disputed,
            s.revisions,
            ", ".join(f"{who} {right}" for who, right in s.grants),
        ),
        "this memory has no cubes",
    )


def notes(
    run: Path,
    learn: bool = False,
    repeats: Annotated[int, click.IntRange(min=1)] = 2,
    retired: bool = False,
    judge: tuple[str, Literal["candidate", "validated", "retired"]] | None = None,
    by: str = "operator",
    reason: str = "",
) -> Output:
    """List what was learnt from failures: symptom, cause, what helped, and how surely.

    Options:
        --learn: First draw lessons from the log and record them.
        --repeats N: How many failures of one kind, each put right in the end, make a lesson.
        --retired: Show also those that did not stand their trial.
        --judge NOTE STATUS: First overrule the trials: candidate, validated or retired.
        --by WHO: Who judges, for --judge.
        --reason TEXT: Why, for --judge.
    """
    from stem_memory.notes import overview

    if learn or judge:
        with writing(run) as memory:
            if learn:
                overview.learn(memory.store, repeats)
            if judge:
                overview.judge(memory.store, *judge, by, reason)
    with asked(run) as question:
        book = question.store.state.projections.notes
        found = question.told(overview.overview(book, retired))
    return listed(
        "notes",
        found,
        ("note", "status", "taught by", "with fix", "without", "gain", "better", "what helps"),
        lambda line: (
            line.note.id,
            line.status,
            line.taught,
            f"{line.applied[0]}/{line.applied[1]}",
            f"{line.without[0]}/{line.without[1]}",
            f"{line.gain:+.0%} ± {line.spread:.0%}",
            f"{line.better:.0%}",
            f"{line.note.symptom}; {line.note.fix.text}",
        ),
        "this memory has no notes (--learn draws lessons from its log)",
    )


def export(run: Asked, file: Path, cube: tuple[str, ...] = ()) -> Output:
    """Write a memory, or some of its cubes with all they refer to, into one FILE with checksums.

    Options:
        --cube NAME: Only this cube; repeat it for more.
    """
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.bundle import export_memory

    # The file holds them all, sealed: the note comes before it is written.
    run.words = " ".join((*cube, f"into {file}"))
    run.told(run.store.state.ids("person"))
    manifest = export_memory(run.store, BlobStore.beside(run.path), file, cube)
    blobs = len(manifest.members) - 1
    sentence = f"{file}: {counted(manifest.events, 'event')}, {counted(blobs, 'blob')}"
    return Output(manifest, sentence)


def import_(run: Path, file: Path) -> Output:
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
    lines = [
        f"{brought.new_events:,} of {counted(brought.events, 'event')} and "
        f"{counted(brought.new_blobs, 'blob')} were new"
    ]
    if brought.closed:
        lines.append(
            f"{brought.closed} of them are sealed with keys that are not here: for a memory of "
            f"its own, copy the .keys file of where they came from to {path}.keys, then run: "
            f"retinue memory upgrade --anew {path}"
        )
    return Output(brought, *lines)


def record_body(
    body: str,
    run: Path,
    out: Annotated[Path, click.Path(path_type=Path, dir_okay=False)],
    from_: str | None = None,
    to: str | None = None,
) -> Output:
    """Write what BODY reported and did in RUN into a file that takes part in other runs.

    There it is a device: retinue run WORLD --device "ID=recorded:FILE"

    Options:
        --out FILE: Where the recording goes, for example waiter.jsonl.
        --from TIME: Where it begins.  [default: where the run began in its memory]
        --to TIME: Where it ends.  [default: the end]
    """
    from devices.drivers.recorded import write_recording
    from services.errors import UserError
    from services.memory.recording import KINDS, recording_of

    with asked(run, f"{body} into {out}") as question:
        since = _began_s(run) if from_ is None else question.time(from_)
        until = math.inf if to is None else question.time(to)
        log = (entry.event for entry in question.store.read(kinds=KINDS))
        recording = question.told(recording_of(log, question.store.state, body, since, until))
    try:
        write_recording(out, recording)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}") from error
    reports, deeds = len(recording.observations), len(recording.performed)
    last_s = recording.observations[-1].t
    return Output(
        {"file": str(out), "body": body, "reports": reports, "deeds": deeds, "seconds": last_s},
        f"{out}: {reports} reports and {deeds} deeds of {body}, {last_s:g} s",
    )


def _began_s(run: Path) -> float:
    """When the run began, on the clock of its memory."""
    from services.session.folder import RunFolder

    folder = RunFolder(run)
    return folder.read_config().base_s if folder.config.is_file() else 0.0
