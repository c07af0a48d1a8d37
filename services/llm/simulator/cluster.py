"""The cluster: jobs come and go, turns are routed, replicas step; one event at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Turn, Wait
from services.llm.simulator.jobs import Job
from services.llm.simulator.laws import Engine
from services.llm.simulator.replica import Meters, Replica, Request


@dataclass(slots=True)
class Run:
    """What a simulation measured.

    Attributes:
        jct_s: Completion time of each job, in order of arrival.
        ttft_s: Time to first token of each turn.
        meters: Of each replica.
        counts: What became of pins, over all replicas.
        end_s: When the last job ended.
    """

    jct_s: list[float]
    ttft_s: list[float] = field(default_factory=list)
    meters: list[Meters] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
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
    """

    def __init__(
        self, engine: Engine, policies: list[AgentPolicy], arrivals: list[tuple[float, Job]]
    ) -> None:
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = 0
        self.now = 0.0
        self.replicas = [
            Replica(number, engine, policy, self._turn_ended, self._wait_of)
            for number, policy in enumerate(policies)
        ]
        self._arrived = {job.name: at for at, job in arrivals}
        self._ended: dict[str, float] = {}
        self.run_ = Run(jct_s=[])
        for at, job in arrivals:
            self.at(at, self._submitter(job, 0))

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at a time."""
        self._sequence += 1
        heapq.heappush(self._events, (when, self._sequence, action))

    def run(self) -> Run:
        """Simulate until every job has ended."""
        while self._events:
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

    def _submitter(self, job: Job, index: int) -> Callable[[], None]:
        return lambda: self._submit(job, index)

    def _submit(self, job: Job, index: int) -> None:
        spec = job.turns[index]
        turn = Turn(job.name, f"{job.name}/{index}", self.now, spec.prompt)
        request = Request(
            turn, job, index, spec.output, spec.shared if index else 0, output_left=spec.output
        )
        replica = self.replicas[0]
        replica.arrive(request, self.now)
        self._schedule(replica)

    def _schedule(self, replica: Replica) -> None:
        stretch = replica.stretch or replica.plan(self.now)
        if stretch is not None:
            version = stretch.version
            self.at(stretch.end_s, lambda: self._step_over(replica, version))

    def _step_over(self, replica: Replica, version: int) -> None:
        # A stretch that was cut short since has its own, earlier event.
        if replica.stretch is not None and replica.stretch.version == version:
            replica.complete()
            self._schedule(replica)

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
        else:
            wait = request.job.turns[following].wait_s
            self.at(now + wait, self._submitter(request.job, following))
