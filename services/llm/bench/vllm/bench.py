"""Runs the comparison in the environment that has vLLM, one process after the other."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import services
from services.errors import UserError
from services.llm.bench.contracts import Spread
from services.llm.bench.vllm.contracts import (
    BudgetRow,
    JobLoad,
    JobsRow,
    StepCost,
    Trial,
    VllmBench,
)

_LIMIT_S = 3600.0
_TRIAL_SEED = 7
_KINDS = {"stock": "stock", "ours": "with the plug-in"}
_PARTS = {"budget": "a small KV budget", "jobs": "jobs in real time"}
_SCHEDULERS = {
    "sync": "the scheduler of the CPU build",
    "async": "the scheduler of GPUs, which runs ahead",
}


def bench_vllm(
    python: Path,
    operations: int,
    load: JobLoad | None = None,
    on_row: Callable[[str], None] = lambda _: None,
) -> VllmBench:
    """Measure both.

    Args:
        python: The interpreter of the environment.
        operations: Random operations on ours, after the comparison.
        load: The jobs; by default the usual ones.
        on_row: Told what is measured next.

    Raises:
        UserError: If vLLM does not run there.
    """
    asked = load or JobLoad()
    before = os.getloadavg()[0]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in ("budget", "jobs"):
        for kind, name in _KINDS.items():
            on_row(f"{_PARTS[part]}: vLLM {name}")
            count = str(operations if kind == "ours" else 0)
            found[part, kind] = _run(python, "worker", [part, kind, count], asked)
    stock, ours = found["budget", "stock"], found["budget", "ours"]
    trials = [Trial(what="the engine, its model included", **ours["trial"])] if operations else []
    if operations:
        on_row(f"{operations} random operations on each scheduler, without a model")
        tried = _run(python, "trial", [str(operations), str(_TRIAL_SEED)], asked)
        trials += [Trial(what=_SCHEDULERS[kind], **tried[kind]) for kind in _SCHEDULERS]
    rounds = found["jobs", "stock"]["rounds"]
    return VllmBench(
        version=ours["version"],
        load_average=(before, os.getloadavg()[0]),
        weights=(ours["weights"], found["jobs", "ours"]["weights"]),
        load=asked,
        budget=tuple(_budget(name, found["budget", kind]) for kind, name in _KINDS.items()),
        same_outputs=stock["outputs"] == ours["outputs"],
        jobs=tuple(_jobs(name, found["jobs", kind], rounds) for kind, name in _KINDS.items()),
        trials=tuple(trials),
    )


def _budget(name: str, told: dict[str, Any]) -> BudgetRow:
    return BudgetRow(
        name=name,
        hit_ratio=told["hit_ratio"],
        resume=Spread.of(told["resume_s"]),
        cost=StepCost(**told["cost"]),
    )


def _jobs(name: str, told: dict[str, Any], stock: list[dict[str, Any]]) -> JobsRow:
    rounds = told["rounds"]
    strangers = _all(rounds, "stranger_s")
    return JobsRow(
        name=name,
        hit_ratio=sum(r["found"] for r in rounds) / max(1, sum(r["wanted"] for r in rounds)),
        resume=Spread.of(_all(rounds, "resume_s")),
        job=Spread.of(_all(rounds, "job_s")),
        strangers=Spread.of(strangers or [0.0]),
        answered=len(strangers),
        cost=StepCost(**told["cost"]),
        resume_better=_better(rounds, stock, "resume_s"),
        job_better=_better(rounds, stock, "job_s"),
    )


def _all(rounds: list[dict[str, Any]], what: str) -> list[float]:
    return [value for one in rounds for value in one[what]]


def _better(
    ours: list[dict[str, Any]], stock: list[dict[str, Any]], what: str
) -> tuple[float, ...]:
    return tuple(
        statistics.fmean(its[what]) / statistics.fmean(own[what])
        for own, its in zip(ours, stock, strict=True)
    )


def _run(python: Path, module: str, arguments: list[str], load: JobLoad) -> dict[str, Any]:
    # The other environment has no copy of this package; it reads the policy from here.
    place = str(Path(services.__path__[0]).parent)
    try:
        done = subprocess.run(
            [str(python), "-m", f"services.llm.bench.vllm.{module}", *arguments],
            env={**os.environ, "PYTHONPATH": place},
            input=load.model_dump_json() + "\n",
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"--vllm {python} cannot be run: {error}") from None
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(
            f"vLLM does not run with {python} ({last[:200]}); make bench-llm installs it"
        ) from None
    return told
