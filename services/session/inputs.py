"""What people tell a session: words known beforehand, and what comes while it runs, from any thread."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from services.session.contracts import PostedWish
from stem_memory.instructions import Instruction

if TYPE_CHECKING:
    from cerebellum.contracts import BodyInput, BodyOutput
    from devices.attendant import DeviceNews
    from devices.contracts import BodyCard, BodySpec, Command
    from devices.facts import Condition

Channel = Literal["typed", "spoken", "glasses", "api"]


@dataclass(frozen=True)
class Words:
    """Somebody says something; `who` None: the operator of the site.

    `within_s` is the deadline of what they wish, seconds from when it is heard. `key` marks them, so
    that whoever says them again because no answer came is not heard twice. `goal` is the one whose
    question they answer, if somebody says so; `conditions` are what a program wishes, beside its words.
    """

    text: str
    who: str | None = None
    within_s: float | None = None
    priority: int = 0
    channel: Channel = "typed"
    key: str = ""
    goal: str = ""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Directive:
    """An instruction given by a program or a command, not in words; `by` None: the operator.

    `key` is as that of words.
    """

    instruction: Instruction
    by: str | None = None
    key: str = ""


Input = Words | Directive


class Newcomer(Protocol):
    """A body that joins a session while it goes on: its cerebellum lives elsewhere.

    It is asked like an actor: `step(news)` as a `BodyActor` is, `poll(now, commands)` as an
    `devices.attendant.Attendant` is.
    """

    @property
    def id(self) -> str:
        """Under which it takes part."""
        ...

    @property
    def card(self) -> BodyCard:
        """What it can do."""
        ...

    @property
    def spec(self) -> BodySpec | None:
        """Where it is; None: the world simulates its hardware and lets it in."""
        ...

    @property
    def finishes(self) -> bool:
        """Whether it does what it was told to the end when it is out of touch; else it gives it up."""
        ...

    def refuse(self, why: str) -> None:
        """It can not take part."""
        ...

    def take_up(self, requests: tuple[str, ...]) -> None:
        """It is a member now; the site holds it to these requests, given to it before."""
        ...

    def forfeit(self, requests: tuple[str, ...]) -> None:
        """It counts as lost, and others do this from now on."""
        ...

    def step(self, news: BodyInput) -> BodyOutput:
        """News for its cerebellum, and what came from there."""
        ...

    def poll(self, now: float, commands: tuple[Command, ...]) -> DeviceNews:
        """Whether it is heard, and what it reports."""
        ...


class Inputs:
    """The one door to a running session. Times in seconds of the session.

    Args:
        scheduled: What is said when, as known from the start.
    """

    def __init__(self, scheduled: Iterable[tuple[float, Input]] = ()) -> None:
        self._scheduled = sorted(scheduled, key=lambda item: item[0])
        # May be put to from any thread, and by a signal's handler in the middle of a wait. None: look up.
        self._arrived: queue.SimpleQueue[Input | None] = queue.SimpleQueue()
        self._fresh: list[Input] = []
        self._newcomers: queue.SimpleQueue[Newcomer] = queue.SimpleQueue()
        self._is_woken = False
        self._is_ending = False
        self._speakers = 0

    @property
    def is_live(self) -> bool:
        """Whether somebody may still say something: who waits for a word is not given up."""
        return self._speakers > 0

    def join(self) -> None:
        """Somebody listens to the session and may speak until they `leave`."""
        self._speakers += 1

    def leave(self) -> None:
        """They say nothing more."""
        self._speakers -= 1
        self._arrived.put(None)

    def put(self, item: Input) -> None:
        """Tell the session something now. May be called from any thread; returns at once."""
        self._arrived.put(item)

    def join_body(self, body: Newcomer) -> None:
        """Let a body take part from the next round on. May be called from any thread."""
        self._newcomers.put(body)
        self._arrived.put(None)

    def wake(self) -> None:
        """Have the session look around now: somebody has news. May be called from any thread."""
        self._arrived.put(None)

    def newcomers(self) -> list[Newcomer]:
        """Who wants to join; each is handed out once."""
        found = []
        while not self._newcomers.empty():
            found.append(self._newcomers.get())
        return found

    def end(self) -> None:
        """Have the session stop everybody and close in order. A signal's handler may call it."""
        self._is_ending = True
        self._arrived.put(None)

    @property
    def is_ending(self) -> bool:
        """Whether somebody wants the session to close."""
        return self._is_ending

    def due(self, now: float) -> tuple[list[Input], list[Input]]:
        """What was scheduled until now, and what came meanwhile; each is handed out once."""
        planned = []
        while self._scheduled and self._scheduled[0][0] <= now + 1e-6:
            planned.append(self._scheduled.pop(0)[1])
        while not self._arrived.empty():
            self._take(self._arrived.get())
        fresh, self._fresh, self._is_woken = self._fresh, [], False
        return planned, fresh

    def next_s(self) -> float | None:
        """When the next scheduled input is due; None: none is."""
        return self._scheduled[0][0] if self._scheduled else None

    @property
    def has_news(self) -> bool:
        """Whether something waits to be taken in now."""
        return self._is_woken or self._is_ending or not self._arrived.empty()

    def wait(self, seconds: float) -> None:
        """Return when something comes in, after so many seconds at the latest."""
        with contextlib.suppress(queue.Empty):
            self._take(self._arrived.get(timeout=seconds))

    def _take(self, item: Input | None) -> None:
        self._is_woken = True
        if item is not None:
            self._fresh.append(item)


def words_of(wish: PostedWish) -> Words:
    """A posted wish as words."""
    return Words(
        text=wish.text,
        who=wish.who,
        within_s=wish.within_s,
        priority=wish.priority,
        channel="typed",
    )
