"""`retinue llm simulate`: policies compared on recorded or generated agent jobs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from services.errors import UserError
from services.lab.simulator import chart
from services.lab.simulator.experiment import (
    CLUSTER_OURS,
    CLUSTER_STOCK,
    CLUSTERS,
    OURS,
    POLICIES,
    Arm,
    Bench,
    Row,
    Setting,
    mean_jct_s,
    workers,
)
from services.lab.simulator.intervals import Interval
from services.lab.simulator.jobs import Job, load_trace
from services.lab.simulator.laws import ENGINES, Engine
from services.lab.simulator.workloads import glasses, robots
from services.llm.policy import named

Workload = Literal["coding", "robots", "glasses"]

# The generated workloads are the same jobs whatever the seed of a run.
_WORKLOAD_SEED = 1
# Below this share of the baseline's time the oracle gains nothing that others could have a share of.
_LEAST_GAIN = 0.02
# Loads of the picture, as multiples of the table's.
_LOADS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be simulated.

    Attributes:
        workload: Kind of jobs.
        trace: Recorded sessions; needed for coding.
        replicas: How many.
        seeds: How many.
        load: ``3x`` for the load at which the baseline's jobs take three times their idle time, or jobs
            per second.
        jobs: Jobs per replica and run.
        engine: Name of the engine.
        scale: Factor on the trace's token counts.
        processes: Runs at the same time.
        chunk: Tokens of a step; None for the engine's own.
        layer_groups: Groups of layered prefill; 0 for chunked prefill.
        overlap: Whether memory and compute overlap inside a step (NanoFlow's bound).
        policies: Names of further policies to compare.
    """

    workload: Workload = "coding"
    trace: Path | None = None
    replicas: int = 1
    seeds: int = 5
    load: str = "3x"
    jobs: int = 200
    engine: str = "a100-8b"
    scale: float = 0.25
    processes: int = 2
    chunk: int | None = None
    layer_groups: int = 0
    overlap: bool = False
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out.

    Attributes:
        question: What was asked.
        idle_s: Mean completion time of jobs that are alone.
        rate: Jobs per second of the table.
        rows: The table, the baseline first.
        lines: Mean completion time over load, if a picture was asked for.
    """

    question: Question
    idle_s: float
    rate: float
    rows: tuple[Row, ...]
    lines: tuple[chart.Line, ...]

    @property
    def slowness(self) -> float:
        """The baseline's mean completion time over that of jobs that are alone."""
        return self.rows[0].jct_s.mean / self.idle_s

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain


def answer(
    question: Question,
    curve: bool,
    tell: Callable[[str, int, int], None] = lambda what, over, of: None,
) -> Answer:
    """Simulate.

    Args:
        question: What.
        curve: Whether to go through several loads as well, for a picture.
        tell: Told what is being done, and how many of how many runs of it are over.

    Raises:
        UserError: If the question makes no sense.
    """
    setting = Setting(_engine(question), _jobs(question), question.jobs, question.replicas)
    factor, rate = _load(question.load)
    more = _further(question)
    with workers(setting, question.processes) as pool:
        bench = _bench(question, pool, tell)
        idle = bench.idle_s()
        if rate is None:
            rate = bench.overload(factor, idle)
        if question.replicas == 1:
            rows = bench.table(rate, (*POLICIES, *more), bench.tuned_ttl(rate))
        else:
            rows = bench.table(rate, (*CLUSTERS, *more))
        lines = _curve(bench, rows, rate) if curve else ()
    return Answer(question, idle, rate, tuple(rows), lines)


def _further(question: Question) -> tuple[Arm, ...]:
    """The policies that were asked for besides, routed and moved as ours are."""
    for name in question.policies:
        try:
            named.policy_of(name)
        except ValueError as error:
            raise UserError(f"--policy: {error}") from None
    ours = OURS if question.replicas == 1 else CLUSTER_OURS
    return tuple(replace(ours, policy=name) for name in question.policies)


def columns(answer: Answer) -> tuple[str, ...]:
    """Heads of the table."""
    scheduler = ("policy",) if answer.question.replicas == 1 else ("policy", "router", "moves")
    moe = ("expert loads",) if ENGINES[answer.question.engine].law.experts else ()
    return (
        *scheduler,
        "JCT mean [95%]",
        "P50",
        "P99",
        "TTFT P99",
        "hits",
        "stalls",
        "gain [95%]",
        "P99 gain",
        "vs ours [95%]",
        "of oracle",
        *moe,
    )


