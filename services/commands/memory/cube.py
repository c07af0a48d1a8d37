"""`retinue memory cube ...`: packages of memory are made, filled, forked, merged, shared, retired."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from brain.language.words.plural import counted
from services.commands.memory.asking import Memory, Reason, Writing
from services.commands.output import Output

if TYPE_CHECKING:
    from stem_memory.cubes.contracts import Item
    from stem_memory.cubes.desk import Cubes
    from stem_memory.log.store import EventStore

As = Annotated[str, "--as WHO: In whose name."]


def make(name: str, run: Writing, title: str = "", scope: str = "", as_: As = "operator") -> Output:
    """Make a new, empty cube of one's own.

    Options:
        --title: What it is about.
        --scope: For what or whom it is meant.
    """
    _desk(run, as_).make(name, title, scope)
    return Output({"cube": name}, f"there is a cube {name} now, of {as_}")


def put(
    name: str,
    run: Writing,
    fact: tuple[str, ...] = (),
    event: tuple[int, ...] = (),
    note: tuple[str, ...] = (),
    drop: tuple[str, ...] = (),
    as_: As = "operator",
    reason: Reason = "",
) -> Output:
    """Put facts, events and notes into a cube, or take entries out: a new revision.

    Options:
        --fact THING[:ATTR]: What is believed of a thing, such as "red mug" or table-4:clean. Repeat it
            for more.
        --event N: The event at a position.
        --note ID: A note.
        --drop ENTRY: An entry to take out.
    """
    items: dict[str, Item] = {}
    for text in fact:
        items |= _fact(run.store, text)
    for position in event:
        items |= _event(run.store, position)
    for one in note:
        items |= _note(run.store, one)
    if not items and not drop:
        raise click.UsageError("nothing to put in or take out; give --fact, --event or --note")
    revision = _desk(run, as_).put(name, items, drop, reason)
    return Output(revision, f"{name} is at revision {revision.id[:12]}")


def adapter(
    name: str,
    run: Writing,
    file: Path,
    base: str,
    entry: str | None = None,
    as_: As = "operator",
) -> Output:
    """Put an adapter FILE into a cube. Only safetensors are taken: that format holds no code.

    Options:
        --base SHA256: The hash of the base model.
        --entry ENTRY: Its name in the cube. [default: the file's]
    """
    if len(base) != 64 or set(base) - set("0123456789abcdef"):
        raise click.UsageError("--base is not a SHA-256; give 64 digits of 0-9 and a-f")
    item = _desk(run, as_).add_adapter(name, entry or f"adapter/{file.stem}", file, base)
    return Output(item, f"{file} is in {name}, {item.size} bytes")


def fork(name: str, new: str, run: Writing, title: str = "", as_: As = "operator") -> Output:
    """Make a NEW cube of one's own that starts where another one is.

    Options:
        --title: What it is about. [default: as the other]
    """
    _desk(run, as_).fork(name, new, title)
    return Output({"cube": new}, f"{new} starts where {name} is")


def merge(
    name: str, into: str, run: Writing, keep_open: bool = False, as_: As = "operator"
) -> Output:
    """Bring everything of one cube INTO another. Where they differ both stay, as a dispute.

    Options:
        --keep-open: Go on using the one that was merged.
    """
    from stem_memory.cubes.revision import disputed

    desk = _desk(run, as_)
    revision = desk.merge(name, into, close=not keep_open)
    open_ = sorted(disputed(desk.book.manifest(into)))
    said = f"{into} is at revision {revision.id[:12]}" if revision else f"{into} had it all"
    return Output(
        {"revision": revision.id if revision is not None else None, "disputed": open_},
        said + (f"; disputed: {', '.join(open_)}" if open_ else ""),
    )


def unite(name: str, run: Writing, as_: As = "operator") -> Output:
    """Merge what several hosts made of a cube apart from one another."""
    revision = _desk(run, as_).unite(name)
    said = f"{name} is one" if revision else f"{name} was one already"
    return Output({"revision": revision.id if revision is not None else None}, said)


def grant(
    name: str,
    who: str,
    right: Literal["read", "write", "manage"],
    run: Writing,
    revoke: bool = False,
    as_: As = "operator",
) -> Output:
    """Let somebody ("*": everybody) read, write or manage a cube, or no more.

    Options:
        --revoke: Take the right back.
    """
    desk = _desk(run, as_)
    (desk.revoke if revoke else desk.grant)(name, who, right)
    return Output(
        {"cube": name, "who": who, "right": right, "given": not revoke},
        f"{who} may {'no longer ' if revoke else ''}{right} {name}",
    )


def stage(
    name: str,
    stage: Literal["active", "merged", "archived", "forgotten"],
    run: Writing,
    as_: As = "operator",
    reason: Reason = "",
) -> Output:
    """Lead a cube into another STAGE of its life. Nothing leads out of forgotten."""
    gone: tuple[str, ...] = ()
    if stage == "forgotten":
        gone = _desk(run, as_).forget(name, reason)
    else:
        _desk(run, as_).stage(name, stage, reason)
    return Output(
        {"cube": name, "stage": stage, "deleted": gone},
        f"{name} is {stage}" + (f"; {counted(len(gone), 'blob')} deleted" if gone else ""),
    )


def snapshot(snapshot: str, run: Writing, cubes: tuple[str, ...], as_: As = "operator") -> Output:
    """Give the present states of several CUBES one name, as of one moment."""
    heads = _desk(run, as_).snapshot(snapshot, cubes)
    return Output({"heads": heads}, f"{snapshot} names {', '.join(heads) or 'nothing'}")


def back(snapshot: str, run: Writing, as_: As = "operator", reason: Reason = "") -> Output:
    """Let all cubes of a SNAPSHOT hold what they held then: all of them or none."""
    cubes = [revision.cube for revision in _desk(run, as_).restore(snapshot, reason)]
    return Output({"cubes": cubes}, f"back to {snapshot}: {', '.join(cubes) or 'nothing differed'}")


def demote(run: Writing, at: str = "end", as_: As = "operator") -> Output:
    """Move what cooled down: hot entries to the cached prefix, warm ones to the archive.

    Run it on a schedule, as by cron. A cube of which nothing was used for long is archived whole.

    Options:
        --at TIME: As it is due by then.
    """
    moves = _desk(run, as_).demote(run.time(at))
    said = "; ".join(
        f"{name}: " + ", ".join(f"{entry} is {tier}" for entry, tier in tiers.items())
        for name, tiers in moves.items()
    )
    return Output({"moves": moves}, said or "nothing has cooled down")


def warm(name: str, run: Writing, ask: str | None = None, as_: As = "operator") -> Output:
    """Bring the warm entries of a cube into the embedded model as a prompt prefix.

    Its KV cache is computed once and kept in the cube, keyed by the hashes of model, tokenizer and
    text; the next time it is read back.

    Options:
        --ask TEXT: Then ask the model, with the prefix.
    """
    import asyncio

    desk = _desk(run, as_)
    # Reading it counts as a use, and needs the right to.
    desk.read(name)
    found = asyncio.run(_warm(desk, run.store, name, ask))
    if found is None:
        return Output({}, f"nothing in {name} is warm (demote moves what cooled down)")
    told, answer = found
    how = "read back" if told["restored"] else "computed and kept"
    return Output(
        {**told, "answer": answer},
        f"{told['tokens']} tokens of prefix {how} in {told['seconds']:.2f} s, {told['size']:,} bytes",
        *([answer] if answer else ()),
    )


async def _warm(
    desk: Cubes, store: EventStore, name: str, question: str | None
) -> tuple[dict[str, Any], str] | None:
    from functools import partial

    from services.llm.cluster.warm import ask, warm
    from services.llm.engines.llamacpp import LlamaCppEngine, LlamaCppSpec
    from services.llm.models.gguf import model_sha256, tokenizer_sha256
    from services.llm.models.weights import SMOLLM2, locate
    from services.runtime.local import LocalRuntime
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.prefix import Engine
    from stem_memory.cubes.words import item_words

    weights = locate(SMOLLM2)
    identity = Engine(model=model_sha256(weights), tokenizer=tokenizer_sha256(weights), dtype="f16")
    engine = LlamaCppEngine(LlamaCppSpec(slots=1), LocalRuntime(), "warm")
    await engine.start()
    try:
        blobs = BlobStore.beside(store.path)
        warmed = await warm(engine, identity, desk, blobs, name, partial(item_words, store))
        if warmed is None:
            return None
        told = warmed.model_dump(mode="json")
        if question is None:
            return told, ""
        answer, usage = await ask(engine, warmed, question)
        return told | {"cached_tokens": usage.cached_tokens}, answer
    finally:
        await engine.close()


def _desk(run: Memory, who: str) -> Cubes:
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.desk import Cubes

    return Cubes(run.store, BlobStore.beside(run.path), who, run.store.last_time)


def _fact(store: EventStore, text: str) -> dict[str, Item]:
    """The evidence behind what is believed of a thing's attribute now."""
    from stem_memory.answers.queries import resolve
    from stem_memory.cubes.contracts import FactItem
    from stem_memory.errors import MemoryFault

    name, _, attr = text.partition(":")
    attr = attr or "location"
    found: dict[str, Item] = {}
    for thing in resolve(store.state, name):
        fact = store.facts.value_at(thing, attr, store.last_time())
        if fact is not None:
            event = _at(store, fact.event)
            item = FactItem(thing=thing, attr=attr, origin=event[0], seq=event[1])
            found[f"{thing}/{attr}"] = item
    if not found:
        raise MemoryFault(f"nothing is known of the {attr} of {name}")
    return found


def _event(store: EventStore, position: int) -> dict[str, Item]:
    from stem_memory.cubes.contracts import EventItem

    origin, seq = _at(store, position)
    return {f"event/{position}": EventItem(origin=origin, seq=seq)}


def _note(store: EventStore, note: str) -> dict[str, Item]:
    from stem_memory.cubes.contracts import NoteItem
    from stem_memory.errors import MemoryFault

    if note not in store.state.notes().records:
        known = ", ".join(store.state.notes().records) or "none"
        raise MemoryFault(f"there is no note {note}; there are: {known}")
    return {note: NoteItem(note=note)}


def _at(store: EventStore, position: int) -> tuple[str, int]:
    """Origin and number of the event at a position."""
    from stem_memory.errors import MemoryFault

    found = store.connection.execute(
        "SELECT origin, seq FROM event WHERE id = ?", (position,)
    ).fetchone()
    if found is None:
        raise MemoryFault(f"there is no event {position}; the newest is {store.position()}")
    return str(found[0]), int(found[1])
