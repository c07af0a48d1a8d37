"""`retinue bench`: measurements that the README quotes."""

from __future__ import annotations

import click


@click.group()
def bench() -> None:
    """Measure."""


@bench.command()
@click.option(
    "--split",
    type=click.Choice(["dev", "test"]),
    default="test",
    show_default=True,
    help="Which wishes: those to develop with, or those to judge by.",
)
@click.option(
    "--file",
    "own",
    type=click.Path(dir_okay=False),
    metavar="YAML",
    help="Your own wishes instead; services/bench/gold.py explains the notation.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="What understands, as often as you like: none (parsing alone), encoder (parsing and the "
    "sentence encoder), model (parsing and the embedded language model), embedded (all three), or "
    "an endpoint as in retinue run.  [default: none, encoder, embedded]",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N wishes.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write every figure and every outcome there; - for standard output.",
)
@click.option("--verbose", is_flag=True, help="List what was misunderstood.")
def wishes(
    split: str,
    own: str | None,
    models: tuple[str, ...],
    limit: int | None,
    json_file: str | None,
    verbose: bool,
) -> int:
    """Measure how well wishes are understood: exact goals, refusals, questions, seconds."""
    from services.bench.wishes import main

    return main(own or split, models, limit, json_file, verbose)
