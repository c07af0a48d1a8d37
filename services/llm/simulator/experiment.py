"""Policies compared on the same jobs: the load, the tuned baseline, the table."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from services.llm.policy import named
from services.llm.policy.waits import WaitModel
from services.llm.simulator import migration
from services.llm.simulator.cluster import Simulation
from services.llm.simulator.jobs import Job, draw, fit
from services.llm.simulator.laws import Engine
from services.llm.simulator.statistics import Interval, interval, quantile, ratio

# Baselines and ours, in the order of the table. The tuned fixed time to live comes after ttl-2s.
POLICIES = (
    "stock",
    "program-fcfs",
    "ttl-2s",
    "ski-rental",
    "continuum",
    "infercept",
    "kvflow",
    "occupancy",
    "retinue",
    "oracle",
)
TTL_GRID_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 100.0, 200.0, 300.0, 600.0)
# Seeds on which the fixed time to live is tuned; those of the table are counted from 0.
_TUNING_SEEDS = (1000, 1001, 1002)
# A rate so low that jobs hardly ever meet.
_IDLE_RATE = 1e-7
# Share of the memory that one request may take.
_LARGEST_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated, whatever the policy.

    Attributes:
        engine: Every replica's engine.
        jobs: Jobs to draw from.
        count: Jobs a run, per replica.
        replicas: How many.
        router: Name of the router.
        migration: ``none``, ``decoding`` or ``waiting``.
    """

    engine: Engine
    jobs: tuple[Job, ...]
    count: int = 300
    replicas: int = 1
    router: str = "retinue"
    migration: str = "none"


