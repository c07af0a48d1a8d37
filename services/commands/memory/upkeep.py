"""`retinue memory verify|upgrade|compact|restore`: a memory as a file is checked and kept small."""

from __future__ import annotations

from pathlib import Path

from brain.language.words.plural import be, counted
from services.commands.memory.asking import Reading, Writing, writing
from services.commands.output import Output


def verify(run: Reading) -> Output:
    """Check the file, the hash chain of its log, and that a replay gives what is stored."""
    checked = run.store.verify()
    digest = run.store.replay().digest()
    return Output(
        checked.model_dump(mode="json") | {"state_sha256": digest},
        f"sound: {counted(checked.events, 'event')}, head {checked.head}",
        f"state_sha256 {digest}",
    )


def upgrade(run: Path, anew: bool = False) -> Output:
    """Bring a memory that an older version wrote up to date. Its log stays as it is.

    Options:
        --anew: Write everything that is derived from the log anew, as after its keys were brought.
    """
    if anew:
        with writing(run, as_it_lies=True) as memory:
            memory.store.forget_derived()
    with writing(run) as memory:
        checked = memory.store.verify()
    return Output(checked, f"up to date: {counted(checked.events, 'event')}, head {checked.head}")


def compact(run: Writing, before: str, archive: Path) -> Output:
    """Archive old events that no later answer needs. restore brings them back.

    What was known from that TIME on is answered as before, for any time; what was known earlier
    can no longer be asked, nor can how all stood together before it (near, scene). The hash chain of
    the log stays whole. To erase a person the ARCHIVE is needed: keep it.

    Options:
        --before TIME: What was recorded before then is archived.
        --archive FILE: A new file for what is taken out.
    """
    from stem_memory.log.compaction import compact as make_small

    done = make_small(run.store, run.store.position_at(round(run.time(before) * 1000)), archive)
    return Output(
        done._asdict(),
        f"{counted(done.archived, 'event')} went into {archive}; {run.path} has "
        f"{done.bytes_after:,} bytes instead of {done.bytes_before:,}",
    )


def restore(run: Path, archive: Path) -> Output:
    """Bring back what the newest compact put into an ARCHIVE."""
    from stem_memory.log.compaction import restore as bring_back

    with writing(run, as_it_lies=True) as memory:
        count = bring_back(memory.store, archive)
    with writing(run):
        pass  # The next writer writes history anew with what came back.
    return Output({"restored": count}, f"{counted(count, 'event')} {be(count)} back")
