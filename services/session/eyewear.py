"""A pair of glasses in a session: it opens with the first round, and says what concerns its wearer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from services.alpha.contracts import WishPosted
from services.alpha.orders import GlassesConfig
from services.alpha.party import GlassesParty, wearer_in
from services.memory.client import MemoryClient
from services.runtime import Runtime

_CONFIG = GlassesConfig(fleet=True)


def require_wearer(source: str, people: Collection[str]) -> None:
    """See that the glasses of a source can be used, and are worn by somebody of the site.

    Raises:
        UserError, DeviceError: They can not.
    """
    wearer_in(source, _CONFIG, people)


class Eyewear:
    """Glasses whose time 0 is at `begins_s` of the session (seconds)."""

    def __init__(
        self, source: str, runtime: Runtime, memory: MemoryClient, begins_s: float
    ) -> None:
        self._party = GlassesParty(source, _CONFIG, runtime, memory, begins_s=begins_s)
        self._begins_s = begins_s
        self._is_open = False

    @property
    def wearer(self) -> str:
        """Who wears them, a person of the site."""
        return self._party.wearer.id

    @property
    def is_live(self) -> bool:
        """Whether their source goes on by itself."""
        return self._party.is_live

    def next_s(self) -> float | None:
        """The next instant at which something happens there; None: it is over."""
        return self._party.next_s() if self._is_open else self._begins_s

    def advance(self, until: float) -> Iterable[str]:
        """Let their time pass; returns what the wearer said to the fleet meanwhile.

        What they saw is in memory then.
        """
        if not self._is_open:
            # Memory knows the site by now, and so what the wearer may see.
            self._party.open()
            self._is_open = True
        entries = self._party.advance(until)
        return [entry.text for entry in entries if isinstance(entry, WishPosted)]

    def say(self, text: str, t: float) -> None:
        """Tell the wearer something."""
        self._party.say(text, t)

    def finish(self, folder: Path) -> None:
        """Write the ledger of what they said and why, and let go of them."""
        if self._is_open:
            self._party.finish(folder)
        self._party.close()
