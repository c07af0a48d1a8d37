"""Which turn runs next, in which slot of its engine, and whose KV is put away for it.

Pure code around an `AgentPolicy`: one slot holds one conversation, so a slot is the policy's block. An
engine without slots of its own is one whose places nobody owns: then only the order is ours.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from services.llm.cluster.prefix import Chain, common
from services.llm.policy.agent_policy import AgentPolicy
from services.llm.policy.contracts import Outcome, Turn

# A context shorter than this is read again faster than it is worth a file.
_SHORTEST_FILE_TOKENS = 32


@dataclass(slots=True)
class Slot:
    """One place.

    Attributes:
        index: Its number in the engine.
        owner: The program whose conversation it holds; None if that is nobody's.
        tokens: Length of that conversation.
        turn: The turn that runs in it; None if it is idle.
        used_s: When it was last used.
        prefix: What its KV begins with, the owner's or that of whoever was there last.
    """

    index: int
    owner: str | None = None
    tokens: int = 0
    turn: Turn | None = None
    used_s: float = 0.0
    prefix: Chain = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """A turn that may run now.

    Attributes:
        turn: The turn.
        slot: Where.
        put_away: The program whose KV is to be saved from the slot first; None if nobody's.
        bring_back: Whether the turn's own KV is to be restored into the slot then.
        cached_tokens: Context tokens that are there when it runs.
    """

    turn: Turn
    slot: int
    put_away: str | None
    bring_back: bool
    cached_tokens: int


class SlotBoard:
    """The slots of one engine, its queue, and what is put away.

    Args:
        policy: Orders and retains.
        slots: How many places there are.
        owned: Whether programs own them.
        file_bytes: Room for KV files; 0 if none are made.
        step_tokens: What the engine reads of prompts in one step; 0 if unknown. Where it is known, one
            prompt longer than that is read at a time: the engine reads them one after the other anyway,
            and a prompt that waits here takes no place from anybody.
    """

    def __init__(
        self,
        policy: AgentPolicy,
        slots: int,
        owned: bool = True,
        file_bytes: int = 0,
        step_tokens: int = 0,
    ) -> None:
        self.policy = policy
        self.slots = [Slot(index) for index in range(slots)]
        self.owned = owned
        self.draining = False
        self._file_bytes = file_bytes if owned else 0
        self._waiting: dict[str, Turn] = {}
        self._prefixes: dict[str, Chain] = {}
        self._passing: set[str] = set()
        self._step_tokens = step_tokens if owned else 0
        # Turns whose long prompt is being read.
        self._reading: set[str] = set()
        # Program -> (tokens, bytes), least recently written first.
        self._files: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._dropped: list[str] = []

    @property
    def waiting(self) -> list[Turn]:
        """Turns that have arrived and not been admitted, in order of arrival."""
        return list(self._waiting.values())

    @property
    def running(self) -> int:
        """Turns that run."""
        return sum(slot.turn is not None for slot in self.slots)

    def filed(self) -> dict[str, int]:
        """Programs whose KV is in a file, with its tokens."""
        return {program: tokens for program, (tokens, _) in self._files.items()}

    def cached(self, program: str) -> int:
        """Context tokens of a program that need not be read again."""
        slot = self._slot_of(program)
        if slot is not None:
            return slot.tokens
        return self._files.get(program, (0, 0))[0]

    def slot_of(self, program: str) -> Slot | None:
        """The program's slot, or None."""
        return self._slot_of(program)

    def arrived(self, turn: Turn, now: float, prefix: Chain = (), passing: bool = False) -> None:
        """A turn came in.

        Args:
            turn: The turn.
            now: The time.
            prefix: What its conversation begins with.
            passing: Whether its program is not known to come back.
        """
        self._waiting[turn.turn_id] = turn
        self._prefixes[turn.turn_id] = prefix
        if passing:
            self._passing.add(turn.turn_id)
        self.policy.arrived(turn, now)

    def admit(self, now: float) -> list[Admission]:
        """The turns that may run now, best first."""
        self.policy.expired(now)
        admitted = []
        queue = sorted(
            self._waiting.values(),
            key=lambda t: (self.policy.rank(t, now, self._cached_of(t)), t.arrived_s, t.turn_id),
        )
        blocked, kept = False, 0
        for turn in queue:
            own = self._slot_of(turn.program)
            long = self._is_long(turn)
            slot: Slot | None = None
            if long and self._reading:
                # Its place is kept for it while another prompt is read.
                kept += 1
                continue
            # Whoever finds its own slot idle takes nothing from those who wait before it.
            if own is not None and own.turn is None:
                slot = own
            elif not blocked and self._idle > kept:
                slot = self._place(turn, now)
            if slot is None:
                blocked = True
                continue
            if long:
                self._reading.add(turn.turn_id)
            admitted.append(self._start(turn, slot, now))
        return admitted

    def has_read(self, turn: Turn) -> bool:
        """A running turn got its first token. Returns whether others may be admitted for that."""
        if turn.turn_id not in self._reading:
            return False
        self._reading.discard(turn.turn_id)
        return bool(self._waiting)

    def finished(self, turn: Turn, now: float, outcome: Outcome, leaves: bool) -> None:
        """A running turn ended well.

        Args:
            turn: The turn.
            now: The time.
            outcome: What it used and what its program does next.
            leaves: Whether the program has said that it does not come back.
        """
        slot = self._running_slot(turn)
        if slot is None:
            return
        self._reading.discard(turn.turn_id)
        slot.turn = None
        slot.used_s = now
        if self.owned:
            for other in self.slots:
                if other is not slot and other.owner == turn.program:
                    self._disown(other)
            slot.owner = None if leaves else turn.program
            slot.tokens = 0 if leaves else outcome.tokens
        self.policy.finished(turn, now, outcome)
        if leaves:
            self._drop(turn.program)

    def aborted(self, turn: Turn, now: float) -> None:
        """A turn was cancelled or failed, waiting or running; its program's KV is freed."""
        self._waiting.pop(turn.turn_id, None)
        self._prefixes.pop(turn.turn_id, None)
        self._passing.discard(turn.turn_id)
        self._reading.discard(turn.turn_id)
        slot = self._running_slot(turn)
        if slot is not None:
            slot.turn = None
            self._empty(slot)
        self.forget(turn.program, now)

    def forget(self, program: str, now: float) -> None:
        """A program went away: its pin, its slots and its file are free."""
        self.policy.aborted(program, now)
        for slot in self.slots:
            if slot.owner == program and slot.turn is None:
                self._empty(slot)
        self._drop(program)

    def reset(self) -> None:
        """The engine was started again: what was in slots is lost, files are still there."""
        self.policy.reset()
        for slot in self.slots:
            self._empty(slot)
            slot.prefix = ()

    def put_away(self, program: str, tokens: int, size: int) -> None:
        """A program's KV is in a file now; if the room is full, the oldest files go."""
        self._files.pop(program, None)
        self._files[program] = (tokens, size)
        while sum(size for _, size in self._files.values()) > self._file_bytes:
            self._drop(next(iter(self._files)))

    def dropped(self) -> list[str]:
        """Programs whose files are to be deleted, each told once."""
        told, self._dropped = self._dropped, []
        return told

    def lost(self, program: str) -> None:
        """A program's file could not be written or read."""
        self._files.pop(program, None)

    def _drop(self, program: str) -> None:
        if self._files.pop(program, None) is not None:
            self._dropped.append(program)

    def _cached_of(self, turn: Turn) -> int:
        return min(self.cached(turn.program), turn.prompt_tokens)

    def _place(self, turn: Turn, now: float) -> Slot | None:
        idle = [slot for slot in self.slots if slot.turn is None]
        free = [s for s in idle if s.owner is None or self.policy.pin_of(s.owner) is None]
        if free:
            # Nobody's first, then of programs that have ended; where the conversation begins alike, because
            # that much need not be read again; then the least recently used. Engines read in the order of
            # slots: who comes back with a few words is to be before who passes by with many.
            prefix = self._prefixes.get(turn.turn_id, ())
            order = -1 if turn.turn_id in self._passing else 1
            return min(
                free,
                key=lambda s: (
                    self._is_wanted(s),
                    s.owner is not None,
                    -common(s.prefix, prefix),
                    s.used_s if s.owner is not None else 0.0,
                    order * s.index,
                ),
            )
        starved = len(idle) == len(self.slots)
        for program in self.policy.victims(1, now, turn, starved):
            self.policy.broken(program, now)
            return self._slot_of(program)
        return None

    @property
    def _idle(self) -> int:
        return len(self.slots) - self.running

    def _is_long(self, turn: Turn) -> bool:
        missing = turn.prompt_tokens - self._cached_of(turn)
        return 0 < self._step_tokens < missing

    def _is_wanted(self, slot: Slot) -> bool:
        return slot.owner is not None and slot.owner in self.policy.programs

    def _worth_a_file(self, slot: Slot) -> bool:
        long = slot.tokens >= _SHORTEST_FILE_TOKENS
        return self._is_wanted(slot) and self._file_bytes > 0 and long

    def _start(self, turn: Turn, slot: Slot, now: float) -> Admission:
        cached = self._cached_of(turn)
        put_away, bring_back = None, False
        if self.owned and slot.owner != turn.program:
            if self._worth_a_file(slot):
                put_away = slot.owner
            if put_away is not None:
                # It may come back before the file is written; then it waits for that.
                self._files[put_away] = (slot.tokens, 0)
            bring_back = turn.program in self._files and self._slot_of(turn.program) is None
            if not bring_back:
                cached = 0
        del self._waiting[turn.turn_id]
        self.policy.started(turn, now, cached)
        slot.turn = turn
        slot.prefix = self._prefixes.pop(turn.turn_id, ())
        self._passing.discard(turn.turn_id)
        if self.owned and (slot.owner == turn.program or self._slot_of(turn.program) is None):
            slot.owner = turn.program
        elif self.owned:
            # A second turn of a program whose own slot is busy (sub-agents) runs in a guest's place.
            slot.owner = None
        return Admission(turn, slot.index, put_away, bring_back, cached)

    def _slot_of(self, program: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.owner == program), None)

    def _running_slot(self, turn: Turn) -> Slot | None:
        return next((s for s in self.slots if s.turn and s.turn.turn_id == turn.turn_id), None)

    def _disown(self, slot: Slot) -> None:
        """One conversation a program: the one that ended last; another that still runs is a guest."""
        if slot.turn is None:
            self._empty(slot)
        slot.owner = None

    @staticmethod
    def _empty(slot: Slot) -> None:
        slot.owner = None
        slot.tokens = 0
