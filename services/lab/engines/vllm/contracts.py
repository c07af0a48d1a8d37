"""What the bench of vLLM is asked to do and what it measures."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from services.lab.engines.contracts import Spread

#: Tokens of every answer where one request is asked at a time.
SHORT_ANSWER = 8


class JobLoad(BaseModel):
    """Agents and strangers on one engine, in real time. Lengths are tokens.

    Attributes:
        rounds: Repetitions, each with other prompts and waits, stock and ours by turns.
        seed: Decides the prompts and waits of the first.
        agents: Jobs of several turns.
        turns: Turns of each.
        strangers: Callers that always have one more new conversation.
        prompt: Length of an agent's first prompt.
        stranger_prompt: Length of a stranger's.
        answer: Length of every answer.
        new: What a tool's result adds to a conversation.
        tool_s: Shortest and longest wait for a tool.
        off: By which share callers' estimates of it are off.
        blocks: KV blocks of the engine.
        context: Longest conversation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(default=3, gt=0)
    seed: int = 0
    agents: int = Field(default=3, gt=0)
    turns: int = Field(default=5, gt=1)
    strangers: int = Field(default=4, ge=0)
    prompt: int = Field(default=2000, gt=0)
    stranger_prompt: int = Field(default=1000, gt=0)
    answer: int = Field(default=128, gt=0)
    new: int = Field(default=24, gt=0)
    tool_s: tuple[float, float] = (8.0, 16.0)
    off: float = Field(default=0.2, ge=0.0, lt=1.0)
    blocks: int = Field(default=416, gt=0)
    context: int = Field(default=3072, gt=0)


class StepCost(BaseModel):
    """What scheduling costs, in microseconds; means over the steps that nothing interrupted.

    Attributes:
        steps: Scheduling steps.
        interrupted: Of those, left out: ten times as long as usual, or a millisecond of ours.
        step_us: A whole step, the model's work included.
        schedule_us: vLLM's own ``schedule``.
        own_us: Ours: all hooks, arrivals and ends of requests included.
        own_median_us: Ours in the usual step, in which nothing arrives or ends.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int
    interrupted: int
    step_us: float
    schedule_us: float
    own_us: float = 0.0
    own_median_us: float = 0.0

    @classmethod
    def over(cls, costs: Sequence[StepCost]) -> StepCost:
        """Of several runs together."""
        kept = [cost.steps - cost.interrupted for cost in costs]

        def mean(values: Iterable[float], weights: Sequence[int]) -> float:
            whole = sum(value * weight for value, weight in zip(values, weights, strict=True))
            return whole / max(1, sum(weights))

        steps = [cost.steps for cost in costs]
        return cls(
            steps=sum(steps),
            interrupted=sum(cost.interrupted for cost in costs),
            step_us=mean((cost.step_us for cost in costs), steps),
            schedule_us=mean((cost.schedule_us for cost in costs), kept),
            own_us=mean((cost.own_us for cost in costs), kept),
            own_median_us=statistics.median(cost.own_median_us for cost in costs),
        )

    @property
    def of_schedule(self) -> float:
        """Ours, as a share of vLLM's own scheduling."""
        return self.own_us / self.schedule_us

    @property
    def of_step(self) -> float:
        """Ours, as a share of the whole step."""
        return self.own_us / self.step_us


class BudgetRow(BaseModel):
    """One request at a time, a tiny model and a small KV budget.

    Attributes:
        name: Stock, or with the plug-in.
        hit_ratio: Share of the prompt tokens of agents' resumes whose KV was found.
        resume: Seconds of a resumed turn.
        cost: Of scheduling.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    hit_ratio: float
    resume: Spread
    cost: StepCost


class JobsRow(BaseModel):
    """Many requests at a time, a larger model, in real time.

    Attributes:
        name: Stock, or with the plug-in.
        hit_ratio: Share of the prompt tokens of agents' resumes whose KV was found.
        resume: Time to first token of agents' turns after their first.
        job: Completion time of agents' jobs, tools included.
        strangers: Time to first token of the strangers.
        answered_per_s: Strangers that were answered per second while the agents worked.
        cost: Of scheduling.
        resume_better: Stock's mean resume over this one's, round by round.
        job_better: Stock's mean job over this one's, round by round.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    hit_ratio: float
    resume: Spread
    job: Spread
    strangers: Spread
    answered_per_s: float
    cost: StepCost
    resume_better: tuple[float, ...] = ()
    job_better: tuple[float, ...] = ()


class Trial(BaseModel):
    """Random operations after which nobody waited for ever and no block was lost.

    Attributes:
        what: On what.
        operations: How many.
        finished: Requests that came to an end in them.
        steps: Scheduling steps.
        pins: What became of pins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    operations: int
    finished: int
    steps: int = 0
    pins: dict[str, int] = Field(default_factory=dict)


class VllmBench(BaseModel):
    """The comparison.

    Attributes:
        version: vLLM's.
        load_average: The machine's (one minute) before and after.
        weights: Of the tiny and of the larger model, both random.
        load: The load of the jobs.
        budget: Stock, then ours.
        same_outputs: Whether every greedy answer of `budget` was the same.
        jobs: Stock, then ours.
        trials: On the running engine, and on the schedulers alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    load_average: tuple[float, float]
    weights: tuple[int, int]
    load: JobLoad
    budget: tuple[BudgetRow, ...]
    same_outputs: bool
    jobs: tuple[JobsRow, ...]
    trials: tuple[Trial, ...]
