"""One body's runner: takes orders in, gives commands and events out, one skill at a time.

A runner is a plain state machine. It reads no clock and starts nothing; whoever owns the body calls
`step` with the news and passes on what comes out, in a simulation, an actor or a device's daemon.
What holds after every step:

- at most one command is under way besides `halt`;
- every accepted request ends in exactly one of Succeeded, Failed and Cancelled, and a repeated
  request or cancel repeats that event;
- after a stop nothing but `halt` goes out until somebody resumes.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cerebellum.context import Context
from cerebellum.contracts import BodyInput, BodyOutput, Order
from cerebellum.errors import CerebellumError
from cerebellum.guard import Guard, Refusal
from cerebellum.senses import INSTANT_S, Senses
from cerebellum.skill import Skill, SkillKind, Status
from devices.contracts import BodyCard, Command, Halt, Receipt
from devices.roadmap import Roadmap
from devices.site import SitePlan
from devices.skill import (
    Cancelled,
    Failed,
    Progress,
    SkillEvent,
    SkillRequest,
    Started,
    Succeeded,
)

# A halted command that sends no receipt for this long (s) is taken for ended: the link is broken.
HALT_WAIT_S = 2.0
# A skill that comes to no rest within so many ticks of one step is broken.
TICKS = 64
# So many finished requests are remembered, to answer repetitions.
MEMORY = 1024

# How a request ends: makes its final event, at the time given.
_Ending = Callable[[SkillRequest, float], SkillEvent]


@dataclass
class _Performance:
    """The request that is being carried out. `ending` is set once only its halt is awaited."""

    order: Order
    context: Context
    skill: Skill | None = None
    ending: _Ending | None = None
    has_news: bool = True


@dataclass
class _Outbox:
    commands: list[Command] = field(default_factory=list)
    events: list[SkillEvent] = field(default_factory=list)


class Runner:
    """Runs skills on one body, under a guard.

    `skills` are the performances by name (see `cerebellum.catalogue.skill_kinds`). A `roadmap` of
    the plan may be shared among bodies of one process.
    """

    def __init__(
        self,
        card: BodyCard,
        plan: SitePlan,
        skills: Mapping[str, SkillKind],
        *,
        roadmap: Roadmap | None = None,
    ) -> None:
        self._card = card
        self._roadmap = roadmap or Roadmap(plan)
        self._skills = skills
        self._guard = Guard(card, plan)
        self._senses = Senses()
        self._active: _Performance | None = None
        self._queue: deque[Order] = deque()
        self._final: OrderedDict[str, SkillEvent] = OrderedDict()
        self._under_way: str | None = None
        self._halt_until: float | None = None
        self._halts = 0
        self._body = ""

    def step(self, news: BodyInput) -> BodyOutput:
        """Take in the news, act on it, and say what follows. Never blocks."""
        out = _Outbox()
        self._senses.now = max(self._senses.now, news.now)
        if news.observation is not None:
            self._body = news.observation.body
            self._senses.notice(news.observation)
            self._nudge()
        for receipt in news.receipts:
            self._receive(receipt)
        if news.stop:
            self._stop(out)
        elif news.resume:
            self._guard.is_stopped = False
        for request_id in news.cancels:
            self._cancel(request_id, out)
        for order in news.orders:
            self._accept(order, out)
        self._advance(out)
        if self._expire(out):
            self._advance(out)
        return BodyOutput(
            commands=tuple(out.commands), events=tuple(out.events), wake_s=self._wake_s()
        )

    def _nudge(self) -> None:
        if self._active is not None:
            self._active.has_news = True

    def _receive(self, receipt: Receipt) -> None:
        """Hand the receipt of the command under way to the skill; others are long settled."""
        if receipt.command != self._under_way:
            return
        self._under_way = self._halt_until = None
        if self._active is not None:
            self._active.context.deliver(receipt)
            self._nudge()

    def _stop(self, out: _Outbox) -> None:
        """Emergency stop: halt now, fail all requests now, accept no motion until resumed."""
        self._guard.is_stopped = True
        self._halt(out)
        if self._active is not None:
            active, self._active = self._active, None
            if active.ending is None:
                self._leave(active)
                active.ending = _failed("stopped", "the emergency stop is in")
            self._finish(active.order.request, active.ending, out)
        while self._queue:
            self._finish(
                self._queue.popleft().request, _failed("stopped", "the emergency stop is in"), out
            )

    def _cancel(self, request_id: str, out: _Outbox) -> None:
        """Stop a request in any state; one that never came is remembered as cancelled."""
        active = self._active
        if request_id in self._final:
            out.events.append(self._final[request_id])
        elif active is not None and active.order.request.id == request_id:
            self._end(active, _cancelled, out)
        else:
            self._queue = deque(order for order in self._queue if order.request.id != request_id)
            self._record(
                request_id, Cancelled(request=request_id, body=self._body, t=self._t()), out
            )

    def _accept(self, order: Order, out: _Outbox) -> None:
        """Queue a new request; answer a known one with how it stands."""
        request = order.request
        self._body = self._body or request.body
        if request.id in self._final:
            out.events.append(self._final[request.id])
        elif self._active is not None and self._active.order.request.id == request.id:
            out.events.append(Started(request=request.id, body=request.body, t=self._t()))
        elif any(waiting.request.id == request.id for waiting in self._queue):
            out.events.append(self._progress(request, "queued"))
        elif self._guard.is_stopped:
            self._finish(request, _failed("stopped", "the emergency stop is in"), out)
        elif request.skill not in self._skills:
            known = ", ".join(sorted(self._skills))
            self._finish(request, _failed("unknown_skill", f"installed skills: {known}"), out)
        elif request.skill not in self._card.skills:
            self._finish(
                request, _failed("not_able", f"a {self._card.title} cannot {request.skill}"), out
            )
        else:
            if self._active is not None or self._queue:
                out.events.append(self._progress(request, "queued"))
            self._queue.append(order)

    def _advance(self, out: _Outbox) -> None:
        """Go on until there is nothing to do but wait."""
        ticks = 0
        while not self._is_waiting_for_halt(out):
            active = self._active
            if active is None:
                if not self._queue:
                    return
                self._begin(self._queue.popleft(), out)
            elif active.ending is not None:
                self._active = None
                self._finish(active.order.request, active.ending, out)
                ticks = 0
            elif ticks == TICKS:
                self._end(active, _failed("broken_skill", "the skill comes to no rest"), out)
            elif self._tick(active, out):
                ticks += 1
            else:
                return

    def _is_waiting_for_halt(self, out: _Outbox) -> bool:
        if self._halt_until is None:
            return False
        if not self._senses.is_past(self._halt_until):
            return True
        # Nobody confirmed: say it once more, and do not hold up the brain any longer.
        self._under_way = None
        self._halt(out)
        self._halt_until = None
        return False

    def _begin(self, order: Order, out: _Outbox) -> None:
        request = order.request
        if self._senses.is_past(request.deadline_s):
            self._finish(request, _failed("deadline", "the deadline passed before the start"), out)
            return
        context = Context(order, self._card, self._roadmap, self._senses)
        self._active = active = _Performance(order, context)
        out.events.append(Started(request=request.id, body=request.body, t=self._t()))
        kind = self._skills[request.skill]

        def build() -> None:
            active.skill = kind.build(order, context)
            active.skill.start()

        self._try(active, build, out)

    def _tick(self, active: _Performance, out: _Outbox) -> bool:
        """Tick the skill if it has news. Whether there is more to do right now."""
        context, skill = active.context, active.skill
        is_due = context.alarm_s is not None and self._senses.is_past(context.alarm_s)
        if skill is None or not (active.has_news or is_due):
            return False
        active.has_news, context.alarm_s = False, None
        answers: list[Status] = []
        self._try(active, lambda: answers.append(skill.tick()), out)
        self._report_phases(active, out)
        if active.ending is not None:
            return True
        if answers == [Status.SUCCEEDED]:
            self._end(active, _succeeded, out, is_over=True)
            return True
        if answers == [Status.FAILED]:
            reason, detail = context.failure or ("failed", "the skill gave no reason")
            self._end(active, _failed(reason, detail), out, is_over=True)
            return True
        if context.recalled:
            context.recalled = False
            if self._under_way is not None:
                self._halt(out)
                # What was posted meanwhile goes out when the halt has been confirmed.
                active.has_news = True
                return True
        return self._send(active, out)

    def _send(self, active: _Performance, out: _Outbox) -> bool:
        """Pass on what the skill posted, if the guard allows it and the body is free."""
        command = active.context.posted
        if command is None or self._under_way is not None:
            return False
        active.context.posted = None
        allowed = self._guard.check(command, self._senses.state)
        if isinstance(allowed, Refusal):
            active.context.deliver(
                Receipt(
                    command=command.id,
                    body=active.order.request.body,
                    t=self._t(),
                    outcome="failed",
                    reason=allowed.reason,
                    detail=allowed.detail,
                )
            )
            active.has_news = True
            return True
        if not isinstance(allowed, Halt):
            self._under_way = allowed.id
        out.commands.append(allowed)
        return False

    def _expire(self, out: _Outbox) -> bool:
        """End what is past its deadline. Whether anything was."""
        is_past, late = self._senses.is_past, False
        active = self._active
        if (
            active is not None
            and active.ending is None
            and is_past(active.order.request.deadline_s)
        ):
            self._end(active, _failed("deadline", "the deadline passed"), out)
            late = True
        for order in [order for order in self._queue if is_past(order.request.deadline_s)]:
            self._queue.remove(order)
            self._finish(
                order.request, _failed("deadline", "the deadline passed in the queue"), out
            )
        return late

    def _end(
        self, active: _Performance, ending: _Ending, out: _Outbox, *, is_over: bool = False
    ) -> None:
        """Decide how a request ends; the event goes out once nothing moves any more."""
        if active.ending is not None:
            return
        active.ending = ending
        if not is_over:
            self._leave(active)
        active.context.posted = None
        if self._under_way is not None and self._halt_until is None:
            self._halt(out)

    def _leave(self, active: _Performance) -> None:
        """Have the skill let go. A skill that cannot even do that is past helping."""
        skill, active.skill = active.skill, None
        if skill is not None:
            try:
                skill.halt()
            except Exception as error:  # noqa: BLE001 - a stranger's bug must not keep a body moving
                active.context.tell(f"halt of the skill failed: {error}")

    def _halt(self, out: _Outbox) -> None:
        self._halts += 1
        out.commands.append(Halt(id=f"{self._body or self._card.kind}/halt/{self._halts}"))
        if self._under_way is not None:
            self._halt_until = self._senses.now + HALT_WAIT_S

    def _try(self, active: _Performance, call: Callable[[], None], out: _Outbox) -> None:
        """Call into a skill. Its errors end its request, never the runner."""
        try:
            call()
        except CerebellumError as error:
            reason = type(error).__name__
            code = {"BadOrder": "bad_order"}.get(reason, "broken_skill")
            self._end(active, _failed(code, str(error)), out)
        except Exception as error:  # noqa: BLE001 - a stranger's bug must not stop the body's runner
            detail = f"{type(error).__name__}: {error}"
            self._end(active, _failed("broken_skill", detail), out)

    def _report_phases(self, active: _Performance, out: _Outbox) -> None:
        out.events += [
            self._progress(active.order.request, phase) for phase in active.context.phases
        ]
        active.context.phases.clear()

    def _progress(self, request: SkillRequest, phase: str) -> Progress:
        return Progress(request=request.id, body=request.body, t=self._t(), phase=phase)

    def _finish(self, request: SkillRequest, ending: _Ending, out: _Outbox) -> None:
        self._record(request.id, ending(request, self._t()), out)

    def _record(self, request_id: str, event: SkillEvent, out: _Outbox) -> None:
        self._final[request_id] = event
        while len(self._final) > MEMORY:
            self._final.popitem(last=False)
        out.events.append(event)

    def _wake_s(self) -> float | None:
        times = [order.request.deadline_s for order in self._queue]
        if self._halt_until is not None:
            times.append(self._halt_until)
        if self._active is not None and self._active.ending is None:
            times.append(self._active.order.request.deadline_s)
            if self._active.context.alarm_s is not None:
                times.append(self._active.context.alarm_s)
        # On the next millisecond: that is how finely worlds and devices tell time.
        return math.ceil((min(times) - INSTANT_S) * 1000) / 1000 if times else None

    def _t(self) -> float:
        return round(self._senses.now, 3)


def _succeeded(request: SkillRequest, t: float) -> SkillEvent:
    return Succeeded(request=request.id, body=request.body, t=t)


def _cancelled(request: SkillRequest, t: float) -> SkillEvent:
    return Cancelled(request=request.id, body=request.body, t=t)


def _failed(reason: str, detail: str) -> _Ending:
    def ending(request: SkillRequest, t: float) -> SkillEvent:
        return Failed(request=request.id, body=request.body, t=t, reason=reason, detail=detail)

    return ending
