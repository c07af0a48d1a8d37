"""Whole runs: every job ends, nothing leaks, the same seed gives the same run."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.lab.simulator import migration
from services.lab.simulator.cluster import Run, Simulation
from services.lab.simulator.jobs import Job, JobTurn, draw
from services.lab.simulator.laws import Engine, StepLaw
from services.llm.cluster.latency import LatencyModel
from services.llm.policy.named import build, names
from services.llm.policy.waits import WaitModel

LAW = StepLaw(fixed_s=0.01, weights_s=0.005, token_s=1e-3, context_s=1e-7, pair_s=1e-8)
ENGINE = Engine("small", LAW, kv_tokens=6400, step_tokens=256, sequences=16)


def make_jobs(rng: random.Random, count: int, longest: int = 1500) -> list[Job]:
    """Jobs whose contexts grow, sometimes shrink, and share a prefix in groups."""
    jobs = []
    for number in range(count):
        prefix = rng.choice([0, 64, 100])
        context, turns = prefix + rng.randint(20, 400), []
        for index in range(rng.randint(1, 8)):
            shared = 0 if index == 0 else min(context, rng.choice([context, context // 2]))
            context = min(longest, context + rng.randint(1, 200))
            wait = rng.choice([0.0, rng.expovariate(0.5), rng.expovariate(0.02)])
            output = rng.randint(1, 60)
            expected = rng.choice([None, wait, 3.0])
            turns.append(JobTurn(context, output, shared, wait, "tool", "r1", expected))
            context += output
        jobs.append(Job(f"j{number}", prefix, f"g{prefix}" if prefix else "", tuple(turns)))
    return jobs


def run(
    jobs: list[Job],
    policy: str,
    seed: int = 0,
    engine: Engine = ENGINE,
    replicas: int = 1,
    router: str = "retinue",
    moves: str = "none",
    rate: float = 0.5,
) -> tuple[Run, Simulation]:
    waits, latency = WaitModel(), LatencyModel()
    policies = [build(policy, latency.prefill_s, waits) for _ in range(replicas)]
    arrivals = draw(jobs, len(jobs), rate, random.Random(seed))
    simulation = Simulation(engine, policies, arrivals, router, latency)
    migration.start(simulation, moves)
    return simulation.run(), simulation


def alone(job: Job, engine: Engine = ENGINE) -> Run:
    return run([job], "stock", engine=engine)[0]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    policy=st.sampled_from([*names(), "ttl-20s"]),
    replicas=st.sampled_from([1, 1, 3]),
    router=st.sampled_from(["round-robin", "least-load", "affinity", "retinue"]),
    moves=st.sampled_from(migration.MIGRATIONS),
    layers=st.sampled_from([0, 0, 4]),
)
def test_every_job_ends_and_no_block_leaks(
    seed: int, policy: str, replicas: int, router: str, moves: str, layers: int
) -> None:
    jobs = make_jobs(random.Random(seed), 25)
    engine = replace(ENGINE, layer_groups=layers)
    found, simulation = run(
        jobs, policy, seed, engine, replicas, router, moves, rate=2.0 * replicas
    )
    assert len(found.jct_s) == len(jobs)
    assert len(found.ttft_s) == sum(len(job.turns) for job in jobs)
    assert min(found.ttft_s) > 0.0
    for replica in simulation.replicas:
        replica.memory.check()
        assert not replica.running
        assert not replica.waiting
        held = replica.memory.blocks - replica.memory.available
        assert held >= replica.policy.pinned_blocks == 0


def test_the_same_seed_gives_the_same_run() -> None:
    jobs = make_jobs(random.Random(3), 30)
    first, second = (run(jobs, "retinue", 3, replicas=2, moves="waiting")[0] for _ in range(2))
    assert first.jct_s == second.jct_s
    assert first.ttft_s == second.ttft_s


def test_a_lone_turn_takes_what_the_law_says() -> None:
    # 300 prompt tokens are two steps of at most 256; the second also yields the first of 11 tokens.
    found = alone(Job("a", 0, "", (JobTurn(300, 11, 0),)))
    prefill = 2 * 0.015 + 300e-3 + 1e-8 * (256 * 128 + 44 * (256 + 22))
    decode = 10 * (0.015 + 1e-3) + 1e-7 * sum(range(300, 310))
    assert found.ttft_s[0] == pytest.approx(prefill)
    assert found.jct_s[0] == pytest.approx(prefill + decode)


def test_steps_taken_together_last_as_long_as_steps_taken_one_by_one() -> None:
    jobs = make_jobs(random.Random(5), 20)
    together, _ = run(jobs, "stock", 1)
    # A tiny memory of arrivals in between cuts every stretch; the sums must not change.
    singly = Simulation(
        ENGINE,
        [build("stock", ENGINE.law.prefill_s)],
        draw(jobs, len(jobs), 0.5, random.Random(1)),
    )

    def interrupt() -> None:
        singly.replicas[0].cut(singly.now)
        singly.wake(singly.replicas[0])

    for tick in range(4000):
        singly.at(0.37 * tick, interrupt)
    assert singly.run().jct_s == pytest.approx(together.jct_s, rel=1e-6)


def test_held_kv_saves_the_second_prefill() -> None:
    turns = (JobTurn(1000, 5, 0), JobTurn(1100, 5, 1000, 2.0, "tool"))
    crowd = [Job(f"c{n}", 0, "", (JobTurn(1200, 5, 0),)) for n in range(12)]
    jobs = [Job("agent", 0, "", turns), *crowd]
    stock, _ = run(jobs, "stock", 2, rate=4.0)
    held, simulation = run(jobs, "ttl-60s", 2, rate=4.0)
    assert stock.hit_rate < 0.5
    assert held.hit_rate > 0.9
    assert simulation.replicas[0].policy.counts["handed off"] == 1


def test_layered_prefill_loads_fewer_experts_than_chunked() -> None:
    law = replace(LAW, experts=64, experts_per_token=4, expert_s=1e-5, layers=32)
    chunked = replace(ENGINE, law=law, step_tokens=128)
    jobs = make_jobs(random.Random(9), 20)
    loads = [
        sum(m.expert_loads for m in run(jobs, "stock", 1, engine)[0].meters)
        for engine in (chunked, replace(chunked, layer_groups=8))
    ]
    assert loads[1] < 0.9 * loads[0]


def test_overlap_bounds_the_time_from_below() -> None:
    jobs = make_jobs(random.Random(4), 20)
    plain, _ = run(jobs, "stock", 1)
    overlapped, _ = run(jobs, "stock", 1, replace(ENGINE, law=replace(LAW, overlap=True)))
    assert sum(overlapped.jct_s) < sum(plain.jct_s)


def test_a_program_moves_only_while_it_waits_and_keeps_its_kv() -> None:
    jobs = make_jobs(random.Random(8), 60)
    found, _ = run(jobs, "retinue", 8, replicas=3, router="affinity", moves="waiting", rate=6.0)
    still, _ = run(jobs, "retinue", 8, replicas=3, router="affinity", moves="none", rate=6.0)
    assert found.moves > 0
    assert found.hit_rate >= still.hit_rate - 0.02


def test_unknown_routers_and_moves_are_refused() -> None:
    jobs = make_jobs(random.Random(8), 2)
    with pytest.raises(ValueError, match="round-robin"):
        run(jobs, "stock", replicas=2, router="magic")
    with pytest.raises(ValueError, match="decoding"):
        run(jobs, "stock", replicas=2, moves="magic")
