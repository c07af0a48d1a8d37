"""`retinue fleet`: what a live fleet bears, measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import click

from services.commands.menu import Menu, Shelf
from services.commands.output import Output, Rows

if TYPE_CHECKING:
    from services.lab.fleet.campaign import Tally
    from services.lab.fleet.load import Load


@click.group(cls=Menu, commands=Shelf("services.lab.commands", (("fleet", "faults"),)))
def fleet() -> None:
    """Measure what a live fleet bears."""


def faults(
    runs: Annotated[int, click.IntRange(min=1)] = 300,
    seed: Annotated[int, click.IntRange(min=0)] = 1,
    naive: bool = False,
) -> Output:
    """Let things go wrong with sites and daemons, and see whether any promise is broken.

    Each run is a restaurant with two simulated bodies and three daemons in virtual time, a pure function
    of its seed: three to seven of kill (site, daemon, brain), partition (both ways, or one), delay,
    frames that come twice or overtake others, a computer that sleeps, a full disk, a stop, a goal called
    off. Nothing acknowledged may be lost, nothing done twice or after it was given away, and every goal
    has to end with a reason. Exits with 1 if a promise was broken.

    Options:
        --runs N: How many runs.
        --seed N: The seed of the first; each run takes the next.
        --naive: Beside it the same runs with devices that keep nothing on a disk and know no
            leases.
    """
    from services.lab.fleet.campaign import campaign
    from services.lab.wishes.show import steps

    tallies: dict[str, Tally] = {}
    with steps() as told:
        for name in ("retinue", *(("naive",) if naive else ())):
            ended = 0

            def on_trial(_: object, name: str = name) -> None:
                nonlocal ended
                ended += 1
                told(name, ended, runs)

            tallies[name] = campaign(runs, seed, name == "naive", on_trial)
    ours = tallies["retinue"]
    broken = [f"seed {n}: {'; '.join(sentences)}" for n, sentences in ours.failures.items()]
    return Output(
        {name: tally.model_dump(mode="json") for name, tally in tallies.items()},
        Rows(("", *tallies), _lines(tallies)),
        *broken[:20],
        code=int(bool(ours.broken)),
    )


def fleet_io(
    daemons: tuple[int, ...] = (50, 100, 250, 500),
    seconds: Annotated[float, click.FloatRange(min=2.0)] = 20.0,
    hostile: Annotated[int, click.IntRange(min=0)] = 10_000,
    seed: int = 1,
) -> Output:
    """Measure what one hub bears: many daemons on loopback from one generator.

    Each size is a site of its own, as a process. Printed beside the hub with hostile messages is the same
    hub without them. Times are of a machine that is as busy as it is; look at the ratios.

    Options:
        --daemons N: How many; give it as often as you like.
        --seconds S: How long each is measured, once all have joined.
        --hostile N: So many malformed messages come to the smallest site; 0: none.
        --seed N: Decides them.
    """
    import tempfile
    from pathlib import Path

    from services.lab.fleet.load import measure
    from services.lab.wishes.show import steps

    sizes = sorted(daemons)
    plan = [(size, 0) for size in sizes] + ([(sizes[0], hostile)] if hostile else [])
    loads: list[Load] = []
    with steps() as told:
        for number, (size, bad) in enumerate(plan, 1):
            told("daemons", number, len(plan))
            with tempfile.TemporaryDirectory(prefix="retinue-fleet-") as folder:
                loads.append(measure(size, seconds, Path(folder), bad, seed))
    first, last = loads[0], loads[len(sizes) - 1]
    growth = last.cpu / first.cpu / (last.daemons / first.daemons)
    lines = [
        f"{last.daemons} daemons take {growth:.2f} times as much per daemon as {first.daemons}"
    ]
    if hostile:
        ratio = loads[-1].link_p99_s / first.link_p99_s
        lines.append(
            f"{loads[-1].refused} of {hostile} hostile messages were refused with a reason; the p99 "
            f"of the others is {ratio:.2f} times that without them"
        )
    return Output({"loads": loads}, Rows(_LOAD, [_load(load) for load in loads]), *lines)


_LOAD = (
    "daemons", "hostile", "CPU of one core", "beat p50 ms", "beat p99 ms", "stop p50 ms", "stop p99 ms",
    "held still", "lost",
)  # fmt: skip


def _load(load: Load) -> tuple[str, ...]:
    times = (load.link_p50_s, load.link_p99_s, load.stop_p50_s, load.stop_p99_s)
    return (
        str(load.daemons),
        str(load.hostile),
        f"{load.cpu:.2f}",
        *(f"{1000 * t:.1f}" for t in times),
        str(load.held),
        str(load.lost),
    )


def _lines(tallies: dict[str, Tally]) -> list[tuple[str, ...]]:
    def line(title: str, *values: object) -> tuple[str, ...]:
        return (title, *map(str, values))

    found = tuple(tallies.values())
    statuses = sorted({status for tally in found for status in tally.statuses})
    return [
        line("runs", *(t.trials for t in found)),
        line("upsets", *(sum(t.upsets.values()) for t in found)),
        line("starts of sites", *(t.starts for t in found)),
        line("requests carried out by daemons", *(t.requests for t in found)),
        *(line(f"goals {s}", *(t.statuses.get(s, 0) for t in found)) for s in statuses),
        line("goals of which the world disagrees", *(t.disagreed for t in found)),
        line("runs in which a promise was broken", *(len(t.failures) for t in found)),
        line("promises broken", *(t.broken for t in found)),
    ]
