"""What the benches of real engines measure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.llm.cluster.latency import Comparison


class Spread(BaseModel):
    """A sample of seconds, in short.

    Attributes:
        n: How many.
        mean: Their mean.
        sd: Their standard deviation; 0 for fewer than two.
        p50: Their median.
        p95: Below this are 95 % of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    mean: float
    sd: float
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of these values.

        Raises:
            ValueError: If there are none.
        """
        if not values:
            raise ValueError("A spread needs at least one value.")
        ranked = sorted(values)
        return cls(
            n=len(ranked),
            mean=statistics.fmean(ranked),
            sd=statistics.stdev(ranked) if len(ranked) > 1 else 0.0,
            p50=statistics.median(ranked),
            p95=ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))],
        )


class LlamaRow(BaseModel):
    """One way to serve, under the same load as the others.

    Attributes:
        name: What is measured.
        host_cache_mib: llama.cpp's own cache of prompts.
        kv_files_mib: Room for KV files under the policy's control.
        resume: Time to first token of robots' turns after their first.
        hit_ratio: Share of those turns' prompt tokens whose KV was found.
        job: Completion time of robots' jobs, tools included.
        strangers: Time to first token of the competing requests.
        broken: Pins that gave way to others.
        times_better: Mean resume time of stock with the same host cache, over this one's.
        rounds_better: The same for each round.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    host_cache_mib: int
    kv_files_mib: int
    resume: Spread
    hit_ratio: float
    job: Spread
    strangers: Spread
    broken: int = 0
    times_better: float = 1.0
    rounds_better: tuple[float, ...] = ()


class LatencyRow(BaseModel):
    """A learned time beside two baselines, each predicted before the value was seen.

    Attributes:
        what: Which time.
        n: How many were predicted.
        mean_s: Their mean, in seconds.
        model_error: Mean relative error of the learned model.
        mean_error: Of the mean of the values before.
        linear_error: Of a line over tokens, by least squares over the values before.
        model_mae_s: Mean absolute error of the learned model, in seconds.
        mean_mae_s: Of the mean.
        linear_mae_s: Of the line.
        covered: Share of the values between the predicted tenth and ninth decile, which is to be 0.8.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    n: int
    mean_s: float
    model_error: float
    mean_error: float
    linear_error: float
    model_mae_s: float
    mean_mae_s: float
    linear_mae_s: float
    covered: float

    @classmethod
    def of(cls, what: str, found: Comparison) -> LatencyRow:
        """From a comparison."""
        return cls(
            what=what,
            n=found.count,
            mean_s=found.seconds,
            model_error=found.model.relative,
            mean_error=found.mean.relative,
            linear_error=found.linear.relative,
            model_mae_s=found.model.absolute_s,
            mean_mae_s=found.mean.absolute_s,
            linear_mae_s=found.linear.absolute_s,
            covered=found.covered,
        )


class LlamaBench(BaseModel):
    """The comparison.

    Attributes:
        model: The model.
        robots: Agents that come back after each tool.
        turns: Turns of each.
        strangers: Callers that always have one more new conversation.
        slots: Places of the engine.
        prompt_tokens: Length of a first prompt, about.
        rounds: How often everything was repeated, with other seeds.
        load: The machine's load average (one minute) before each round, lowest and highest.
        rows: One per way to serve.
        latency: The learned times of the engine's steps and of prompts, over all rounds with owned slots.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    robots: int
    turns: int
    strangers: int
    slots: int
    prompt_tokens: int
    rounds: int
    load: tuple[float, float]
    rows: tuple[LlamaRow, ...]
    latency: tuple[LatencyRow, ...] = ()
