"""`retinue memory cube ...`: packages of memory are made, filled, forked, merged, shared, retired."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from brain.language.words.plural import counted
from services.commands.memory.asking import run_argument, time_of, writing
from services.commands.menu import Menu
from services.commands.output import json_option, print_json

if TYPE_CHECKING:
    from stem_memory.cubes.contracts import Item, Right, Stage
    from stem_memory.cubes.desk import Cubes
    from stem_memory.log.store import EventStore

_RIGHTS = ("read", "write", "manage")
_STAGES = ("active", "merged", "archived", "forgotten")

as_option = click.option(
    "--as", "who", default="operator", show_default=True, metavar="WHO", help="In whose name."
)
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")


@click.group(cls=Menu)
def cube() -> None:
    """Make, fill, fork, merge, share and retire cubes: packages of memory with rights and a life.

    retinue memory cubes lists them and shows what one holds.
    """


@cube.command()
@click.argument("name")
@run_argument
@click.option("--title", default="", help="What it is about.")
@click.option("--scope", default="", help="For what or whom it is meant.")
@as_option
@json_option
def make(name: str, run: Path, title: str, scope: str, who: str, as_json: bool) -> None:
    """Make a new, empty cube of one's own."""
    with _desk(run, who) as (desk, _):
        desk.make(name, title, scope)
    _done(f"there is a cube {name} now, of {who}", {"cube": name}, as_json)


@cube.command()
@click.argument("name")
@run_argument
@click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="THING[:ATTR]",
    help='What is believed of a thing, such as "red mug" or table-4:clean. Repeat it for more.',
)
@click.option(
    "--event", "events", multiple=True, type=int, metavar="N", help="The event at a position."
)
@click.option("--note", "notes", multiple=True, metavar="ID", help="A note.")
@click.option("--drop", multiple=True, metavar="ENTRY", help="An entry to take out.")
@as_option
@reason_option
@json_option
def put(
    name: str,
    run: Path,
    facts: tuple[str, ...],
    events: tuple[int, ...],
    notes: tuple[str, ...],
    drop: tuple[str, ...],
    who: str,
    reason: str,
    as_json: bool,
) -> None:
    """Put facts, events and notes into a cube, or take entries out: a new revision."""
    with _desk(run, who) as (desk, store):
        items: dict[str, Item] = {}
        for text in facts:
            items |= _fact(store, text)
        for position in events:
            items |= _event(store, position)
        for note in notes:
            items |= _note(store, note)
        if not items and not drop:
            raise click.UsageError("nothing to put in or take out; give --fact, --event or --note")
        revision = desk.put(name, items, drop, reason)
    _done(f"{name} is at revision {revision.id[:12]}", revision.model_dump(mode="json"), as_json)


@cube.command()
@click.argument("name")
@run_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--base", required=True, metavar="SHA256", help="The hash of the base model.")
@click.option("--entry", metavar="ENTRY", help="Its name in the cube. [default: the file's]")
@as_option
@json_option
def adapter(
    name: str, run: Path, file: Path, base: str, entry: str | None, who: str, as_json: bool
) -> None:
    """Put an adapter FILE into a cube. Only safetensors are taken: that format holds no code."""
    if len(base) != 64 or set(base) - set("0123456789abcdef"):
        raise click.UsageError("--base is not a SHA-256; give 64 digits of 0-9 and a-f")
    with _desk(run, who) as (desk, _):
        item = desk.add_adapter(name, entry or f"adapter/{file.stem}", file, base)
    _done(f"{file} is in {name}, {item.size} bytes", item.model_dump(mode="json"), as_json)


@cube.command()
@click.argument("name")
@click.argument("new")
@run_argument
@click.option("--title", default="", help="What it is about. [default: as the other]")
@as_option
@json_option
def fork(name: str, new: str, run: Path, title: str, who: str, as_json: bool) -> None:
    """Make a NEW cube of one's own that starts where another one is."""
    with _desk(run, who) as (desk, _):
        desk.fork(name, new, title)
    _done(f"{new} starts where {name} is", {"cube": new}, as_json)


@cube.command()
@click.argument("name")
@click.argument("into")
@run_argument
@click.option("--keep-open", is_flag=True, help="Go on using the one that was merged.")
@as_option
@json_option
def merge(name: str, into: str, run: Path, keep_open: bool, who: str, as_json: bool) -> None:
    """Bring everything of one cube INTO another. Where they differ both stay, as a dispute."""
    from stem_memory.cubes.revision import disputed

    with _desk(run, who) as (desk, _):
        revision = desk.merge(name, into, close=not keep_open)
        open_ = sorted(disputed(desk.book.manifest(into)))
    found = {"revision": revision.id if revision is not None else None, "disputed": open_}
    said = f"{into} is at revision {revision.id[:12]}" if revision else f"{into} had it all"
    _done(said + (f"; disputed: {', '.join(open_)}" if open_ else ""), found, as_json)


@cube.command()
@click.argument("name")
@run_argument
@as_option
@json_option
def unite(name: str, run: Path, who: str, as_json: bool) -> None:
    """Merge what several hosts made of a cube apart from one another."""
    with _desk(run, who) as (desk, _):
        revision = desk.unite(name)
    found = {"revision": revision.id if revision is not None else None}
    _done(f"{name} is one" if revision else f"{name} was one already", found, as_json)


