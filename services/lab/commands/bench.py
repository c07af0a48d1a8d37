"""`retinue bench`: measurements that the README quotes."""

from __future__ import annotations

from typing import Annotated, Literal

import click

from services.commands.menu import Menu, Shelf
from services.commands.output import Output, Rows, print_json
from services.commands.signature import AsJson


@click.group(
    cls=Menu,
    commands=Shelf(
        "services.lab.commands", (("bench", "wishes memory glasses"), ("fleet", "fleet-io"))
    ),
)
def bench() -> None:
    """Measure how well wishes are understood, how fast memory is, and what a hub bears."""


def wishes(
    split: str = "test",
    model: tuple[str, ...] = (),
    limit: Annotated[int | None, click.IntRange(min=1)] = None,
    verbose: bool = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well wishes are understood: exact goals, refusals, questions, seconds.

    Options:
        --split dev|train|test|FILE: Which wishes: those to develop with, to learn from, to
            judge by, or a YAML file of your own.
        --model MODEL: What to measure: none (parsing alone), encoder, model, embedded, or
            an endpoint as in retinue run. Give it as often as you like.  [default: none,
            encoder, embedded]
        --limit N: Only the first N wishes.
        --verbose: Print every miss.
    """
    from services.lab.wishes.bench import bench_wishes
    from services.lab.wishes.parts import DEFAULT
    from services.lab.wishes.show import show, watching

    with watching() as on_wish:
        table = bench_wishes(split, model or DEFAULT, limit, on_wish)
    if as_json:
        print_json(table.model_dump(mode="json"))
    else:
        show(table, verbose)


def memory(
    events: Annotated[int, click.IntRange(min=100)] = 10_000,
    facts: Annotated[int, click.IntRange(min=100)] = 1_000_000,
    trials: Annotated[int, click.IntRange(min=0)] = 200,
    folder: Annotated[str | None, click.Path(file_okay=False, exists=True)] = None,
) -> Output:
    """Measure how fast memory records and answers, and what crashes leave of it.

    The naive ways are measured beside it. Figures are medians over three seeds with their extremes,
    on this machine as busy as it is. It takes a few minutes.

    Options:
        --events N: How many observations to record, for each seed.
        --facts N: How many facts to ask of; a tenth of them hold at any time.
        --trials N: How often a writer is killed, and how often power fails.
        --folder DIR: A folder on the disk to measure.  [default: a temporary one]
    """
    import os
    import tempfile
    from pathlib import Path

    from services.lab.memory.bench import Plan, measure_memory
    from services.lab.wishes.show import steps
    from services.runtime.machine import cores

    plan = Plan(events=events, facts=facts, trials=trials)
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory(dir=folder) as place, steps() as told:
        figures = []
        for figure in measure_memory(Path(place), plan, told):
            figures.append(figure)
            loads.append(os.getloadavg()[0])
    load = {"cores": cores(), "least": min(loads), "most": max(loads)}
    rows = [
        (f.name, f"{f.value:,g}", f"{f.low:,g}", f"{f.high:,g}", f.unit, f.goal, f.n, f.baseline)
        for f in figures
    ]
    columns = ("what", "measured", "least", "most", "unit", "goal", "n", "the naive way")
    return Output(
        {"figures": figures, "load": load},
        Rows(columns, rows),
        f"\non {load['cores']} cores under a load of {min(loads):.1f} to {max(loads):.1f}",
    )


def glasses(
    split: Literal["test", "train"] = "test",
    takes: Annotated[int, click.IntRange(min=1)] = 5,
    quiet_hours: Annotated[float, click.FloatRange(min=0.0)] = 2.0,
    baselines: bool = True,
    kind: tuple[Literal["blackjack", "museum-guide", "shopping-fit", "where-is-it"], ...] = (),
    workers: Annotated[int | None, click.IntRange(min=1)] = None,
) -> Output:
    """Measure the glasses: when they speak, whether they are right, what it costs.

    On films made here from decks of cards, artworks and garments of Debian packages, which are
    fetched with apt-get (350 MB) the first time. Progress, and what is missed, goes to standard error.

    Options:
        --split: Whose styles: those to judge by, or those to develop with.
        --takes N: How many films of each kind and style.
        --quiet-hours HOURS: How much quiet footage, over all styles.
        --baselines/--no-baselines: Whether the baselines run, too.
        --kind: Only films of this skill. Give it as often as you like.
        --workers N: How many processes work side by side.  [default: one for each core]
    """
    import os
    import time

    # Before numpy is loaded: more threads than one collapse on a busy machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from services.lab.glasses.bench import bench_glasses
    from services.lab.glasses.card import as_table
    from services.runtime.machine import cores

    began = time.monotonic()

    def say(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - began), 60)
        click.echo(f"{minutes:3d}:{seconds:02d}  {line}", err=True)

    from services.lab.glasses.takes import KINDS

    card = bench_glasses(
        split, takes, quiet_hours, baselines, workers or cores(), kind or tuple(KINDS), say
    )
    return Output(card, as_table(card))
