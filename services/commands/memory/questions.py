"""`retinue memory where|history|near|as-of|diff|explain|search`: what is where, since when, and why."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import click

from services.commands.memory.asking import Asked
from services.commands.output import Output, Rows, listed

if TYPE_CHECKING:
    from devices.facts import Value
    from stem_memory.answers.meaning import MeaningIndex
    from stem_memory.history.facts import Fact
    from stem_memory.log.store import EventStore

_MOST_PLACES = 6

Known = Annotated[
    str | None, "--known TIME: Answer with what had been recorded by then. [default: everything]"
]


def where(thing: str, run: Asked) -> Output:
    """Tell where a thing is, who says so, and how sure that is.

    THING is a name or an id, such as "red mug", table-4 or waiter-1.
    """
    from stem_memory.answers.queries import where as ask

    answers = ask(run.store, thing)
    shown: list[str | Rows] = []
    for answer in answers:
        shown += ["", answer.sentence] if shown else [answer.sentence]
        if len(answer.places) > 1:
            places = answer.places[:_MOST_PLACES]
            rows = [("", place.holder, f"{place.probability:.1%}", place.why) for place in places]
            shown.append(Rows(("", "place", "likely", "why"), rows))
    return Output({"answers": answers}, *shown)


def history(
    thing: str, run: Asked, attr: Annotated[str | None, "{}"] = None, known: Known = None
) -> Output:
    """Tell everything that was ever so of a thing, oldest first, disputes included.

    Options:
        --attr NAME: Only this attribute, such as location or clean.
    """
    from stem_memory.answers.queries import history as ask

    return _facts(ask(run.store, thing, attr, run.position(known)))


def near(
    thing: str,
    run: Asked,
    radius: Annotated[float, click.FloatRange(min=0.0, min_open=True)] = 2.0,
    at: str | None = None,
    between: tuple[str, str] | None = None,
) -> Output:
    """List what is around a thing, nearest first, now, at some time, or between two.

    Options:
        --radius METRES: How far around the thing.
        --at TIME: As it was believed then. [default: end]
        --between TIME TIME: What was seen there at any time between the two, and since when.
    """
    from stem_memory.answers.queries import near_between, near_to

    if between:
        if at is not None:
            raise click.UsageError("--at and --between ask for different things; give one")
        run.words = f"{thing} within {radius:g} m between {' and '.join(between)}"
        since, until = run.time(between[0]), run.time(between[1])
        if until < since:
            raise click.UsageError(f"{between[1]} is before {between[0]}")
        return _facts(near_between(run.store, thing, radius, since, until))
    run.words = f"{thing} within {radius:g} m at {at or 'end'}"
    return listed(
        "near",
        near_to(run.store, thing, radius, run.time(at)),
        ("metres", "thing"),
        lambda found: (f"{found.distance_m:.2f}", found.thing),
        f"nothing is known within {radius:g} m of {thing}",
    )


def as_of(
    time: str, run: Asked, of: Annotated[str | None, "of {}"] = None, known: Known = None
) -> Output:
    """Show the world as it was at a TIME, with who says so.

    Options:
        --of THING: Only this thing. [default: everything]
    """
    from stem_memory.answers.queries import as_of as ask

    return _facts(ask(run.store, run.time(time), of, run.position(known)))


def diff(
    before: Annotated[str, "TIME"],
    after: Annotated[str, "TIME"],
    run: Asked,
    known: Known = None,
) -> Output:
    """Show what changed between two times."""
    from stem_memory.answers.queries import diff as ask

    times = run.time(before), run.time(after)
    return listed(
        "changes",
        ask(run.store, *times, run.position(known)),
        ("thing", "attribute", "before", "after", "says"),
        lambda d: (
            d.thing, d.attr, _value(d.before), _value(d.after), _source(d.after or d.before)
        ),
        f"nothing is known to have changed between {before} and {after}",
    )  # fmt: skip


def explain(
    thing: str,
    run: Asked,
    attr: Annotated[str, "{}"] = "location",
    at: Annotated[str | None, "at {}"] = None,
    known: Known = None,
) -> Output:
    """Tell why something is believed: the evidence for it and against it, oldest first.

    Options:
        --attr NAME: Which belief: location, or a state such as clean or open.
        --at TIME: The belief of that time. [default: end]
    """
    from stem_memory.answers.queries import explain as ask
    from stem_memory.clock import clock_of

    answer = ask(run.store, thing, attr, run.time(at), run.position(known))
    if not answer.evidence:
        return Output(answer, answer.sentence)
    rows = [
        (
            clock_of(item.t), item.event, item.source, _said(item.value),
            f"{item.confidence:.0%}", "for" if item.agrees else "against",
        )
        for item in answer.evidence
    ]  # fmt: skip
    columns = ("time", "event", "who", "says", "sure", "")
    return Output(answer, answer.sentence, Rows(columns, rows))


def search(
    words: str,
    run: Asked,
    limit: Annotated[int, click.IntRange(min=1)] = 10,
    around: str | None = None,
    near: Annotated[str | None, "near {}"] = None,
    meaning: bool = False,
) -> Output:
    """Find what was said, wanted, seen or went wrong, by words, time and place.

    Options:
        --limit N: How many answers.
        --around TIME: Prefer what happened near this time.
        --near THING: Prefer what is near this thing.
        --meaning: Find what means the same in other words, too; keeps vectors beside the memory.
    """
    from stem_memory.answers.queries import search as ask
    from stem_memory.clock import clock_of

    moment = run.time(around)
    with _meaning(run.store) if meaning else contextlib.nullcontext() as index:
        found = ask(run.store, words, limit, moment, near, index)
    return listed(
        "found",
        found,
        ("time", "event", "what", "about", "text"),
        lambda f: (clock_of(f.t), f.event, f.kind, f.about, f.text),
        f"nothing was found for {words!r}",
    )


def _meaning(store: EventStore) -> MeaningIndex:
    from services.llm.models.embedder import MiniLmEmbedder
    from stem_memory.answers.meaning import MeaningIndex

    return MeaningIndex(store, MiniLmEmbedder().embed, "all-MiniLM-L6-v2")


def _facts(facts: Sequence[Fact]) -> Output:
    from stem_memory.clock import clock_of

    return listed(
        "facts",
        facts,
        ("thing", "attribute", "value", "from", "to", "says", "sure", "event", ""),
        lambda fact: (
            fact.thing, fact.attr, _value(fact), clock_of(fact.from_s), clock_of(fact.to_s),
            fact.source, f"{fact.confidence:.0%}", fact.event,
            "" if fact.status == "held" else fact.status,
        ),
        "nothing was known",
    )  # fmt: skip


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