@dataclass(frozen=True, slots=True)
class Summary:
    """One run in figures; times in seconds.

    Attributes:
        policy: Its name.
        rate: Jobs per second.
        seed: Its seed.
        jct_s: Mean completion time of a job.
        jct_p50_s: Median.
        jct_p99_s: 99th percentile.
        ttft_s: Mean time to first token of a turn.
        ttft_p99_s: 99th percentile.
        hit_rate: Share of reusable prompt tokens that were reused.
        busy: Share of the time that the engine stepped.
        preemptions: Requests that lost their memory while running.
        stall_s: Time that turns stood still: queued, preempted or paused for a move.
        moves: Programs that moved with their KV.
        expert_loads: Loads of an expert of a layer.
        outcomes: What became of pins.
    """

    policy: str
    rate: float
    seed: int
    jct_s: float
    jct_p50_s: float
    jct_p99_s: float
    ttft_s: float
    ttft_p99_s: float
    hit_rate: float
    busy: float
    preemptions: int
    stall_s: float
    moves: int
    expert_loads: float
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One policy over all seeds.

    Attributes:
        policy: Its name; tuned ones tell their parameter.
        jct_s: Mean completion time.
        jct_p50_s: Median.
        jct_p99_s: 99th percentile.
        ttft_p99_s: 99th percentile of time to first token.
        hit_rate: Share of reusable prompt tokens that were reused.
        gain: Stock's mean completion time over its own, paired by seed.
        gain_p99: The same of the 99th percentiles.
        to_ours: Its mean completion time over ours, paired by seed.
        oracle_share: Share of the oracle's gain over stock.
    """

    policy: str
    jct_s: Interval
    jct_p50_s: Interval
    jct_p99_s: Interval
    ttft_p99_s: Interval
    hit_rate: float
    gain: Interval
    gain_p99: Interval
    to_ours: Interval
    oracle_share: float


def simulate(setting: Setting, policy: str, rate: float, seed: int) -> Summary:
    """One run: jobs arrive at random at a rate and are served by a policy."""
    engine = setting.engine
    jobs = fit(list(setting.jobs), int(_LARGEST_SHARE * engine.kv_tokens))
    arrivals = draw(jobs, setting.count * setting.replicas, rate, random.Random(seed))
    waits = WaitModel()
    policies = [named.build(policy, engine.law.prefill_s, waits) for _ in range(setting.replicas)]
    simulation = Simulation(engine, policies, arrivals, setting.router)
    migration.start(simulation, setting.migration)
    run = simulation.run()
    meters = run.meters
    return Summary(
        policy=policy,
        rate=rate,
        seed=seed,
        jct_s=sum(run.jct_s) / len(run.jct_s),
        jct_p50_s=quantile(run.jct_s, 0.5),
        jct_p99_s=quantile(run.jct_s, 0.99),
        ttft_s=sum(run.ttft_s) / len(run.ttft_s),
        ttft_p99_s=quantile(run.ttft_s, 0.99),
        hit_rate=run.hit_rate,
        busy=sum(m.busy_s for m in meters) / (run.end_s * len(meters)),
        preemptions=sum(m.preemptions for m in meters),
        stall_s=sum(m.stall_s for m in meters),
        moves=run.moves,
        expert_loads=sum(m.expert_loads for m in meters),
        outcomes=dict(sorted(run.counts.items())),
    )


class Bench:
    """Runs of one setting, several at a time.

    Args:
        pool: Worker processes that know the setting.
        seeds: Seeds of the table.
    """

    def __init__(self, pool: ProcessPoolExecutor, seeds: Sequence[int]) -> None:
        self._pool = pool
        self._seeds = tuple(seeds)

    def runs(
        self, policies: Sequence[str], rates: Sequence[float], seeds: Sequence[int] = ()
    ) -> list[Summary]:
        """Every policy at every rate with every seed, in that order."""
        tasks = [(p, r, s) for p in policies for r in rates for s in (seeds or self._seeds)]
        return list(self._pool.map(_work, tasks))

    def idle_s(self) -> float:
        """Mean completion time of jobs that are alone."""
        return _mean(self.runs(["stock"], [_IDLE_RATE]))

    def overload(self, factor: float, idle_s: float, rounds: int = 10) -> float:
        """The rate at which stock's mean completion time is so many times its idle value.

        Bisection of the rate's logarithm, on the seeds of the table.
        """
        low = high = 1.0 / idle_s
        while _mean(self.runs(["stock"], [high])) < factor * idle_s:
            low, high = high, 2.0 * high
        while low == high or _mean(self.runs(["stock"], [low])) > factor * idle_s:
            high, low = low, 0.5 * low
        for _ in range(rounds):
            middle = math.sqrt(low * high)
            if _mean(self.runs(["stock"], [middle])) > factor * idle_s:
                high = middle
            else:
                low = middle
        return math.sqrt(low * high)

    def tuned_ttl(self, rate: float) -> str:
        """The fixed time to live with the lowest mean completion time, on seeds of its own."""
        names = [f"ttl-{ttl:g}s" for ttl in TTL_GRID_S]
        runs = self.runs(names, [rate], _TUNING_SEEDS)
        return min(names, key=lambda name: _mean([r for r in runs if r.policy == name]))

    def table(self, rate: float, policies: Sequence[str] = POLICIES) -> list[Row]:
        """All policies at one load, with the best fixed time to live among them."""
        names = list(policies)
        tuned = self.tuned_ttl(rate)
        if tuned not in names:
            names.insert(names.index("ttl-2s") + 1 if "ttl-2s" in names else 0, tuned)
        runs = self.runs(names, [rate])
        by_name = {name: [r for r in runs if r.policy == name] for name in names}
        return [_row(name, by_name, name == tuned) for name in names]


@contextmanager
def bench(setting: Setting, seeds: int, processes: int = 2) -> Iterator[Bench]:
    """A bench with its worker processes.

    Args:
        setting: What is simulated.
        seeds: How many seeds the table has.
        processes: Runs at the same time.
    """
    with ProcessPoolExecutor(processes, initializer=_equip, initargs=(setting,)) as pool:
        yield Bench(pool, range(seeds))


_setting: Setting | None = None


def _equip(setting: Setting) -> None:
    # Jobs are many: each worker process gets them once.
    global _setting
    _setting = setting


def _work(task: tuple[str, float, int]) -> Summary:
    assert _setting is not None
    return simulate(_setting, *task)


def _mean(runs: Sequence[Summary]) -> float:
    return sum(run.jct_s for run in runs) / len(runs)


def _row(name: str, runs: dict[str, list[Summary]], tuned: bool) -> Row:
    own, stock, ours, oracle = (runs[n] for n in (name, "stock", "retinue", "oracle"))
    mean, best = [r.jct_s for r in own], _mean(stock) - _mean(oracle)
    return Row(
        policy=f"{name} (tuned)" if tuned else name,
        jct_s=interval(mean),
        jct_p50_s=interval([r.jct_p50_s for r in own]),
        jct_p99_s=interval([r.jct_p99_s for r in own]),
        ttft_p99_s=interval([r.ttft_p99_s for r in own]),
        hit_rate=sum(r.hit_rate for r in own) / len(own),
        gain=ratio([r.jct_s for r in stock], mean),
        gain_p99=ratio([r.jct_p99_s for r in stock], [r.jct_p99_s for r in own]),
        to_ours=ratio(mean, [r.jct_s for r in ours]),
        oracle_share=(_mean(stock) - _mean(own)) / best if best > 0.0 else 1.0,
    )
