"""The brain: it reads memory, decides, and says so; it never acts and never waits.

`Brain.step` answers one piece of news: understand new wishes, judge what bodies report, close or
revise goals, allocate open steps, send what is ready. Everything it decides is an event in its own
memory, so a brain that dies is rebuilt by replaying the log (`Brain.restore`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from brain.acting.charging import send_to_charge
from brain.acting.dispatch import OPEN, Waiting, dispatch
from brain.acting.monitor import hear, lapse
from brain.acting.revise import Revision, conditions_now, revise
from brain.acting.running import Ledger
from brain.acting.turn import Turn
from brain.allocation.allocate import allocate
from brain.config import BrainConfig
from brain.contracts import Ask, BrainStep, Interpretation, News, Refuse, Understood
from brain.planning.doubt import doubtful
from devices.facts import Condition, holds
from devices.roadmap import Roadmap
from stem_memory.contracts import (
    BodyBack,
    BodyEnrolled,
    BodyLost,
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    SiteSurveyed,
    StepAssigned,
    StepEnded,
)
from stem_memory.notes.episodes import trials_of
from stem_memory.state import MemoryState
from stem_memory.tasks import Goal, GoalRecord, Heeded
from stem_memory.view import MemoryView


class Interpreter(Protocol):
    """Understands people. `brain.interpret` is the implementation."""

    def interpret(self, goal: Goal, view: MemoryView) -> Interpretation:
        """What the wish means here: conditions, a question back, or a refusal with its reason."""
        ...

    def answer(self, record: GoalRecord, text: str, view: MemoryView) -> Interpretation | None:
        """The wish of `record` read together with this answer; None: the text is no answer."""
        ...


def holds_for(record: GoalRecord, ended: StepEnded) -> bool:
    """Whether the body already did a step that binds this one to it (it holds something)."""
    if record.graph is None:
        return False
    group = {s.bind for s in record.graph.steps if s.id == ended.step} - {None}
    return any(
        step.bind in group
        and record.steps.get(step.id) == "done"
        and record.bodies.get(step.id) == ended.body
        for step in record.graph.steps
    )


class Brain:
    """One brain for one fleet. Not thread-safe; one call at a time."""

    def __init__(self, config: BrainConfig, interpreter: Interpreter) -> None:
        self._config = config
        self._interpreter = interpreter
        self._memory = MemoryState()
        self._ledger = Ledger()
        self._seq = 0
        self._roadmap: Roadmap | None = None
        self._thoughts: list[tuple[float, str, Interpretation]] = []
        self._waiting = Waiting()
        self._stale: dict[str, str] = {}
        self._allocate = False
        self._due = False
        self._allocated_s = 0.0

    def restore(self, events: Iterable[Event]) -> None:
        """Rebuild everything from the log. Wishes not yet understood are thought about again."""
        for event in events:
            self._memory.apply(event)
            self._absorb(event)
            if event.origin == "brain":
                self._seq = event.seq + 1
        self._allocate = True
        for goal, record in self._memory.goals().items():
            if record.status == "posted" and not record.conditions:
                self._think(record.goal, self._memory.now())
            elif record.status == "posted" or (
                record.status == "planned" and "failed" in record.steps.values()
            ):
                self._stale[goal] = "the brain was restarted"

    def digest(self) -> str:
        """The hash of the brain's memory, to compare with the store's."""
        return self._memory.digest()

    def step(self, news: News) -> BrainStep:
        """Answer what happened. Deterministic: same history, same answer."""
        turn = Turn(news.now, self._memory, self._ledger, self._seq)
        for event in news.events:
            self._memory.apply(event)
            self._absorb(event, turn)
        if self._roadmap is None:
            return turn.result(None)
        for word in news.skill_events:
            self._ended(hear(word, turn, self._roadmap, self._config), turn)
        for ended in lapse(turn):
            self._ended(ended, turn)
        self._speak_thoughts(turn)
        self._settle(turn)
        if self._allocate or (
            self._due and turn.now - self._allocated_s >= self._config.reallocate_s
        ):
            self._assign(turn)
        assigned = [a for key, a in self._ledger.assigned.items() if self._is_open(key)]
        dispatch(turn, self._roadmap, self._config, assigned, self._waiting)
        send_to_charge(turn, self._roadmap, self._config)
        self._seq = turn.seq
        return turn.result(self._wake(turn.now))

    def _absorb(self, event: Event, turn: Turn | None = None) -> None:
        """Take an entry of another origin into account (own entries when restoring)."""
        self._ledger.absorb(event)
        what = event.body
        if isinstance(what, SiteSurveyed):
            self._roadmap = Roadmap(what.plan)
        elif isinstance(what, BodyEnrolled | BodyBack | BodyLost):
            self._allocate = True
        elif turn is None:
            return
        elif isinstance(what, GoalPosted):
            self._receive(what.goal, turn)
        elif isinstance(what, GoalClosed):
            self._stop(what.goal, turn)

    def _receive(self, goal: Goal, turn: Turn) -> None:
        """A new wish: perhaps the answer to a question, else something to think about."""
        asked = [
            record
            for record in self._memory.goals().values()
            if record.status == "needs_answer" and record.goal.who == goal.who
        ]
        for record in reversed(asked):
            meant = self._interpreter.answer(record, goal.text, self._memory)
            if meant is not None:
                turn.record(GoalAnswered(goal=record.goal.id, text=goal.text))
                reason = f"answers {record.goal.id}: {record.goal.text}"
                turn.record(GoalClosed(goal=goal.id, status="satisfied", reason=reason))
                self._schedule(record.goal.id, meant, turn.now)
                return
        self._think(goal, turn.now)

    def _think(self, goal: Goal, now: float) -> None:
        self._schedule(goal.id, self._interpreter.interpret(goal, self._memory), now)

    def _schedule(self, goal: str, meant: Interpretation, now: float) -> None:
        way = meant.by if isinstance(meant, Understood) else "grammar"
        ready = round(now + self._config.think_s[way] + self._config.think_s["plan"], 3)
        self._thoughts.append((ready, goal, meant))

    def _speak_thoughts(self, turn: Turn) -> None:
        """Record what has been thought through by now."""
        ready = [t for t in self._thoughts if t[0] <= turn.now + 1e-9]
        self._thoughts = [t for t in self._thoughts if t[0] > turn.now + 1e-9]
        for _, goal, meant in sorted(ready, key=lambda t: (t[0], t[1])):
            if self._memory.goals()[goal].status not in ("posted", "needs_answer"):
                continue
            if isinstance(meant, Ask):
                turn.record(
                    GoalQuestioned(goal=goal, question=meant.question, options=meant.options)
                )
            elif isinstance(meant, Refuse):
                turn.record(GoalClosed(goal=goal, status="refused", reason=meant.reason))
            else:
                turn.record(
                    GoalUnderstood(
                        goal=goal,
                        conditions=meant.conditions,
                        summary=meant.summary,
                        by=meant.by,
                    )
                )
                self._stale[goal] = "first plan"

    def _ended(self, ended: StepEnded | None, turn: Turn) -> None:
        """Draw the conclusions from the end of a request."""
        if ended is None:
            return
        for tried in trials_of(ended, self._read_for(ended)):
            turn.record(tried)
        self._due = True
        self._allocate = self._allocate or ended.outcome != "done"
        if ended.outcome == "done" or ended.role == "errand" or not ended.goal:
            return
        record = self._memory.goals()[ended.goal]
        if ended.outcome == "lapsed" and ended.role == "approach" and not holds_for(record, ended):
            return  # nothing was touched yet: another body can take the step as it is
        if record.closed_s is None:
            self._stale.setdefault(ended.goal, ended.detail or ended.reason or ended.outcome)

    def _read_for(self, ended: StepEnded) -> tuple[Heeded, ...]:
        """The notes that were read when the step was planned and given to its body."""
        record = self._memory.goals().get(ended.goal)
        steps = record.graph.steps if record is not None and record.graph is not None else ()
        planned = next((step.notes for step in steps if step.id == ended.step), ())
        given = self._ledger.assigned.get((ended.goal, ended.step))
        return (*planned, *(given.explain.notes if given is not None else ()))

    def _settle(self, turn: Turn) -> None:
        """Close goals that are reached, and plan those that have no valid plan."""
        for goal, step in self._waiting.overdue(turn.now, self._config.patience_s):
            why = self._waiting.why[(goal, step)]
            self._waiting.clear((goal, step))
            self._stale.setdefault(goal, f"step {step} waited too long for: {why}")
        for goal, record in list(self._memory.goals().items()):
            if record.status not in ("posted", "planned") or not record.conditions:
                continue
            finished = record.graph is not None and all(
                record.steps.get(s.id) == "done" for s in record.graph.steps
            )
            reached = all(self._is_sure(c, record.goal.t) for c in conditions_now(record))
            if reached and (finished or goal in self._stale) and not self._ledger.of_goal(goal):
                self._close(goal, "satisfied", "", turn)
            elif finished and not reached:
                self._stale.setdefault(goal, "all steps are done but the goal is not reached")
            if goal in self._stale and self._memory.goals()[goal].closed_s is None:
                self._revise(goal, turn)

    def _is_sure(self, condition: Condition, since_s: float) -> bool:
        """True as far as memory knows, and not from hearsay only."""
        return holds(condition, self._memory) and not doubtful(condition, self._memory, since_s)

    def _revise(self, goal: str, turn: Turn) -> None:
        assert self._roadmap is not None
        reason = self._stale.pop(goal)
        outcome = revise(goal, reason, turn, self._roadmap, self._config)
        self._allocate = True
        if outcome is Revision.WAIT:
            self._stale[goal] = reason
        elif isinstance(outcome, str):
            self._close(goal, "failed", outcome, turn)

    def _close(self, goal: str, status: str, reason: str, turn: Turn) -> None:
        first = self._ledger.revisions.get(goal) is None
        verdict = "refused" if status == "failed" and first else status
        turn.record(GoalClosed.model_validate({"goal": goal, "status": verdict, "reason": reason}))
        self._stop(goal, turn)

    def _stop(self, goal: str, turn: Turn) -> None:
        """Nothing of this goal goes on."""
        self._stale.pop(goal, None)
        for running in self._ledger.of_goal(goal):
            turn.cancel(running.request)
        for key in [k for k in self._waiting.since if k[0] == goal]:
            self._waiting.clear(key)

    def _is_open(self, key: tuple[str, str]) -> bool:
        record = self._memory.goals().get(key[0])
        if record is None or record.status != "planned" or record.graph is None:
            return False
        known = any(step.id == key[1] for step in record.graph.steps)
        return known and record.steps.get(key[1], "pending") in OPEN

    def _assign(self, turn: Turn) -> None:
        """Decide anew who does which open step; record where that changed."""
        assert self._roadmap is not None
        self._allocate = self._due = False
        self._allocated_s = turn.now
        under_way = self._ledger.steps()
        fixed = {k: a for k, a in self._ledger.assigned.items() if k in under_way}
        schedule = allocate(self._memory, self._roadmap, turn.now, fixed=fixed)
        for item in schedule.assignments:
            key = (item.goal, item.step)
            old = self._ledger.assigned.get(key)
            if key in under_way:
                continue
            if old is None or (old.body, old.partner) != (item.body, item.partner):
                turn.record(StepAssigned(assignment=item))
            else:
                self._ledger.assigned[key] = item
        self._give_up_unassigned(schedule.unassigned, turn)

    def _give_up_unassigned(self, unassigned: dict[str, str], turn: Turn) -> None:
        """A step nobody alive can do makes its goal's plan stale."""
        for name, why in sorted(unassigned.items()):
            goal, _, step = name.partition("/")
            self._ledger.assigned.pop((goal, step), None)
            self._waiting.note((goal, step), turn.now, why)

    def _wake(self, now: float) -> float | None:
        times = [t[0] for t in self._thoughts]
        patience = self._waiting.next_s(self._config.patience_s)
        if patience is not None:
            times.append(max(patience, now))
        return min(times, default=None)
