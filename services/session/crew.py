"""Everything a session talks to, each by its handle: the world, the devices, the bodies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brain.contracts import BrainStep, Dispatch
from cerebellum.contracts import BodyInput, BodyOutput, Order, Whereabouts
from devices.attendant import DeviceNews
from devices.contracts import BodyCard, BodySpec, Command, Halt, Observation, Receipt
from devices.facts import Condition
from devices.skill import SkillEvent
from services.errors import ActorDied
from services.memory.client import MemoryClient
from services.runtime.local import Handle, Runtime
from services.session.inputs import Newcomer
from services.session.roster import Roster
from sim_worlds.contracts import Commands, Film, Survey, Verdict, WorldStep
from stem_memory.contracts import BodyBack, BodyLost, Payload
from stem_memory.instructions import Release, Stop

if TYPE_CHECKING:
    from services.session.eyewear import Eyewear

# A device on the host's clock is asked for news so often (s).
TICK_S = 0.05


class WorldSide:
    """A world whose time 0 is at `base_s` of the session (seconds).

    Args:
        runtime: Where the world lives.
        world: Its handle.
        base_s: When the world begins: the end of what memory holds already.
    """

    def __init__(self, runtime: Runtime, world: Handle, base_s: float = 0.0) -> None:
        self._runtime = runtime
        self._world = world
        self._base_s = base_s
        self._watched: set[str] = set()

    def survey(self) -> Survey:
        """What the fleet is told before the run."""
        found: Survey = self._ask("survey")
        return found

    def reset(self) -> WorldStep:
        """Begin, with the first reports of all bodies."""
        return self._shifted(self._ask("reset"))

    def step(self, commands: tuple[Commands, ...], until: float) -> WorldStep:
        """Run to the next report, or to `until`."""
        return self._shifted(self._ask("step", commands, round(until - self._base_s, 3)))

    def watch(self, goal: str, conditions: tuple[Condition, ...]) -> None:
        """Bind the conditions of a goal to the truth of this moment."""
        self._watched.add(goal)
        self._ask("watch", goal, conditions)

    def judge(self, goal: str) -> Verdict | None:
        """The world's verdict; None on a goal that it was never told of."""
        if goal not in self._watched:
            return None
        found: Verdict = self._ask("judge", goal)
        return found

    def enter(self, body: str, card: BodyCard) -> BodySpec:
        """Let a body in whose hardware is simulated; where it stands."""
        found: BodySpec = self._ask("enter", body, card)
        return found

    def carried(self, things: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the things that are in a body's hands, in truth."""
        found: tuple[str, ...] = self._ask("carried", things)
        return found

    def film(self) -> Film:
        """The run so far, on the world's own clock."""
        found: Film = self._ask("film")
        return found

    def _shifted(self, step: WorldStep) -> WorldStep:
        base = self._base_s
        if base == 0.0:
            return step

        def later(noun: Any, name: str = "t") -> Any:
            value = getattr(noun, name)
            if value is None:
                return noun
            return noun.model_copy(update={name: round(value + base, 3)})

        return step.model_copy(
            update={
                "now": round(step.now + base, 3),
                "observations": tuple(later(o) for o in step.observations),
                "receipts": tuple(later(r) for r in step.receipts),
                "wishes": tuple(later(later(w), "deadline_s") for w in step.wishes),
                "next_s": None if step.next_s is None else round(step.next_s + base, 3),
            }
        )

    def _ask(self, method: str, *args: Any) -> Any:
        return self._runtime.gather([self._world.call(method, *args)])[0]


@dataclass(frozen=True)
class DeviceReports:
    """What all devices had to tell."""

    observations: tuple[Observation, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    heard: tuple[str, ...] = ()


class Polled:
    """A newcomer as a device is asked.

    Args:
        body: Who joined.
    """

    def __init__(self, body: Newcomer) -> None:
        self._body = body

    def step(self, now: float, commands: tuple[Command, ...] = ()) -> DeviceNews:
        """Hand over commands, and learn what happened."""
        return self._body.poll(now, commands)


class DeviceSide:
    """The devices of a session. Seconds of the session.

    Args:
        runtime: Where they live.
        handles: A `devices.attendant.Attendant` for each, by the body's id.
        is_host: Whether they live on the host's clock.
    """

    def __init__(self, runtime: Runtime, handles: Mapping[str, Handle], is_host: bool) -> None:
        self._runtime = runtime
        self._handles = dict(sorted(handles.items()))
        self._is_host = is_host
        self._waiting: list[tuple[str, DeviceNews]] = []
        self._next: dict[str, float | None] = {}
        self._trouble: dict[str, str] = {}
        self.ids = frozenset(handles)
        # Those that are only listened to: the world simulates their hardware.
        self._far: set[str] = set()

    def add(self, body: str, handle: Handle, is_far: bool) -> None:
        """Somebody joins; `is_far`: the world simulates its hardware."""
        self._handles = dict(sorted({**self._handles, body: handle}.items()))
        self._is_host = True
        if is_far:
            self._far.add(body)
        else:
            self.ids |= {body}

    @property
    def listened_to(self) -> frozenset[str]:
        """Everybody who is heard here, and not in the world."""
        return self.ids | self._far

    def give(self, now: float, commands: Mapping[str, tuple[Command, ...]]) -> None:
        """Hand commands over. What comes of them is told by `poll`."""
        self._waiting += self._stepped(now, {body: (items,) for body, items in commands.items()})

    def poll(self, now: float) -> DeviceReports:
        """What happened until now."""
        if not self._handles:
            return DeviceReports()
        news = [*self._waiting, *self._stepped(now, dict.fromkeys(self._handles, ((),)))]
        self._waiting = []
        return DeviceReports(
            observations=tuple(n.observation for _, n in news if n.observation is not None),
            receipts=tuple(receipt for _, n in news for receipt in n.receipts),
            heard=tuple(dict.fromkeys(body for body, n in news if n.heard)),
        )

    def trouble(self, body: str) -> str:
        """Why the device could not be reached when that last happened; "" if it never did."""
        return self._trouble.get(body, "")

    def next_s(self, now: float) -> float | None:
        """When a device has to be asked for news at the latest; None: not by itself."""
        if any(n.observation is not None or n.receipts for _, n in self._waiting):
            return now
        times = [t for t in self._next.values() if t is not None]
        if self._is_host and self._handles:
            times.append(now + TICK_S)
        return min(times, default=None)

    def _stepped(
        self, now: float, arguments: Mapping[str, tuple[Any, ...]]
    ) -> list[tuple[str, DeviceNews]]:
        calls = {b: self._handles[b].call("step", now, *arguments[b]) for b in sorted(arguments)}
        found: list[tuple[str, DeviceNews]] = []
        for body, call in calls.items():
            try:
                news: DeviceNews = self._runtime.gather([call])[0]
            except ActorDied as error:
                # Like a device that does not answer: its silence is noticed, the others go on.
                news = DeviceNews(heard=False, trouble=str(error))
            self._next[body] = news.next_s
            if news.trouble:
                self._trouble[body] = news.trouble
            found.append((body, news))
        return found


class BodySide:
    """The cerebellums of all bodies, wherever they live, and the roster of who is in touch.

    Args:
        runtime: Where they live.
        handles: One for each body, by its id.
        anew: Makes another for a body whose own died; None: it stays lost.
    """

    def __init__(
        self,
        runtime: Runtime,
        handles: dict[str, Handle],
        anew: Callable[[str], Handle] | None = None,
    ) -> None:
        self._runtime = runtime
        self._anew = anew
        self._handles = handles
        self._wakes: dict[str, float] = {}
        self._outbox: dict[str, list[Command]] = {}
        self._dead: set[str] = set()
        # Bodies that hold still until somebody releases them, and those to be told so now.
        self._stopped: set[str] = set()
        self._latches: dict[str, bool] = {}
        # Who joined later thinks elsewhere, and is asked for news in every round.
        self._newcomers: set[str] = set()
        # Orders for bodies that are expected and not here yet.
        self._early: dict[str, list[Order]] = {}
        # Whether whoever joins holds still, too.
        self._is_stopped = False
        self.roster = Roster()

    def add(self, body: str, handle: Handle, now: float, finishes: bool) -> None:
        """Somebody joins; while everybody holds still, they do so, too, and else they are told not to."""
        self._handles[body] = handle
        self._newcomers.add(body)
        self.roster.enrol(body, now, finishes)
        if self._is_stopped:
            self._stopped.add(body)
        self._latches[body] = body in self._stopped

    def remove(self, body: str, now: float) -> None:
        """Somebody leaves: their device ends its motion, and is asked for nothing any more."""
        handle = self._handles.pop(body, None)
        self.roster.leave(body)
        self._early.pop(body, None)
        self._newcomers.discard(body)
        self._stopped.discard(body)
        self._latches.pop(body, None)
        self._wakes.pop(body, None)
        if handle is not None:
            self._outbox[body] = [Halt(id=f"{body}.leave-{now:.3f}")]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every body, in the order of joining."""
        return tuple(self._handles)

    def listen(self, now: float, heard: Iterable[str]) -> tuple[set[str], list[Payload]]:
        """Take note of who answered; returns who counts as heard, and who is lost or back."""
        alive = tuple(body for body in heard if body not in self._dead)
        changes = self.roster.listen(now, alive)
        for change in changes:
            if isinstance(change, BodyLost):
                self._early.pop(change.body, None)
                self._revive(change.body)
            if isinstance(change, BodyLost) and change.body in self._newcomers:
                # What waits on the way to it must not arrive any more.
                forfeited = self.roster.forfeited(change.body)
                self._runtime.gather([self._handles[change.body].call("forfeit", forfeited)])
        return set(alive), changes

    def _revive(self, body: str) -> None:
        """What a dead cerebellum did was given away: another may begin."""
        if self._anew is not None and body in self._dead:
            self._handles[body] = self._anew(body)
            self._dead.discard(body)

    def latch(self, order: Stop | Release) -> None:
        """Have bodies told to hold still, or to go on, in this very round."""
        is_stop = isinstance(order, Stop)
        if not order.bodies:
            self._is_stopped = is_stop
        # Some of those named may be out of the session just now.
        for body in order.bodies or (*self._handles, *(self._stopped - self._handles.keys())):
            if is_stop != (body in self._stopped):
                (self._stopped.add if is_stop else self._stopped.discard)(body)
                if body in self._handles:
                    self._latches[body] = is_stop

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
        named = set(seen) | set(ended) | due | set(back) | set(self._latches) | self._newcomers
        named &= heard & self._handles.keys()
        return self._pump(
            {
                body: BodyInput(
                    now=now,
                    observation=seen.get(body),
                    receipts=tuple(ended.get(body, ())),
                    cancels=back.get(body, ()),
                    orders=tuple(self._early.pop(body, ())),
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
        for body in orders.keys() - self._handles.keys():
            self._early.setdefault(body, []).extend(orders[body])
        for requests in cancels.values():
            self._forget(requests)
        named = set(orders) | set(cancels) | set(self._latches)
        return self._pump(
            {
                body: BodyInput(
                    now=now,
                    orders=tuple(orders.get(body, ())),
                    cancels=tuple(cancels.get(body, ())),
                    **self._latched(body),
                )
                for body in sorted((named & self._handles.keys()) - self.roster.lost())
            }
        )

    def early(self, body: str) -> tuple[str, ...]:
        """Requests that wait for somebody who is not here yet."""
        return tuple(order.request.id for order in self._early.get(body, ()))

    def _forget(self, requests: Collection[str]) -> None:
        self._early = {
            body: [order for order in orders if order.request.id not in requests]
            for body, orders in self._early.items()
        }

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

    def halt_all(self, now: float) -> None:
        """Have every device end its motion before anything else that it is told."""
        for body in self._handles:
            halt = Halt(id=f"{body}.halt-{now:.3f}")
            self._outbox[body] = [halt, *self._outbox.get(body, ())]

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


@dataclass
class Crew:
    """Everything a session talks to."""

    runtime: Runtime
    world: WorldSide
    memory: MemoryClient
    brain: Handle
    bodies: BodySide
    new_brain: Callable[[], Handle]
    devices: DeviceSide
    glasses: Eyewear | None = None
