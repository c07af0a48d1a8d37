"""The computer of one device in virtual time: its daemon without a socket, which may be killed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from cerebellum.daemon.member import Calling, Member, Rejected
from cerebellum.daemon.messages import Act, Did, FromDevice, Plant, ToDevice
from cerebellum.daemon.onboard import FarHardware
from cerebellum.daemon.outbox import Outbox, is_result
from cerebellum.daemon.timing import BackOff
from devices.clock import Clock
from devices.contracts import BodyCard, Command, Halt
from devices.skill import Started
from services.hub.linked import LinkedBody
from services.hub.links import Links, Unwelcome
from services.lab.fleet.ledger import Ledger
from services.lab.fleet.lines import Line, Weather

TURN_S = 0.05
# A daemon whose disk is full ends; whoever looks after the machine has made room after so long (s).
ROOM_S = 3.0


@dataclass
class Machine:
    """One device: calls the site when it is there, and keeps what it must not forget on a disk.

    Args:
        id: Under which it takes part.
        card: What its body can do.
        holds: Whether it stops when it hears nothing of the site.
        disk: Its folder.
        clock: The time of the trial.
        random: Chance.
        ledger: Where what it really does is written down.
        is_naive: It forgets with its process, and goes on with what others were given meanwhile.
        motors: Takes its commands where its hardware stands beside it, whatever the network does; None:
            they go through the site.
    """

    id: str
    card: BodyCard
    holds: bool
    disk: Path
    clock: Clock
    random: Random
    ledger: Ledger
    is_naive: bool = False
    motors: Callable[[tuple[Command, ...]], None] | None = None
    weather: Weather = field(default_factory=Weather)

    def __post_init__(self) -> None:
        self._connection: _Connection | None = None
        self._call_s = self._turn_s = 0.0
        self._back_off = BackOff(self.random)
        self.is_disk_full = False
        self.asleep_until = 0.0
        self._member: Member | None
        self._outbox, self._member = self._started()

    def tick(self, links: Links | None) -> None:
        """Go on for a moment; `links` None: the site is down."""
        now = self.clock.now()
        connection = self._connection
        if connection is not None and connection.links is not links:
            self._hang_up()
        elif connection is not None:
            connection.line.deliver(
                now, partial(self._up, connection), partial(self._down, connection)
            )
        if now < self.asleep_until:
            return
        member = self._member
        if member is None:
            self._outbox, self._member = self._started()
            return
        if now >= self._turn_s:
            self._turn_s = now + TURN_S
            if not self._turned(now, member):
                return
        if self._connection is None and links is not None and now >= self._call_s:
            self._call(now, member, links)

    def sense(self, plant: Plant) -> None:
        """What hardware beside the daemon reports."""
        if self._member is not None:
            self._member.hear(plant)

    def kill(self, for_s: float) -> None:
        """The daemon is gone at once, and begins anew after a while."""
        self._hang_up()
        self._member = None
        self._outbox.close()
        self.asleep_until = self.clock.now() + for_s

    @property
    def owes(self) -> bool:
        """Whether it has results that the site does not have."""
        return self._member is None or bool(self._outbox.carried() or self._outbox.results())

    def _started(self) -> tuple[Outbox, Member]:
        outbox = Outbox(":memory:" if self.is_naive else self.disk / f"{self.id}.db")
        holds = self.holds and not self.is_naive
        calling = Calling(self.id, "", "", self.card, None, holds=holds)
        return outbox, Member(calling, FarHardware(), outbox, self.clock)

    def _turned(self, now: float, member: Member) -> bool:
        """Look after the body once; False: the daemon has ended."""
        try:
            if self.is_disk_full:
                raise sqlite3.OperationalError("database or disk is full")
            words = member.turn()
        except sqlite3.OperationalError:
            member.halt()
            self.kill(ROOM_S)
            self.is_disk_full = False
            return False
        connection = self._connection
        for word in words:
            self._note(now, word)
            if isinstance(word, Act) and self.motors is not None:
                self.motors(word.commands)
                continue
            if connection is not None and connection.is_known:
                connection.line.say(now, word)
        if connection is not None and connection.is_known and member.patience_s <= 0.0:
            self._hang_up()
        return True

    def _note(self, now: float, word: FromDevice) -> None:
        """Write down what was really done."""
        if isinstance(word, Did) and isinstance(word.event, Started):
            self.ledger.begun(word.event.request, self.id, now)
        elif isinstance(word, Did) and is_result(word.event):
            self.ledger.ended(word.event, now)
        elif isinstance(word, Act):
            for command in word.commands:
                if not isinstance(command, Halt):
                    self.ledger.commanded(command.id.rpartition("/")[0], now)

    # -- its connection --------------------------------------------------------------------------

    def _call(self, now: float, member: Member, links: Links) -> None:
        self._call_s = now + self._back_off.next_s()
        if self.weather.is_deaf or self.weather.is_mute:
            return
        hello = member.hello()
        if self.is_naive:
            hello = hello.model_copy(update={"finishes": False})
        try:
            body = links.admit(hello, self.id)
        except Unwelcome:
            return
        line = Line(self.weather, self.random)

        def send(word: ToDevice) -> None:
            line.tell(self.clock.now(), word)

        self._connection = _Connection(line, links, body, send)
        send(links.welcome())
        body.attach(hello, send)

    def _up(self, connection: _Connection, word: FromDevice) -> None:
        if connection.body.is_attached(connection.send):
            for answer in connection.links.hear(connection.body, word, lambda: True):
                connection.send(answer)

    def _down(self, connection: _Connection, word: ToDevice) -> None:
        member = self._member
        if member is None:
            return
        if isinstance(word, Plant) and self.motors is not None:
            return
        if connection.is_known:
            if member.hear(word):
                self._hang_up()
            return
        try:
            first = member.begin(word)
        except Rejected:
            self._hang_up()
            return
        connection.is_known = True
        self._back_off.reset()
        for said in first:
            connection.line.say(self.clock.now(), said)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.line.is_open = False
            self._connection.body.detach(self._connection.send)
            self._connection = None
            self._call_s = self.clock.now() + self._back_off.next_s()


@dataclass
class _Connection:
    """`is_known`: the site has said its first words."""

    line: Line
    links: Links
    body: LinkedBody
    send: Callable[[ToDevice], None]
    is_known: bool = False
