"""`retinue memory`: questions to what a run remembers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from brain.language.words.plural import be, counted
from services.commands.memory.asking import (
    asked,
    opened,
    plain,
    position_of,
    run_argument,
    store_path,
    time_of,
    writing,
)
from services.commands.menu import Menu
from services.commands.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from devices.facts import Value
    from stem_memory.answers.meaning import MeaningIndex
    from stem_memory.history.facts import Fact
    from stem_memory.log.store import EventStore

_MOST_PLACES = 6

known_option = click.option(
    "--known",
    metavar="TIME",
    help="Answer with what had been recorded by then. [default: everything]",
)


@click.group(cls=Menu)
def memory() -> None:
    """Ask what a run remembers: what is where, since when, seen by whom, and how sure.

    RUN is a folder that retinue run wrote, or a memory.db. Whoever asks is noted in the file
    memory.db.audit beside it.

    A TIME is a clock that stands at 0:00 when the run starts, as the replay shows it (14:03 is
    14 minutes and 3 seconds), or seconds (120s), or start, or end. In a memory that goes on from
    run to run it stands at 0:00 when the first one starts.
    """


@memory.command()
@click.argument("thing")
@run_argument
@json_option
def where(thing: str, run: Path, as_json: bool) -> None:
    """Tell where a thing is, who says so, and how sure that is.

    THING is a name or an id, such as "red mug", table-4 or waiter-1.
    """
    from stem_memory.answers.queries import where as ask

    with asked(run, thing) as question:
        answers = question.told(ask(question.store, thing))
    if as_json:
        print_json({"answers": plain(answers)})
        return
    for number, answer in enumerate(answers):
        if number:
            click.echo()
        click.echo(answer.sentence)
        if len(answer.places) > 1:
            print_table(
                ("", "place", "likely", "why"),
                [
                    ("", place.holder, f"{place.probability:.1%}", place.why)
                    for place in answer.places[:_MOST_PLACES]
                ],
            )


@memory.command()
@click.argument("thing")
@run_argument
@click.option("--attr", metavar="NAME", help="Only this attribute, such as location or clean.")
@known_option
@json_option
def history(thing: str, run: Path, attr: str | None, known: str | None, as_json: bool) -> None:
    """Tell everything that was ever so of a thing, oldest first, disputes included."""
    from stem_memory.answers.queries import history as ask

    with asked(run, thing, attr or "") as question:
        store = question.store
        facts = question.told(ask(store, thing, attr, position_of(store, known)))
    _show_facts(facts, as_json)


@memory.command()
@click.argument("thing")
@run_argument
@click.option(
    "--radius",
    type=click.FloatRange(min=0.0, min_open=True),
    default=2.0,
    show_default=True,
    metavar="METRES",
    help="How far around the thing.",
)
@click.option("--at", "at", metavar="TIME", help="As it was believed then. [default: end]")
@click.option(
    "--between",
    nargs=2,
    metavar="TIME TIME",
    help="What was seen there at any time between the two, and since when.",
)
@json_option
def near(
    thing: str,
    run: Path,
    radius: float,
    at: str | None,
    between: tuple[str, str] | None,
    as_json: bool,
) -> None:
    """List what is around a thing, nearest first, now, at some time, or between two."""
    from stem_memory.answers.queries import near_between, near_to

    if between:
        if at is not None:
            raise click.UsageError("--at and --between ask for different things; give one")
        with asked(run, thing, f"within {radius:g} m between {' and '.join(between)}") as question:
            times = time_of(question.store, between[0]), time_of(question.store, between[1])
            if times[1] < times[0]:
                raise click.UsageError(f"{between[1]} is before {between[0]}")
            facts = question.told(near_between(question.store, thing, radius, *times))
        _show_facts(facts, as_json)
        return
    with asked(run, thing, f"within {radius:g} m at {at or 'end'}") as question:
        moment = None if at is None else time_of(question.store, at)
        found = question.told(near_to(question.store, thing, radius, moment))
    if as_json:
        print_json({"near": plain(found)})
    elif found:
        print_table(("metres", "thing"), [(f"{n.distance_m:.2f}", n.thing) for n in found])
    else:
        click.echo(f"nothing is known within {radius:g} m of {thing}")


@memory.command("as-of")
@click.argument("time")
@run_argument
@click.option("--of", "thing", metavar="THING", help="Only this thing. [default: everything]")
@known_option
@json_option
def as_of(time: str, run: Path, thing: str | None, known: str | None, as_json: bool) -> None:
    """Show the world as it was at a TIME, with who says so."""
    from stem_memory.answers.queries import as_of as ask

    with asked(run, time, f"of {thing}" if thing else "") as question:
        store = question.store
        facts = question.told(ask(store, time_of(store, time), thing, position_of(store, known)))
    _show_facts(facts, as_json)


@memory.command()
@click.argument("before", metavar="TIME")
@click.argument("after", metavar="TIME")
@run_argument
@known_option
@json_option
def diff(before: str, after: str, run: Path, known: str | None, as_json: bool) -> None:
    """Show what changed between two times."""
    from stem_memory.answers.queries import diff as ask

    with asked(run, before, after) as question:
        store = question.store
        times = time_of(store, before), time_of(store, after)
        changes = question.told(ask(store, *times, position_of(store, known)))
    if as_json:
        print_json({"changes": plain(changes)})
        return
    if not changes:
        click.echo(f"nothing is known to have changed between {before} and {after}")
        return
    print_table(
        ("thing", "attribute", "before", "after", "says"),
        [
            (d.thing, d.attr, _value(d.before), _value(d.after), _source(d.after or d.before))
            for d in changes
        ],
    )


@memory.command()
@click.argument("thing")
@run_argument
@click.option(
    "--attr",
    default="location",
    show_default=True,
    metavar="NAME",
    help="Which belief: location, or a state such as clean or open.",
)
@click.option("--at", "at", metavar="TIME", help="The belief of that time. [default: end]")
@known_option
@json_option
def explain(
    thing: str, run: Path, attr: str, at: str | None, known: str | None, as_json: bool
) -> None:
    """Tell why something is believed: the evidence for it and against it, oldest first."""
    from stem_memory.answers.queries import explain as ask
    from stem_memory.clock import clock_of

    with asked(run, thing, attr, f"at {at}" if at else "") as question:
        store = question.store
        moment = None if at is None else time_of(store, at)
        answer = question.told(ask(store, thing, attr, moment, position_of(store, known)))
    if as_json:
        print_json(answer.model_dump(mode="json"))
        return
    click.echo(answer.sentence)
    if answer.evidence:
        print_table(
            ("time", "event", "who", "says", "sure", ""),
            [
                (
                    clock_of(item.t),
                    item.event,
                    item.source,
                    _said(item.value),
                    f"{item.confidence:.0%}",
                    "for" if item.agrees else "against",
                )
                for item in answer.evidence
            ],
        )


@memory.command()
@click.argument("words")
@run_argument
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="How many answers.",
)
@click.option("--around", metavar="TIME", help="Prefer what happened near this time.")
@click.option("--near", "near_thing", metavar="THING", help="Prefer what is near this thing.")
@click.option(
    "--meaning",
    is_flag=True,
    help="Find what means the same in other words, too; keeps vectors beside the memory.",
)
@json_option
def search(
    words: str,
    run: Path,
    limit: int,
    around: str | None,
    near_thing: str | None,
    meaning: bool,
    as_json: bool,
) -> None:
    """Find what was said, wanted, seen or went wrong, by words, time and place."""
    from stem_memory.answers.queries import search as ask
    from stem_memory.clock import clock_of

    with asked(run, words, f"near {near_thing}" if near_thing else "") as question:
        store = question.store
        moment = None if around is None else time_of(store, around)
        with _meaning(store) if meaning else contextlib.nullcontext() as index:
            found = question.told(ask(store, words, limit, moment, near_thing, index))
    if as_json:
        print_json({"found": plain(found)})
    elif found:
        print_table(
            ("time", "event", "what", "about", "text"),
            [(clock_of(f.t), f.event, f.kind, f.about, f.text) for f in found],
        )
    else:
        click.echo(f"nothing was found for {words!r}")


@memory.command()
@run_argument
@json_option
def verify(run: Path, as_json: bool) -> None:
    """Check the file, the hash chain of its log, and that a replay gives what is stored."""
    with opened(run) as store:
        checked = store.verify()
        digest = store.replay().digest()
    if as_json:
        print_json(checked.model_dump(mode="json") | {"state_sha256": digest})
    else:
        click.echo(f"sound: {counted(checked.events, 'event')}, head {checked.head}")
        click.echo(f"state_sha256 {digest}")


@memory.command()
@run_argument
@click.option(
    "--anew",
    is_flag=True,
    help="Write everything that is derived from the log anew, as after its keys were brought.",
)
@json_option
def upgrade(run: Path, anew: bool, as_json: bool) -> None:
    """Bring a memory that an older version wrote up to date. Its log stays as it is."""
    if anew:
        with writing(run, as_it_lies=True) as store:
            store.forget_derived()
    with writing(run) as store:
        checked = store.verify()
    if as_json:
        print_json(checked.model_dump(mode="json"))
    else:
        click.echo(f"up to date: {counted(checked.events, 'event')}, head {checked.head}")


@memory.command()
@run_argument
@click.option(
    "--before", required=True, metavar="TIME", help="What was recorded before then is archived."
)
@click.option(
    "--archive",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A new file for what is taken out.",
)
@json_option
def compact(run: Path, before: str, archive: Path, as_json: bool) -> None:
    """Archive old events that no later answer needs. restore brings them back.

    What was known from that TIME on is answered as before, for any time; what was known earlier
    can no longer be asked, nor can how all stood together before it (near, scene). The hash chain of
    the log stays whole. To erase a person the ARCHIVE is needed: keep it.
    """
    from stem_memory.log.compaction import compact as make_small

    with writing(run) as store:
        position = store.position_at(round(time_of(store, before) * 1000))
        done = make_small(store, position, archive)
    if as_json:
        print_json(done._asdict())
    else:
        click.echo(
            f"{counted(done.archived, 'event')} went into {archive}; {store_path(run)} has "
            f"{done.bytes_after:,} bytes instead of {done.bytes_before:,}"
        )


@memory.command()
@run_argument
@click.argument("archive", type=click.Path(path_type=Path))
@json_option
def restore(run: Path, archive: Path, as_json: bool) -> None:
    """Bring back what the newest compact put into an ARCHIVE."""
    from stem_memory.log.compaction import restore as bring_back

    with writing(run, as_it_lies=True) as store:
        count = bring_back(store, archive)
    with writing(run):
        pass  # The next writer writes history anew with what came back.
    if as_json:
        print_json({"restored": count})
    else:
        click.echo(f"{counted(count, 'event')} {be(count)} back")


def _meaning(store: EventStore) -> MeaningIndex:
    from services.llm.models.embedder import MiniLmEmbedder
    from stem_memory.answers.meaning import MeaningIndex

    return MeaningIndex(store, MiniLmEmbedder().embed, "all-MiniLM-L6-v2")


def _show_facts(facts: Sequence[Fact], as_json: bool) -> None:
    from stem_memory.clock import clock_of

    if as_json:
        print_json({"facts": plain(facts)})
        return
    if not facts:
        click.echo("nothing was known")
        return
    print_table(
        ("thing", "attribute", "value", "from", "to", "says", "sure", "event", ""),
        [
            (
                fact.thing,
                fact.attr,
                _value(fact),
                clock_of(fact.from_s),
                clock_of(fact.to_s),
                fact.source,
                f"{fact.confidence:.0%}",
                fact.event,
                "" if fact.status == "held" else fact.status,
            )
            for fact in facts
        ],
    )


def _value(fact: Fact | None) -> str:
    if fact is None:
        return "unknown"
    if fact.status == "withdrawn":
        return "taken back"
    said = _said(fact.value)
    if not fact.relation or fact.value is None:
        return said
    from stem_memory.belief.naming import in_words

    return f"{in_words(fact.relation)} {said}"


def _said(value: Value | None) -> str:
    return "not there" if value is None else str(value)


def _source(fact: Fact | None) -> str:
    return "" if fact is None else f"{fact.source} ({fact.confidence:.0%})"
