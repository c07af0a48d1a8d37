"""`retinue memory privacy|audit|expire|erase`: what is not recorded, who read what, what is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from brain.language.words.plural import be, counted, were
from services.commands.memory.asking import Reading, Reason, opened, store_path
from services.commands.output import Output, Rows, listed, warn

if TYPE_CHECKING:
    from stem_memory.privacy.contracts import ZoneDrawn

Archives = Annotated[
    tuple[Path, ...],
    "--archive FILE: Where an archive of compact is, if it was moved. Repeat it for more.",
]


def privacy(run: Reading) -> Output:
    """Show the rules of privacy: where nothing is recorded, and what is kept how long."""
    from stem_memory.privacy.keys import Keyring

    rules = run.store.state.projections.privacy
    sealed = Keyring.beside(run.path).path.exists()
    destroyed = len(rules.destroyed)
    shown: list[str | Rows] = [
        "what is personal is sealed" if sealed else "everything is kept in clear",
        f"{counted(destroyed, 'key')} {were(destroyed)} destroyed",
    ]
    if rules.zones:
        columns = ("nothing is recorded of", "in", "from", "to", "corners")
        shown.append(Rows(columns, [_zone_row(zone) for zone in rules.zones.values()]))
    if rules.retention:
        kept = [
            (cls or "everything", place or "any place", _duration(keep))
            for (cls, place), keep in sorted(rules.retention.items())
        ]
        shown.append(Rows(("reports of", "at", "are kept"), kept))
    return Output(
        {
            "sealed": sealed,
            "no_record": tuple(rules.zones.values()),
            "keep": [
                {"cls": cls, "place": place, "keep_s": keep}
                for (cls, place), keep in rules.retention.items()
            ],
            "keys_destroyed": destroyed,
        },
        *shown,
    )


def audit(run: Reading, about: str | None = None, by: str | None = None) -> Output:
    """List who read what of a memory, oldest first, and check that no note was changed.

    Options:
        --about THING: Only what was read about this person or thing.
        --by WHO: Only what this user read.
    """
    from stem_memory.answers.queries import resolve
    from stem_memory.privacy.audit import Audit
    from stem_memory.privacy.keys import Keyring

    subject = resolve(run.store.state, about)[0] if about is not None else None
    notes = Audit.beside(run.path, Keyring.beside(run.path))
    return listed(
        "readings",
        tuple(notes.named(reading) for reading in notes.readings(subject, by)),
        ("when (UTC)", "who", "command", "asked", "about"),
        lambda r: (
            _clock(r.ms), r.who, r.purpose, " ".join(r.question.split()), ", ".join(r.about)
        ),
        "nobody has read that" if about or by else "nobody has read this memory",
    )  # fmt: skip


def expire(run: Path, at: str = "end", archive: Archives = ()) -> Output:
    """Forget the reports whose time is over, as the rules of privacy say. It can not be undone.

    Options:
        --at TIME: What is due by then.
    """
    from stem_memory.privacy.erase import expire as carry_out
    from stem_memory.privacy.vault import Vault

    with opened(run) as memory:
        path, moment = memory.path, memory.time(at)
        stamp = round(memory.store.last_time() * 1000)
    vault = Vault.beside(path)
    if vault is None:
        warn(f"{path} has no keys: what it holds in clear can not expire")
        count = 0
    else:
        count = carry_out(path, vault, moment, lambda: stamp, archives=archive).sealed_events
    said = f"{counted(count, 'report')} {be(count)} forgotten" if count else "nothing is due"
    return Output({"expired": count}, said)


def erase(
    person: str,
    run: Path,
    by: str = "operator",
    reason: Reason = "",
    rewrite: bool = False,
    also: Annotated[
        tuple[Path, ...], click.Path(file_okay=False, exists=True, path_type=Path)
    ] = (),
    archive: Archives = (),
    yes: bool = False,
) -> Output:
    """Make everything a run holds of a PERSON unreadable, for good.

    The log stays whole and still verifies; exported files of it become unreadable too, once no copy
    of its .keys file is left. Film, wishes and report in the folder of each run that remembers there
    are cleaned as well. Delete copies of memory.db yourself: they hold tables in clear.

    Options:
        --by WHO: Who erases.
        --rewrite: Seal the memory first, if it was kept in clear. Its hash chain becomes another one.
        --also DIR: A place with more run folders of this memory, to be cleaned as well. Those beside it,
            beside RUN and in ./runs are found without.
        --yes: Confirm the action without prompting.
    """
    from services.memory.forgetting import Traces, forget_files, rebuild
    from services.session.folder import RUNS, folders_of
    from stem_memory.log.compaction import compactions
    from stem_memory.log.migrations import check
    from stem_memory.privacy.erase import erase_person, require_erasable, seal_in_place
    from stem_memory.privacy.keys import Keyring
    from stem_memory.privacy.vault import Vault

    if not yes:
        click.confirm("What is erased can never be read again. Go on?", abort=True)
    path = store_path(run)
    check(path)
    vault = Vault(Keyring.beside(path))
    if rewrite:
        seal_in_place(path, vault)
    with opened(run) as memory:
        state = memory.store.state
        subject = _person(state.ids("person"), state.own_names, person)
        require_erasable(memory.store, vault, subject)
        compactions(memory.store, archive)
        traces = Traces(state, subject)
    # Once the names are erased nobody can tell any more what else is about the person: all now.
    folders = folders_of(path, (run, run.parent, path.parent, Path(RUNS), *also))
    removed = {folder: forget_files(folder, traces) for folder in folders}
    erased = erase_person(path, vault, subject, by, lambda: 0, reason, archive)
    again = [str(folder) for folder, had in removed.items() if rebuild(folder, had)]
    events = counted(erased.sealed_events, "event")
    lines = [f"{person} is erased: {events} can no longer be read in full"]
    if again:
        lines.append(f"the report was made again without them in {', '.join(again)}")
    if erased.blobs:
        count = len(erased.blobs)
        lines.append(f"{counted(count, 'cache')} that may have held something {be(count)} deleted")
    if erased.adapters:
        lines.append(
            "trained with it and not able to unlearn it, train anew: " + ", ".join(erased.adapters)
        )
    return Output(erased, *lines)


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
