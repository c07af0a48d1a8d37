"""The policy that an engine drives: it answers who goes first, what is held, and who gives way.

An engine calls, with the time: `arrived` when a turn comes in; `rank` to order its queue; `victims` when the
first turn does not fit, or a running one cannot grow, and `broken` for each pin it gave up; `started` when a
turn has its memory (a pin of its program is handed off to it: touch the blocks, then drop the pin's own
reference); `finished` when a turn ends (a pin comes back if the KV is to be held); `expired` now and then;
`aborted` when a program goes away; `reset` when the KV is lost.

Invariants, tested: a pin's owner is in the table and has a finished turn; no pin outlives its owner, its
abort or a reset; `pinned_blocks` is the sum over the pins; with ``starved=True`` `victims` names enough pins
or all of them, so nothing waits on a pin for ever.
"""

from __future__ import annotations

from collections import Counter

from services.llm.policy.contracts import NEVER, Outcome, Pin, Turn, Wait
from services.llm.policy.estimates import EtaTracker, MemoryRent, ReloadCost, WindowMean
from services.llm.policy.ordering import Candidate, Order, Rank
from services.llm.policy.pins import PinTable
from services.llm.policy.pressure import Holding, Pressure
from services.llm.policy.programs import Program, ProgramTable
from services.llm.policy.retention import FixedTtl, HoldCase, Retention
from services.llm.policy.waits import WaitModel

# A turn with a deadline goes first when this many seconds are left, or as many as its prefill takes.
_HASTE_S = 2.0


