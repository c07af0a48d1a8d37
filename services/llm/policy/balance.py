"""Whether replicas are level: freeness, who should give a program to whom, how many are needed.

Freeness is Llumnix's (OSDI 2024): about how many decode steps are left before memory runs out, negative where
turns queue. It tells when a running request had better move. There a pin counts by the chance that its owner
is back within the horizon: memory that can be had at no loss is free.

A waiting program moves for another reason: on a full replica somebody's pin is about to be broken while the
memory of another one lies idle. So there every pin counts in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# A pin counts as load by the chance that its owner returns within this time.
HORIZON_S = 10.0
# A replica is full from this share of its memory on, and has room up to that one; in between it is left alone.
_FULL, _ROOMY = 0.95, 0.85
# A program moves only if the shares differ by this much, or it would soon move back.
_APART = 0.1


@dataclass(frozen=True, slots=True)
class Load:
    """What balance needs to know of a replica; memory in blocks.

    Attributes:
        name: Its name.
        blocks: Of its memory.
        running: Turns that run.
        running_blocks: Held by them.
        head_blocks: Needed by the first queued turn.
        queued_blocks: Needed by all queued turns.
        pinned_blocks: Of pins, each times the chance that its owner returns within the horizon.
        held_blocks: Of all pins.
        draining: Whether it is to be emptied.
    """

    name: str
    blocks: int
    running: int
    running_blocks: int
    head_blocks: int
    queued_blocks: int
    pinned_blocks: float
    held_blocks: int = 0
    draining: bool = False


def freeness(load: Load) -> float:
    """Blocks left per running turn; minus infinity for a replica that drains."""
    if load.draining:
        return -math.inf
    used = load.running_blocks + load.head_blocks + load.pinned_blocks
    return (load.blocks - used) / max(1, load.running)


def pair(loads: Sequence[Load], low: float, high: float) -> tuple[str, str] | None:
    """The replica that should give a program away and the one that should take it.

    Args:
        loads: Of all replicas.
        low: Freeness below which a replica gives.
        high: Freeness above which one takes.

    Returns:
        Their names, or None if no pair is far enough apart.
    """
    ordered = sorted(loads, key=lambda load: (freeness(load), load.name))
    if len(ordered) < 2:
        return None
    source, target = ordered[0], ordered[-1]
    if freeness(source) >= low or freeness(target) <= high:
        return None
    return source.name, target.name


def fill(load: Load) -> float:
    """Share of its memory that is held or asked for; more than 1 where turns queue."""
    return (load.running_blocks + load.queued_blocks + load.held_blocks) / max(1, load.blocks)


def relief(loads: Sequence[Load]) -> tuple[str, str] | None:
    """The full replica that should give a waiting program away, and the one whose memory lies idle.

    Args:
        loads: Of all replicas.

    Returns:
        Their names, or None if none is full, or none has room.
    """
    ordered = sorted(
        (load for load in loads if not load.draining), key=lambda load: (fill(load), load.name)
    )
    if len(ordered) < 2:
        return None
    target, source = ordered[0], ordered[-1]
    full, roomy = fill(source) >= _FULL, fill(target) <= _ROOMY
    apart = fill(source) - fill(target) >= _APART
    return (source.name, target.name) if full and roomy and apart else None


@dataclass(frozen=True, slots=True)
class Movable:
    """A waiting program that could move.

    Attributes:
        program: Its name.
        blocks: Blocks of its KV.
        transfer_s: How long the copy takes.
        back_before: Chance that it is back before the copy is done.
        back_soon: Chance that it is back within the horizon after that.
        reload_s: What it costs to compute its KV again.
    """

    program: str
    blocks: int
    transfer_s: float
    back_before: float
    back_soon: float
    reload_s: float


def choose(programs: Sequence[Movable], room: int, surely: float = 0.2) -> str | None:
    """The program whose move pays most: back soon, dear to compute again, but not back too early.

    Args:
        programs: Those that wait on the source.
        room: Blocks that the target has for nothing.
        surely: Most chance of coming back during the copy, which would be wasted then.
    """
    fits = [p for p in programs if p.blocks <= room and p.back_before <= surely]
    if not fits:
        return None
    return max(fits, key=lambda p: (p.back_soon * p.reload_s, p.program)).program


def wanted(loads: Sequence[Load], share: float = 0.8) -> int:
    """How many replicas the demand for memory fills to this share: the signal for autoscaling."""
    if not loads:
        return 0
    demand = sum(load.running_blocks + load.queued_blocks + load.pinned_blocks for load in loads)
    size = sum(load.blocks for load in loads) / len(loads)
    return max(1, math.ceil(demand / (share * size)))
