"""The bodies of a session: who is heard, what each is told, what it answers, who holds still."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from brain.contracts import BrainStep, Dispatch
from cerebellum.contracts import BodyInput, BodyOutput, Order, Whereabouts
from devices.contracts import Command, Halt, Observation, Receipt
from devices.skill import SkillEvent
from services.errors import ActorDied
from services.runtime.local import Handle, Runtime
from services.session.roster import Roster
from stem_memory.contracts import BodyBack, Payload
from stem_memory.instructions import Release, Stop


class BodySide:
    """The cerebellums of all bodies, wherever they live, and the roster of who is in touch.

    Args:
        runtime: Where they live.
        handles: One for each body, by its id.
    """

    def __init__(self, runtime: Runtime, handles: dict[str, Handle]) -> None:
        self._runtime = runtime
        self._handles = handles
        self._wakes: dict[str, float] = {}
        self._outbox: dict[str, list[Command]] = {}
        self._dead: set[str] = set()
        # Bodies that hold still until somebody releases them, and those to be told so now.
        self._stopped: set[str] = set()
        self._latches: dict[str, bool] = {}
        self.roster = Roster()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every body, in the order of joining."""
        return tuple(self._handles)

    def listen(self, now: float, heard: Iterable[str]) -> tuple[set[str], list[Payload]]:
        """Take note of who answered; returns who counts as heard, and who is lost or back."""
        alive = tuple(body for body in heard if body not in self._dead)
        return set(alive), self.roster.listen(now, alive)

    def latch(self, order: Stop | Release) -> None:
        """Have bodies told to hold still, or to go on, in this very round."""
        is_stop = isinstance(order, Stop)
        for body in order.bodies or tuple(self._handles):
            if body in self._handles and is_stop != (body in self._stopped):
                self._latches[body] = is_stop
                (self._stopped.add if is_stop else self._stopped.discard)(body)

    @property
    def all_stopped(self) -> bool:
        """Whether everybody who is in touch has to hold still."""
        able = set(self._handles) - self.roster.lost() - self._dead
        return bool(self._stopped) and self._stopped >= able

    def news(
        self,
        now: float,
        observations: Iterable[Observation],
        receipts: Iterable[Receipt],
        heard: set[str],
        changes: list[Payload],
    ) -> list[SkillEvent]:
        """Give bodies what concerns them: reports, receipts, wake-ups that are due, and stops."""
        seen: dict[str, Observation] = {report.body: report for report in observations}
        ended: dict[str, list[Receipt]] = {}
        for receipt in receipts:
            ended.setdefault(receipt.body, []).append(receipt)
        due = {body for body, t in self._wakes.items() if t <= now + 1e-6}
        for body in due:
            del self._wakes[body]
        back = {c.body: self.roster.forfeited(c.body) for c in changes if isinstance(c, BodyBack)}
        # Who was stopped while it was out of touch is told when it is heard again.
        self._latches |= {body: True for body in back if body in self._stopped}
        named = (set(seen) | set(ended) | due | set(back) | set(self._latches)) & heard
        return self._pump(
            {
                body: BodyInput(
                    now=now,
                    observation=seen.get(body),
                    receipts=tuple(ended.get(body, ())),
                    cancels=back.get(body, ()),
                    **self._latched(body),
                )
                for body in sorted(named)
            }
        )

    def orders(self, now: float, answer: BrainStep) -> list[SkillEvent]:
        """Give bodies what the brain wants of them, and stops that somebody said to it."""
        orders: dict[str, list[Order]] = {}
        cancels: dict[str, list[str]] = {}
        for item in answer.dispatches:
            orders.setdefault(item.request.body, []).append(_order(item))
        for body, request in answer.cancels:
            cancels.setdefault(body, []).append(request)
        named = set(orders) | set(cancels) | set(self._latches)
        return self._pump(
            {
                body: BodyInput(
                    now=now,
                    orders=tuple(orders.get(body, ())),
                    cancels=tuple(cancels.get(body, ())),
                    **self._latched(body),
                )
                for body in sorted(named - self.roster.lost())
            }
        )

    def take_halts(self, bodies: Collection[str]) -> dict[str, tuple[Command, ...]]:
        """What ends motion of these bodies, which waits for nobody; handed out once."""
        taken: dict[str, tuple[Command, ...]] = {}
        for body in sorted(self._outbox.keys() & set(bodies)):
            items = self._outbox[body]
            halts = tuple(item for item in items if isinstance(item, Halt))
            if halts:
                taken[body] = halts
                self._outbox[body] = [item for item in items if not isinstance(item, Halt)]
        return taken

    def take_commands(self) -> dict[str, tuple[Command, ...]]:
        """What the bodies want their devices to do now; handed out once."""
        outbox, self._outbox = self._outbox, {}
        return {body: tuple(items) for body, items in sorted(outbox.items()) if items}

    @property
    def has_commands(self) -> bool:
        """Whether commands wait to be handed over."""
        return any(self._outbox.values())

    def next_s(self) -> float | None:
        """When a body has to be asked again, or its silence looked at, at the latest (s)."""
        check = self.roster.next_check()
        return min([*self._wakes.values(), *([] if check is None else [check])], default=None)

    def _latched(self, body: str) -> dict[str, Any]:
        held = self._latches.pop(body, None)
        return {} if held is None else {"stop": held, "resume": not held}

    def _pump(self, inbox: dict[str, BodyInput]) -> list[SkillEvent]:
        """Give bodies their news, all at once; collect their commands and words."""
        asked = [body for body in inbox if body not in self._dead]
        calls = {body: self._handles[body].call("step", inbox[body]) for body in asked}
        words: list[SkillEvent] = []
        for body in asked:
            try:
                output: BodyOutput = self._runtime.gather([calls[body]])[0]
            except ActorDied:
                # What drives the motors must not outlive what thinks; the roster notices the silence.
                self._dead.add(body)
                self._outbox[body] = [Halt(id=f"{body}.dead")]
                self._wakes.pop(body, None)
                continue
            self._outbox.setdefault(body, []).extend(output.commands)
            words += output.events
            if output.wake_s is None:
                self._wakes.pop(body, None)
            else:
                self._wakes[body] = output.wake_s
        return words


def _order(item: Dispatch) -> Order:
    known: Iterable[tuple[str, tuple[str | None, float, float]]] = item.whereabouts.items()
    return Order(
        request=item.request,
        whereabouts={
            thing: Whereabouts(holder=holder, x=x, y=y) for thing, (holder, x, y) in known
        },
    )
