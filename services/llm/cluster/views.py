"""A replica as routing and balance see it; a slot is a block, and so is a place of an engine without slots."""

from __future__ import annotations

from services.llm.cluster.replica import Replica
from services.llm.engines.contracts import OwnScheduling
from services.llm.policy import balance
from services.llm.policy.contracts import Turn
from services.llm.policy.programs import Program
from services.llm.policy.routing import Breakable, ReplicaView


def view_of(replica: Replica, turn: Turn, now: float) -> ReplicaView:
    """What the router weighs for a turn."""
    board, speed = replica.board, replica.speed
    queued = sum(speed.missing_s(t.prompt_tokens, replica.cached(t.program)) for t in board.waiting)
    slot = board.slot_of(turn.program)
    pins = [
        Breakable(pin.blocks, _chance(replica, pin.program, now) * speed(pin.tokens))
        for pin in board.policy.pins()
        if pin.program != turn.program
    ]
    idle = len(board.slots) - board.running
    memory = len(board.slots) * replica.engine.capabilities.context_tokens
    living = sum(program.tokens for program in board.policy.programs.all())
    return ReplicaView(
        name=replica.name,
        blocks=len(board.slots),
        available=idle - board.policy.pinned_blocks,
        running=board.running,
        running_blocks=board.running,
        queued_s=queued + replica.reading_s,
        waiting_blocks=len(board.waiting),
        missing_s=speed.missing_s(turn.prompt_tokens, replica.cached(turn.program)),
        needed=0 if slot is not None and slot.turn is None else 1,
        residence_s=replica.residence_s,
        homed=living / memory if memory else 0.0,
        pins=sorted(pins, key=lambda pin: pin.loss_s),
        draining=board.draining,
    )


def load_of(replica: Replica, now: float) -> balance.Load:
    """What balance weighs."""
    board = replica.board
    if replica.own is not None and replica.own.blocks:
        return _own_load(replica, replica.own, now)
    waiting = len(board.waiting)
    pinned = sum(_chance(replica, pin.program, now) * pin.blocks for pin in board.policy.pins())
    return balance.Load(
        name=replica.name,
        blocks=len(board.slots),
        running=board.running,
        running_blocks=board.running,
        head_blocks=min(1, waiting),
        queued_blocks=waiting,
        pinned_blocks=pinned,
        held_blocks=board.policy.pinned_blocks,
        draining=board.draining,
    )


def movable_of(replica: Replica, now: float, copy_s_per_token: float) -> list[balance.Movable]:
    """Programs that wait for their tools with their KV here, in order of arrival.

    Args:
        replica: Where.
        now: The time.
        copy_s_per_token: How long it takes to carry KV to another replica.
    """
    found = []
    for program in replica.board.policy.programs.all():
        tokens, blocks = replica.held(program.name)
        if program.idle_since_s is None or not tokens:
            continue
        transfer_s = copy_s_per_token * tokens
        before = _back(program, transfer_s, now)
        found.append(
            balance.Movable(
                program=program.name,
                blocks=blocks,
                transfer_s=transfer_s,
                back_before=before,
                back_soon=_back(program, transfer_s + balance.HORIZON_S, now) - before,
                reload_s=replica.speed(tokens),
            )
        )
    return found


def _own_load(replica: Replica, own: OwnScheduling, now: float) -> balance.Load:
    """The load of an engine that counts blocks, and holds them by itself."""
    pinned = sum(pin.blocks for pin in own.pins)
    running = replica.board.running
    return balance.Load(
        name=replica.name,
        blocks=own.blocks,
        running=max(0, running - own.waiting),
        running_blocks=max(0, own.blocks - own.free_blocks - pinned),
        head_blocks=own.waiting_blocks // own.waiting if own.waiting else 0,
        queued_blocks=own.waiting_blocks,
        pinned_blocks=sum(_chance(replica, pin.program, now) * pin.blocks for pin in own.pins),
        held_blocks=pinned,
        draining=replica.board.draining,
    )


def _chance(replica: Replica, name: str, now: float) -> float:
    """How surely a program is back within the horizon."""
    program = replica.board.policy.programs.get(name)
    return 1.0 if program is None else _back(program, balance.HORIZON_S, now)


def _back(program: Program, horizon_s: float, now: float) -> float:
    if program.forecast is None or program.idle_since_s is None:
        return 1.0
    return program.forecast.returns_within(horizon_s, now - program.idle_since_s)
