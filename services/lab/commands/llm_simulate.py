"""`retinue llm simulate`: what scheduling does to completion times, on any number of GPUs, without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from services.commands.output import print_table

if TYPE_CHECKING:
    from services.lab.simulator.comparison import Workload


@click.command()
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Recorded sessions, JSON lines, for the coding workload.",
)
@click.option(
    "--workload",
    type=click.Choice(["coding", "robots", "glasses"]),
    default="coding",
    show_default=True,
    help="Recorded coding agents, or robots and glasses of the worlds.",
)
@click.option(
    "--replicas",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many engines share the jobs.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 50),
    default=5,
    show_default=True,
    help="How many independent runs the intervals come from.",
)
@click.option(
    "--load",
    default="3x",
    show_default=True,
    metavar="LOAD",
    help="3x: where stock servers take three times the idle time. Or jobs per second.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=2),
    default=200,
    show_default=True,
    help="Jobs per replica and run.",
)
@click.option(
    "--engine",
    default="a100-8b",
    show_default=True,
    metavar="NAME",
    help="Whose step times: a100-8b, h100-8b, h200x8-70b, h100-moe, llamacpp.",
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0.001),
    default=0.25,
    show_default=True,
    help="Factor on the trace's token counts: a quarter fits its contexts into a window of 128 K.",
)
@click.option("--chunk", type=click.IntRange(min=16), metavar="TOKENS", help="Tokens of a step.")
@click.option(
    "--layered",
    type=click.IntRange(min=0),
    default=0,
    metavar="GROUPS",
    help="Layered instead of chunked prefill: one group of layers prefills per step.",
)
@click.option(
    "--overlap", is_flag=True, help="Memory and compute of a step overlap (NanoFlow's bound)."
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="How many runs go on at the same time.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help="Write everything into this file as well.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="PNG",
    help="Draw completion time against load into this file.",
)
def simulate(
    trace: Path | None,
    workload: str,
    replicas: int,
    seeds: int,
    load: str,
    jobs: int,
    engine: str,
    scale: float,
    chunk: int | None,
    layered: int,
    overlap: bool,
    processes: int,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Compare scheduling policies on recorded or generated agent jobs, with intervals over seeds."""
    from services.lab.simulator.chart import save
    from services.lab.simulator.comparison import Question, answer, cells, columns, picture
    from services.lab.wishes.show import steps

    question = Question(
        workload=cast("Workload", workload),
        trace=trace,
        replicas=replicas,
        seeds=seeds,
        load=load,
        jobs=jobs,
        engine=engine,
        scale=scale,
        processes=processes,
        chunk=chunk,
        layer_groups=layered,
        overlap=overlap,
    )
    with steps() as tell:
        found = answer(question, plot is not None, tell)
    click.echo(
        f"{workload} jobs, {replicas} x {engine}, {seeds} seeds of {jobs * replicas} jobs, "
        f"{found.rate:.4g} jobs/s; alone a job takes {found.idle_s:.0f} s, "
        f"{found.rows[0].arm.policy} takes {found.slowness:.2f}x that"
    )
    print_table(columns(found), [cells(row, found) for row in found.rows])
    if json_file is not None:
        json_file.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        save(picture(found), plot)