class AgentPolicy:
    """Order, retention and pressure over one table of programs and one of pins.

    Args:
        name: What reports call it.
        order: Ranks waiting turns.
        retention: Says how long to hold KV.
        pressure: Scores pins for breaking.
        reload_s: Engine seconds to bring back a context of so many tokens.
        waits: The learned waits; may be shared between engines.
        rent: A waiting turn may break pins that score below this while others still run. None learns
            the shadow price of memory, which is for scores in engine seconds per block and second; at
            NEVER any pin may be broken, at -NEVER pins stand until nothing else runs.
        patience: Seconds that a waiting turn waits, per second of engine time and running turn that
            bringing back what it displaces will cost, until it may break pins above the rent as well.
            At 1 nobody waits longer than its waiting spares the others, which is the online
            ski-rental's choice; None for never.
    """

    def __init__(
        self,
        name: str,
        order: Order,
        retention: Retention,
        pressure: Pressure,
        reload_s: ReloadCost,
        waits: WaitModel | None = None,
        rent: float | None = NEVER,
        patience: float | None = None,
    ) -> None:
        self.name = name
        self.programs = ProgramTable()
        self.waits = waits if waits is not None else WaitModel()
        self.eta = EtaTracker()
        self.queue_delay = WindowMean()
        self.counts: Counter[str] = Counter()
        self._order = order
        self._retention = retention
        self._pressure = pressure
        self._reload_s = reload_s
        self._fixed_rent = rent
        self._patience = patience
        self._memory_rent = MemoryRent()
        self._pins = PinTable()
        self._preempted: set[str] = set()

    @property
    def pinned_blocks(self) -> int:
        """Blocks of all pins."""
        return self._pins.blocks

    def pin_of(self, program: str) -> Pin | None:
        """The program's pin, or None."""
        return self._pins.get(program)

    def pins(self) -> list[Pin]:
        """Every pin, oldest first."""
        return self._pins.all()

    def next_expiry(self) -> float:
        """When the next pin expires; NEVER if none does. Call `expired` then."""
        return self._pins.next_expiry()

    def arrived(self, turn: Turn, now: float) -> None:
        """A turn came in; its program is made if it is new, and its wait is learned if it had one."""
        program, away = self.programs.arrived(turn, now)
        if away is not None and program.wait is not None:
            self.waits.observe(program.wait, away, program.pace_s)
            self.programs.remember_pace(program, away)

    def rent(self, now: float) -> float:
        """The price below which a waiting turn may break a pin while others still run."""
        return self._memory_rent.price(now) if self._fixed_rent is None else self._fixed_rent

    def rank(self, turn: Turn, now: float, cached_tokens: int | None = None) -> Rank:
        """The turn's place in the queue; smaller goes first. Higher priority always goes first, then
        whoever would soon be too late for its deadline.

        Args:
            turn: A turn that has arrived and not started, or was preempted.
            now: The time.
            cached_tokens: Prefix tokens that the engine would find now; by default what is pinned.
        """
        program = self.programs.get(turn.program) or Program(turn.program, turn.arrived_s)
        pin = self._pins.get(turn.program)
        if cached_tokens is None:
            cached_tokens = 0 if pin is None else min(pin.tokens, turn.prompt_tokens)
        missing = self._reload_s(turn.prompt_tokens) - self._reload_s(cached_tokens)
        candidate = Candidate(
            turn, program, pin is not None, turn.turn_id in self._preempted, max(0.0, missing)
        )
        haste = _haste(turn, candidate.missing_s, now)
        return (-float(turn.priority), haste, *self._order(candidate, now))

    def victims(
        self, blocks: int, now: float, turn: Turn | None = None, starved: bool = False
    ) -> list[str]:
        """Programs whose pins to break so that so many blocks come free, in order.

        Args:
            blocks: How many are missing.
            now: The time.
            turn: The waiting turn that wants them; None if a running one must grow.
            starved: Nothing runs, or a running turn cannot go on: then pins always give way.

        Returns:
            Enough of them; none if they are not enough or not to be broken. If starved, all there
            are when even they are not enough.
        """
        if blocks <= 0:
            return []
        own = turn.program if turn is not None else None
        waits = None if starved else turn
        scored = sorted(
            (score, pin.since_s, pin.program)
            for pin in self._pins.all()
            if pin.program != own and ((score := self._score(pin, now)) < NEVER or waits is None)
        )
        chosen: list[tuple[float, Pin]] = []
        freed = 0
        for score, _, program in scored:
            if freed >= blocks:
                break
            pin = self._pins[program]
            chosen.append((score, pin))
            freed += pin.blocks
        if waits is not None and (freed < blocks or not self._worth_it(chosen, waits, now)):
            return []
        return [pin.program for _, pin in chosen]

    def _worth_it(self, scored: list[tuple[float, Pin]], turn: Turn, now: float) -> bool:
        """Whether a waiting turn may break these pins while others still run."""
        rent = self.rent(now)
        dear = [pin for score, pin in scored if score >= rent]
        if not dear or self._patience is None:
            return not dear
        # Bringing their KV back holds up its owner and everything that runs meanwhile.
        cost_s = sum(self._reload_s(pin.tokens) for pin in dear) * (1 + self._memory_rent.running)
        return now - turn.arrived_s >= self._patience * cost_s

    def broken(self, program: str, now: float) -> Pin | None:
        """The engine gave up this program's pin under pressure."""
        pin = self._pins.get(program)
        if pin is None:
            return None
        self._pins.remove(program)
        self.counts["broken"] += 1
        return pin

    def started(self, turn: Turn, now: float, cached_tokens: int, blocks: int = 1) -> Pin | None:
        """A turn has its memory and begins to run.

        Args:
            turn: The turn.
            now: The time.
            cached_tokens: Prompt tokens whose KV was found.
            blocks: Blocks that it holds now; a slot is one.

        Returns:
            The program's pin, which ends here; None if there was none.
        """
        program = self.programs.get(turn.program)
        first_start = turn.turn_id not in self._preempted
        self._preempted.discard(turn.turn_id)
        if program is not None and program.turns > 0 and first_start:
            program.evicted = 2 * cached_tokens < min(program.tokens, turn.prompt_tokens)
            if program.evicted:
                self.queue_delay.add(now - turn.arrived_s)
        missing_s = self._reload_s(turn.prompt_tokens) - self._reload_s(cached_tokens)
        self._memory_rent.started(turn.turn_id, now, max(0.0, missing_s), blocks)
        pin = self._pins.remove(turn.program)
        if pin is not None:
            self.counts["handed off"] += 1
        return pin

    def preempted(self, turn: Turn, now: float) -> None:
        """A running turn lost its memory and queues again."""
        self._preempted.add(turn.turn_id)
        self._memory_rent.stopped(turn.turn_id, now)
        self.counts["preempted"] += 1

    def finished(
        self, turn: Turn, now: float, outcome: Outcome, running_blocks: int = 0
    ) -> Pin | None:
        """A turn ended.

        Args:
            turn: The turn.
            now: The time.
            outcome: What it used, what it left behind, and what its program does next.
            running_blocks: Blocks of the requests that still run.

        Returns:
            The pin to hold; None if the KV goes to the engine's cache as usual.
        """
        self._preempted.discard(turn.turn_id)
        self._memory_rent.stopped(turn.turn_id, now)
        program = self.programs.finished(turn, outcome, now)
        if program is None:
            return None
        if outcome.wait is None:
            if turn.program not in self.programs:
                self.eta.finished(program.turns)
            self._pins.remove(turn.program)
            return None
        if program.open_turns:
            return None
        ttl = self._time_to_live(program, outcome.wait, outcome.blocks, now, running_blocks)
        if ttl <= 0.0 or outcome.blocks <= 0:
            return None
        pin = Pin(turn.program, outcome.tokens, outcome.blocks, now, now + ttl)
        self._pins.add(pin)
        self.counts["pinned"] += 1
        return pin

    def announced(self, name: str, wait: Wait, now: float, blocks: int = 0) -> Pin | None:
        """A program that is away tells more of its wait: a plan is made, a robot has set out.

        Args:
            name: The program; an unknown one, or one that is not away, is ignored.
            wait: What it waits for. Its duration counts from the end of the program's last turn.
            now: The time.
            blocks: Blocks of its KV that the engine still has.

        Returns:
            The pin to hold from now on; None for none.
        """
        program = self.programs.get(name)
        if program is None or program.idle_since_s is None:
            return None
        since_s = program.idle_since_s
        program.wait = wait
        held = self._pins.remove(name)
        ttl = self._time_to_live(program, wait, blocks, since_s, 0)
        if blocks <= 0 or since_s + ttl <= now:
            return None
        pin = Pin(name, program.tokens, blocks, since_s, since_s + ttl)
        self._pins.add(pin)
        self.counts["pinned"] += held is None
        return pin

    def _time_to_live(
        self, program: Program, wait: Wait, blocks: int, since_s: float, running_blocks: int
    ) -> float:
        """Seconds from the end of the program's turn for which its KV is to be held."""
        program.forecast = self.waits.forecast(wait, program.pace_s)
        if isinstance(self._retention, FixedTtl):
            # It asks for no facts, and most turns of most servers end here.
            return self._retention.ttl_s
        case = HoldCase(
            program=program,
            blocks=blocks,
            forecast=program.forecast,
            samples=self.waits.samples(wait.tool, wait.body),
            reload_s=self._reload_s(program.tokens),
            queue_s=self.queue_delay.value,
            eta=self.eta.value,
            rent=self.rent(since_s),
            running_blocks=running_blocks,
            returns_in_s=None if wait.returns_s is None else wait.returns_s - since_s,
        )
        return self._retention(case)

    def expired(self, now: float) -> list[Pin]:
        """Pins whose time is over; they end here.

        A pin whose owner is back and queues stays: it will be used in a moment, and pressure can
        break it meanwhile.
        """
        over = []
        for pin in self._pins.due(now):
            program = self.programs.get(pin.program)
            if program is not None and program.open_turns:
                continue
            self._pins.remove(pin.program)
            self.counts["expired"] += 1
            over.append(pin)
        return over

    def aborted(self, program: str, now: float) -> Pin | None:
        """A program went away; its pin, if it had one, ends here."""
        known = self.programs.get(program)
        if known is not None:
            self._preempted -= known.open_turns
            for turn_id in known.open_turns:
                self._memory_rent.stopped(turn_id, now)
        self.programs.forget(program)
        pin = self._pins.remove(program)
        if pin is not None:
            self.counts["aborted"] += 1
        return pin

    def moved_out(self, name: str, now: float) -> tuple[Program, Pin | None] | None:
        """Let go of a program that moves to another engine.

        Returns:
            The program and its pin, for `moved_in` there; None if it is unknown.
        """
        program = self.programs.get(name)
        if program is None:
            return None
        for turn_id in program.open_turns:
            self._memory_rent.stopped(turn_id, now)
        self.programs.forget(name)
        return program, self._pins.remove(name)

    def moved_in(self, program: Program, pin: Pin | None) -> None:
        """Take over a program, and its pin if it waits and its KV came along."""
        self.programs.adopt(program)
        if pin is not None:
            self._pins.add(pin)

    def reset(self) -> list[Pin]:
        """All KV is lost (the engine restarted, or its cache was reset): every pin ends here."""
        pins = self._pins.clear()
        self.counts["reset"] += len(pins)
        return pins

    def _score(self, pin: Pin, now: float) -> float:
        program = self.programs[pin.program]
        if program.open_turns:
            # Its owner is back: using it is a matter of moments.
            return NEVER
        return self._pressure(Holding(pin, program, self._reload_s(pin.tokens)), now)


def _haste(turn: Turn, missing_s: float, now: float) -> float:
    """The slack of a turn that would soon be too late; NEVER where there is time, or no hope."""
    if turn.deadline_s is None:
        return NEVER
    slack = turn.deadline_s - now - missing_s
    return slack if 0.0 <= slack < max(_HASTE_S, missing_s) else NEVER
