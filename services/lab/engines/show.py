"""Benches of real engines as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from services.commands.output import print_table
from services.lab.engines.contracts import LatencyRow, LlamaBench, LlamaRow, Spread


def show_llama(told: LlamaBench) -> None:
    """Print llama.cpp's comparison; stock and ours beside each other."""
    click.echo(
        f"{told.model}: {told.robots} robots of {told.turns} turns, {told.strangers} strangers, "
        f"{told.slots} slots, prompts of {told.prompt_tokens} words, {told.rounds} rounds, "
        f"machine load {told.load[0]:.1f} to {told.load[1]:.1f}. Seconds, mean ± standard deviation."
    )
    print_table(
        (
            "host cache",
            "served by",
            "resume TTFT",
            "p50",
            "p95",
            "n",
            "times better",
            "hits",
            "pins broken",
            "job",
            "strangers' TTFT",
        ),
        (
            (
                f"{row.host_cache_mib} MiB" if row.host_cache_mib else "off",
                row.name,
                _text(row.resume),
                f"{row.resume.p50:.2f}",
                f"{row.resume.p95:.2f}",
                row.resume.n,
                _gain(row),
                f"{row.hit_ratio:.0%}",
                row.broken,
                _text(row.job),
                _text(row.strangers),
            )
            for row in told.rows
        ),
    )
    show_latency(told.latency)


def _gain(row: LlamaRow) -> str:
    if len(row.rounds_better) < 2:
        return f"{row.times_better:.1f}"
    low, high = min(row.rounds_better), max(row.rounds_better)
    return f"{row.times_better:.1f} ({low:.1f}–{high:.1f})"


def show_latency(rows: Sequence[LatencyRow]) -> None:
    """Print the learned times beside their baselines."""
    if not rows:
        return
    click.echo("\nLearned times, predicted before each value was seen: mean error, and in ms.")
    print_table(
        (
            "time of",
            "n",
            "mean, ms",
            "learned",
            "mean so far",
            "line over tokens",
            "10–90 % covers",
        ),
        (
            (
                row.what,
                row.n,
                f"{1e3 * row.mean_s:.1f}",
                _error(row.model_error, row.model_mae_s),
                _error(row.mean_error, row.mean_mae_s),
                _error(row.linear_error, row.linear_mae_s),
                f"{row.covered:.0%}",
            )
            for row in rows
        ),
    )


def _error(relative: float, seconds: float) -> str:
    return f"{relative:.0%} ({1e3 * seconds:.1f})"


def _text(spread: Spread) -> str:
    return f"{spread.mean:.2f} ± {spread.sd:.2f}"
