"""A body with its cerebellum beside it: what a daemon does, but for its link. It reads no clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import BodyInput, BodyOutput
from cerebellum.daemon.messages import (
    Accepted,
    Act,
    Did,
    Do,
    Drop,
    Free,
    FromDevice,
    Hold,
    Holding,
    Kept,
    Plant,
    Report,
    ToDevice,
)
from cerebellum.daemon.outbox import Outbox, is_result
from cerebellum.runner import Runner
from devices.attendant import DeviceNews
from devices.contracts import BodyCard, Command, Halt, Observation, Receipt
from devices.site import SitePlan
from devices.skill import Failed, SkillEvent


class Hardware(Protocol):
    """What carries commands out: a device with its attendant, or the site, which simulates one."""

    def step(self, now: float, commands: tuple[Command, ...] = ()) -> DeviceNews:
        """Hand over commands, and learn what happened until `now` (s)."""
        ...

    def stop(self) -> None:
        """End all motion, as far as this can be done from here."""
        ...


class FarHardware:
    """Hardware that the site simulates: commands go there, and what comes of them comes back."""

    def __init__(self) -> None:
        self._commands: list[Command] = []
        self._observation: Observation | None = None
        self._receipts: list[Receipt] = []

    def step(self, now: float, commands: tuple[Command, ...] = ()) -> DeviceNews:
        """Keep the commands to be sent; what the site told meanwhile."""
        self._commands += commands
        news = DeviceNews(observation=self._observation, receipts=tuple(self._receipts))
        self._observation, self._receipts = None, []
        return news

    def stop(self) -> None:
        """What was not sent yet is not sent."""
        self._commands = []

    def tell(self, news: Plant) -> None:
        """What the site says of it."""
        self._observation = news.observation or self._observation
        self._receipts += news.receipts

    def take(self) -> tuple[Command, ...]:
        """The commands to be sent, once."""
        commands, self._commands = tuple(self._commands), []
        return commands


class Onboard:
    """Carries out what the site wants, and keeps the body safe without it.

    Args:
        card: What the body can do.
        plan: Where it is.
        hardware: What moves.
        outbox: What it must not forget.
        holds: Whether it stops when it hears nothing of the site, or does what it was told to the end.
    """

    def __init__(
        self,
        card: BodyCard,
        plan: SitePlan,
        hardware: Hardware,
        outbox: Outbox,
        holds: bool = False,
    ) -> None:
        self._body = ""
        self._hardware = hardware
        self._outbox = outbox
        self._holds = holds
        self._runner = Runner(card, plan, skill_kinds())
        # Who wants it to hold still: a person (by the epoch of their stop), and the silence.
        self._epoch = -1
        self._is_held = self._is_silent = self._was_still = False
        self._later: list[DeviceNews] = []

    def begin(self, body: str, now: float) -> None:
        """End what moves though nobody looks after it, and own up to what was broken off."""
        self._body = body
        self._later = [self._hardware.step(now, (Halt(id=f"{body}/begin/{now:.3f}"),))]
        for request in self._outbox.broken_off():
            why = "the program of the body was started anew in the middle of it"
            self._outbox.put(
                Failed(request=request, body=body, t=now, reason="restarted", detail=why)
            )

    @property
    def is_still(self) -> bool:
        """Whether no motion may begin."""
        return self._is_held or (self._holds and self._is_silent)

    def turn(
        self, now: float, heard: Iterable[ToDevice], is_silent: bool
    ) -> tuple[FromDevice, ...]:
        """Act on what the site said and on what the body reports; what the site is to know.

        Args:
            now: The site's time (s), as well as it is known.
            heard: What the site said since the last turn, in order.
            is_silent: Whether the site has not been heard for too long.
        """
        answers: list[FromDevice] = []
        orders: list[Do] = []
        drops: list[str] = []
        for word in heard:
            if isinstance(word, Do):
                answers += self._taken_on(word, orders, now)
            elif isinstance(word, Drop):
                drops.append(word.request)
            elif isinstance(word, Kept):
                self._outbox.kept(word.seq)
            elif isinstance(word, Plant) and isinstance(self._hardware, FarHardware):
                self._hardware.tell(word)
            elif isinstance(word, Hold | Free):
                self._hold(word)
        self._is_silent = is_silent
        news = [*self._later, self._hardware.step(now)]
        out = self._stepped(now, news, orders, drops)
        self._later = [self._hardware.step(now, out.commands)] if out.commands else []
        answers += [Holding(epoch=w.epoch) for w in heard if isinstance(w, Hold)]
        answers += [Report(observation=n.observation) for n in news if n.observation is not None]
        answers += [self._told(event) for event in out.events]
        if isinstance(self._hardware, FarHardware):
            commands = self._hardware.take()
            answers = [a for a in answers if not isinstance(a, Report)]
            answers += [Act(commands=commands)] if commands else []
        return tuple(answers)

    def unkept(self) -> tuple[FromDevice, ...]:
        """Every result that the site does not have: said again on each new connection."""
        return tuple(Did(seq=seq, event=event) for seq, event in self._outbox.results())

    def carried(self) -> tuple[str, ...]:
        """Requests that the body answers for."""
        return self._outbox.carried()

    def halt(self, now: float) -> None:
        """End all motion: the program ends."""
        out = self._runner.step(BodyInput(now=now, stop=True))
        self._hardware.step(now, out.commands)
        for event in out.events:
            self._told(event)

    def _taken_on(self, word: Do, orders: list[Do], now: float) -> list[FromDevice]:
        """Take an order on, or say why not."""
        request = word.order.request
        found = self._outbox.accept(request.id, word.token)
        if found == "known":
            return [Accepted(request=request.id), *self._said_again(request.id)]
        if found == "stale":
            return [
                self._refused(word, now, "stale", "it is older than what this body does already")
            ]
        if now > request.deadline_s:
            return [
                Accepted(request=request.id),
                self._refused(word, now, "expired", "it came after its deadline"),
            ]
        orders.append(word)
        return [Accepted(request=request.id)]

    def _said_again(self, request: str) -> list[FromDevice]:
        return [
            Did(seq=seq, event=event)
            for seq, event in self._outbox.results()
            if event.request == request
        ]

    def _refused(self, word: Do, now: float, reason: str, detail: str) -> FromDevice:
        request = word.order.request
        return self._told(
            Failed(request=request.id, body=request.body, t=now, reason=reason, detail=detail)
        )

    def _hold(self, word: Hold | Free) -> None:
        """The newest word counts: who was stopped is not freed by one that was on its way before."""
        if word.epoch > self._epoch:
            self._epoch, self._is_held = word.epoch, isinstance(word, Hold)

    def _stepped(
        self, now: float, news: list[DeviceNews], orders: list[Do], drops: list[str]
    ) -> BodyOutput:
        seen = [n.observation for n in news if n.observation is not None]
        is_still = self.is_still
        changed, self._was_still = is_still != self._was_still, is_still
        return self._runner.step(
            BodyInput(
                now=now,
                observation=seen[-1] if seen else None,
                receipts=tuple(receipt for n in news for receipt in n.receipts),
                orders=tuple(word.order for word in orders),
                cancels=tuple(drops),
                stop=is_still and changed,
                resume=not is_still and changed,
            )
        )

    def _told(self, event: SkillEvent) -> Did:
        """What became of a request; a result is on the disk before it is told."""
        if isinstance(event, Failed) and event.reason == "stopped" and not self._is_held:
            event = event.model_copy(update={"detail": "its daemon heard nothing of the site"})
        return Did(seq=self._outbox.put(event) if is_result(event) else 0, event=event)
