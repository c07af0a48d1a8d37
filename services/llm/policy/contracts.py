"""What engines tell the policy and what it answers. Times are seconds, memory is in KV blocks."""

from __future__ import annotations

from dataclasses import dataclass

#: A time that never comes.
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a program, from its arrival until it is answered.

    Attributes:
        program: The agent job it belongs to.
        turn_id: Unique among the turns that the engine knows.
        arrived_s: When it arrived.
        prompt_tokens: Length of the whole prompt, cached prefix included.
        priority: Higher goes first; 0 is usual.
        deadline_s: When the answer becomes worthless; None for never.
    """

    program: str
    turn_id: str
    arrived_s: float
    prompt_tokens: int
    priority: int = 0
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """What a program does between two turns.

    Attributes:
        tool: Name of the tool it calls; empty if unknown.
        body: The robot, or the person's glasses, that executes it; empty if none.
        expected_s: The caller's own estimate of the duration; None if it has none.
        returns_s: When it will really return. Only oracles in simulations know this.
    """

    tool: str = ""
    body: str = ""
    expected_s: float | None = None
    returns_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended.

    Attributes:
        tokens: Length of the context whose KV the engine now holds for the program.
        blocks: Blocks that would become free if the KV were dropped (shared ones do not count).
        output_tokens: Tokens that the turn generated.
        service_s: Engine time the turn was charged: its share of the steps it took part in.
        wait: What the program does next; None if this was its last turn.
    """

    tokens: int
    blocks: int
    output_tokens: int
    service_s: float
    wait: Wait | None


@dataclass(frozen=True, slots=True)
class Pin:
    """A promise to keep one idle program's KV.

    Attributes:
        program: The owner.
        tokens: Context tokens held.
        blocks: Blocks held.
        since_s: When the pin was made: the end of the owner's last turn.
        until_s: When it expires; NEVER if only memory pressure ends it.
    """

    program: str
    tokens: int
    blocks: int
    since_s: float
    until_s: float
