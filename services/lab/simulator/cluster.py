"""The cluster: jobs come and go, turns are routed, replicas step, programs move; one event at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from services.lab.simulator.jobs import Job
from services.lab.simulator.laws import Engine
from services.lab.simulator.replica import Replica
from services.lab.simulator.request import Meters, Request
from services.lab.simulator.routers import Route, make_router
from services.llm.cluster.latency import LatencyModel
from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Turn, Wait

Action = Callable[[], None]


@dataclass(slots=True)
class Run:
    """What a simulation measured.

    Attributes:
        jct_s: Completion time of each job, in order of arrival.
        ttft_s: Time to first token of each turn.
        meters: Of each replica.
        counts: What became of pins, over all replicas.
        moves: Programs that moved with their KV.
        moved_back: Moves that were given up because their program came back.
        end_s: When the last job ended.
    """

    jct_s: list[float] = field(default_factory=list)
    ttft_s: list[float] = field(default_factory=list)
    meters: list[Meters] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    moves: int = 0
    moved_back: int = 0
    end_s: float = 0.0

    @property
    def hit_rate(self) -> float:
        """Share of the tokens that resumed turns could reuse that they did."""
        wanted = sum(m.resumed for m in self.meters)
        return sum(m.resumed_hits for m in self.meters) / wanted if wanted else 1.0


class Simulation:
    """One run.

    Args:
        engine: Every replica's engine.
        policies: One policy per replica.
        arrivals: Jobs with their arrival times, in order.
        router: Name of the router.
        latency: Learns the engine's step times, so that policies know them from measurement alone.
    """

    def __init__(
        self,
        engine: Engine,
        policies: list[AgentPolicy],
        arrivals: list[tuple[float, Job]],
        router: str = "retinue",
        latency: LatencyModel | None = None,
    ) -> None:
        self.engine = engine
        self.now = 0.0
        self.replicas = [
            Replica(number, engine, policy, self._turn_ended, self._wait_of, latency)
            for number, policy in enumerate(policies)
        ]
        self.homes: dict[str, Replica] = {}
        self.run_ = Run()
        self._events: list[tuple[float, int, Action]] = []
        self._sequence = 0
        self._arrived = {job.name: at for at, job in arrivals}
        self._ended: dict[str, float] = {}
        self._route: Route = make_router(router, self.replicas)
        for at, job in arrivals:
            self.at(at, self._submitter(job, 0))

    @property
    def unfinished(self) -> int:
        """Jobs that have not ended."""
        return len(self._arrived) - len(self._ended)

    def at(self, when: float, action: Action) -> None:
        """Do something at a time."""
        self._sequence += 1
        heapq.heappush(self._events, (when, self._sequence, action))

    def run(self) -> Run:
        """Simulate until every job has ended."""
        while self.unfinished:
            self.now, _, action = heapq.heappop(self._events)
            action()
        run = self.run_
        run.jct_s = [self._ended[name] - at for name, at in self._arrived.items()]
        run.meters = [replica.meters for replica in self.replicas]
        for replica in self.replicas:
            for what, count in replica.policy.counts.items():
                run.counts[what] = run.counts.get(what, 0) + count
        run.end_s = self.now
        return run

    def wake(self, replica: Replica) -> None:
        """Let a replica go on: plan its next steps, or end the shortened ones in time."""
        stretch = replica.stretch or replica.plan(self.now)
        if stretch is not None:
            version = stretch.version
            self.at(stretch.end_s, lambda: self._step_over(replica, version))

    def rehome(self, job: Job, target: Replica) -> None:
        """Let a program live elsewhere from now on; KV that it leaves behind becomes plain cache."""
        source = self.homes.get(job.name)
        self.homes[job.name] = target
        if source is None or source is target:
            return
        moved = source.policy.moved_out(job.name, self.now)
        if moved is not None:
            program, pin = moved
            if pin is not None:
                source.evict_pin(job)
            target.policy.moved_in(program, None)

    def _submitter(self, job: Job, index: int) -> Action:
        return lambda: self._submit(job, index)

    def _submit(self, job: Job, index: int) -> None:
        spec = job.turns[index]
        turn = Turn(job.name, f"{job.name}/{index}", self.now, spec.prompt)
        request = Request(
            turn, job, index, spec.output, spec.shared if index else 0, output_left=spec.output
        )
        replica = self._route(request, self.homes.get(job.name), self.now)
        self.rehome(job, replica)
        replica.arrive(request, self.now)
        self.wake(replica)

    def _step_over(self, replica: Replica, version: int) -> None:
        # A stretch that was cut short since has its own, earlier event.
        if replica.stretch is not None and replica.stretch.version == version:
            replica.complete()
            self.wake(replica)

    def _wait_of(self, request: Request, now: float) -> Wait | None:
        if request.index + 1 == len(request.job.turns):
            return None
        after = request.job.turns[request.index + 1]
        return Wait(after.tool, after.body, after.expected_s, now + after.wait_s)

    def _turn_ended(self, request: Request, now: float, replica: Replica) -> None:
        self.run_.ttft_s.append(request.first_token_s - request.turn.arrived_s)
        following = request.index + 1
        if following == len(request.job.turns):
            self._ended[request.job.name] = now
            self.homes.pop(request.job.name, None)
        else:
            wait = request.job.turns[following].wait_s
            self.at(now + wait, self._submitter(request.job, following))