@cube.command()
@click.argument("name")
@click.argument("to", metavar="WHO")
@click.argument("right", type=click.Choice(_RIGHTS))
@run_argument
@click.option("--revoke", is_flag=True, help="Take the right back.")
@as_option
@json_option
def grant(name: str, to: str, right: str, run: Path, revoke: bool, who: str, as_json: bool) -> None:
    """Let somebody ("*": everybody) read, write or manage a cube, or no more."""
    with _desk(run, who) as (desk, _):
        if revoke:
            desk.revoke(name, to, cast("Right", right))
        else:
            desk.grant(name, to, cast("Right", right))
    said = f"{to} may {'no longer ' if revoke else ''}{right} {name}"
    _done(said, {"cube": name, "who": to, "right": right, "given": not revoke}, as_json)


@cube.command()
@click.argument("name")
@click.argument("stage", type=click.Choice(_STAGES))
@run_argument
@as_option
@reason_option
@json_option
def stage(name: str, stage: str, run: Path, who: str, reason: str, as_json: bool) -> None:
    """Lead a cube into another STAGE of its life. Nothing leads out of forgotten."""
    with _desk(run, who) as (desk, _):
        if stage == "forgotten":
            gone = desk.forget(name, reason)
        else:
            desk.stage(name, cast("Stage", stage), reason)
            gone = ()
    told = f"{name} is {stage}" + (f"; {counted(len(gone), 'blob')} deleted" if gone else "")
    _done(told, {"cube": name, "stage": stage, "deleted": list(gone)}, as_json)


@cube.command()
@click.argument("name", metavar="SNAPSHOT")
@run_argument
@click.argument("cubes", nargs=-1, required=True)
@as_option
@json_option
def snapshot(name: str, run: Path, cubes: tuple[str, ...], who: str, as_json: bool) -> None:
    """Give the present states of several CUBES one name, as of one moment."""
    with _desk(run, who) as (desk, _):
        heads = desk.snapshot(name, cubes)
    _done(f"{name} names {', '.join(heads) or 'nothing'}", {"heads": heads}, as_json)


@cube.command()
@click.argument("name", metavar="SNAPSHOT")
@run_argument
@as_option
@reason_option
@json_option
def back(name: str, run: Path, who: str, reason: str, as_json: bool) -> None:
    """Let all cubes of a SNAPSHOT hold what they held then: all of them or none."""
    with _desk(run, who) as (desk, _):
        revisions = desk.restore(name, reason)
    cubes = [revision.cube for revision in revisions]
    _done(f"back to {name}: {', '.join(cubes) or 'nothing differed'}", {"cubes": cubes}, as_json)


@cube.command()
@run_argument
@click.option(
    "--at", "at", default="end", show_default=True, metavar="TIME", help="As it is due by then."
)
@as_option
@json_option
def demote(run: Path, at: str, who: str, as_json: bool) -> None:
    """Move what cooled down: hot entries to the cached prefix, warm ones to the archive.

    Run it on a schedule, as by cron. A cube of which nothing was used for long is archived whole.
    """
    with writing(run) as store:
        moves = _cubes(store, who).demote(time_of(store, at))
    said = "; ".join(
        f"{name}: " + ", ".join(f"{entry} is {tier}" for entry, tier in tiers.items())
        for name, tiers in moves.items()
    )
    _done(said or "nothing has cooled down", {"moves": moves}, as_json)


@cube.command()
@click.argument("name")
@run_argument
@click.option("--ask", "question", metavar="TEXT", help="Then ask the model, with the prefix.")
@as_option
@json_option
def warm(name: str, run: Path, question: str | None, who: str, as_json: bool) -> None:
    """Bring the warm entries of a cube into the embedded model as a prompt prefix.

    Its KV cache is computed once and kept in the cube, keyed by the hashes of model, tokenizer and
    text; the next time it is read back.
    """
    import asyncio

    with _desk(run, who) as (desk, store):
        # Reading it counts as a use, and needs the right to.
        desk.read(name)
        found = asyncio.run(_warm(desk, store, name, question))
    if found is None:
        _done(f"nothing in {name} is warm (demote moves what cooled down)", {}, as_json)
        return
    told, answer = found
    how = "read back" if told["restored"] else "computed and kept"
    said = f"{told['tokens']} tokens of prefix {how} in {told['seconds']:.2f} s, {told['size']:,} bytes"
    _done(said + (f"\n{answer}" if answer else ""), {**told, "answer": answer}, as_json)


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


@contextlib.contextmanager
def _desk(run: Path, who: str) -> Iterator[tuple[Cubes, EventStore]]:
    """The cubes of a memory, open for changes."""
    with writing(run) as store:
        yield _cubes(store, who), store


def _cubes(store: EventStore, who: str) -> Cubes:
    from stem_memory.cubes.blobs import BlobStore
    from stem_memory.cubes.desk import Cubes

    return Cubes(store, BlobStore.beside(store.path), who, store.last_time)


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


def _done(sentence: str, found: object, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        click.echo(sentence)
