"""Many replicas as one: each turn goes where it is answered soonest, programs move while they wait.

A replica is chosen and its queue entered in one step of the event loop, so that two turns never take the
same free place. A program moves only while it waits for its tool: its KV stands still then, one copy
suffices, and nobody's answer stalls for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing

from services.llm.cluster.listing import programs_of
from services.llm.cluster.replica import Replica
from services.llm.cluster.status import ClusterStatus
from services.llm.cluster.views import load_of, movable_of, view_of
from services.llm.engines.contracts import ChatCall, Hint, Piece
from services.llm.engines.engine import Embeds
from services.llm.engines.errors import EngineDied, EngineError, EngineMissing, EngineRefused
from services.llm.policy import balance
from services.llm.policy.contracts import Turn, Wait
from services.llm.policy.routing import Router

_log = logging.getLogger(__name__)

# A program that has been away for this long is taken for gone.
LONGEST_IDLE_S = 3600.0
TICK_S = 1.0
# How long it takes to carry a program's KV, until the first one has moved; and the weight of the newest move.
_COPY_S_PER_TOKEN = 1e-4
_COPY_WEIGHT = 0.2


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
        self._ticker: asyncio.Task[None] | None = None
        self._router = Router()
        self._copy_s_per_token = _COPY_S_PER_TOKEN
        self.migrations = 0
        self.migrated_bytes = 0
        self.rereads = 0

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
        for name, why in missing.items():
            model = self.replicas[name].engine.capabilities.model
            if not any(replica.life.ready for replica in self._serving(model)):
                raise why
            _log.warning("%s is down: %s", name, why)
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

        It waits for an engine to be started again only where nobody else is ready.

        Raises:
            EngineRefused: If no engine will answer this.
            EngineDied: If the engine died in the middle, or everywhere.
        """
        tried: set[str] = set()
        while True:
            replica = self.choose(model, turn, tried)
            tried.add(replica.name)
            others = [r for r in self._serving(model) if r.name not in tried]
            elsewhere = any(other.life.ready for other in others)
            self._settle(turn.program, replica)
            sent = False
            try:
                async with aclosing(replica.run(turn, call, hint, elsewhere)) as pieces:
                    async for piece in pieces:
                        sent = True
                        yield piece
                return
            except EngineDied:
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
        engine = serving[0].engine
        if not isinstance(engine, Embeds) or not engine.capabilities.embeds:
            raise EngineRefused("This engine does not embed texts; use the embedding model.")
        return await engine.embed(texts)

    async def healthy(self) -> bool:
        """Whether any engine answers."""
        asked = [asyncio.ensure_future(r.engine.healthy()) for r in self.replicas.values()]
        try:
            for answer in asyncio.as_completed(asked):
                if await answer:
                    return True
            return False
        finally:
            for answer in asked:
                answer.cancel()

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
        together = known is not None and known.open_turns
        up = [r for r in serving if r.life.ready] or serving
        if home is not None and home in up and together:
            return home
        now = self._clock()
        # Where it cannot be carried away, KV does not hold a program on a replica that is to be emptied.
        stays = home is not None and home.board.owned and home.cached(turn.program) > 0
        chosen = self._router.choose(
            turn.turn_id,
            [view_of(replica, turn, now) for replica in up],
            home.name if home is not None and stays else None,
        )
        # The turn enters that replica's queue before anything else happens, so the promise is kept.
        self._router.settled(turn.turn_id)
        return self.replicas[chosen]

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
        began_s = self._clock()
        try:
            if not await source.file(program):
                return False
            tokens = source.filed(program)
            data = await source.take(program)
            if known.open_turns or source.board.policy.programs.get(program) is not known:
                return False
            await target.accept(program, tokens, data)
        except EngineError:
            return False
        if known.open_turns:
            target.forget(program)
            return False
        source.forget(program)
        target.board.policy.programs.adopt(known)
        self._homes[program] = target
        copied_s = (self._clock() - began_s) / max(1, tokens)
        self._copy_s_per_token += _COPY_WEIGHT * (copied_s - self._copy_s_per_token)
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
        if draining and not any(r.life.ready for r in others):
            raise EngineRefused(
                f"{name} is the only replica that takes programs for {model}; "
                "start another one before this one is drained.",
                409,
            )
        replica.board.draining = draining

    def waits(self, program: str, wait: Wait) -> bool:
        """A program that is away waits for this, for so long from now on.

        Returns:
            Whether it is known and away.
        """
        home = self._homes.get(program)
        return home is not None and home.waits(program, wait)

    def forget(self, program: str) -> bool:
        """Free everything that is held for a program. Returns whether it was known."""
        home = self._homes.pop(program, None)
        if home is None:
            return False
        home.forget(program)
        return True

    async def tick(self) -> None:
        """Revive dead engines, forget who is gone, move programs from crowded replicas to free ones."""
        await asyncio.gather(*(self._look_after(r) for r in self.replicas.values()))
        for name in [n for n, home in self._homes.items() if n not in home.board.policy.programs]:
            del self._homes[name]
        await self._drain_waiting()
        await self._rebalance()

    async def status(self) -> ClusterStatus:
        """Every replica and every program."""
        replicas = sorted(self.replicas.values(), key=lambda r: r.name)
        told = await asyncio.gather(*(replica.status() for replica in replicas))
        now = self._clock()
        return ClusterStatus(
            programs=tuple(p for replica in replicas for p in programs_of(replica, now)),
            replicas=tuple(told),
            migrations=self.migrations,
            migrated_bytes=self.migrated_bytes,
            rereads=self.rereads,
            wanted_replicas=self.wanted_replicas(),
        )

    def wanted_replicas(self) -> int:
        """How many replicas the present load calls for: the signal for whoever scales."""
        return balance.wanted(self._loads(self.replicas.values()))

    async def _look_after(self, replica: Replica) -> None:
        if replica.life.ready and await replica.engine.healthy():
            await replica.refresh()
        else:
            # A large model loads for minutes; the others are looked after meanwhile.
            await asyncio.wait([replica.life.revive()], timeout=TICK_S)
        replica.housekeep(LONGEST_IDLE_S)

    def _settle(self, program: str, replica: Replica) -> None:
        """A program's turn goes here; what its old home holds for it, if that was another, is of no use."""
        home = self._homes.get(program)
        self._homes[program] = replica
        known = home.board.policy.programs.get(program) if home is not None else None
        if home is None or home is replica or known is None or known.open_turns:
            return
        self.rereads += home.cached(program) > 0
        home.forget(program)
        replica.board.policy.programs.adopt(known)

    def _serving(self, model: str) -> list[Replica]:
        return [r for r in self.replicas.values() if r.engine.capabilities.model == model]

    def _loads(self, replicas: Iterable[Replica]) -> list[balance.Load]:
        now = self._clock()
        return [load_of(replica, now) for replica in replicas]

    async def _drain_waiting(self) -> None:
        for source in [r for r in self.replicas.values() if r.board.draining]:
            for program in movable_of(source, self._clock(), self._copy_s_per_token):
                takers = self._loads(r for r in self._peers(source) if not r.board.draining)
                if not takers:
                    break
                freest = max(takers, key=lambda load: (balance.freeness(load), load.name))
                await self.move(program.program, self.replicas[freest.name])

    async def _rebalance(self) -> None:
        """One waiting program from a full replica of a model to one whose memory lies idle."""
        for model in self.models:
            carriers = [
                r for r in self._serving(model) if r.life.ready and r.engine.capabilities.saves_kv
            ]
            loads = self._loads(r for r in carriers if not r.board.draining)
            found = balance.relief(loads)
            if found is None:
                continue
            source, target = self.replicas[found[0]], self.replicas[found[1]]
            room = next(load for load in loads if load.name == target.name)
            free = room.blocks - room.running - room.queued_blocks - room.held_blocks
            movable = movable_of(source, self._clock(), self._copy_s_per_token)
            program = balance.choose(movable, free)
            if program is not None:
                await self.move(program, target)

    def _peers(self, replica: Replica) -> list[Replica]:
        return [
            r
            for r in self._serving(replica.engine.capabilities.model)
            if r is not replica and r.life.ready and r.engine.capabilities.saves_kv
        ]

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick()
            except Exception:  # noqa: BLE001 - the endpoint must outlive a fault of its housekeeping
                _log.exception("housekeeping failed; the next round is in %g s", TICK_S)
