"""The table of pins. A pin never outlives its owner, its expiry, an abort or a reset."""

from __future__ import annotations

import heapq

from services.llm.policy.contracts import NEVER, Pin


class PinTable:
    """Pins by program, with the sum of their blocks and their expiries in order."""

    def __init__(self) -> None:
        self._pins: dict[str, Pin] = {}
        # A pin that went before its time leaves its entry behind: whose pin is another now is skipped.
        self._expiries: list[tuple[float, str, int, Pin]] = []
        self._made = 0
        self.blocks = 0

    def __contains__(self, program: str) -> bool:
        return program in self._pins

    def __len__(self) -> int:
        return len(self._pins)

    def __getitem__(self, program: str) -> Pin:
        return self._pins[program]

    def get(self, program: str) -> Pin | None:
        """The program's pin, or None."""
        return self._pins.get(program)

    def all(self) -> list[Pin]:
        """Every pin, oldest first."""
        return list(self._pins.values())

    def add(self, pin: Pin) -> None:
        """Add a pin; an earlier one of the same program is replaced."""
        self.remove(pin.program)
        self._pins[pin.program] = pin
        self.blocks += pin.blocks
        if pin.until_s < NEVER:
            self._made += 1
            heapq.heappush(self._expiries, (pin.until_s, pin.program, self._made, pin))

    def remove(self, program: str) -> Pin | None:
        """Take the program's pin away, if it has one."""
        pin = self._pins.pop(program, None)
        if pin is not None:
            self.blocks -= pin.blocks
        return pin

    def next_expiry(self) -> float:
        """When the next pin expires; NEVER if none does."""
        while self._expiries:
            until, _, _, pin = self._expiries[0]
            if self._pins.get(pin.program) is pin:
                return until
            heapq.heappop(self._expiries)
        return NEVER

    def due(self, now: float) -> list[Pin]:
        """Pins whose time is over, earliest first; they stay in the table."""
        found = []
        while self.next_expiry() <= now:
            found.append(heapq.heappop(self._expiries)[-1])
        return found

    def clear(self) -> list[Pin]:
        """Take all away."""
        pins = self.all()
        self._pins.clear()
        self._expiries.clear()
        self.blocks = 0
        return pins
