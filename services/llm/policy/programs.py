"""The table of programs: what each has used, what it is doing, and since when."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.llm.policy.contracts import Outcome, Turn, Wait
from services.llm.policy.survival import Forecast

# Weight of the newest wait in a program's usual one.
_PACE_WEIGHT = 0.3


@dataclass(slots=True)
class Program:
    """One agent job, from its first request until its last answer or its abort.

    Attributes:
        name: Its id.
        arrived_s: When its first request arrived.
        open_turns: Ids of turns that have arrived and are not finished (sub-agents may overlap).
        turns: Turns finished.
        service_s: Engine time it has been charged.
        tokens: Context tokens at the end of its last turn.
        idle_since_s: End of its last turn while no turn is open; else None.
        wait: What it does meanwhile.
        forecast: How long that may take.
        pace_s: Its usual wait; None before the first one has ended.
        evicted: Whether its KV had been given up before its open turn began.
    """

    name: str
    arrived_s: float
    open_turns: set[str] = field(default_factory=set)
    turns: int = 0
    service_s: float = 0.0
    tokens: int = 0
    idle_since_s: float | None = None
    wait: Wait | None = None
    forecast: Forecast | None = None
    pace_s: float | None = None
    evicted: bool = False

    def back_in_s(self, share: float, now: float) -> float | None:
        """Within how many seconds from now this share of such waits is over; None if it is not away."""
        if self.forecast is None or self.idle_since_s is None:
            return None
        away = now - self.idle_since_s
        reached = self.forecast.returned_by(away)
        whole = self.forecast.quantile_s(reached + share * (1.0 - reached))
        return max(0.0, whole - away)


class ProgramTable:
    """All programs that have begun and not ended."""

    def __init__(self) -> None:
        self._programs: dict[str, Program] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._programs

    def __len__(self) -> int:
        return len(self._programs)

    def __getitem__(self, name: str) -> Program:
        return self._programs[name]

    def get(self, name: str) -> Program | None:
        """The program, or None if there is none of this name."""
        return self._programs.get(name)

    def all(self) -> list[Program]:
        """Every program, in order of arrival."""
        return list(self._programs.values())

    def arrived(self, turn: Turn, now: float) -> tuple[Program, float | None]:
        """Open a turn.

        Returns:
            Its program, and for how many seconds that had been away; None if it had not.
        """
        program = self._programs.get(turn.program)
        if program is None:
            program = self._programs[turn.program] = Program(turn.program, now)
        away = None if program.idle_since_s is None else max(0.0, now - program.idle_since_s)
        program.open_turns.add(turn.turn_id)
        program.idle_since_s = None
        return program, away

    def finished(self, turn: Turn, outcome: Outcome, now: float) -> Program | None:
        """Close a turn; forgets the program if it was its last.

        Returns:
            The program, or None if it is unknown or has ended.
        """
        program = self._programs.get(turn.program)
        if program is None:
            return None
        program.open_turns.discard(turn.turn_id)
        program.turns += 1
        program.service_s += outcome.service_s
        program.tokens = outcome.tokens
        program.wait = outcome.wait
        if outcome.wait is None and not program.open_turns:
            del self._programs[turn.program]
            return program
        if not program.open_turns:
            program.idle_since_s = now
        return program

    def remember_pace(self, program: Program, away_s: float) -> None:
        """Update a program's usual wait by the one that just ended."""
        before = program.pace_s
        program.pace_s = (
            away_s if before is None else (1 - _PACE_WEIGHT) * before + _PACE_WEIGHT * away_s
        )

    def adopt(self, program: Program) -> None:
        """Take over a program that waits, from the table of another engine."""
        self._programs[program.name] = program

    def forget(self, name: str) -> None:
        """Drop a program that was aborted; unknown names are ignored."""
        self._programs.pop(name, None)

    def clear(self) -> None:
        """Drop all."""
        self._programs.clear()
