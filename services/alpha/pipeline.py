"""The five units at work, in order of time: lock-step, on any runtime, from any clock.

On a replay time is virtual: a look or a tool that takes c seconds is delivered c seconds after it
was ordered, whatever this machine needed for it, so the same trace gives the same interventions.
On a live source time is the clock's, and work takes as long as it takes. In both, at each instant
words come first, then what is due, then the next picture; nothing queues but in the bounded lanes
of the central unit.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.clock import Clock
from devices.glasses.contracts import Fault, Recovered
from services.alpha.contracts import LedgerEntry, LookResult, ToolResult
from services.alpha.orders import Call, CentralNews, CentralStep, InputNews, Showing
from services.alpha.words_in import WordSource
from services.runtime.local import Handle, Runtime

SAME_INSTANT_LIMIT = 100
# The display tells what is missing as long as it is; what does not concern sight, this long only.
SHOWN_S = 6.0
_SIGHT = {"camera_lost", "video_damaged", "covered", "dark"}


@dataclass
class Units:
    """Handles of the five units."""

    runtime: Runtime
    input: Handle
    central: Handle
    arithmetic: Handle
    memory: Handle
    output: Handle

    def ask(self, unit: Handle, method: str, *args: Any) -> Any:
        """Call a method of a unit and wait for its answer."""
        return self.runtime.gather([unit.call(method, *args)])[0]


@dataclass
class Counts:
    """What was done."""

    looks: int = 0
    tools: int = 0
    now: float = 0.0
    costs: dict[str, float] = field(default_factory=dict)


Due = LookResult | ToolResult


class Pipeline:
    """The glasses from instant to instant: `run` them to their end, or `begin` and `turn` in step
    with others.
    """

    def __init__(
        self,
        units: Units,
        words: WordSource,
        costs: Mapping[str, float],
        look_costs: Mapping[str, float],
        live: Clock | None = None,
        pause: Callable[[float], object] | None = None,
        show: bool = False,
        until_s: float | None = None,
        on_entry: Callable[[LedgerEntry], None] | None = None,
        missing: tuple[Fault, ...] = (),
        ahead: bool = False,
    ) -> None:
        """Join the units.

        Args:
            units: Their handles.
            words: What the wearer and others say.
            costs: Seconds that looks and tools take on a replay, by id or name.
            look_costs: Seconds that a look of each skill takes, where `costs` says nothing.
            live: The clock of a live source; None for a replay in virtual time.
            pause: Waits on a live source when there is nothing to do.
            show: Hand every picture to the output unit, for its display.
            until_s: End then, even if the source goes on.
            on_entry: Told of each ledger entry as it is made.
            missing: What is missing from the start.
            ahead: Go through pictures in which nothing happens before their time, up to the next
                instant that is known, so that nobody has to wait for them. A replay can; what is
                shown of every picture can not.
        """
        self._missing = missing
        self._units = units
        self._words = words
        self._costs = costs
        self._look_costs = look_costs
        self._live = live
        self._pause = pause
        self._show = show
        self._until = until_s
        self._on_entry = on_entry
        self._ahead = ahead and live is None and not show
        self._told: list[tuple[float, str]] = []
        self._due: list[tuple[float, int, Due]] = []
        self._order = 0
        self._stuck = 0
        self._wake: float | None = None
        self._next: InputNews | None = None
        self._ended: float | None = None
        self.ledger: list[LedgerEntry] = []
        self._faults: dict[str, Fault] = {}
        self._looking = ""
        self.counts = Counts()

    def run(self) -> tuple[LedgerEntry, ...]:
        """Run to the end of the source and of what is still being said."""
        self.begin()
        while self.turn():
            pass
        return tuple(self.ledger)

    def begin(self) -> None:
        """The first instant, before anything was seen or said. Call it once."""
        memory = self._units.memory
        wearer, outcomes = self._units.runtime.gather(
            [memory.call("profile"), memory.call("outcomes")]
        )
        self._units.ask(self._units.central, "restore", outcomes)
        mute = self._units.ask(self._units.output, "trouble")
        self._round(CentralNews(now=0.0, wearer=wearer, signals=(*self._missing, *mute)))

    def tell(self, t: float, text: str) -> None:
        """Have the wearer told something at `t`, or as soon after as the glasses are at it."""
        self._told.append((round(t, 3), text))

    # -- time --------------------------------------------------------------------------------

    def next_s(self) -> float | None:
        """The instant of the next turn, as far as known; None: all is over."""
        self._fetch()
        return self._instant()

    @property
    def has_news(self) -> bool:
        """Whether a live source has brought something, or something is due."""
        return self._next is not None or bool(self._due or self._told)

    def turn(self) -> bool:
        """One instant. False when all is over."""
        now = self.next_s()
        if now is None:
            return False
        self._stuck = self._stuck + 1 if now == self.counts.now else 0
        if self._stuck > SAME_INSTANT_LIMIT:
            raise RuntimeError(f"the glasses do not come to rest at {now} s")
        self.counts.now = now
        words, deaf = self._words.due(now), self._words.lost()
        told = self._pop_told(now)
        due = self._pop_due(now)
        picture = self._pop_picture(now)
        due += self._pop_due(now)
        woken = self._wake is not None and self._wake <= now + 1e-6
        seen = picture or InputNews(t=now)
        eventful = any((words, told, deaf, due, woken, _eventful(seen)))
        if eventful:
            self._round(
                CentralNews(
                    now=now,
                    words=words,
                    told=told,
                    signals=(*deaf, *seen.signals),
                    notices=seen.notices,
                    looks=tuple(item for item in due if isinstance(item, LookResult)),
                    results=tuple(item for item in due if isinstance(item, ToolResult)),
                )
            )
        if self._show and (eventful or seen.frame is not None):
            self._display(now)
        return True

    def _pop_picture(self, now: float) -> InputNews | None:
        """What was seen by now; looks at it are under way from here on."""
        picture = self._next
        if picture is None or picture.t > now + 1e-6:
            return None
        self._next = None
        for look in picture.looks:
            self._deliver_look(look, now)
        if picture.ended:
            self._ended = now
        return picture

    def _fetch(self) -> None:
        while self._next is None and self._ended is None:
            picture: InputNews | None = self._units.ask(self._units.input, "read")
            self._next = picture
            if not self._ahead or picture is None or _eventful(picture):
                return
            if picture.t >= min(self._appointed(), default=math.inf):
                return
            self._next = None

    def _appointed(self) -> list[float]:
        """When something will happen, whatever the pictures bring."""
        times = [t for t in (self._words.next_s(), self._wake) if t is not None]
        if self._due:
            times.append(self._due[0][0])
        times += [t for t, _ in self._told]
        return times

    def _instant(self) -> float | None:
        """The next instant at which something happens; None when nothing will."""
        if self._live is not None:
            return self._live_instant(self._live)
        times = self._appointed()
        if self._next is not None:
            times.append(self._next.t)
        if not times:
            return None
        now = max(self.counts.now, min(times))
        return None if self._until is not None and now > self._until else round(now, 3)

    def _live_instant(self, clock: Clock) -> float | None:
        """Now; waits a moment if there is nothing to do. Ends when the source has ended and nothing
        is under way, or at the time limit.
        """
        now = round(clock.now(), 3)
        if self._until is not None and now > self._until:
            return None
        if self._ended is not None and self._wake is None and not self.has_news:
            return None
        if self._next is None and self._pause is not None:
            wake = self._wake - now if self._wake is not None else 0.02
            if wake > 0.0:
                self._pause(min(0.02, wake))
                now = round(clock.now(), 3)
        return max(self.counts.now, now)

    def _pop_due(self, now: float) -> list[Due]:
        items = []
        while self._due and self._due[0][0] <= now + 1e-6:
            items.append(heapq.heappop(self._due)[2])
        return items

    def _pop_told(self, now: float) -> tuple[str, ...]:
        told = tuple(text for t, text in self._told if t <= now + 1e-6)
        self._told = [(t, text) for t, text in self._told if t > now + 1e-6]
        return told

    def _push(self, t: float, item: Due) -> None:
        self._order += 1
        heapq.heappush(self._due, (round(t, 3), self._order, item))

    # -- one round ---------------------------------------------------------------------------

    def _round(self, news: CentralNews) -> None:
        """Let the central unit answer the news, carry out what it orders, until it rests."""
        for _ in range(SAME_INSTANT_LIMIT):
            step: CentralStep = self._units.ask(self._units.central, "step", news)
            self._wake = step.wake_s
            wearer = self._carry_out(step, news)
            due = self._pop_due(news.now)
            if not due and wearer is None:
                return
            news = CentralNews(
                now=news.now,
                looks=tuple(item for item in due if isinstance(item, LookResult)),
                results=tuple(item for item in due if isinstance(item, ToolResult)),
                wearer=wearer,
            )
        raise RuntimeError(f"the glasses do not come to rest at {news.now} s")

    def _carry_out(self, step: CentralStep, news: CentralNews) -> Any:
        units = self._units
        runtime = units.runtime
        if step.drops:
            units.ask(units.input, "drop", step.drops)
        spoken = [units.output.call("cut", cut) for cut in step.cuts]
        spoken += [units.output.call("say", said) for said in step.says]
        called = [
            (order, (units.memory.call("recall", order.call) if _is_memory(order) else
                     units.arithmetic.call("call", order)))
            for order in step.calls
        ]  # fmt: skip
        if step.looks:
            self._looking = step.looks[-1].skill
        looked = [units.input.call("order", request) for request in step.looks]
        runtime.gather(spoken)
        for pending in looked:
            result: LookResult | None = runtime.gather([pending])[0]
            self.counts.looks += 1
            if result is not None:
                self._deliver_look(result, news.now)
        for order, pending in called:
            answer: ToolResult = runtime.gather([pending])[0]
            self.counts.tools += 1
            self._deliver(answer, order.call.id, order.call.tool, answer.cost_s, news.now)
        for entry in step.ledger:
            self.ledger.append(entry)
            if isinstance(entry, Fault):
                self._faults[entry.fault] = entry
            elif isinstance(entry, Recovered):
                self._faults.pop(entry.fault, None)
            if self._on_entry is not None:
                self._on_entry(entry)
        if step.ledger or news.looks:
            return units.ask(units.memory, "note", news.now, step.ledger, news.looks)
        return None

    def _deliver_look(self, result: LookResult, now: float) -> None:
        usual = self._look_costs.get(result.skill, result.cost_s)
        self._deliver(result, result.request, result.skill, usual, now)

    def _deliver(self, item: Due, id_: str, name: str, usual: float, now: float) -> None:
        """On a replay after what it costs; live at once, since its time has passed already."""
        if self._live is not None:
            passed = max(0.0, round(self._live.now() - now, 3))
            self.counts.costs[id_] = passed
            self._push(now + passed, item)
            return
        self._push(now + self._costs.get(id_, self._costs.get(name, usual)), item)

    def _display(self, now: float) -> None:
        shot = self._units.ask(self._units.input, "picture")
        if shot is not None:
            told = [
                fault.sentence
                for fault in self._faults.values()
                if fault.fault in _SIGHT or now - fault.t < SHOWN_S
            ]
            showing = Showing(
                t=now,
                faults=tuple(told),
                looking=self._looking,
                lost="camera_lost" in self._faults,
            )
            self._units.ask(self._units.output, "show", shot, showing)
        self._looking = ""


def _eventful(news: InputNews) -> bool:
    return bool(news.notices or news.looks or news.signals or news.ended)


def _is_memory(order: Call) -> bool:
    return order.call.tool.startswith("memory.")
