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
from devices.child import run
from services.errors import UserError
from services.lab.engines.contracts import Spread
from services.lab.engines.vllm.contracts import (
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
    budget: dict[str, dict[str, Any]] = {}
    for kind, name in _KINDS.items():
        on_row(f"a small KV budget: vLLM {name}")
        count = str(operations if kind == "ours" else 0)
        budget[kind] = _run(python, "worker", ["budget", kind, count], asked)
    rounds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    for number in range(asked.rounds):
        for kind, name in _KINDS.items():
            one = asked.model_copy(update={"seed": asked.seed + number})
            rounds[kind].append(_run(python, "worker", ["jobs", kind, "0"], one))
            mean = statistics.fmean(rounds[kind][-1]["resume_s"])
            on_row(f"jobs, round {number + 1}: vLLM {name}, {mean:.2f} s on resume")
    stock, ours = budget["stock"], budget["ours"]
    trials: list[Trial] = []
    if operations:
        trials.append(Trial(what="the engine, its model included", **ours["trial"]))
        on_row(f"{operations} random operations on each scheduler, without a model")
        tried = _run(python, "trial", [str(operations), str(_TRIAL_SEED)], asked)
        trials += [Trial(what=_SCHEDULERS[kind], **tried[kind]) for kind in _SCHEDULERS]
    return VllmBench(
        version=ours["version"],
        load_average=(before, os.getloadavg()[0]),
        weights=(ours["weights"], rounds["ours"][0]["weights"]),
        load=asked,
        budget=tuple(_budget(name, budget[kind]) for kind, name in _KINDS.items()),
        same_outputs=stock["outputs"] == ours["outputs"],
        jobs=tuple(_jobs(name, rounds[kind], rounds["stock"]) for kind, name in _KINDS.items()),
        trials=tuple(trials),
    )


def _budget(name: str, told: dict[str, Any]) -> BudgetRow:
    return BudgetRow(
        name=name,
        hit_ratio=told["hit_ratio"],
        resume=Spread.of(told["resume_s"]),
        cost=StepCost(**told["cost"]),
    )


def _jobs(name: str, rounds: list[dict[str, Any]], stock: list[dict[str, Any]]) -> JobsRow:
    strangers = _all(rounds, "stranger_s")
    return JobsRow(
        name=name,
        hit_ratio=sum(r["found"] for r in rounds) / max(1, sum(r["wanted"] for r in rounds)),
        resume=Spread.of(_all(rounds, "resume_s")),
        job=Spread.of(_all(rounds, "job_s")),
        strangers=Spread.of(strangers or [0.0]),
        answered_per_s=len(strangers) / sum(one["wall_s"] for one in rounds),
        cost=StepCost.over([StepCost(**one["cost"]) for one in rounds]),
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
        done = run(
            [str(python), "-m", f"services.lab.engines.vllm.{module}", *arguments],
            env={**os.environ, "PYTHONPATH": place},
            given=load.model_dump_json() + "\n",
            encoding="utf-8",
            errors="replace",
            timeout=_LIMIT_S,
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
