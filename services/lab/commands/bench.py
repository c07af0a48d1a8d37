"""`retinue bench`: measurements that the README quotes."""

from __future__ import annotations

import click

from services.commands.menu import Menu
from services.commands.output import json_option, print_json


@click.group(cls=Menu)
def bench() -> None:
    """Measure how well wishes are understood, and how fast memory is."""


@bench.command()
@click.option(
    "--split",
    default="test",
    show_default=True,
    metavar="dev|train|test|FILE",
    help="Which wishes: those to develop with, to learn from, to judge by, or a YAML file of your "
    "own.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="What to measure: none (parsing alone), encoder, model, embedded, or an endpoint as in "
    "retinue run. Give it as often as you like.  [default: none, encoder, embedded]",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N wishes.")
@click.option("--verbose", is_flag=True, help="Print every miss.")
@json_option
def wishes(
    split: str, models: tuple[str, ...], limit: int | None, verbose: bool, as_json: bool
) -> None:
    """Measure how well wishes are understood: exact goals, refusals, questions, seconds."""
    from services.lab.wishes.bench import bench_wishes
    from services.lab.wishes.parts import DEFAULT
    from services.lab.wishes.show import show, watching

    with watching() as on_wish:
        table = bench_wishes(split, models or DEFAULT, limit, on_wish)
    if as_json:
        print_json(table.model_dump(mode="json"))
    else:
        show(table, verbose)


@bench.command()
@click.option(
    "--events",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    metavar="N",
    help="How many observations to record, for each seed.",
)
@click.option(
    "--facts",
    type=click.IntRange(min=100),
    default=1_000_000,
    show_default=True,
    metavar="N",
    help="How many facts to ask of; a tenth of them hold at any time.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    metavar="N",
    help="How often a writer is killed, and how often power fails.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True),
    metavar="DIR",
    help="A folder on the disk to measure.  [default: a temporary one]",
)
@json_option
def memory(events: int, facts: int, trials: int, folder: str | None, as_json: bool) -> None:
    """Measure how fast memory records and answers, and what crashes leave of it.

    The naive ways are measured beside it. Figures are medians over three seeds with their extremes,
    on this machine as busy as it is. It takes a few minutes.
    """
    import os
    import tempfile
    from pathlib import Path

    from services.commands.output import print_table
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
    if as_json:
        print_json({"figures": [f.model_dump(mode="json") for f in figures], "load": load})
        return
    print_table(
        ("what", "measured", "least", "most", "unit", "goal", "n", "the naive way"),
        [
            (
                f.name,
                f"{f.value:,g}",
                f"{f.low:,g}",
                f"{f.high:,g}",
                f.unit,
                f.goal,
                f.n,
                f.baseline,
            )
            for f in figures
        ],
    )
    click.echo(f"\non {load['cores']} cores under a load of {min(loads):.1f} to {max(loads):.1f}")


@bench.command()
@click.option(
    "--split",
    type=click.Choice(["test", "train"]),
    default="test",
    show_default=True,
    help="Whose styles: those to judge by, or those to develop with.",
)
@click.option(
    "--takes",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="How many films of each kind and style.",
)
@click.option(
    "--quiet-hours",
    type=click.FloatRange(min=0.0),
    default=2.0,
    show_default=True,
    metavar="HOURS",
    help="How much quiet footage, over all styles.",
)
@click.option("--baselines/--no-baselines", default=True, help="Whether the baselines run, too.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(("blackjack", "museum-guide", "shopping-fit", "where-is-it")),
    help="Only films of this skill. Give it as often as you like.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes work side by side.  [default: one for each core]",
)
@json_option
def glasses(
    split: str,
    takes: int,
    quiet_hours: float,
    baselines: bool,
    kinds: tuple[str, ...],
    workers: int | None,
    as_json: bool,
) -> None:
    """Measure the glasses: when they speak, whether they are right, what it costs.

    On films made here from decks of cards, artworks and garments of Debian packages, which are
    fetched with apt-get (350 MB) the first time. Progress, and what is missed, goes to standard error.
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
        split, takes, quiet_hours, baselines, workers or cores(), kinds or tuple(KINDS), say
    )
    if as_json:
        print_json(card.model_dump(mode="json"))
    else:
        click.echo(as_table(card))
