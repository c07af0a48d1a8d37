"""The programs of a replica, as `retinue llm status` lists them."""

from __future__ import annotations

from typing import Literal

from services.llm.cluster.replica import Replica
from services.llm.cluster.status import ProgramStatus
from services.llm.policy.contracts import NEVER
from services.llm.policy.programs import Program


def programs_of(replica: Replica, now: float) -> list[ProgramStatus]:
    """Every program of a replica, in order of arrival.

    Args:
        replica: Where.
        now: The time.
    """
    queued = {turn.program for turn in replica.board.waiting}
    own = replica.own.pins if replica.own is not None else ()
    left_s = {pin.program: pin.left_s for pin in own}
    return [
        _listed(replica, program, left_s, program.name in queued, now)
        for program in replica.board.policy.programs.all()
    ]


def _listed(
    replica: Replica, program: Program, own_left_s: dict[str, float], queued: bool, now: float
) -> ProgramStatus:
    board = replica.board
    slot, pin = board.slot_of(program.name), board.policy.pin_of(program.name)
    left_s = own_left_s.get(program.name)
    if pin is not None and pin.until_s != NEVER:
        left_s = max(0.0, pin.until_s - now)
    kv: Literal["slot", "pinned", "file", "none"] = "slot" if slot else "none"
    if pin is not None or program.name in own_left_s:
        kv = "pinned"
    elif not slot and replica.filed(program.name):
        kv = "file"
    idle = program.idle_since_s
    wait = program.wait if idle is not None else None
    return ProgramStatus(
        name=program.name,
        replica=replica.name,
        state="waiting" if idle is not None else "queued" if queued else "running",
        turns=program.turns,
        tokens=program.tokens,
        kv=kv,
        slot=slot.index if slot and board.owned else None,
        pin_left_s=left_s,
        tool=wait.tool if wait else "",
        body=wait.body if wait else "",
        expected_s=wait.expected_s if wait else None,
        away_s=None if idle is None else now - idle,
        back_s=program.back_in_s(0.5, now),
        late_s=program.back_in_s(0.9, now),
    )
