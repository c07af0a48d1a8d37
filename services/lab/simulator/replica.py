"""One replica: continuous batching over paged memory, many equal steps at a time.

A step serves every decoding request with one token and prefilling ones with what is left of the token
budget, oldest first, then admits waiting turns in the policy's order while budget and memory last. As
long as nobody arrives, finishes or runs out of memory, steps differ only by one more context token per
request, so a stretch of them is advanced at once with exact sums.
"""

from __future__ import annotations

from collections.abc import Callable

from services.lab.simulator.jobs import Job
from services.lab.simulator.laws import Engine
from services.lab.simulator.memory import KvMemory
from services.lab.simulator.request import Meters, Request, Stretch
from services.llm.cluster.latency import LatencyModel, Step
from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Outcome, Turn, Wait

# Share of the blocks that admission leaves free, so that running requests can grow.
WATERMARK = 0.01


class Replica:
    """A simulated engine with its policy.

    Args:
        number: Its place in the cluster.
        engine: Its law and memory.
        policy: Its scheduler.
        finished: Called with each request that ends, and the time.
        wait_of: What the job will do after a turn, as its caller announces it; None after its last.
        latency: Learns the engine's step times; None if nobody wants to know.
    """

    def __init__(
        self,
        number: int,
        engine: Engine,
        policy: AgentPolicy,
        finished: Callable[[Request, float, Replica], None],
        wait_of: Callable[[Request, float], Wait | None],
        latency: LatencyModel | None = None,
    ) -> None:
        self.number = number
        self.engine = engine
        self.policy = policy
        self.memory = KvMemory(engine.blocks, engine.block_tokens)
        self.waiting: list[Request] = []
        self.running: list[Request] = []
        self.stretch: Stretch | None = None
        self._incoming: set[str] = set()
        self._joining: list[Request] = []
        self._leaving: list[tuple[Request, Callable[[float], None], Callable[[float], None]]] = []
        self.meters = Meters()
        self._latency = latency
        self._finished = finished
        self._wait_of = wait_of
        self._service_meter = 0.0
        self._version = 0
        self._jobs: dict[str, Job] = {}
        self._watermark = int(WATERMARK * engine.blocks)

    # ------------------------------------------------------------------ what happens to it

    def arrive(self, request: Request, now: float) -> None:
        """A turn comes in; the step in progress ends before it is looked at."""
        self.policy.arrived(request.turn, now)
        request.missing_s, request.missing_blocks = self.needs(request)
        request.queued_since_s = now
        self.waiting.append(request)
        self.cut(now)

    def cut(self, now: float) -> None:
        """Shorten the stretch in progress to the step that runs now."""
        stretch = self.stretch
        if stretch is not None:
            steps = stretch.steps_until(now)
            if steps < stretch.steps:
                self._version += 1
                stretch.steps = steps
                stretch.end_s = stretch.begin_s + stretch.duration_s(steps)
                stretch.version = self._version

    def complete(self) -> None:
        """The stretch in progress is over: book what it did."""
        stretch = self.stretch
        assert stretch is not None
        self.stretch = None
        now, steps = stretch.end_s, stretch.steps
        self._book(stretch)
        ended: list[Request] = []
        for request, chunk in stretch.chunks:
            self._advance_prefill(request, chunk, steps, now, ended)
        for request in stretch.decodes:
            request.context += steps
            self._book_growth(request)
            request.output_left -= steps
            if request.output_left == 0:
                ended.append(request)
        for request in ended:
            self._end(request, now)
        leaving, self._leaving = self._leaving, []
        for request, left, missed in leaving:
            if request in self.running:
                self._hand_out(request, now)
                left(now)
            else:
                missed(now)

    def plan(self, now: float) -> Stretch | None:
        """Schedule: expire pins, grow, admit, and lay out the next stretch of equal steps."""
        for pin in self.policy.expired(now):
            self._release(self._jobs[pin.program])
        self.running += self._joining
        self._joining = []
        self._make_room_to_grow(now)
        if self.waiting:
            self._admit(now)
        if not self.running:
            if self.waiting:
                raise RuntimeError("A turn needs more memory than the replica has.")
            return None
        self.stretch = self._lay_out(now)
        return self.stretch

    # ------------------------------------------------------------------ programs that move

    def evict_pin(self, job: Job) -> None:
        """Turn a program's pin, already taken from the policy, into plain cache."""
        self._release(job)

    def reserve(self, job: Job, tokens: int) -> int:
        """Hold room for a program's KV that is on its way.

        Returns:
            Its blocks, without those of the shared prefix.
        """
        size = self.engine.block_tokens
        prefix = self._prefix_blocks(job)
        if prefix:
            self.memory.hold(job.group, prefix, prefix)
        own = (tokens + size - 1) // size - prefix
        self.memory.hold(job.name, own, 0)
        self._incoming.add(job.name)
        self._jobs[job.name] = job
        return own

    def copied(self, job: Job) -> None:
        """The KV for which room was reserved is there."""
        self._incoming.discard(job.name)

    def cancel(self, job: Job) -> None:
        """Give up the room that was reserved: the copy came to nothing."""
        self._incoming.discard(job.name)
        self._release(job)
        self.memory.drop(job.name)

    def wants(self, job: Job, tokens: int) -> int:
        """Blocks that would no longer be available if a program's KV came here."""
        size = self.engine.block_tokens
        prefix = self._prefix_blocks(job)
        missing = self.memory.missing(job.name, (tokens + size - 1) // size - prefix)
        return missing + (self.memory.missing(job.group, prefix) if prefix else 0)

    def take_out(
        self,
        request: Request,
        now: float,
        left: Callable[[float], None],
        missed: Callable[[float], None],
    ) -> None:
        """Take a decoding request out at the end of the step in progress.

        Args:
            request: A running one.
            now: The time.
            left: Called with the time when it is out.
            missed: Called instead if the step was its last.
        """
        self._leaving.append((request, left, missed))
        self.cut(now)

    def job(self, name: str) -> Job:
        """The job of a program that has run here."""
        return self._jobs[name]

    def join(self, request: Request, now: float) -> None:
        """Go on with a request that decoded elsewhere; its room was reserved."""
        self.copied(request.job)
        blocks = self.memory.resident(request.job.name)
        self.policy.started(request.turn, now, request.turn.prompt_tokens, blocks)
        request.share_mark = self._service_meter
        self._joining.append(request)
        self.cut(now)

    def _hand_out(self, request: Request, now: float) -> None:
        self.running.remove(request)
        request.service_s += self._service_meter - request.share_mark
        self._release(request.job)
        self.memory.drop(request.job.name)

    # ------------------------------------------------------------------ what others see of it

    def needs(self, request: Request) -> tuple[float, int]:
        """Engine seconds of prefill and blocks that a turn would take here."""
        law, found = self.engine.law, self._reusable(request)
        seconds = law.prefill_s(request.turn.prompt_tokens) - law.prefill_s(found)
        return seconds, self._missing(request)

    @property
    def queued_s(self) -> float:
        """Engine seconds of prefill that queue or are in progress."""
        law = self.engine.law
        left = sum(
            law.prefill_s(r.context + r.prefill_left) - law.prefill_s(r.context)
            for r in self.running
            if r.prefill_left
        )
        return left + sum(r.missing_s for r in self.waiting)

    # ------------------------------------------------------------------ steps

    def _lay_out(self, now: float) -> Stretch:
        engine, law = self.engine, self.engine.law
        decodes = [r for r in self.running if r.prefill_left == 0]
        chunks, steps = self._chunks(engine.step_tokens - len(decodes))
        if decodes:
            steps = min(steps, min(r.output_left for r in decodes))
        steps = min(steps, self._steps_in_memory(decodes, steps))
        context = sum(r.context for r in decodes)
        tokens, pairs, growth = float(len(decodes)), 0.0, 0.0
        for request, chunk in chunks:
            share = 1.0
            if engine.layer_groups:
                share = 1.0 / engine.layer_groups
            tokens += share * chunk
            pairs += share * chunk * (request.context + 0.5 * chunk)
            growth += 0.0 if engine.layer_groups else float(chunk) * chunk
        experts = self._experts(len(decodes), chunks)
        base = law.seconds(1, tokens, context, pairs, experts)
        last = law.seconds(
            1, tokens, context + (steps - 1) * len(decodes), pairs + (steps - 1) * growth, experts
        )
        slope = (last - base) / (steps - 1) if steps > 1 else 0.0
        self._version += 1
        first = Step(tokens - len(decodes), len(decodes), context, pairs)
        stretch = Stretch(now, steps, chunks, decodes, base, slope, 0.0, self._version, first)
        if self.waiting:
            expiry = self.policy.next_expiry()
            if expiry < now + stretch.duration_s(steps):
                stretch.steps = stretch.steps_until(expiry)
        stretch.end_s = now + stretch.duration_s(stretch.steps)
        return stretch

    def _chunks(self, budget: int) -> tuple[list[tuple[Request, int]], int]:
        """Prefill tokens of each request in the next step, and for how many steps that holds."""
        chunks: list[tuple[Request, int]] = []
        steps = 1 << 30
        for request in self.running:
            if request.prefill_left == 0:
                continue
            if self.engine.layer_groups:
                # The whole prompt passes one group of layers; one prompt at a time.
                return [(request, request.prefill_left)], 1
            chunk = min(request.prefill_left, budget)
            if chunk <= 0:
                break
            budget -= chunk
            chunks.append((request, chunk))
            steps = (
                1
                if chunk == request.prefill_left
                else min(steps, (request.prefill_left - 1) // chunk)
            )
            if steps == 1 and budget <= 0:
                break
        return chunks, max(1, steps)

    def _steps_in_memory(self, decodes: list[Request], steps: int) -> int:
        """How many of these steps the free blocks allow; at least one (room was made for it)."""
        size, room = self.engine.block_tokens, self.memory.available
        if len(decodes) * (1 + (steps + size - 1) // size) <= room:
            return steps
        low, high = 1, steps
        while low < high:
            middle = (low + high + 1) // 2
            if sum(self._growth(r, middle) for r in decodes) <= room:
                low = middle
            else:
                high = middle - 1
        return low

    def _growth(self, request: Request, steps: int) -> int:
        size = self.engine.block_tokens
        return (request.context + steps + size - 1) // size - (request.context + size - 1) // size

    def _experts(self, decodes: int, chunks: list[tuple[Request, int]]) -> float:
        law = self.engine.law
        if law.experts == 0:
            return 0.0
        prefill = sum(chunk for _, chunk in chunks)
        if not self.engine.layer_groups:
            return law.expert_loads(decodes + prefill, law.layers)
        layers = law.layers / self.engine.layer_groups if chunks else 0.0
        return law.expert_loads(decodes + prefill, layers) + law.expert_loads(
            decodes, law.layers - layers
        )

    def _book(self, stretch: Stretch) -> None:
        meters, seconds = self.meters, stretch.end_s - stretch.begin_s
        meters.steps += stretch.steps
        meters.busy_s += seconds
        meters.decoded += stretch.steps * len(stretch.decodes)
        meters.expert_loads += stretch.steps * self._experts(len(stretch.decodes), stretch.chunks)
        self._service_meter += seconds / len(self.running)
        if self._latency is not None:
            self._latency.observe(stretch.first, stretch.base_s)

    def _advance_prefill(
        self, request: Request, chunk: int, steps: int, now: float, ended: list[Request]
    ) -> None:
        if self.engine.layer_groups:
            request.phase += 1
            if request.phase < self.engine.layer_groups:
                return
            request.phase = 0
        done = min(request.prefill_left, chunk * steps)
        request.prefill_left -= done
        request.context += done
        self.meters.prefilled += done
        if request.prefill_left == 0:
            # The step that completes a prompt also yields a token.
            if request.first_token_s < 0.0:
                request.first_token_s = now
            request.output_left -= 1
            if request.output_left == 0:
                ended.append(request)

    # ------------------------------------------------------------------ memory

    def _book_growth(self, request: Request) -> None:
        size, name = self.engine.block_tokens, request.job.name
        wanted = (request.context + size - 1) // size - self._prefix_blocks(request.job)
        more = wanted - self.memory.resident(name)
        if more > 0:
            self.memory.grow(name, more)

    def _make_room_to_grow(self, now: float) -> None:
        """Make sure that every decoding request can take one more step."""
        size, memory = self.engine.block_tokens, self.memory
        while True:
            more = sum(1 for r in self.running if not r.prefill_left and r.context % size == 0)
            short = more - memory.available
            if short <= 0:
                return
            if self._break_pins(short, now, None, starved=True):
                continue
            # The one admitted last gives way, as in paged engines.
            self._preempt(self.running[-1], now)

    def _admit(self, now: float) -> None:
        budget = self.engine.step_tokens - sum(r.prefill_left or 1 for r in self.running)
        if budget <= 0 or len(self.running) >= self.engine.sequences:
            return
        policy = self.policy
        self.waiting.sort(key=lambda r: policy.rank(r.turn, now, self._reusable(r)))
        while self.waiting and budget > 0 and len(self.running) < self.engine.sequences:
            request = self.waiting[0]
            missing = self._missing(request) + (self._watermark if self.running else 0)
            short = missing - self.memory.available
            if short > 0:
                starved = not self.running
                if not self._break_pins(short, now, request.turn, starved):
                    break
                if missing > self.memory.available:
                    break
            del self.waiting[0]
            self._start(request, now)
            budget -= max(1, request.prefill_left)

    def _break_pins(self, blocks: int, now: float, turn: Turn | None, starved: bool) -> bool:
        names = self.policy.victims(blocks, now, turn, starved)
        for name in names:
            self.policy.broken(name, now)
            self._release(self._jobs[name])
        return bool(names)

    def _prefix_blocks(self, job: Job) -> int:
        """Blocks at the start of the job's context that belong to its group."""
        return job.prefix // self.engine.block_tokens if job.group else 0

    def _reusable(self, request: Request) -> int:
        """Prompt tokens whose KV would be found now."""
        size, job = self.engine.block_tokens, request.job
        prefix = self._prefix_blocks(job)
        found = min(prefix, self.memory.resident(job.group)) if prefix else 0
        if found == prefix and job.name not in self._incoming:
            own = max(0, request.shared // size - prefix)
            found += min(own, self.memory.resident(job.name))
        # The last token is always computed: it yields the first answer token.
        return min(found * size, request.turn.prompt_tokens - 1)

    def _missing(self, request: Request) -> int:
        """Blocks that would no longer be available if the request started now."""
        size, job, memory = self.engine.block_tokens, request.job, self.memory
        tokens = request.turn.prompt_tokens + request.output - request.output_left
        prefix = self._prefix_blocks(job)
        missing = memory.missing(job.name, (tokens + size - 1) // size - prefix)
        if prefix:
            missing += memory.missing(job.group, prefix)
        return missing

    def _start(self, request: Request, now: float) -> None:
        size, job, memory = self.engine.block_tokens, request.job, self.memory
        reused = self._reusable(request)
        prefix = self._prefix_blocks(job)
        tokens = request.turn.prompt_tokens + request.output - request.output_left
        if prefix:
            memory.hold(job.group, prefix, prefix)
        own = (tokens + size - 1) // size - prefix
        memory.hold(job.name, own, max(0, reused // size - prefix))
        pin = self.policy.started(request.turn, now, reused, own)
        if pin is not None:
            self._release(job)
        if request.reused < 0:
            request.reused = reused
            if request.index > 0:
                self.meters.resumed += min(request.shared, request.turn.prompt_tokens - 1)
                self.meters.resumed_hits += reused
        request.context = reused
        request.prefill_left = tokens - reused
        self.meters.stall_s += now - request.queued_since_s
        request.share_mark = self._service_meter
        self._jobs[job.name] = job
        self.running.append(request)

    def _preempt(self, request: Request, now: float) -> None:
        self.running.remove(request)
        request.service_s += self._service_meter - request.share_mark
        # The answer so far becomes part of what is found, or computed, again.
        request.shared = max(request.shared, request.context)
        self.meters.preemptions += 1
        self._release(request.job)
        self.policy.preempted(request.turn, now)
        request.queued_since_s = now
        self.waiting.append(request)

    def _end(self, request: Request, now: float) -> None:
        self.running.remove(request)
        size, memory, job = self.engine.block_tokens, self.memory, request.job
        memory.trim(job.name, max(0, request.context // size - self._prefix_blocks(job)))
        wait = self._wait_of(request, now)
        outcome = Outcome(
            tokens=request.context,
            blocks=memory.resident(job.name),
            output_tokens=request.output,
            service_s=request.service_s + self._service_meter - request.share_mark,
            wait=wait,
        )
        held = self.engine.blocks - memory.available
        pin = self.policy.finished(
            request.turn, now, outcome, held - self.policy.pinned_blocks - outcome.blocks
        )
        if pin is None:
            self._release(request.job)
        self._finished(request, now, self)

    def _release(self, job: Job) -> None:
        """Drop one reference to a job's blocks and to the prefix it stands on."""
        self.memory.release(job.name)
        if self._prefix_blocks(job):
            self.memory.release(job.group)
