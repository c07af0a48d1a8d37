"""`retinue llm simulate`: what scheduling does to completion times, on any number of GPUs, without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import click

from services.commands.output import print_table


def simulate(
    trace: Annotated[Path | None, click.Path(path_type=Path, dir_okay=False)] = None,
    workload: Literal["coding", "robots", "glasses"] = "coding",
    replicas: Annotated[int, click.IntRange(1, 64)] = 1,
    seeds: Annotated[int, click.IntRange(1, 50)] = 5,
    load: str = "3x",
    jobs: Annotated[int, click.IntRange(min=2)] = 200,
    engine: str = "a100-8b",
    scale: Annotated[float, click.FloatRange(min=0.001)] = 0.25,
    chunk: Annotated[int | None, click.IntRange(min=16)] = None,
    layered: Annotated[int, click.IntRange(min=0)] = 0,
    overlap: bool = False,
    policy: tuple[str, ...] = (),
    processes: Annotated[int, click.IntRange(min=1)] = 2,
    json_file: Annotated[
        Path | None,
        click.Path(path_type=Path, dir_okay=False, writable=True),
        "--json FILE: Write everything into this file as well.",
    ] = None,
    plot: Annotated[Path | None, click.Path(path_type=Path, dir_okay=False, writable=True)] = None,
) -> None:
    """Compare scheduling policies on recorded or generated agent jobs, with intervals over seeds.

    Options:
        --trace FILE: Recorded sessions, JSON lines, for the coding workload.
        --workload: Recorded coding agents, or robots and glasses of the worlds.
        --replicas: How many engines share the jobs.
        --seeds: How many independent runs the intervals come from.
        --load LOAD: 3x: where stock servers take three times the idle time. Or jobs per
            second.
        --jobs: Jobs per replica and run.
        --engine NAME: Whose step times: a100-8b, h100-8b, h200x8-70b, h100-moe, llamacpp.
        --scale: Factor on the trace's token counts: a quarter fits its contexts into a
            window of 128 K.
        --chunk TOKENS: Tokens of a step.
        --layered GROUPS: Layered instead of chunked prefill: one group of layers prefills
            per step.
        --overlap: Memory and compute of a step overlap (NanoFlow's bound).
        --policy NAME: A further policy to compare, such as one that a package offers, or ttl-5s.
        --processes: How many runs go on at the same time.
        --plot PNG: Draw completion time against load into this file.
    """
    from services.lab.simulator.chart import save
    from services.lab.simulator.comparison import Question, answer, cells, columns, picture
    from services.lab.wishes.show import steps

    question = Question(
        workload=workload,
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
        policies=policy,
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
