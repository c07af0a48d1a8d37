"""vLLM with the plug-in against vLLM as it comes, in an environment that has it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import services
from services.errors import UserError
from services.llm.bench.contracts import Spread, VllmBench, VllmRow

_LIMIT_S = 1800.0


def bench_vllm(
    python: Path, operations: int, on_row: Callable[[str], None] = lambda _: None
) -> VllmBench:
    """Measure both.

    Args:
        python: The interpreter of the environment.
        operations: Random operations on ours, after the comparison.
        on_row: Told what is measured next.

    Raises:
        UserError: If vLLM does not run there.
    """
    on_row("vLLM, stock")
    stock = _run(python, "stock", 0)
    on_row(f"vLLM with the plug-in, then {operations} random operations")
    ours = _run(python, "ours", operations)
    return VllmBench(
        rows=(_row("stock", stock), _row("with the plug-in", ours)),
        same_outputs=stock["outputs"] == ours["outputs"],
        operations=ours.get("operations", 0),
        pins=ours["pins"],
    )


def _row(name: str, told: dict[str, Any]) -> VllmRow:
    return VllmRow(
        name=name,
        hit_ratio=told["hit_ratio"],
        resume=Spread.of(told["resume_s"]),
        steps=told["steps"],
        step_us=told["step_us"],
        schedule_us=told["schedule_us"],
        own_us=told.get("own_us", 0.0),
    )


def _run(python: Path, kind: str, operations: int) -> dict[str, Any]:
    # The other environment has no copy of this package; it reads the policy from here.
    place = str(Path(services.__path__[0]).parent)
    try:
        done = subprocess.run(
            [str(python), "-m", "services.llm.bench.vllm_worker", kind, str(operations)],
            env={**os.environ, "PYTHONPATH": place},
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
            f"vLLM does not run with {python} ({last[:200]}); make bench-vllm installs it"
        ) from None
    return told
