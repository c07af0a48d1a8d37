"""`retinue fleet`: what a live fleet bears, measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import click

from services.commands.menu import Menu, Shelf
from services.commands.output import Output, Rows

if TYPE_CHECKING:
    from services.lab.fleet.campaign import Tally


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
