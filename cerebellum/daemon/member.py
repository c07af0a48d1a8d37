"""The device's side of the link, but for its socket: what it says, what it makes of what it hears, and
how long it may count on the site.
"""

from __future__ import annotations

from dataclasses import dataclass

from cerebellum.daemon.messages import Beat, Bye, FromDevice, Hello, Sync, ToDevice, Welcome
from cerebellum.daemon.onboard import Hardware, Onboard
from cerebellum.daemon.outbox import Outbox
from cerebellum.daemon.timing import SiteClock
from cerebellum.errors import CerebellumError
from devices.clock import Clock
from devices.contracts import BodyCard, BodySpec


class Rejected(CerebellumError):
    """The site will not have this device; calling again changes nothing."""


@dataclass(frozen=True)
class Calling:
    """Who calls whom.

    Attributes:
        id: Under which the body takes part.
        url: The site's address, "http://..." or "https://...".
        key: The device's key.
        card: What the body can do.
        spec: Where it is; None: the site simulates its hardware.
        ca: A certificate authority of the site's own, in a file.
        holds: Whether the body stops when it hears nothing of the site.
    """

    id: str
    url: str
    key: str
    card: BodyCard
    spec: BodySpec | None
    ca: str | None = None
    holds: bool = False


class Member:
    """One body of a site over all its connections. Reads its clock, waits for nothing.

    The site counts on the body for as long as it hears it, and the body may count on the site only for
    as long as it knows that it was heard: `silence_s` from when it *sent* the last beat that was
    answered. So whoever stops on silence has stopped before the site gives its work to others, however
    long messages take and whichever way gets lost (C. Gray, D. Cheriton, "Leases: an efficient
    fault-tolerant mechanism for distributed file cache consistency", SOSP 1989).

    Args:
        calling: Who calls whom.
        hardware: What moves.
        outbox: What it must not forget.
        clock: The machine's clock.
    """

    def __init__(self, calling: Calling, hardware: Hardware, outbox: Outbox, clock: Clock) -> None:
        self._calling = calling
        self._hardware = hardware
        self._outbox = outbox
        self._clock = clock
        self._site = SiteClock(clock)
        self._onboard: Onboard | None = None
        self._heard: list[ToDevice] = []
        self._beat_s, self._silence_s = 1.0, 2.0
        self._next_beat_s = self._called_s = clock.now()
        self._counts_until_s = clock.now()

    def hello(self) -> Hello:
        """The first words of a connection."""
        self._called_s = self._clock.now()
        calling = self._calling
        return Hello(
            id=calling.id,
            card=calling.card,
            spec=calling.spec,
            finishes=not calling.holds,
            carries=self._outbox.carried(),
        )

    def begin(self, word: ToDevice) -> tuple[FromDevice, ...]:
        """Take the site's first words in; what it has to be told first.

        Raises:
            Rejected: It will not have this device.
        """
        if isinstance(word, Bye):
            raise Rejected(f"the site will not have {self._calling.id}: {word.reason}")
        if not isinstance(word, Welcome):
            raise Rejected(f"the site speaks another protocol: it said {word.kind}")
        self._site.welcome(word)
        self._beat_s, self._silence_s = word.beat_s, word.silence_s
        self._next_beat_s = self._clock.now()
        self._counts_until_s = self._called_s + self._silence_s
        self._heard = []
        if self._onboard is None:
            calling = self._calling
            self._onboard = Onboard(
                calling.card, word.plan, self._hardware, self._outbox, calling.holds
            )
            self._onboard.begin(calling.id, self._site.now())
        return self._onboard.unkept()

    def hear(self, word: ToDevice) -> str:
        """Take in what the site says; what a person may want to know of it."""
        if isinstance(word, Sync):
            self._site.sync(word)
            self._counts_until_s = max(self._counts_until_s, word.local_s + self._silence_s)
        elif isinstance(word, Bye):
            return f"the site says: {word.reason}"
        else:
            self._heard.append(word)
        return ""

    def turn(self) -> tuple[FromDevice, ...]:
        """Look after the body once; what the site is to know."""
        said: list[FromDevice] = []
        now = self._clock.now()
        if now >= self._next_beat_s:
            self._next_beat_s = now + self._beat_s
            said.append(Beat(local_s=now))
        if self._onboard is None:
            return tuple(said)
        heard, self._heard = self._heard, []
        return (*said, *self._onboard.turn(self._site.now(), heard, self.alone_s > 0.0))

    @property
    def alone_s(self) -> float:
        """For how long (s) it could not count on the site; less than 0: it can."""
        return self._clock.now() - self._counts_until_s

    @property
    def patience_s(self) -> float:
        """In how many seconds a connection that brings nothing is worth calling anew."""
        return self._silence_s - self.alone_s

    def halt(self) -> None:
        """End all motion: nobody looks after the body from here on."""
        if self._onboard is not None:
            self._onboard.halt(self._site.now())
        self._hardware.stop()
