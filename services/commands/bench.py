"""`retinue bench`: measurements that the README quotes."""

from __future__ import annotations

import click

from services.commands.output import json_option, print_json


@click.group()
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
    from services.bench.parts import DEFAULT
    from services.bench.show import show, watching
    from services.bench.wishes import bench_wishes

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
    "--folder",
    type=click.Path(file_okay=False, exists=True),
    metavar="DIR",
    help="A folder on the disk to measure.  [default: a temporary one]",
)
@json_option
def memory(events: int, facts: int, folder: str | None, as_json: bool) -> None:
    """Measure how fast memory records and answers, with the naive ways beside it.

    Figures are medians over three seeds with their extremes, on this machine as busy as it is.
    """
    import tempfile
    from pathlib import Path

    from services.commands.output import print_table
    from stem_memory.bench import measure

    with tempfile.TemporaryDirectory(dir=folder) as place:
        figures = list(measure(Path(place), events, facts))
    if as_json:
        print_json({"figures": [figure.model_dump(mode="json") for figure in figures]})
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
    default=3,
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
@json_option
def glasses(split: str, takes: int, quiet_hours: float, baselines: bool, as_json: bool) -> None:
    """Measure the glasses: when they speak, whether they are right, what it costs."""
    from services.alpha.lab.bench import as_table, bench_glasses

    card = bench_glasses(
        split, takes, quiet_hours, baselines, lambda line: click.echo(line, err=True)
    )
    if as_json:
        print_json(card.model_dump(mode="json"))
    else:
        click.echo(as_table(card))
