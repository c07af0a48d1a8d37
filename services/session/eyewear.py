"""A pair of glasses in a session: it opens with the first round, and says what concerns its wearer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from services.alpha.contracts import WearerProfile, WishPosted
from services.alpha.orders import GlassesConfig
from services.alpha.party import GlassesParty, wearer_in
from services.errors import ActorDied
from services.memory.client import MemoryClient
from services.runtime.local import Runtime
from stem_memory.contracts import BodyLost, Event

_CONFIG = GlassesConfig(fleet=True)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Who records that glasses are lost.
_ORIGIN = "eyewear"


def require_wearer(worn: str, people: Collection[str]) -> None:
    """See that the glasses of a source can be used, and are worn by somebody of the site.

    Args:
        worn: `WHO=SOURCE`, or a source that says itself who wears it.
        people: The ids of everybody there.

    Raises:
        UserError, DeviceError: They can not.
    """
    config, source = _worn(worn)
    wearer_in(source, config, people)


def _worn(worn: str) -> tuple[GlassesConfig, str]:
    """The settings, and the source: a camera cannot say who wears it."""
    who, is_named, source = worn.partition("=")
    if not is_named or not _ID.fullmatch(who):
        return _CONFIG, worn
    return _CONFIG.model_copy(update={"wearer": WearerProfile(id=who)}), source


class Eyewear:
    """Glasses whose time 0 is at `begins_s` of the session (seconds); `worn` as in `require_wearer`."""

    def __init__(self, worn: str, runtime: Runtime, memory: MemoryClient, begins_s: float) -> None:
        config, source = _worn(worn)
        self._party = GlassesParty(source, config, runtime, memory, begins_s=begins_s)
        self._begins_s = begins_s
        self._is_open = False
        # Why nothing is heard of them any more, once that is so.
        self._lost = ""
        self._memory = memory

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
        if self._lost:
            return None
        return self._party.next_s() if self._is_open else self._begins_s

    def advance(self, until: float) -> Iterable[str]:
        """Let their time pass; returns what the wearer said to the fleet meanwhile.

        What they saw is in memory then. Glasses whose process dies are lost, as a body would be, and the
        session goes on without them.
        """
        if self._lost:
            return []
        try:
            if not self._is_open:
                # Memory knows the site by now, and so what the wearer may see.
                self._is_open = True
                self._party.open()
            entries = self._party.advance(until)
        except ActorDied as error:
            self._lose(str(error), until)
            return []
        return [entry.text for entry in entries if isinstance(entry, WishPosted)]

    def say(self, text: str, t: float) -> None:
        """Tell the wearer something."""
        if not self._lost:
            self._party.say(text, t)

    def finish(self, folder: Path) -> None:
        """Write the ledger of what they said and why, and let go of them."""
        if self._is_open:
            self._party.finish(folder)
        self._party.close()

    def _lose(self, why: str, t: float) -> None:
        self._lost = why
        if self._is_enrolled():
            lost = BodyLost(body=self._party.body, last_heard_s=round(t, 3), reason=why)
            seq = (self._memory.last_seq(_ORIGIN) or 0) + 1
            event = Event(origin=_ORIGIN, seq=seq, t=round(t, 3), body=lost)
            self._memory.append([event], round(t * 1000))

    def _is_enrolled(self) -> bool:
        return self._party.body in self._memory.state.bodies()
