"""How fast programs record into one memory at the same time, on Ray, and what group commit is worth."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import monotonic
from typing import NamedTuple

from devices.noun import Noun
from services.lab.memory.speed import Measure, Told
from services.memory.client import MemoryClient
from services.runtime.local import Handle, Port
from services.runtime.ray_runtime import RayRuntime
from stem_memory.contracts import Event, Observed
from stem_memory.log.group_commit import Gathering
from stem_memory.testing import body, events_of, observed, sighting, start_of

PROGRAMS = 3
_TABLES = ("table-1", "table-2", "counter-1", "shelf-1")
_MUGS = 200
_HALL_M = 200.0
_TITLE = "three programs on Ray"
# The naive way beside it: the same writer commits every call by itself.
_ALONE = Gathering(window_s=0.0, enough_rows=1, commit_rows=1)


class Load(Noun):
    """What each program records: so many calls of so many rows, so many of them under way at once.

    `moving`: each row tells of a thing that is elsewhere now, which changes history and the indices
    of places, spans and words; else rows are reports of a body that sees nothing new.
    """

    name: str
    goal: str
    calls: int
    rows: int
    in_flight: int
    moving: bool


class Span(NamedTuple):
    """When a program began and ended, on the clock that all processes of this machine share, and
    how long each call took if it waited for each; in seconds.
    """

    begin: float
    end: float
    calls: tuple[float, ...]


class Program:
    """One of the programs: an actor that records what it has prepared."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: list[list[Event]] = []
        self._memory: MemoryClient | None = None

    def prepare(self, path: str, port: Port, load: Load, seed: int) -> None:
        """Draw the events, with the numbers that follow those in the memory, and open it."""
        self.leave()
        chance = random.Random(f"{seed} {self._name}")
        self._memory = MemoryClient(path, port, load.in_flight)
        last = self._memory.last_seq(self._name)
        first = 0 if last is None else last + 1
        events = [
            Event(origin=self._name, seq=n, t=n * 0.5, body=self._report(n, load.moving, chance))
            for n in range(first, first + load.calls * load.rows)
        ]
        self._calls = [events[i : i + load.rows] for i in range(0, len(events), load.rows)]

    def record(self, waiting: bool) -> Span:
        """Record all that was prepared. `waiting`: each call waits for its acknowledgement."""
        memory = self._memory
        if memory is None:
            raise RuntimeError("nothing was prepared")
        times: list[float] = []
        begin = monotonic()
        for events in self._calls:
            if waiting:
                start = monotonic()
                memory.append(events)
                times.append(monotonic() - start)
            else:
                memory.append_soon(events)
        memory.settle()
        return Span(begin, monotonic(), tuple(times))

    def leave(self) -> None:
        """Close the memory."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def _report(self, number: int, moving: bool, chance: random.Random) -> Observed:
        if not moving:
            return observed(self._name, number * 0.5)
        mug = f"{self._name}-mug-{number % _MUGS}"
        place = f"mug on {_TABLES[number // _MUGS % len(_TABLES)]}"
        x, y = (round(chance.uniform(0, _HALL_M), 3) for _ in range(2))
        return observed(self._name, number * 0.5, sighting(mug, place, x, y))


class Rate(NamedTuple):
    """Rows a second, calls in a commit, and the slowest hundredth of calls in seconds."""

    rows_s: float
    calls: float
    slow_s: float


def measure_shared(
    folder: Path, told: Told, calls: int = 100, seeds: tuple[int, ...] = (7, 8, 9)
) -> Iterator[Measure]:
    """Measure three programs that record at the same time, each load with a commit a call beside it.

    Args:
        folder: An empty folder on the disk to measure.
        told: Told what is going on.
        calls: How many calls of 50 rows each program makes, for each seed.
        seeds: What is drawn by chance is drawn once for each.
    """
    loads = (
        Load(
            name="50 rows a call: reports that change no fact",
            goal=">= 15,000/s",
            calls=calls,
            rows=50,
            in_flight=4,
            moving=False,
        ),
        Load(
            name="50 rows a call: observations, each of a thing that was moved",
            goal="",
            calls=calls,
            rows=50,
            in_flight=4,
            moving=True,
        ),
        Load(
            name="1 row a call",
            goal="",
            calls=2 * calls,
            rows=1,
            in_flight=4,
            moving=False,
        ),
    )
    runtime = RayRuntime()
    try:
        names = [f"program-{i}" for i in range(PROGRAMS)]
        programs = [runtime.spawn(name, Program, name) for name in names]
        bench = _Bench(runtime, programs, names, seeds)
        for number, load in enumerate(loads):
            told(_TITLE, number, len(loads))
            yield from bench.compare(folder, load, with_times=load.rows > 1 and not load.moving)
        told(_TITLE, len(loads), len(loads))
    finally:
        runtime.close()


class _Bench:
    def __init__(
        self,
        runtime: RayRuntime,
        programs: Sequence[Handle],
        names: list[str],
        seeds: tuple[int, ...],
    ) -> None:
        self._runtime, self._programs = runtime, programs
        self._names, self._seeds = names, seeds

    def compare(self, folder: Path, load: Load, with_times: bool) -> Iterator[Measure]:
        """Group commit beside a commit for each call, by turns, so that both have the same host."""
        number = len(list(folder.glob("shared-*.db")))
        ways = (Gathering(), _ALONE, Gathering()) if with_times else (Gathering(), _ALONE)
        ours, naive, *timed = (
            self._open(folder / f"shared-{number + i}.db", gathering)
            for i, gathering in enumerate(ways)
        )
        rates: list[tuple[Rate, Rate]] = []
        times: list[Rate] = []
        for seed in self._seeds:
            rates.append((self._once(ours, load, seed), self._once(naive, load, seed)))
            times += [self._once(memory, load, seed, waiting=True) for memory in timed]
        for memory in (ours, naive, *timed):
            self._check(memory, PROGRAMS * load.calls * load.rows * len(self._seeds))
        rows_s = sorted(rate.rows_s for rate, _ in rates)
        yield Measure(
            name=f"Ray, {PROGRAMS} programs, {load.name}",
            value=round(median(rows_s)),
            low=round(rows_s[0]),
            high=round(rows_s[-1]),
            unit="rows/s",
            goal=load.goal,
            baseline=f"one call a commit: {median(rate.rows_s for _, rate in rates):.0f}/s "
            f"(ours: {median(rate.calls for rate, _ in rates):.1f} calls a commit)",
            n=PROGRAMS * load.calls * load.rows,
        )
        if times:
            slow = sorted(rate.slow_s for rate in times)
            yield Measure(
                name=f"the same, each program waiting for each acknowledgement "
                f"({median(rate.rows_s for rate in times):.0f} rows/s), p99 of a call",
                value=round(median(slow) * 1000, 1),
                low=round(slow[0] * 1000, 1),
                high=round(slow[-1] * 1000, 1),
                unit="ms",
                goal="",
                baseline="",
                n=PROGRAMS * load.calls,
            )

    def _open(self, path: Path, gathering: Gathering) -> MemoryClient:
        memory = MemoryClient.join(path, self._runtime, gathering)
        start = start_of(bodies=[body(name, 5, 1, "waiter") for name in self._names])
        memory.append(events_of(start, origin="site"))
        return memory

    def _check(self, memory: MemoryClient, rows: int) -> None:
        """See that what was acknowledged is there and the log is sound, and close it."""
        self._everywhere("leave")
        site = sum(1 for entry in memory.read(until=100) if entry.event.origin == "site")
        if memory.verify().events != site + rows:
            raise RuntimeError(f"{memory.path} does not hold what was acknowledged")
        memory.close()
        memory.port.answer(memory.port.begin("close"))

    def _once(self, memory: MemoryClient, load: Load, seed: int, waiting: bool = False) -> Rate:
        self._everywhere("prepare", str(memory.path), memory.port, load, seed)
        before = memory.counts()
        spans: list[Span] = self._everywhere("record", waiting)
        after = memory.counts()
        seconds = max(span.end for span in spans) - min(span.begin for span in spans)
        times = sorted(time for span in spans for time in span.calls)
        return Rate(
            (after.rows - before.rows) / seconds,
            (after.calls - before.calls) / (after.commits - before.commits),
            times[int(0.99 * (len(times) - 1))] if times else 0.0,
        )

    def _everywhere(self, method: str, *args: object) -> list[Span]:
        """Have every program do something, all at once."""
        return self._runtime.gather([each.call(method, *args) for each in self._programs])