def cells(row: Row, answer: Answer) -> tuple[str, ...]:
    """One row of the table; times in seconds."""
    name = row.arm.policy + (" (tuned)" if row.tuned else "")
    moves = row.arm.migration + (f" {row.moves:.0f}" if row.arm.migration != "none" else "")
    scheduler = (name,) if answer.question.replicas == 1 else (name, row.arm.router, moves)
    moe = ENGINES[answer.question.engine].law.experts > 0
    return (
        *scheduler,
        _shown(row.jct_s, ".0f"),
        f"{row.jct_p50_s.mean:.0f}",
        f"{row.jct_p99_s.mean:.0f}",
        f"{row.ttft_p99_s.mean:.1f}",
        f"{row.hit_rate:.1%}",
        f"{row.stall_s:.0f}",
        _shown(row.gain, ".2f"),
        f"{row.gain_p99.mean:.2f}",
        _shown(row.to_ours, ".3f"),
        f"{row.oracle_share:.1%}" if _oracle_gains(answer) else "–",
        *((f"{row.expert_loads:.3g}",) if moe else ()),
    )


def _oracle_gains(answer: Answer) -> bool:
    # A share of next to nothing is noise.
    stock, oracle = answer.rows[0].jct_s.mean, answer.rows[-1].jct_s.mean
    return oracle < (1.0 - _LEAST_GAIN) * stock


def picture(answer: Answer) -> bytes:
    """Mean completion time against load, as a PNG."""
    question = answer.question
    where = f"{question.replicas} x {question.engine}" if question.replicas > 1 else question.engine
    title = f"Mean job completion time, {question.workload} jobs on {where}, {question.seeds} seeds"
    return chart.draw(answer.lines, title, "jobs per second", "seconds")


def _bench(
    question: Question,
    pool: ProcessPoolExecutor,
    tell: Callable[[str, int, int], None],
) -> Bench:
    seeds = range(question.seeds)
    if question.replicas == 1:
        return Bench(pool, seeds, tell=tell)
    return Bench(pool, seeds, CLUSTER_STOCK, CLUSTER_OURS, CLUSTERS[-1], tell)


def _curve(bench: Bench, rows: list[Row], rate: float) -> tuple[chart.Line, ...]:
    wanted = {"stock", "continuum", "retinue", "oracle"}
    arms = [row.arm for row in rows if row.tuned or row.arm.policy in wanted]
    loads = [share * rate for share in _LOADS]
    runs = bench.runs("going through the loads for the picture", arms, loads)
    return tuple(
        chart.Line(
            _label(arm),
            tuple(
                (load, mean_jct_s([r for r in runs if r.arm == arm and r.rate == load]))
                for load in loads
            ),
        )
        for arm in arms
    )


def _label(arm: Arm) -> str:
    if arm.router == "retinue" and arm.migration == "none":
        return arm.policy
    return f"{arm.policy}, {arm.router}" + (f", {arm.migration}" if arm.migration != "none" else "")


def _engine(question: Question) -> Engine:
    engine = ENGINES.get(question.engine)
    if engine is None:
        raise UserError(
            f"There is no engine {question.engine!r}; choose one of {', '.join(ENGINES)}."
        )
    law = replace(engine.law, overlap=question.overlap)
    return replace(
        engine,
        law=law,
        layer_groups=question.layer_groups,
        step_tokens=question.chunk or engine.step_tokens,
    )


def _jobs(question: Question) -> tuple[Job, ...]:
    if question.workload == "coding":
        if question.trace is None:
            raise UserError("Coding jobs are recorded ones: give a file of sessions with --trace.")
        return tuple(load_trace(question.trace, question.scale))
    rng = random.Random(_WORKLOAD_SEED)
    return tuple(robots(rng) if question.workload == "robots" else glasses(rng))


def _load(text: str) -> tuple[float, float | None]:
    """(factor, None) or (0, rate)."""
    try:
        number = float(text.removesuffix("x"))
    except ValueError:
        number = 0.0
    if text.endswith("x") and number > 1.0:
        return number, None
    if not text.endswith("x") and number > 0.0:
        return 0.0, number
    raise UserError(
        f"--load {text} is no load: write 3x for three times the idle completion time, "
        "or jobs per second."
    )


def _shown(value: Interval, how: str) -> str:
    if value.low == value.high:
        return f"{value.mean:{how}}"
    return f"{value.mean:{how}} [{value.low:{how}}, {value.high:{how}}]"
