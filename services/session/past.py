"""What a memory held before a session: where its time and numbers go on, and what was left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.memory.client import MemoryClient
from services.session.ear import LIVE
from services.session.inputs import Directive, Input, Words
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import NEWS, Event, GoalClosed, Instructed, Said, StepEnded, StepStarted

# Another life in the same memory begins so long after the last one ended (s): nothing is both.
GAP_S = 1.0


@dataclass
class Past:
    """The log up to a position, as far as a new session has to know it. Seconds of the log.

    `live` is what people said while a run that broke off went on, to be said again. `goes_on`: the new
    session is the same life, whose goals stay open, `under_way` what bodies did when it broke off, and
    `believed` what all of it comes to: of its `events` those are left out that bodies reported.
    """

    position: int = 0
    end_s: float = 0.0
    events: tuple[Event, ...] = ()
    left_open: tuple[GoalClosed | StepEnded, ...] = ()
    under_way: tuple[tuple[float, StepStarted], ...] = ()
    live: list[tuple[float, Input]] = field(default_factory=list)
    spoken: int = 0
    has_zones: bool = False
    goes_on: bool = False
    believed: MemoryState | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    last_seq: Callable[[str], int | None] | None = None

    def number(self, origin: str) -> int:
        """The first number of an origin that is free."""
        if self.last_seq is not None:
            last = self.last_seq(origin)
            return 0 if last is None else last + 1
        return self.numbers.get(origin, 0)


def past_of(memory: MemoryClient, log_from: int | None = None) -> Past:
    """What lies before a session.

    Args:
        memory: Where it will record.
        log_from: Where a run began that is to be resumed; None: a new one begins at the log's end.
    """
    newest = memory.position()
    if newest == 0:
        return Past()
    position = newest if log_from is None else log_from
    history = memory.history()
    before, since = history[:position], history[position:]
    past = Past(position=position, events=before, live=list(_live(since)))
    if not before:
        return past
    state = memory.replay(position=position)
    reason = "the run in which it was said has ended"
    past.end_s = float(round(max(event.t for event in before) + GAP_S))
    goals = (
        GoalClosed(goal=goal, status="failed", reason=reason)
        for goal, record in state.goals().items()
        if record.closed_s is None
    )
    why = "run_ended", "the run in which it began has ended"
    lapsed = (lapse(since, begun, past.end_s, *why) for since, begun in _under_way(before))
    past.left_open = (*lapsed, *goals)
    past.has_zones = bool(state.projections.privacy.zones)
    _count(past)
    return past


def going_on(memory: MemoryClient) -> Past:
    """What lies before a session that takes a life up again."""
    history = memory.history(NEWS)
    past = Past(position=memory.position(), events=history, goes_on=bool(history))
    if history:
        past.end_s = memory.last_time()
        past.under_way = tuple(_under_way(history))
        past.believed = memory.believed()
        past.has_zones = bool(past.believed.projections.privacy.zones)
    past.last_seq = memory.last_seq
    _count(past)
    return past


def _count(past: Past) -> None:
    past.spoken = sum(isinstance(event.body, Said) for event in past.events)
    for event in past.events:
        past.numbers[event.origin] = max(past.numbers.get(event.origin, 0), event.seq + 1)


def _under_way(events: Iterable[Event]) -> Iterable[tuple[float, StepStarted]]:
    """The requests that were under way when the log broke off, and since when (s)."""
    running: dict[str, tuple[float, StepStarted]] = {}
    for event in events:
        what = event.body
        if isinstance(what, StepStarted):
            running[what.request] = (event.t, what)
        elif isinstance(what, StepEnded):
            running.pop(what.request, None)
    return running.values()


def lapse(since_s: float, begun: StepStarted, now: float, reason: str, detail: str) -> StepEnded:
    """The end of a request that nobody carries out any more."""
    return StepEnded(
        request=begun.request,
        goal=begun.goal,
        step=begun.step,
        skill=begun.skill,
        body=begun.body,
        outcome="lapsed",
        reason=reason,
        detail=detail,
        duration_s=round(now - since_s, 3),
        role=begun.role,
    )


def _live(events: Iterable[Event]) -> Iterable[tuple[float, Input]]:
    """What came while a run went on, at its moments. A stop at a word is said by the word itself."""
    for event in events:
        what = event.body
        if event.origin != LIVE:
            continue
        if isinstance(what, Said):
            within = None if what.deadline_s is None else round(what.deadline_s - event.t, 3)
            yield (
                event.t,
                Words(
                    what.text,
                    what.who,
                    within,
                    what.priority,
                    what.channel,
                    what.key,
                    what.goal,
                    what.conditions,
                ),
            )
        elif isinstance(what, Instructed) and not what.cause:
            yield event.t, Directive(what.instruction, what.by, what.key)
