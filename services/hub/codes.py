"""One-time codes by which devices enrol: short enough to be typed, worth little for long."""

from __future__ import annotations

import secrets
from collections import deque

from devices.clock import Clock
from services.errors import UserError

VALID_S = 600.0
# Without what is mistaken for something else.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 10
# More wrong codes than these within a minute are no mistakes of people.
_TRIES, _MINUTE_S = 10, 60.0


class TooMany(UserError):
    """Codes were guessed: for a while none is looked at."""


class Codes:
    """The codes of a site that were not used yet. A restart forgets them.

    Args:
        clock: The machine's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._wrong: deque[float] = deque(maxlen=_TRIES)

    def make(self) -> str:
        """A new code."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        self._until[code] = self._clock.now() + VALID_S
        return code

    def use(self, code: str) -> bool:
        """Whether it is one, which it is never again.

        Raises:
            TooMany: Too many wrong ones came within a minute.
        """
        now = self._clock.now()
        if len(self._wrong) == _TRIES and now - self._wrong[0] < _MINUTE_S:
            raise TooMany("too many wrong codes: wait a minute")
        self._until = {known: until for known, until in self._until.items() if until > now}
        if self._until.pop(code.strip().upper(), None) is None:
            self._wrong.append(now)
            return False
        return True
