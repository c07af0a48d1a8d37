"""One turn of the brain: what it records and sends while it answers one piece of news."""

from __future__ import annotations

from dataclasses import dataclass, field

from brain.acting.running import Ledger
from brain.contracts import BrainStep, Dispatch
from devices.facts import Value
from devices.skill import SkillRequest
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Event, Payload, StepEnded, StepStarted

ORIGIN = "brain"


@dataclass
class Turn:
    """Collects events and requests; each event is folded into memory the moment it is made."""

    now: float
    memory: MemoryState
    ledger: Ledger
    seq: int
    events: list[Event] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    cancels: list[tuple[str, str]] = field(default_factory=list)
    # Steps that nobody has to do, by goal and step: the world already is as they would make it.
    needless: list[tuple[str, str]] = field(default_factory=list)

    def record(self, payload: Payload) -> None:
        """Append an event of the brain at this time and let memory and ledger know."""
        event = Event(origin=ORIGIN, seq=self.seq, t=self.now, body=payload)
        self.seq += 1
        self.memory.apply(event)
        self.ledger.absorb(event)
        self.events.append(event)

    def send(
        self, started: StepStarted, args: dict[str, Value], partner: str | None = None
    ) -> None:
        """Record that a request was given to a body and queue it for delivery."""
        self.record(started)
        self.ledger.requests[started.request].partner = partner
        request = SkillRequest(
            id=started.request,
            goal=started.goal,
            step=started.step,
            skill=started.skill,
            body=started.body,
            args=args,
            partner=partner,
            deadline_s=started.deadline_s,
        )
        self.dispatches.append(
            Dispatch(request=request, role=started.role, whereabouts=self._whereabouts(request))
        )

    def end(self, ended: StepEnded) -> None:
        """Record how a request ended."""
        self.record(ended)

    def cancel(self, request: str) -> None:
        """Ask the body that works on the request to stop; its answer ends the request."""
        self.cancels.append((self.ledger.requests[request].body, request))

    def result(self, wake_s: float | None) -> BrainStep:
        """The finished answer."""
        return BrainStep(
            events=tuple(self.events),
            dispatches=tuple(self.dispatches),
            cancels=tuple(self.cancels),
            wake_s=wake_s,
        )

    def _whereabouts(self, request: SkillRequest) -> dict[str, tuple[str | None, float, float]]:
        named = [value for value in request.args.values() if isinstance(value, str)]
        found: dict[str, tuple[str | None, float, float]] = {}
        for thing in [*named, *([request.partner] if request.partner else [])]:
            if self.memory.category(thing) is None:
                continue
            there = self.memory.position(thing)
            if there is not None:
                place = self.memory.location(thing)
                found[thing] = (place.holder if place else None, there[0], there[1])
        return found
