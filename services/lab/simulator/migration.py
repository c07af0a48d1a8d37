"""Programs that move between replicas: while they wait for their tool, or while they decode.

Both look every few seconds whether one replica is crowded while another has room. A waiting program's KV stands
still: one copy, and nobody stalls; if the program comes back before the copy is done, the copy is dropped. A
decoding request is copied while it runs and pauses for the last blocks, as in Llumnix (OSDI 2024).
"""

from __future__ import annotations

from services.lab.simulator.cluster import Simulation
from services.lab.simulator.replica import Replica
from services.lab.simulator.request import Request
from services.llm.policy import balance
from services.llm.policy.contracts import Pin
from services.llm.policy.retention import LONGEST_S

MIGRATIONS = ("none", "decoding", "waiting")

_EVERY_S = 1.0
# A replica gives decoding requests if it has less than this share of its memory per running turn, and takes
# them if more; that much stays free where a waiting program goes.
_LOW_SHARE = 0.0
_HIGH_SHARE = 0.05
# The pause of a decoding request for its last blocks and the hand-over.
_PAUSE_S = 0.05


def start(simulation: Simulation, kind: str) -> None:
    """Let programs move in a simulation.

    Args:
        simulation: Not yet run.
        kind: ``none``, ``decoding`` or ``waiting``.

    Raises:
        ValueError: If there is no such kind.
    """
    if kind not in MIGRATIONS:
        raise ValueError(f"There is no migration {kind!r}; choose one of {', '.join(MIGRATIONS)}.")
    if kind != "none" and len(simulation.replicas) > 1:
        _look(simulation, kind)


def _look(simulation: Simulation, kind: str) -> None:
    replicas = {f"r{r.number:02}": r for r in simulation.replicas}
    loads = [_load(name, replica, simulation.now) for name, replica in replicas.items()]
    if kind == "waiting":
        found, move = balance.relief(loads), _move_waiting
    else:
        blocks = simulation.engine.blocks
        found = balance.pair(loads, low=_LOW_SHARE * blocks, high=_HIGH_SHARE * blocks)
        move = _move_decoding
    if found is not None:
        move(simulation, replicas[found[0]], replicas[found[1]])
    if simulation.unfinished:
        simulation.at(simulation.now + _EVERY_S, lambda: _look(simulation, kind))


def _load(name: str, replica: Replica, now: float) -> balance.Load:
    policy, memory = replica.policy, replica.memory
    pinned = 0.0
    for pin in policy.pins():
        forecast, program = policy.programs[pin.program].forecast, policy.programs[pin.program]
        back = 1.0
        if forecast is not None and not program.open_turns:
            back = forecast.returns_within(balance.HORIZON_S, now - pin.since_s)
        pinned += back * pin.blocks
    queued = [r.missing_blocks for r in replica.waiting]
    return balance.Load(
        name=name,
        blocks=memory.blocks,
        running=len(replica.running),
        running_blocks=memory.blocks - memory.available - policy.pinned_blocks,
        head_blocks=queued[0] if queued else 0,
        queued_blocks=sum(queued),
        pinned_blocks=pinned,
        held_blocks=policy.pinned_blocks,
    )


def _move_waiting(simulation: Simulation, source: Replica, target: Replica) -> None:
    movable = [_movable(simulation, source, pin) for pin in source.policy.pins()]
    room = int(target.memory.available - _HIGH_SHARE * target.memory.blocks)
    name = balance.choose([m for m in movable if m is not None], room)
    if name is None:
        return
    pin = source.policy.pin_of(name)
    assert pin is not None
    job = source.job(name)
    if target.wants(job, pin.tokens) > room:
        return
    blocks = target.reserve(job, pin.tokens)

    def arrive() -> None:
        program = source.policy.programs.get(name)
        still = source.policy.pin_of(name)
        if program is None or program.open_turns or still is not pin:
            target.cancel(job)
            simulation.run_.moved_back += 1
            return
        source.policy.moved_out(name, simulation.now)
        source.evict_pin(job)
        source.memory.drop(name)
        target.copied(job)
        held = Pin(name, pin.tokens, blocks, pin.since_s, simulation.now + LONGEST_S)
        target.policy.moved_in(program, held)
        simulation.homes[name] = target
        simulation.run_.moves += 1
        simulation.wake(source)

    simulation.at(simulation.now + simulation.engine.transfer_s(pin.tokens), arrive)


def _movable(simulation: Simulation, source: Replica, pin: Pin) -> balance.Movable | None:
    program = source.policy.programs[pin.program]
    if program.open_turns or program.forecast is None:
        return None
    age = simulation.now - pin.since_s
    transfer = simulation.engine.transfer_s(pin.tokens)
    before = program.forecast.returns_within(transfer, age)
    soon = program.forecast.returns_within(transfer + balance.HORIZON_S, age)
    return balance.Movable(
        program=pin.program,
        blocks=pin.blocks,
        transfer_s=transfer,
        back_before=before,
        back_soon=soon - before,
        reload_s=simulation.engine.law.prefill_s(pin.tokens),
    )


def _move_decoding(simulation: Simulation, source: Replica, target: Replica) -> None:
    decoding = [r for r in source.running if r.prefill_left == 0 and not r.moving]
    if not decoding:
        return
    # The shortest context first, as Llumnix chooses.
    request = min(decoding, key=lambda r: (r.context, r.job.name))
    tokens = request.context + request.output_left
    room = int(target.memory.available - _HIGH_SHARE * target.memory.blocks)
    if target.wants(request.job, tokens) > room:
        return
    target.reserve(request.job, tokens)
    request.moving = True
    copied = simulation.now + simulation.engine.transfer_s(request.context)
    simulation.at(copied, lambda: _hand_over(simulation, request, source, target))


def _hand_over(simulation: Simulation, request: Request, source: Replica, target: Replica) -> None:
    if request not in source.running:
        # It ended, or lost its memory, before the copy was done.
        target.cancel(request.job)
        request.moving = False
        simulation.run_.moved_back += 1
        return
    name = request.job.name

    def leave(now: float) -> None:
        moved = source.policy.moved_out(name, now)
        if moved is not None:
            target.policy.moved_in(moved[0], None)
        simulation.homes[name] = target
        target.meters.stall_s += _PAUSE_S
        simulation.run_.moves += 1
        simulation.at(now + _PAUSE_S, resume)

    def missed(now: float) -> None:
        target.cancel(request.job)
        request.moving = False
        simulation.run_.moved_back += 1

    def resume() -> None:
        request.moving = False
        target.join(request, simulation.now)
        simulation.wake(target)

    source.take_out(request, simulation.now, leave, missed)
    simulation.wake(source)
