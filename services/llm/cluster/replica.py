"""One engine with its queue: admits turns, moves KV, revives the engine, tells the policy what happened."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any

from services.llm.cluster.life import Life
from services.llm.cluster.meters import Meters, Told
from services.llm.cluster.prefix import chain
from services.llm.cluster.slots import Admission, SlotBoard
from services.llm.cluster.speed import ReadingSpeed
from services.llm.cluster.status import ReplicaStatus
from services.llm.cluster.steps import StepWatch
from services.llm.engines.contracts import ChatCall, EngineStats, Hint, OwnScheduling, Piece, Usage
from services.llm.engines.engine import Engine, KvFiles, KvPrograms, KvSlots, Schedules
from services.llm.engines.errors import EngineDied, EngineError, EngineRefused
from services.llm.policy import named
from services.llm.policy.contracts import NEVER, Outcome, Turn, Wait
from services.llm.policy.waits import WaitModel

_MIB = 1 << 20
_TELL_LIMIT_S = 2.0
# Programs of an engine that keeps its KV to itself of which we remember how much it has read.
_REMEMBERED = 4096
# Weight of the newest turn in the usual time that turns run.
_RESIDENCE_WEIGHT = 0.1


class Replica:
    """An engine as a cluster sees it.

    Args:
        name: Its name.
        engine: The engine; the replica starts and closes it.
        policy: Name of the scheduling policy, as in `services.llm.policy.named`.
        waits: The learned waits, shared by replicas.
        speed: The learned speed of reading, shared by replicas of one kind.
        file_mib: Room for KV files; 0 for none.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        policy: str = "retinue",
        waits: WaitModel | None = None,
        speed: ReadingSpeed | None = None,
        file_mib: int = 512,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.engine = engine
        self.life = Life(engine, self._lose)
        self.meters = Meters()
        self.speed = speed or ReadingSpeed()
        self.residence_s = 5.0
        able = engine.capabilities
        self._slots = engine if isinstance(engine, KvSlots) else None
        self._programs = engine if isinstance(engine, KvPrograms) else None
        self._schedules = engine if able.schedules and isinstance(engine, Schedules) else None
        file_bytes = file_mib * _MIB if able.saves_kv else 0
        self._has_files = file_bytes > 0
        # What an engine that holds KV by itself last told, and tokens in files of programs that move.
        self.own: OwnScheduling | None = None
        self._last_stats = EngineStats(alive=False)
        self._carried: dict[str, int] = {}
        # A pin is valued by the prefill that it saves even where a file would bring the KV back in
        # milliseconds: it also keeps the place, for which whoever comes back would have to queue.
        self.board = SlotBoard(
            named.build(policy, self.speed, waits),
            able.slots or able.concurrency,
            owned=able.slots > 0,
            file_bytes=file_bytes,
            step_tokens=able.step_tokens,
        )
        # Steps can be told apart only where it is known how much one holds.
        self.steps = (
            StepWatch(self.speed.latency, able.step_tokens, on_reading=self.meters.readings.add)
            if able.step_tokens
            else None
        )
        self._clock = clock
        # Turns whose prompt is being read, with the seconds that it should take.
        self._reading: dict[str, float] = {}
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._tickets: dict[str, asyncio.Future[Admission]] = {}
        self._saves: dict[str, asyncio.Event] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def reading_s(self) -> float:
        """Engine seconds of the prompts that are being read."""
        return sum(self._reading.values())

    def cached(self, program: str) -> int:
        """Context tokens of a program that need not be read again here, as far as is known."""
        return self.board.cached(program) if self.board.owned else self._seen.get(program, 0)

    async def start(self) -> None:
        """Start the engine.

        Raises:
            EngineMissing: If it cannot start.
        """
        await self.life.begin()

    async def close(self) -> None:
        """Stop the engine; turns in progress fail."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await self.life.end()

    async def run(
        self, turn: Turn, call: ChatCall, hint: Hint, elsewhere: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """Answer a turn piece by piece, when it is its time.

        Closing the generator takes the turn back and frees its program's KV.

        Args:
            turn: The turn.
            call: What to answer.
            hint: What is known of its program.
            elsewhere: Whether somebody else could answer it; then nothing waits for an engine that died.

        Raises:
            EngineRefused: If the engine will not answer this.
            EngineDied: If the engine died in the middle, or twice.
        """
        ticket: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()
        told = Told()
        known = self.board.policy.programs.get(turn.program)
        resumed = known is not None and known.turns > 0
        self._tickets[turn.turn_id] = ticket
        prefix = chain(self.engine.capabilities.model, call.messages)
        passing = hint.last_step or (hint.implied and not hint.tool)
        self.board.arrived(turn, self._clock(), prefix, passing)
        ended = refused = False
        try:
            self._pump()
            admission = await ticket
            started_s = self._clock()
            self.meters.queue_s += started_s - turn.arrived_s
            await self._prepare(admission)
            self._given(turn, admission)
            answer = self._answer(call, admission.slot, hint, elsewhere)
            async with aclosing(answer) as pieces:
                async for piece in pieces:
                    now = self._clock()
                    told.add(piece, now)
                    self._reading.pop(turn.turn_id, None)
                    if self.board.has_read(turn):
                        self._pump()
                    if self.steps is not None and piece.delta:
                        self.steps.piece(turn.turn_id, now)
                    if piece.finish_reason is not None:
                        # The books are closed before the caller knows the end, and may come back.
                        self._finish(turn, hint, told, started_s, resumed)
                        ended = True
                    yield piece
        except EngineError as error:
            refused = True
            if isinstance(error, EngineDied):
                # Who has heard nothing yet is answered by somebody else.
                passed_on = elsewhere and told.first_piece_s is None
                self.meters.retried += passed_on
                self.meters.failed += not passed_on
            raise
        finally:
            self._tickets.pop(turn.turn_id, None)
            self._reading.pop(turn.turn_id, None)
            if not ended:
                if self.steps is not None:
                    self.steps.ended(turn.turn_id, None, None)
                self.meters.cancelled += not refused
                self.board.aborted(turn, self._clock())
            self._pump()

    def forget(self, program: str) -> None:
        """Free everything that is held for a program."""
        self._seen.pop(program, None)
        self.board.forget(program, self._clock())
        if self._schedules is not None:
            self._later(self._schedules.forget(program))
            self._drop_carried(program)
        self._pump()

    def waits(self, program: str, wait: Wait) -> bool:
        """A program that is away waits for this, for so long from now on.

        Returns:
            Whether it is away; the hint is of no use if it is not.
        """
        known = self.board.policy.programs.get(program)
        if known is None or known.idle_since_s is None:
            return False
        now = self._clock()
        if self._schedules is not None:
            self._later(self._schedules.announce(program, wait))
        if wait.expected_s is not None:
            away = now - known.idle_since_s
            wait = Wait(wait.tool, wait.body, away + wait.expected_s)
        held = self.board.slot_of(program) is not None
        self.board.policy.announced(program, wait, now, blocks=int(held))
        self._pump()
        return True

    def held(self, program: str) -> tuple[int, int]:
        """Tokens and blocks of a waiting program whose KV is here and could be carried away.

        A slot is one block.
        """
        if self.board.owned:
            tokens = self.board.cached(program)
            return tokens, int(tokens > 0)
        pins = self.own.pins if self.own is not None else ()
        return next(((pin.tokens, pin.blocks) for pin in pins if pin.program == program), (0, 0))

    async def refresh(self) -> None:
        """Ask an engine that holds KV by itself what it holds."""
        if self._schedules is not None:
            self.own = (await self.engine.stats()).scheduling

    def filed(self, program: str) -> int:
        """Tokens of a program in a file that can be carried away; 0 if there is none."""
        return self.board.filed().get(program) or self._carried.get(program, 0)

    async def file(self, program: str) -> bool:
        """Put an idle program's KV into a file, from where it can be carried away.

        Returns:
            Whether there is one now.
        """
        if self.filed(program):
            return True
        if not self._has_files:
            return False
        if self._programs is not None:
            self._carried[program] = (await self._programs.put_out(program, _key(program))).tokens
            return True
        slot = self.board.slot_of(program)
        if slot is None or slot.turn is not None or not slot.tokens:
            return False
        await self._save(slot.index, program)
        return program in self.board.filed()

    async def take(self, program: str) -> bytes:
        """A program's KV file.

        Raises:
            EngineRefused: If there is none.
        """
        return await self._files().take(_key(program))

    async def accept(self, program: str, tokens: int, data: bytes) -> None:
        """Keep a KV file that another replica gave."""
        await self._files().put(_key(program), data)
        if self._programs is not None:
            self._carried[program] = await self._programs.take_in(program, _key(program))
            self._seen[program] = tokens
            return
        self.board.put_away(program, tokens, len(data))
        self._delete_dropped()

    def housekeep(self, longest_idle_s: float) -> None:
        """Forget programs that have not come back for so long, and pins that are over."""
        now = self._clock()
        for program in self.board.policy.programs.all():
            if program.idle_since_s is not None and now - program.idle_since_s > longest_idle_s:
                self.forget(program.name)
        self._pump()

    async def status(self) -> ReplicaStatus:
        """The engine, its queue and its sums."""
        meters, board = self.meters, self.board
        stats = await self._stats()
        pins, outcomes = len(board.policy.pins()), dict(board.policy.counts)
        self.own = stats.scheduling
        if stats.scheduling is not None:
            pins, outcomes = len(stats.scheduling.pins), stats.scheduling.outcomes
        return ReplicaStatus(
            name=self.name,
            policy=board.policy.name,
            engine=self.engine.capabilities,
            stats=stats,
            draining=board.draining,
            starting=self.life.starting,
            queued=len(board.waiting),
            running=board.running,
            pins=pins,
            files=len(board.filed()) + len(self._carried),
            hit_rate=meters.cached_tokens / max(1, meters.prompt_tokens),
            resume_hit_rate=meters.resumed_cached / max(1, meters.resumed_tokens),
            turns=meters.turns,
            failed=meters.failed,
            retried=meters.retried,
            cancelled=meters.cancelled,
            queue_s=meters.queue_s / max(1, meters.turns),
            outcomes=outcomes,
            steps=self.speed.latency.steps,
            ttft_error=meters.readings.error,
            ttft_covered=meters.readings.covered,
        )

    async def _stats(self) -> EngineStats:
        """What the engine tells of itself, or told last: one that hangs must not hold up the others' status."""
        with suppress(TimeoutError):
            self._last_stats = await asyncio.wait_for(self.engine.stats(), _TELL_LIMIT_S)
        return self._last_stats

    def _lose(self) -> None:
        """What the engine held by itself went with it."""
        self.board.reset()
        self._seen.clear()
        self.own = None
        for program in list(self._carried):
            self._drop_carried(program)

    def _pump(self) -> None:
        """Admit what can be admitted, and come back when the next pin expires if turns wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        for admission in self.board.admit(now):
            if admission.put_away is not None:
                self._saves[admission.put_away] = asyncio.Event()
            ticket = self._tickets[admission.turn.turn_id]
            if not ticket.done():
                ticket.set_result(admission)
        self._delete_dropped()
        expiry = self.board.policy.next_expiry()
        if self.board.waiting and expiry < NEVER:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.01, expiry - now), self._pump)

    def _delete_dropped(self) -> None:
        for program in self.board.dropped():
            self._later(self._files().drop(_key(program)))

    def _drop_carried(self, program: str) -> None:
        if self._carried.pop(program, None) is not None:
            self._later(self._files().drop(_key(program)))

    def _later(self, telling: Coroutine[Any, Any, None]) -> None:
        """Tell the engine something that nobody waits for."""
        task = asyncio.ensure_future(_told(telling))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _files(self) -> KvFiles:
        files = self._slots or self._programs
        if files is None:
            raise EngineRefused("This engine keeps its KV to itself.")
        return files

    def _owned(self) -> KvSlots:
        if self._slots is None:
            raise EngineRefused("This engine has no slots.")
        return self._slots

    async def _prepare(self, admission: Admission) -> None:
        if admission.put_away is not None:
            await self._save(admission.slot, admission.put_away)
        if admission.bring_back:
            program = admission.turn.program
            saving = self._saves.get(program)
            if saving is not None:
                await saving.wait()
            try:
                await self._owned().restore(admission.slot, _key(program))
                self.meters.restored += 1
            except (EngineRefused, EngineDied):
                # Then it is read again, which costs time and nothing else.
                self.board.lost(program)

    async def _save(self, slot: int, program: str) -> None:
        done = self._saves.setdefault(program, asyncio.Event())
        try:
            file = await self._owned().save(slot, _key(program))
            self.meters.saved += 1
            self.board.put_away(program, file.tokens, file.size)
            self._delete_dropped()
        except (EngineRefused, EngineDied):
            # A dead engine is found and revived when the turn is put to it.
            self.board.lost(program)
        finally:
            done.set()
            self._saves.pop(program, None)

    async def _answer(
        self, call: ChatCall, slot: int, hint: Hint, elsewhere: bool
    ) -> AsyncGenerator[Piece, None]:
        place = slot if self.board.owned else None
        for attempt in (1, 2):
            sent = False
            try:
                async with aclosing(self.engine.generate(call, place, hint)) as pieces:
                    async for piece in pieces:
                        sent = True
                        yield piece
                return
            except EngineDied as error:
                revival = self.life.revive()
                if sent:
                    raise EngineDied(
                        "The engine died in the middle of this answer and is being started again; "
                        "send the request once more."
                    ) from error
                if attempt == 2 or (elsewhere and not await self.engine.healthy()):
                    raise
                if (why := await asyncio.shield(revival)) is not None:
                    raise why from error
                self.meters.retried += 1

    def _given(self, turn: Turn, admission: Admission) -> None:
        """A turn goes to the engine."""
        now = self._clock()
        cached = admission.cached_tokens if self.board.owned else self.cached(turn.program)
        self._reading[turn.turn_id] = self.speed.missing_s(turn.prompt_tokens, cached)
        if self.steps is not None:
            self.steps.began(turn.turn_id, turn.prompt_tokens, cached, now)

    def _finish(self, turn: Turn, hint: Hint, told: Told, started_s: float, resumed: bool) -> None:
        now = self._clock()
        usage = told.usage or Usage()
        self._measure(turn, told, usage, started_s)
        meters = self.meters
        meters.turns += 1
        meters.prompt_tokens += usage.prompt_tokens
        meters.cached_tokens += usage.cached_tokens
        meters.completion_tokens += usage.completion_tokens
        if resumed:
            meters.resumed_tokens += usage.prompt_tokens
            meters.resumed_cached += usage.cached_tokens
        tool = told.tool or hint.tool
        # Who never named a program and called no tool has its answer; it may come back, as people do.
        over = hint.last_step or (hint.implied and not tool)
        wait = None if over else Wait(tool, hint.body, hint.expected_s)
        outcome = Outcome(
            tokens=usage.prompt_tokens + usage.completion_tokens,
            blocks=1 if self.board.owned else 0,
            output_tokens=usage.completion_tokens,
            service_s=(now - started_s) / max(1, self.board.running),
            wait=wait,
        )
        self.board.finished(turn, now, outcome, hint.last_step)
        # What came in a file is in the engine's own memory now.
        self._drop_carried(turn.program)
        if not self.board.owned and not hint.last_step:
            self._seen[turn.program] = outcome.tokens
            self._seen.move_to_end(turn.program)
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)

    def _measure(self, turn: Turn, told: Told, usage: Usage, started_s: float) -> None:
        """Learn from a turn how fast the engine is."""
        now = self._clock()
        self.residence_s += _RESIDENCE_WEIGHT * (now - started_s - self.residence_s)
        if self.steps is not None:
            self.steps.ended(turn.turn_id, told.usage, told.first_piece_s)
        if usage.prefill_s is not None:
            self.speed.observe(usage.cached_tokens, usage.prompt_tokens, usage.prefill_s)
        elif usage.prompt_tokens and told.first_piece_s is not None and self.board.running == 1:
            # Alone on the engine, the wait for the first token is the reading.
            seconds = told.first_piece_s - started_s
            self.speed.observe(usage.cached_tokens, usage.prompt_tokens, seconds)


async def _told(telling: Coroutine[Any, Any, None]) -> None:
    # What a dead engine held went with it.
    with suppress(EngineError):
        await telling


def _key(program: str) -> str:
    """A file name for a program: its own may hold anything."""
    return hashlib.sha256(program.encode()).hexdigest()[:32]
