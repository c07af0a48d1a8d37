"""`retinue bench`: measurements that the README quotes."""

from __future__ import annotations

import click

from services.commands.output import json_option


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
    "--model",
    default="embedded",
    show_default=True,
    metavar="MODEL",
    help="As in retinue run: embedded, none, or an endpoint.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N wishes.")
@json_option
def wishes(split: str, model: str, limit: int | None, as_json: bool) -> int:
    """Measure how well wishes are understood: exact goals, refusals, questions, seconds."""
    from services.bench_wishes import main

    return main(split=split, model=model, limit=limit, as_json=as_json)
