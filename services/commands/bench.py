"""`retinue bench`: measurements that the README quotes."""

from __future__ import annotations

import click

from services.commands.output import json_option, print_json


@click.group()
def bench() -> None:
    """Measure how well wishes are understood."""


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
