"""Policies compared on the same jobs: the load, the tuned baseline, the table."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from devices import child
from services.lab.simulator import migration
from services.lab.simulator.cluster import Simulation
from services.lab.simulator.intervals import Interval, interval, quantile, ratio
from services.lab.simulator.jobs import Job, draw, fit
from services.lab.simulator.laws import Engine
from services.llm.cluster.latency import LatencyModel
from services.llm.policy import named
from services.llm.policy.waits import WaitModel

TTL_GRID_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 100.0, 200.0, 300.0, 600.0)
# Seeds on which the fixed time to live is tuned; those of the table are counted from 0.
TUNING_SEEDS = (1000, 1001, 1002)
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
    """

    engine: Engine
    jobs: tuple[Job, ...]
    count: int = 200
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to schedule, as compared with others.

    Attributes:
        policy: Name of the policy of each replica.
        router: Name of the router between them.
        migration: ``none``, ``decoding`` or ``waiting``.
    """

    policy: str
    router: str = "retinue"
    migration: str = "none"


STOCK, OURS, ORACLE = Arm("stock"), Arm("retinue"), Arm("oracle")
# Baselines and ours on one replica, in the order of the table. The tuned fixed time to live follows ttl-2s.
POLICIES = (
    STOCK,
    Arm("program-fcfs"),
    Arm("ttl-2s"),
    Arm("ski-rental"),
    Arm("continuum"),
    Arm("infercept"),
    Arm("kvflow"),
    Arm("occupancy"),
    OURS,
    ORACLE,
)
# Between replicas: routers of stock servers, then ours without and with moves.
CLUSTER_STOCK = Arm("stock", "round-robin")
CLUSTER_OURS = Arm("retinue", "retinue", "waiting")
CLUSTERS = (
    CLUSTER_STOCK,
    Arm("stock", "least-load"),
    Arm("stock", "affinity"),
    Arm("continuum", "affinity"),
    Arm("retinue", "affinity"),
    Arm("retinue", "affinity", "decoding"),
    Arm("retinue", "affinity", "waiting"),
    Arm("retinue", "retinue"),
    Arm("retinue", "retinue", "decoding"),
    CLUSTER_OURS,
    Arm("oracle", "retinue", "waiting"),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """One run in figures; times in seconds.

    Attributes:
        arm: What scheduled.
        rate: Jobs per second, over all replicas.
        seed: Its seed.
        jct_s: Mean completion time of a job.
        jct_p50_s: Median.
        jct_p99_s: 99th percentile.
        ttft_p99_s: 99th percentile of the time to first token of a turn.
        hit_rate: Share of reusable prompt tokens that were reused.
        busy: Share of the time that engines stepped.
        preemptions: Requests that lost their memory while running.
        stall_s: Time that turns stood still: queued, preempted or paused for a move.
        moves: Programs that moved with their KV.
        expert_loads: Loads of an expert of a layer.
        outcomes: What became of pins.
    """

    arm: Arm
    rate: float
    seed: int
    jct_s: float
    jct_p50_s: float
    jct_p99_s: float
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
    """One arm over all seeds.

    Attributes:
        arm: What scheduled.
        tuned: Whether its parameter was chosen on other seeds.
        jct_s: Mean completion time.
        jct_p50_s: Median.
        jct_p99_s: 99th percentile.
        ttft_p99_s: 99th percentile of time to first token.
        hit_rate: Share of reusable prompt tokens that were reused.
        stall_s: Mean time that turns stood still in a run.
        moves: Mean number of moves in a run.
        expert_loads: Mean loads of experts in a run.
        gain: The baseline's mean completion time over its own, paired by seed.
        gain_p99: The same of the 99th percentiles.
        to_ours: Its mean completion time over ours, paired by seed.
        oracle_share: Share of the oracle's gain over the baseline, of means over seeds.
    """

    arm: Arm
    tuned: bool
    jct_s: Interval
    jct_p50_s: Interval
    jct_p99_s: Interval
    ttft_p99_s: Interval
    hit_rate: float
    stall_s: float
    moves: float
    expert_loads: float
    gain: Interval
    gain_p99: Interval
    to_ours: Interval
    oracle_share: float


def simulate(setting: Setting, arm: Arm, rate: float, seed: int) -> Summary:
    """One run: jobs arrive at random at a rate and are served.

    Raises:
        ValueError: If the arm names what there is not.
    """
    engine = setting.engine
    jobs = fit(setting.jobs, int(_LARGEST_SHARE * engine.kv_tokens))
    arrivals = draw(jobs, setting.count * setting.replicas, rate, random.Random(seed))
    waits, latency = WaitModel(), LatencyModel()
    policies = [named.build(arm.policy, latency.prefill_s, waits) for _ in range(setting.replicas)]
    simulation = Simulation(engine, policies, arrivals, arm.router, latency)
    migration.start(simulation, arm.migration)
    run = simulation.run()
    meters = run.meters
    return Summary(
        arm=arm,
        rate=rate,
        seed=seed,
        jct_s=sum(run.jct_s) / len(run.jct_s),
        jct_p50_s=quantile(run.jct_s, 0.5),
        jct_p99_s=quantile(run.jct_s, 0.99),
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
        baseline: The arm whose slowness sets the load and whose time the others are compared with.
        ours: The arm that the others are compared with, too.
        oracle: The arm that knows when programs come back.
        tell: Told what is being done, and how many of how many runs of it are over.
    """

    def __init__(
        self,
        pool: ProcessPoolExecutor,
        seeds: Sequence[int],
        baseline: Arm = STOCK,
        ours: Arm = OURS,
        oracle: Arm = ORACLE,
        tell: Callable[[str, int, int], None] = lambda what, over, of: None,
    ) -> None:
        self._pool = pool
        self._seeds = tuple(seeds)
        self._baseline = baseline
        self._ours = ours
        self._oracle = oracle
        self._tell = tell

    def runs(
        self, what: str, arms: Sequence[Arm], rates: Sequence[float], seeds: Sequence[int] = ()
    ) -> list[Summary]:
        """Every arm at every rate with every seed, in that order.

        Args:
            what: What this is for, as it is told.
            arms: Ways to schedule.
            rates: Jobs per second.
            seeds: By default those of the table.
        """
        tasks = [(a, r, s) for a in arms for r in rates for s in (seeds or self._seeds)]
        self._tell(what, 0, len(tasks))
        found = []
        for summary in self._pool.map(_work, tasks):
            found.append(summary)
            self._tell(what, len(found), len(tasks))
        return found

    def baseline_s(self, what: str, rate: float) -> float:
        """The baseline's mean completion time at a rate."""
        return mean_jct_s(self.runs(what, [self._baseline], [rate]))

    def idle_s(self) -> float:
        """Mean completion time of jobs that are alone."""
        return self.baseline_s("running jobs that are alone", _IDLE_RATE)

    def overload(self, factor: float, idle_s: float, rounds: int = 10) -> float:
        """The rate at which the baseline's mean completion time is so many times its idle value.

        Bisection of the rate's logarithm, on the seeds of the table. Near saturation the time jumps
        with the rate rather than growing with it, so the answer is the rate tried that came closest.
        """
        what = f"looking for the load at which {self._baseline.policy} takes {factor:g}x"
        tried: dict[float, float] = {}

        def above(rate: float) -> bool:
            tried[rate] = self.baseline_s(what, rate) / idle_s
            return tried[rate] > factor

        low = high = 4.0 / idle_s
        while not above(high):
            low, high = high, 2.0 * high
        while low == high or above(low):
            high, low = low, 0.5 * low
        for _ in range(rounds):
            middle = math.sqrt(low * high)
            if above(middle):
                high = middle
            else:
                low = middle
        return min(tried, key=lambda rate: abs(math.log(tried[rate] / factor)))

    def tuned_ttl(self, rate: float) -> Arm:
        """The fixed time to live with the lowest mean completion time, on seeds of its own."""
        what = "tuning the fixed time to live on other seeds"
        arms = [Arm(f"ttl-{ttl:g}s") for ttl in TTL_GRID_S]
        runs = self.runs(what, arms, [rate], TUNING_SEEDS)
        return min(arms, key=lambda arm: mean_jct_s([r for r in runs if r.arm == arm]))

    def table(self, rate: float, arms: Sequence[Arm], tuned: Arm | None = None) -> list[Row]:
        """All arms at one load; a tuned one is put in after ttl-2s unless it is there."""
        rows = list(arms)
        if tuned is not None and tuned not in rows:
            rows.insert(rows.index(Arm("ttl-2s")) + 1 if Arm("ttl-2s") in rows else 0, tuned)
        what = f"running {len(rows)} policies on {len(self._seeds)} seeds"
        runs = self.runs(what, rows, [rate])
        by_arm = {arm: [r for r in runs if r.arm == arm] for arm in rows}
        return [self._row(arm, by_arm, arm == tuned) for arm in rows]

    def _row(self, arm: Arm, runs: dict[Arm, list[Summary]], tuned: bool) -> Row:
        own, base, ours, oracle = (runs[a] for a in (arm, self._baseline, self._ours, self._oracle))
        jct = [r.jct_s for r in own]
        best = mean_jct_s(base) - mean_jct_s(oracle)
        count = len(own)
        return Row(
            arm=arm,
            tuned=tuned,
            jct_s=interval(jct),
            jct_p50_s=interval([r.jct_p50_s for r in own]),
            jct_p99_s=interval([r.jct_p99_s for r in own]),
            ttft_p99_s=interval([r.ttft_p99_s for r in own]),
            hit_rate=sum(r.hit_rate for r in own) / count,
            stall_s=sum(r.stall_s for r in own) / count,
            moves=sum(r.moves for r in own) / count,
            expert_loads=sum(r.expert_loads for r in own) / count,
            gain=ratio([r.jct_s for r in base], jct),
            gain_p99=ratio([r.jct_p99_s for r in base], [r.jct_p99_s for r in own]),
            to_ours=ratio(jct, [r.jct_s for r in ours]),
            oracle_share=(mean_jct_s(base) - mean_jct_s(own)) / best if best > 0.0 else 1.0,
        )


def mean_jct_s(runs: Sequence[Summary]) -> float:
    """Mean over runs of the mean completion time."""
    return sum(run.jct_s for run in runs) / len(runs)


@contextmanager
def workers(setting: Setting, processes: int = 2) -> Iterator[ProcessPoolExecutor]:
    """Processes that know a setting, for a `Bench`.

    Args:
        setting: What is simulated.
        processes: Runs at the same time.
    """
    with child.workers(processes, _equip, setting) as pool:
        yield pool


_setting: Setting | None = None


def _equip(setting: Setting) -> None:
    # Jobs are many: each worker process gets them once.
    global _setting
    _setting = setting


def _work(task: tuple[Arm, float, int]) -> Summary:
    assert _setting is not None
    return simulate(_setting, *task)
