"""Routers: ours, and those that it is compared with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from services.lab.simulator.replica import Replica
from services.lab.simulator.request import Request
from services.llm.policy.routing import Breakable, ReplicaView, Router

#: Chooses a replica for a turn: (request, where its program lives, now).
Route = Callable[[Request, Replica | None, float], Replica]

# Prefix affinity gives way if its choice has this many more requests than the least loaded one.
_IMBALANCE = 16
# A pin's loss counts if its owner returns within this time.
_HORIZON_S = 60.0


def make_router(name: str, replicas: Sequence[Replica]) -> Route:
    """A router by its name.

    Args:
        name: ``round-robin``, ``least-load``, ``affinity`` or ``retinue``.
        replicas: Where turns may go.

    Raises:
        ValueError: If there is none of this name.
    """
    makers = {
        "round-robin": _round_robin,
        "least-load": _least_load,
        "affinity": _affinity,
        "retinue": _retinue,
    }
    if name not in makers:
        raise ValueError(f"There is no router {name!r}; choose one of {', '.join(makers)}.")
    if len(replicas) == 1:
        return lambda request, home, now: replicas[0]
    return makers[name](replicas)


def _requests(replica: Replica) -> int:
    return len(replica.running) + len(replica.waiting)


def _round_robin(replicas: Sequence[Replica]) -> Route:
    turn = itertools.cycle(replicas)
    return lambda request, home, now: next(turn)


def _least_load(replicas: Sequence[Replica]) -> Route:
    return lambda request, home, now: min(replicas, key=lambda r: (_requests(r), r.number))


def _affinity(replicas: Sequence[Replica]) -> Route:
    """Where most of the prompt is cached, unless that replica is far more loaded than another."""

    def route(request: Request, home: Replica | None, now: float) -> Replica:
        least = min(replicas, key=lambda r: (_requests(r), r.number))
        hottest = min(replicas, key=lambda r: (r.needs(request)[0], _requests(r), r.number))
        return least if _requests(hottest) - _requests(least) > _IMBALANCE else hottest

    return route


def _retinue(replicas: Sequence[Replica]) -> Route:
    router = Router()
    by_name = {f"r{replica.number:02}": replica for replica in replicas}

    def route(request: Request, home: Replica | None, now: float) -> Replica:
        views = [_view(name, replica, request, now) for name, replica in by_name.items()]
        at_home = None if home is None else f"r{home.number:02}"
        chosen = router.choose(request.turn.turn_id, views, at_home)
        # The turn joins the replica's queue in this very event.
        router.settled(request.turn.turn_id)
        return by_name[chosen]

    return route


def _view(name: str, replica: Replica, request: Request, now: float) -> ReplicaView:
    policy, memory = replica.policy, replica.memory
    missing_s, needed = replica.needs(request)
    pinned = policy.pinned_blocks
    homed = sum(program.tokens for program in policy.programs.all())
    waiting_blocks = sum(r.missing_blocks for r in replica.waiting)
    pins: list[Breakable] = []
    if needed + waiting_blocks > memory.available:
        for pin in policy.pins():
            program = policy.programs[pin.program]
            chance = 1.0
            if program.forecast is not None and not program.open_turns:
                chance = program.forecast.returns_within(_HORIZON_S, now - pin.since_s)
            pins.append(Breakable(pin.blocks, chance * replica.engine.law.prefill_s(pin.tokens)))
        pins.sort(key=lambda p: p.loss_s / max(1, p.blocks))
    return ReplicaView(
        name=name,
        blocks=memory.blocks,
        available=memory.available,
        running=len(replica.running),
        running_blocks=memory.blocks - memory.available - pinned,
        queued_s=replica.queued_s,
        waiting_blocks=waiting_blocks,
        missing_s=missing_s,
        needed=needed,
        homed=homed / replica.engine.kv_tokens,
        pins=pins,
    )
