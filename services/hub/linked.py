"""A body whose cerebellum is a daemon's: the session asks it like any other, and the link serves it.

Two threads meet here: the session's asks (`take_up`, `step`, `poll`), the event loop's tells
(`attach`, `detach`, `hear`, `settle`). Nothing here waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from cerebellum.contracts import BodyInput, BodyOutput
from cerebellum.daemon.messages import (
    Accepted,
    Act,
    Beat,
    Bye,
    Did,
    Do,
    Drop,
    Free,
    FromDevice,
    Hello,
    Hold,
    Holding,
    Kept,
    Plant,
    Report,
    ToDevice,
)
from cerebellum.daemon.outbox import is_result
from devices.attendant import DeviceNews
from devices.clock import Clock
from devices.contracts import BodyCard, BodySpec, Command, Observation
from devices.skill import Failed, SkillEvent

# So many reports wait for the session; of older ones the newest tell more.
_REPORTS = 64

Send = Callable[[ToDevice], None]


class LinkedBody:
    """One body of a site that a daemon looks after.

    Args:
        hello: How its daemon introduced it.
        clock: The machine's clock.
        silence_s: Heard nothing for so long (s of that clock), it is out of touch.
        token: Makes fencing tokens, each larger than all before it.
    """

    def __init__(
        self, hello: Hello, clock: Clock, silence_s: float, token: Callable[[], int]
    ) -> None:
        self.id = hello.id
        self.card: BodyCard = hello.card
        self.spec: BodySpec | None = hello.spec
        self.finishes = hello.finishes
        # The last stop: its epoch, when it was sent, and how long it took until the body held (s).
        self.stop_latency_s: float | None = None
        self._clock = clock
        self._silence_s = silence_s
        self._token = token
        self._lock = threading.Lock()
        self._send: Send | None = None
        self._heard_s = clock.now()
        self._carries = set(hello.carries)
        # Requests that it answers for to the session, and of those the ones that did not arrive yet.
        self._leased: dict[str, None] = {}
        self._orders: dict[str, Do] = {}
        self._drops: dict[str, None] = {}
        self._hold: Hold | Free | None = None
        self._hold_s = 0.0
        # Results that the session was told of and may not have recorded yet.
        self._told: list[int] = []
        self._events: list[tuple[int, SkillEvent]] = []
        self._reports: list[Observation] = []
        self._commands: list[Command] = []
        # What its simulated hardware reported last: a daemon that was started anew knows nothing.
        self._seen: Observation | None = None

    # -- the session's thread --------------------------------------------------------------------

    def take_up(self, requests: tuple[str, ...]) -> None:
        """It is a member now. Of what it was given before, it ends what it does not know of."""
        with self._lock:
            self._leased |= dict.fromkeys(requests)
            self._miss("the order did not arrive before the site went down")

    def refuse(self, why: str) -> None:
        """It can not take part, or not any more."""
        with self._lock:
            self._hang_up(why)

    def forfeit(self, requests: tuple[str, ...]) -> None:
        """Others do this from now on: what did not arrive never does, what did is to be given up."""
        with self._lock:
            for request in requests:
                self._leased.pop(request, None)
                self._orders.pop(request, None)
                self._drops[request] = None
                self._say(Drop(request=request))

    def step(self, news: BodyInput) -> BodyOutput:
        """Pass news on, and hand over what came."""
        with self._lock:
            for order in news.orders:
                self._leased[order.request.id] = None
                do = Do(token=self._token(), order=order)
                self._orders[order.request.id] = do
                self._say(do)
            for request in news.cancels:
                self._orders.pop(request, None)
                self._drops[request] = None
                self._say(Drop(request=request))
            if news.stop or news.resume:
                kind = Hold if news.stop else Free
                self._hold, self._hold_s = kind(epoch=self._token()), self._clock.now()
                self._say(self._hold)
            self._seen = news.observation or self._seen
            if self.spec is None and (news.observation is not None or news.receipts):
                self._say(Plant(observation=news.observation, receipts=news.receipts))
            events = tuple(self._taken(news.now))
            commands, self._commands = tuple(self._commands), []
        return BodyOutput(commands=commands, events=events)

    def poll(self, now: float, commands: tuple[Command, ...]) -> DeviceNews:
        """Whether it is in touch, and its next report. Commands go from its cerebellum to its motors."""
        with self._lock:
            silent = self._clock.now() - self._heard_s > self._silence_s
            if silent:
                # What is still on the way must not arrive once its work was given away.
                self._hang_up("it was silent for too long: call again")
            heard = self._send is not None
            report = self._reports.pop(0) if self._reports else None
        trouble = "" if heard else "its daemon is not heard"
        return DeviceNews(
            observation=None if report is None else report.model_copy(update={"body": self.id}),
            heard=heard,
            trouble=trouble,
        )

    def _taken(self, now: float) -> list[SkillEvent]:
        """What came of requests that it still answers for; the rest was given to others."""
        found = []
        for seq, event in self._events:
            if is_result(event) and seq:
                self._told.append(seq)
            if event.request not in self._leased:
                continue
            if is_result(event):
                self._leased.pop(event.request)
                self._orders.pop(event.request, None)
            found.append(event.model_copy(update={"body": self.id, "t": min(event.t, now) or now}))
        self._events = []
        return found

    def _miss(self, why: str) -> None:
        """What it was given and neither carries nor is still being told of is not done by anybody."""
        ended = {event.request for _, event in self._events if is_result(event)}
        for request in self._leased.keys() - self._carries - self._orders.keys() - ended:
            lost = Failed(request=request, body=self.id, t=0.0, reason="not_received", detail=why)
            self._events.append((0, lost))

    def _hang_up(self, why: str) -> None:
        self._say(Bye(reason=why))
        self._send = None

    def _say(self, word: ToDevice) -> None:
        if self._send is not None:
            self._send(word)

    @property
    def silent_s(self) -> float:
        """For how long (s of the machine's clock) nothing was heard of it."""
        with self._lock:
            return self._clock.now() - self._heard_s

    # -- the event loop's thread -----------------------------------------------------------------

    def attach(self, hello: Hello, send: Send) -> None:
        """A connection begins, and an older one ends: what has to arrive is said again."""
        with self._lock:
            self._hang_up("another connection of this device took its place")
            self._send = send
            self._heard_s = self._clock.now()
            self._carries = set(hello.carries)
            self._drops = {request: None for request in self._drops if request in self._carries}
            self._miss("its daemon knows nothing of it any more")
            if self._seen is not None and self.spec is None:
                send(Plant(observation=self._seen))
            for word in (self._hold, *self._orders.values(), *map(_drop, self._drops)):
                if word is not None:
                    send(word)

    def detach(self, send: Send) -> None:
        """A connection has ended."""
        with self._lock:
            if self._send is send:
                self._send = None

    def is_attached(self, send: Send) -> bool:
        """Whether this is the connection that counts."""
        return self._send is send

    def hear(self, word: FromDevice) -> None:
        """Take in what the daemon says."""
        with self._lock:
            self._heard_s = self._clock.now()
            if isinstance(word, Accepted):
                self._orders.pop(word.request, None)
            elif isinstance(word, Did):
                self._events.append((word.seq, word.event))
            elif isinstance(word, Report):
                self._reports = [*self._reports, word.observation][-_REPORTS:]
            elif isinstance(word, Act):
                self._commands += word.commands
            elif isinstance(word, Holding) and self._hold == Hold(epoch=word.epoch):
                self.stop_latency_s = self._clock.now() - self._hold_s

    def settle(self) -> None:
        """A round is recorded: results that it was told of are on the disk."""
        with self._lock:
            for seq in self._told:
                self._say(Kept(seq=seq))
            self._told = []


def is_urgent(word: FromDevice) -> bool:
    """Whether the session should look at once."""
    return not isinstance(word, Beat | Accepted)


def _drop(request: str) -> Drop:
    return Drop(request=request)
