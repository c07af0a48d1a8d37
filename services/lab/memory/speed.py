"""How fast memory is on this machine, beside what the naive way of doing the same costs.

`measure` builds stores in a folder of its own and times them with the wall clock: its figures vary
with the machine, so they are for people and for goals, never for state.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from devices.noun import Noun
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event
from stem_memory.history.facts import Fact
from stem_memory.history.query import FactReader
from stem_memory.history.row import FACT_COLUMNS, FOREVER, NEVER, Connection, tick
from stem_memory.log.migrations import connect, create
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

_BODIES = tuple(body(f"waiter-{i}", 5, 1) for i in range(8))
_TABLES = ("table-1", "table-2", "counter-1", "shelf-1")
_SPAN_S = 3600.0
_HALL_M = 200.0
# How many places each thing has one after the other.
_STEPS = 10


# Told what is going on: a title, how much of it is done, and of how much.
Told = Callable[[str, int, int], None]


class Measure(Noun):
    """One figure: what was measured, how often, its goal, and the naive way beside it.

    `value` is the median over the seeds, `low` and `high` the extremes.
    """

    name: str
    value: float
    unit: str
    goal: str
    baseline: str
    n: int = 0
    low: float = 0.0
    high: float = 0.0


def _nobody(title: str, done: int, total: int) -> None:
    """Nobody wants to be told."""


def measure(
    folder: Path,
    events: int = 10_000,
    facts: int = 1_000_000,
    seeds: tuple[int, ...] = (7, 8, 9),
    told: Told = _nobody,
) -> Iterator[Measure]:
    """Measure one thing after the other.

    Args:
        folder: An empty folder on the disk to measure.
        events: How many observations to record, for each seed.
        facts: How many facts and boxes to search in; a tenth of them hold at any time.
        seeds: What is drawn by chance is drawn once for each.
        told: Told what is going on.
    """
    logs = []
    for number, seed in enumerate(seeds):
        told("recording and reading back", number, len(seeds))
        story, path = _story(events, seed), folder / f"append-{seed}.db"
        logs.append([*_appending(path, story), *_reading(path, story)])
    yield from _over_seeds(logs)
    told("recording and reading back", len(seeds), len(seeds))
    path = folder / "facts.db"
    told("asking", 0, len(seeds) + 1)
    create(path)
    connection: Connection = connect(path, write=True).conn
    _fill(connection, facts)
    asked = []
    for number, seed in enumerate(seeds, 1):
        told("asking", number, len(seeds) + 1)
        asked.append(list(_asking(connection, facts, seed)))
    yield from _over_seeds(asked)
    told("asking", len(seeds) + 1, len(seeds) + 1)


def _over_seeds(runs: list[list[Measure]]) -> Iterator[Measure]:
    for same in zip(*runs, strict=True):
        values = sorted(m.value for m in same)
        middle = same[[m.value for m in same].index(values[len(values) // 2])]
        yield middle.model_copy(update={"low": values[0], "high": values[-1]})


def _story(count: int, seed: int) -> tuple[Event, ...]:
    """Observations that each change one fact: a mug that was moved and is seen elsewhere."""
    chance = random.Random(seed)
    start = start_of(bodies=_BODIES)
    looks = (
        observed(
            f"waiter-{i % len(_BODIES)}",
            i * 0.5,
            sighting(
                f"mug-{i % 200}",
                f"mug on {_TABLES[i // 200 % len(_TABLES)]}",
                round(chance.uniform(0, _HALL_M), 3),
                round(chance.uniform(0, _HALL_M), 3),
            ),
        )
        for i in range(count)
    )
    return events_of([*start, *looks])


def _appending(path: Path, story: tuple[Event, ...]) -> Iterator[Measure]:
    single = story[:500]
    with EventStore.writer(path.with_name(f"single-{path.name}"), lambda: 0) as store:
        alone = _timed([lambda e=e: store.append([e]) for e in single])  # type: ignore[misc]
    with EventStore.writer(path, lambda: 0) as store, EventStore.reader(path) as reader:
        batches = [story[i : i + 20] for i in range(0, len(story), 20)]
        spans = []
        for number, batch in enumerate(batches):
            spans.append(_span(lambda batch=batch: store.append(batch)))  # type: ignore[misc]
            if number % 10 == 0:
                reader.facts.value_at("mug-5", "location", number * 10.0)
    yield Measure(
        name="durable observations, batches of 20, beside a reader",
        value=round(len(story) / sum(spans)),
        unit="/s",
        goal=">= 3,000/s",
        baseline=f"one a commit: {len(single) / sum(alone):.0f}/s",
        n=len(story),
    )
    yield Measure(
        name="a batch of 20, p99",
        value=_ms(spans, 0.99),
        unit="ms",
        goal="<= 25 ms",
        baseline=f"one a commit: {_ms(alone, 0.99)} ms each",
        n=len(batches),
    )


def _reading(path: Path, story: tuple[Event, ...]) -> Iterator[Measure]:
    texts = [event.model_dump_json() for event in story]
    fold = _span(lambda: MemoryState.of(story))
    parse = _span(lambda: [Event.model_validate_json(text) for text in texts])
    with EventStore.reader(path) as store:
        replay = _span(store.replay)
        verify = _span(store.verify)
    yield Measure(
        name="replay of the log",
        value=round(len(story) / replay),
        unit="events/s",
        goal=">= 20,000/s",
        baseline=f"fold alone {len(story) / fold:.0f}/s, parsing alone {len(story) / parse:.0f}/s",
        n=len(story),
    )
    yield Measure(
        name="verification of the hash chain",
        value=round(len(story) / verify),
        unit="events/s",
        goal="",
        baseline="",
        n=len(story),
    )


def _asking(connection: Connection, count: int, seed: int) -> Iterator[Measure]:
    chance = random.Random(seed)
    reader = FactReader(connection)
    things = count // _STEPS

    def point() -> object:
        thing = f"thing-{chance.randrange(things)}"
        return reader.value_at(thing, "location", chance.uniform(0, _SPAN_S))

    def box() -> tuple[Fact, ...]:
        middle = (chance.uniform(0, _HALL_M), chance.uniform(0, _HALL_M))
        return reader.near(middle, 2.0, chance.uniform(0, _SPAN_S))

    def scan() -> object:
        thing, t = f"thing-{chance.randrange(things)}", chance.uniform(0, _SPAN_S)
        return connection.execute(
            "SELECT * FROM fact NOT INDEXED WHERE thing = ? AND vf <= ? AND vt > ?", (thing, t, t)
        ).fetchall()

    def scan_box() -> object:
        x, y = chance.uniform(0, _HALL_M), chance.uniform(0, _HALL_M)
        t = chance.uniform(0, _SPAN_S)
        return connection.execute(
            "SELECT * FROM fact NOT INDEXED WHERE x BETWEEN ? AND ? AND y BETWEEN ? AND ? "
            "AND vf <= ? AND vt > ?",
            (x - 2, x + 2, y - 2, y + 2, t, t),
        ).fetchall()

    def float_box() -> object:
        x, y = chance.uniform(0, _HALL_M), chance.uniform(0, _HALL_M)
        t = chance.uniform(0, _SPAN_S)
        return connection.execute(
            "SELECT fact.* FROM float_box JOIN fact ON fact.id = float_box.id WHERE x0 >= ? "
            "AND x1 <= ? AND y0 >= ? AND y1 <= ? AND fact.vf <= ? AND fact.vt > ?",
            (x - 2, x + 2, y - 2, y + 2, t, t),
        ).fetchall()

    def world() -> object:
        return len(reader.world_at(chance.uniform(0, _SPAN_S)))

    def scan_world() -> object:
        t = chance.uniform(0, _SPAN_S)
        return connection.execute(
            "SELECT count(*) FROM fact NOT INDEXED WHERE vf <= ? AND vt > ? AND tf <= 1 AND tt > 1",
            (t, t),
        ).fetchone()

    def read_world() -> object:
        return sum(1 for _ in reader.world_at(chance.uniform(0, _SPAN_S)))

    scanned = _ms(_timed([scan] * 5), 0.99)
    yield Measure(
        name=f"point as-of over {count:,} facts, p99",
        value=_ms(_timed([point] * 1000), 0.99),
        unit="ms",
        goal="<= 1 ms",
        baseline=f"full scan: {scanned} ms",
        n=1000,
    )
    hits = sum(len(box()) for _ in range(50)) / 50
    flat = _ms(_timed([float_box] * 100), 0.99)
    yield Measure(
        name=f"2 m around a point at a time, over {count:,} boxes ({hits:.0f} found), p99",
        value=_ms(_timed([box] * 1000), 0.99),
        unit="ms",
        goal="<= 2 ms",
        baseline=f"float R*Tree of places: {flat} ms, "
        f"full scan: {_ms(_timed([scan_box] * 5), 0.99)} ms",
        n=1000,
    )
    yield Measure(
        name=f"the whole world as of a time, {things:,} facts of {count:,}, p50",
        value=_ms(_timed([world] * 20), 0.5),
        unit="ms",
        goal="<= 50 ms for 100,000",
        baseline=f"full scan, only counting: {_ms(_timed([scan_world] * 5), 0.5)} ms; "
        f"reading every fact out: {_ms(_timed([read_world]), 0.5)} ms more",
        n=20,
    )


def _fill(connection: Connection, count: int) -> None:
    """Facts as the index would write them: one place after another for each of many things."""
    chance = random.Random(13)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO event VALUES (1, 'bench', 1, 1, 0.0, 'spoken', '{}', 'none')")
    connection.execute("CREATE VIRTUAL TABLE float_box USING rtree(id, x0, x1, y0, y1)")
    rows, boxes, floats, spans = [], [], [], []
    for thing in range(count // _STEPS):
        shift = chance.uniform(0, _SPAN_S / _STEPS)
        edges = [0.0, *(round(k * _SPAN_S / _STEPS + shift, 3) for k in range(1, _STEPS)), FOREVER]
        for vf, vt in pairwise(edges):
            x, y = round(chance.uniform(0, _HALL_M), 3), round(chance.uniform(0, _HALL_M), 3)
            known = ("on", "held", 0.95, "waiter-1", vf, vt, 1, NEVER, 1, x, y)
            rows.append((f"thing-{thing}", "location", f'"{chance.choice(_TABLES)}"', *known))
            mm = (round(x * 1000), round(y * 1000))
            box = (len(rows), mm[0], mm[0], mm[1], mm[1], tick(vf), tick(vt))
            boxes.append(box)
            floats.append((len(rows), x, x, y, y))
            if vt < FOREVER:
                spans.append((len(rows), tick(vf), tick(vt), 1, tick(NEVER)))
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO fact ({FACT_COLUMNS}) VALUES ({marks})", rows)
    connection.executemany("INSERT INTO place_box VALUES (?, ?, ?, ?, ?, ?, ?)", boxes)
    connection.executemany("INSERT INTO float_box VALUES (?, ?, ?, ?, ?)", floats)
    connection.executemany("INSERT INTO fact_span VALUES (?, ?, ?, ?, ?)", spans)
    connection.execute("COMMIT")


def _span(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def _timed(works: list[Callable[[], object]]) -> list[float]:
    return [_span(work) for work in works]


def _ms(spans: list[float], quantile: float) -> float:
    return round(sorted(spans)[int(quantile * (len(spans) - 1))] * 1000, 3)
