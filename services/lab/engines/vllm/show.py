"""The comparison as tables on the terminal."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import click

from services.commands.output import print_table
from services.lab.engines.contracts import Spread
from services.lab.engines.vllm.contracts import SHORT_ANSWER, StepCost, VllmBench

_COST_COLUMNS = (
    "steps",
    "step, ms",
    "vLLM's scheduling, ms",
    "ours, ms",
    "ours / scheduling",
    "ours / step",
    "usual step: ours, ms",
    "left out",
)


def show_vllm(told: VllmBench) -> None:
    """Print it; stock and ours beside each other."""
    tiny, small = told.weights
    before, after = told.load_average
    click.echo(
        f"vLLM {told.version}, CPU, one thread, random weights; load average {before:.1f} before, "
        f"{after:.1f} after."
    )
    click.echo(
        f"\nOne request at a time, {tiny:,} weights, a small KV budget, answers of {SHORT_ANSWER} tokens:"
    )
    print_table(
        ("vLLM", "hits on resume", "resume, ms", "n", *_COST_COLUMNS),
        (
            (
                row.name,
                f"{row.hit_ratio:.1%}",
                f"{1e3 * row.resume.mean:.0f} ± {1e3 * row.resume.sd:.0f}",
                row.resume.n,
                *_cost(row.cost),
            )
            for row in told.budget
        ),
    )
    same = "the same" if told.same_outputs else "NOT the same"
    click.echo(f"greedy answers with and without the plug-in are {same}")
    load = told.load
    click.echo(
        f"\nAt the same time, {small:,} weights, {load.blocks} KV blocks: {load.agents} agents of "
        f"{load.turns} turns from {load.prompt} tokens, tools of {load.tool_s[0]:g} to "
        f"{load.tool_s[1]:g} s, {load.strangers} strangers with {load.stranger_prompt} new tokens "
        f"each time, answers of {load.answer}, {load.rounds} rounds. Seconds, mean ± sd."
    )
    print_table(
        (
            "vLLM",
            "hits on resume",
            "resume TTFT",
            "p50",
            "p95",
            "n",
            "times better",
            "job",
            "times better",
            "strangers' TTFT",
            "strangers per s",
        ),
        (
            (
                row.name,
                f"{row.hit_ratio:.1%}",
                _text(row.resume),
                f"{row.resume.p50:.2f}",
                f"{row.resume.p95:.2f}",
                row.resume.n,
                _range(row.resume_better),
                _text(row.job),
                _range(row.job_better),
                _text(row.strangers),
                f"{row.answered_per_s:.2f}",
            )
            for row in told.jobs
        ),
    )
    print_table(("scheduling", *_COST_COLUMNS), ((row.name, *_cost(row.cost)) for row in told.jobs))
    for trial in told.trials:
        pins = ", ".join(f"{count} {what}" for what, count in sorted(trial.pins.items()))
        click.echo(
            f"{trial.operations} random operations on {trial.what}: {trial.finished} requests ended, "
            f"none waited for ever, no block was lost; pins: {pins}"
        )


def _cost(cost: StepCost) -> tuple[str, ...]:
    ours = cost.own_us > 0.0
    return (
        f"{cost.steps}",
        f"{cost.step_us / 1e3:.2f}",
        f"{cost.schedule_us / 1e3:.4f}",
        f"{cost.own_us / 1e3:.4f}" if ours else "",
        f"{cost.of_schedule:.1%}" if ours else "",
        f"{cost.of_step:.3%}" if ours else "",
        f"{cost.own_median_us / 1e3:.4f}" if ours else "",
        f"{cost.interrupted}",
    )


def _text(spread: Spread) -> str:
    return f"{spread.mean:.2f} ± {spread.sd:.2f}"


def _range(better: Sequence[float]) -> str:
    """The mean of the rounds' ratios, and the lowest and the highest of them."""
    return f"{statistics.fmean(better):.2f} ({min(better):.2f} to {max(better):.2f})"
