"""Many replicas as one: each turn goes where it is answered soonest, programs move while they wait.

A replica is chosen and its queue entered in one step of the event loop, so that two turns never take the
same free place. A program moves only while it waits for its tool: its KV stands still then, one copy
suffices, and nobody's answer stalls for it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from services.llm.engines.contracts import ChatCall, Hint, Piece
from services.llm.engines.errors import EngineDied, EngineError, EngineMissing, EngineRefused
from services.llm.policy.contracts import Turn
from services.llm.policy.programs import Program
from services.llm.replica import Replica
from services.llm.status import ClusterStatus

_log = logging.getLogger(__name__)

# A program that has been away for this long is taken for gone.
LONGEST_IDLE_S = 3600.0
TICK_S = 1.0
# Share of the places that the wanted number of replicas should use.
_AIM = 0.8
# A program is worth moving only if its tool still takes this long: a copy takes milliseconds to a second.
_SHORTEST_AWAY_S = 1.0


class Cluster:
    """Replicas, by name.

    Args:
        replicas: At least one; those that serve the same model share its load.
        clock: Monotonic seconds.
    """

    def __init__(
        self, replicas: Sequence[Replica], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.replicas = {replica.name: replica for replica in replicas}
        self._clock = clock
        self._homes: dict[str, Replica] = {}
        self._down: set[str] = set()
        self._ticker: asyncio.Task[None] | None = None
        self.migrations = 0
        self.migrated_bytes = 0

    @property
    def models(self) -> list[str]:
        """The names of the models that are served."""
        return sorted({r.engine.capabilities.model for r in self.replicas.values()})

    async def start(self) -> None:
        """Start every engine, one after the other, and the housekeeping.

        One that does not start is tried again by the housekeeping, if another one serves its model.

        Raises:
            EngineMissing: If none that serves a model can start.
        """
        missing: dict[str, EngineMissing] = {}
        for replica in self.replicas.values():
            try:
                await replica.start()
            except EngineMissing as error:
                missing[replica.name] = error
        up = {r.engine.capabilities.model for r in self.replicas.values() if r.name not in missing}
        for name, why in missing.items():
            if self.replicas[name].engine.capabilities.model not in up:
                raise why
            _log.warning("%s is down: %s", name, why)
            self._down.add(name)
        self._ticker = asyncio.create_task(self._tick_for_ever())

    async def close(self) -> None:
        """Stop every engine."""
        if self._ticker is not None:
            self._ticker.cancel()
        for replica in self.replicas.values():
            await replica.close()

    async def run(
        self, model: str, turn: Turn, call: ChatCall, hint: Hint
    ) -> AsyncGenerator[Piece, None]:
        """Answer a turn on the replica where that costs least; on another one if its engine is gone.

        Raises:
            EngineRefused: If no engine will answer this.
            EngineDied: If the engine died in the middle, or everywhere.
        """
        tried: set[str] = set()
        while True:
            replica = self.choose(model, turn, tried)
            tried.add(replica.name)
            self._homes[turn.program] = replica
            sent = False
            try:
                async with aclosing(replica.run(turn, call, hint)) as pieces:
                    async for piece in pieces:
                        sent = True
                        yield piece
                return
            except EngineDied:
                others = [r for r in self._serving(model) if r.name not in tried]
                if sent or not others:
                    raise

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """Embed texts with a model of an engine.

        Raises:
            EngineRefused: If nobody serves the model, or it does not embed.
            EngineDied: If its engine is gone.
        """
        serving = self._serving(model)
        if not serving:
            raise EngineRefused(f"There is no model {model!r} here; ask /v1/models.", 404)
        return await serving[0].engine.embed(texts)

    async def healthy(self) -> bool:
        """Whether any engine answers."""
        for replica in self.replicas.values():
            if await replica.engine.healthy():
                return True
        return False

    def choose(self, model: str, turn: Turn, without: set[str] | None = None) -> Replica:
        """The replica for a turn: least seconds of prefill and waiting, and of harm to others.

        Args:
            model: The model it must serve.
            turn: The turn.
            without: Replicas that have failed at it.

        Raises:
            EngineRefused: If nobody serves the model.
        """
        serving = [r for r in self._serving(model) if r.name not in (without or set())]
        if not serving:
            raise EngineRefused(f"There is no model {model!r} here; ask /v1/models.", 404)
        home = self._homes.get(turn.program)
        # A program with several turns at once stays together: they share their prefix.
        known = home.board.policy.programs.get(turn.program) if home is not None else None
        if home is not None and home in serving and known is not None and known.open_turns:
            return home
        up = [r for r in serving if r.name not in self._down] or serving
        fresh = [r for r in up if not r.board.draining or r is home] or up
        # Where it costs the same, the replica with the most room; less than a millisecond is the same.
        return min(fresh, key=lambda r: (round(self._cost(r, turn), 3), -self.freeness(r), r.name))

    async def move(self, program: str, target: Replica) -> bool:
        """Move a waiting program with its KV.

        Returns:
            Whether it is there now. It is not if it came back meanwhile, or its KV cannot be carried.
        """
        source = self._homes.get(program)
        if source is None or source is target:
            return False
        known = source.board.policy.programs.get(program)
        if known is None or known.open_turns:
            return False
        try:
            if not await source.file(program):
                return False
            tokens = source.board.filed()[program]
            data = await source.take(program)
            if known.open_turns or source.board.policy.programs.get(program) is not known:
                return False
            await target.accept(program, tokens, data)
        except (EngineError, KeyError):
            return False
        if known.open_turns:
            target.forget(program)
            return False
        source.forget(program)
        target.board.policy.programs.adopt(known)
        self._homes[program] = target
        self.migrations += 1
        self.migrated_bytes += len(data)
        return True

    def drain(self, name: str, draining: bool = True) -> None:
        """Let a replica take no new programs, and move those that wait; or end that.

        Raises:
            EngineRefused: If there is no such replica, or nobody else who could take its programs.
        """
        replica = self.replicas.get(name)
        if replica is None:
            known = ", ".join(sorted(self.replicas))
            raise EngineRefused(f"There is no replica {name!r} here; there are {known}.", 404)
        model = replica.engine.capabilities.model
        others = [r for r in self._serving(model) if r is not replica and not r.board.draining]
        if draining and not any(r.name not in self._down for r in others):
            raise EngineRefused(
                f"{name} is the only replica that takes programs for {model}; "
                "start another one before this one is drained.",
                409,
            )
        replica.board.draining = draining

    def forget(self, program: str) -> bool:
        """Free everything that is held for a program. Returns whether it was known."""
        home = self._homes.pop(program, None)
        if home is None:
            return False
        home.forget(program)
        return True

    async def tick(self) -> None:
        """Revive dead engines, forget who is gone, move programs from crowded replicas to free ones."""
        for replica in self.replicas.values():
            if await replica.engine.healthy():
                self._down.discard(replica.name)
            else:
                try:
                    await replica.revive()
                    self._down.discard(replica.name)
                except EngineDied:
                    self._down.add(replica.name)
            replica.housekeep(LONGEST_IDLE_S)
        for name in [n for n, home in self._homes.items() if n not in home.board.policy.programs]:
            del self._homes[name]
        await self._drain_waiting()
        await self._rebalance()

    async def status(self) -> ClusterStatus:
        """Every replica and every program."""
        replicas = sorted(self.replicas.values(), key=lambda r: r.name)
        return ClusterStatus(
            programs=tuple(p for replica in replicas for p in replica.programs()),
            replicas=tuple([await replica.status() for replica in replicas]),
            migrations=self.migrations,
            migrated_bytes=self.migrated_bytes,
            wanted_replicas=self.wanted_replicas(),
        )

    def wanted_replicas(self) -> int:
        """How many replicas the present load calls for: the signal for whoever scales."""
        demand = sum(len(r.board.waiting) + r.board.running for r in self.replicas.values())
        places = sum(len(r.board.slots) for r in self.replicas.values()) / len(self.replicas)
        return max(1, math.ceil(demand / (places * _AIM)))

    def freeness(self, replica: Replica) -> float:
        """Places that are left per running turn; negative where turns queue (Llumnix, OSDI'24).

        A queued turn counts as the place it wants, a pin as the chance that its owner returns within
        the next ten seconds.
        """
        board = replica.board
        pinned = sum(self._return_chance(replica, pin.program) for pin in board.policy.pins())
        used = board.running + len(board.waiting) + pinned
        return (len(board.slots) - used) / max(1, board.running)

    def _serving(self, model: str) -> list[Replica]:
        return [r for r in self.replicas.values() if r.engine.capabilities.model == model]

    def _cost(self, replica: Replica, turn: Turn) -> float:
        board, prefill = replica.board, replica.prefill
        cached = min(board.cached(turn.program), turn.prompt_tokens)
        own = prefill(turn.prompt_tokens) - prefill(cached)
        queued = sum(
            prefill(t.prompt_tokens) - prefill(min(board.cached(t.program), t.prompt_tokens))
            for t in board.waiting
        )
        # Running turns share the engine: with n of them a prefill takes about 1 + n times as long.
        seconds = (own + queued) * (1.0 + board.running)
        return seconds + self._harm(replica, turn)

    def _harm(self, replica: Replica, turn: Turn) -> float:
        """Seconds that others lose if their pin is broken for this turn."""
        board = replica.board
        slot = board.slot_of(turn.program)
        pins = board.policy.pins()
        if slot is not None or not board.owned or len(pins) + board.running < len(board.slots):
            return 0.0
        losses = [
            replica.prefill(pin.tokens) * self._return_chance(replica, pin.program) for pin in pins
        ]
        # Without a pin to break, one of those who run must end first.
        return min(losses, default=replica.prefill(turn.prompt_tokens))

    def _return_chance(self, replica: Replica, name: str) -> float:
        program = replica.board.policy.programs.get(name)
        if program is None or program.forecast is None or program.idle_since_s is None:
            return 1.0
        return program.forecast.returns_within(10.0, self._clock() - program.idle_since_s)

    async def _drain_waiting(self) -> None:
        for source in [r for r in self.replicas.values() if r.board.draining]:
            targets = [r for r in self._peers(source) if not r.board.draining]
            if not targets:
                continue
            for program in self._movable(source, shortest_s=0.0):
                await self.move(program.name, max(targets, key=self.freeness))

    async def _rebalance(self) -> None:
        for source in sorted(self.replicas.values(), key=self.freeness):
            if self.freeness(source) > 0.0:
                return
            targets = [r for r in self._peers(source) if not r.board.draining]
            target = max(targets, key=self.freeness, default=None)
            if target is None or self.freeness(target) * max(1, target.board.running) < 1.0:
                continue
            movable = self._movable(source, _SHORTEST_AWAY_S)
            if movable and await self.move(movable[0].name, target):
                return

    def _peers(self, replica: Replica) -> list[Replica]:
        able = replica.engine.capabilities
        return [
            r
            for r in self._serving(able.model)
            if r is not replica and r.name not in self._down and r.engine.capabilities.saves_kv
        ]

    def _movable(self, source: Replica, shortest_s: float) -> list[Program]:
        """Waiting programs whose tool takes long enough for a copy, those who return soonest first."""
        now = self._clock()
        found = []
        for program in source.board.policy.programs.all():
            if program.idle_since_s is None or not source.board.cached(program.name):
                continue
            away = now - program.idle_since_s
            usual = program.forecast.quantile_s(0.5) if program.forecast is not None else 0.0
            if usual - away >= shortest_s or shortest_s == 0.0:
                found.append((usual - away, program.name, program))
        return [program for *_, program in sorted(found, key=lambda f: f[:2])]

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick()
            except Exception:  # noqa: BLE001 - the endpoint must outlive a fault of its housekeeping
                _log.exception("housekeeping failed; the next round is in %g s", TICK_S)
