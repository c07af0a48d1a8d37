"""The brain: it reads memory, decides, and says so; it never acts and never waits.

`Brain.step` answers one piece of news: hear what people said, follow instructions, understand new
wishes, judge what bodies report, close or revise goals, allocate open steps, send what is ready.
Everything it decides is an event in its own memory, so a brain that dies is rebuilt by replaying
the log (`Brain.restore`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from brain.acting.aftermath import Leftover, aftermath, kept_back
from brain.acting.charging import send_to_charge
from brain.acting.dispatch import OPEN, Waiting, dispatch
from brain.acting.hints import Hints
from brain.acting.listening import STOPPED, Ears, listen, next_goal
from brain.acting.monitor import hear, holds_for, lapse
from brain.acting.revise import Revision, conditions_now, revise
from brain.acting.running import Ledger
from brain.acting.turn import Turn
from brain.acting.wanted import wanted
from brain.allocation.allocate import allocate
from brain.answering.answer import answer, needs_look
from brain.config import BrainConfig
from brain.contracts import Ask, BrainStep, Interpretation, News, Refuse, Understood
from brain.language.instructing.instructions import instruction_of
from brain.language.summary import summary
from brain.language.words.lexicon import lexicon
from brain.language.words.site import Site
from brain.planning.doubt import doubtful
from devices.facts import Condition, holds
from devices.roadmap import Roadmap
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import (
    AnswerGiven,
    BodyBack,
    BodyEnrolled,
    BodyLost,
    DeadlinePassed,
    Event,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    Instructed,
    Replied,
    SiteSurveyed,
    StepAssigned,
    StepEnded,
)
from stem_memory.instructions import Cancel, Change, Instruction, Release, Restrict, Resume, Stop
from stem_memory.notes.episodes import trials_of
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


class Brain:
    """One brain for one fleet. Not thread-safe; one call at a time."""

    def __init__(self, config: BrainConfig, interpreter: Interpreter) -> None:
        self._config = config
        self._interpreter = interpreter
        self._memory = MemoryState()
        self._ledger = Ledger()
        self._seq = 0
        self._roadmap: Roadmap | None = None
        self._hints = Hints(config)
        self._waiting = Waiting()
        self._ears = Ears()
        self._recalled: set[str] = set()
        # Cancelled goals that are to be closed, and ended ones that may have left something behind.
        self._called_off: set[str] = set()
        self._winding: dict[str, Leftover] = {}
        self._stale: dict[str, str] = {}
        self._allocate = False
        self._due = False
        self._allocated_s = 0.0

    def restore(self, events: Iterable[Event], believed: MemoryState | None = None) -> None:
        """Rebuild everything from the log. Wishes not yet understood are thought about again.

        Args:
            events: The log; where `believed` is given, at least `stem_memory.contracts.NEWS` of it.
            believed: What the whole log comes to, to save the time that folding it takes.
        """
        if believed is not None:
            self._memory = believed
        for event in events:
            if believed is None:
                self._memory.apply(event)
            self._absorb(event)
            if event.origin == "brain":
                self._seq = event.seq + 1
        self._allocate = True
        for goal, record in self._memory.goals().items():
            if record.status == "posted" and not record.conditions:
                self._think(record.goal, self._memory.now())
            elif record.status == "posted" or (
                record.status == "planned" and {"failed", "cancelled"} & set(record.steps.values())
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
        self._listen(turn)
        for goal in sorted(self._called_off):
            self._close(goal, "cancelled", self._memory.goals()[goal].reason, turn)
        for word in news.skill_events:
            self._ended(hear(word, turn, self._roadmap, self._config), turn)
        for ended in lapse(turn):
            self._ended(ended, turn)
        self._speak_hints(turn)
        # Steps that turn out to be needless may have been the last of their goals.
        while self._give_out(turn):
            self._allocate = True
        if not self._is_halted():
            send_to_charge(turn, self._roadmap, self._config)
        return self._result(turn)

    def _give_out(self, turn: Turn) -> bool:
        """Settle what has come to its end and send what is ready; True: to be looked at again."""
        assert self._roadmap is not None
        self._settle(turn)
        self._wind_up(turn)
        self._recall(turn)
        if self._is_halted():
            # Nobody is asked anything, so nobody's rest is over at any moment.
            self._waiting.rests.clear()
            return False
        if self._allocate or (
            self._due and turn.now - self._allocated_s >= self._config.reallocate_s
        ):
            self._assign(turn)
        assigned = [a for key, a in self._ledger.assigned.items() if self._is_open(key)]
        return dispatch(turn, self._roadmap, self._config, assigned, self._waiting)

    def _result(self, turn: Turn) -> BrainStep:
        self._seq = turn.seq
        return turn.result(self._wake(turn.now))

    def _is_halted(self) -> bool:
        """Whether everybody who is in touch was told to hold still: then nothing is given out."""
        bodies = self._memory.bodies().values()
        return any(b.stopped for b in bodies) and all(b.is_out for b in bodies)

    def _absorb(self, event: Event, turn: Turn | None = None) -> None:
        """Take an entry of another origin into account (own entries when restoring)."""
        self._ledger.absorb(event)
        settled = self._ears.absorb(event)
        what = event.body
        if isinstance(what, GoalClosed):
            self._called_off.discard(what.goal)
            if what.status == "failed":
                self._winding.setdefault(what.goal, Leftover(roll_back=False))
        elif isinstance(what, GoalPosted):
            self._seen_to(what.goal.cause)
        elif isinstance(what, Instructed) and isinstance(what.instruction, Cancel):
            self._call_off(what.instruction)
        if isinstance(what, SiteSurveyed):
            self._roadmap = Roadmap(what.plan)
        elif isinstance(what, BodyEnrolled | BodyBack | BodyLost):
            self._allocate = True
        elif turn is None:
            return
        elif isinstance(what, GoalPosted):
            self._think(what.goal, turn.now)
        elif isinstance(what, GoalClosed):
            self._let_go(what.goal)
        elif isinstance(what, Instructed):
            self._follow(what.instruction, turn)
            if settled is not None:
                turn.record(Replied(cause=settled.id, to=settled.who, text=STOPPED, heeded=True))

    # -- people ------------------------------------------------------------------------------

    def _listen(self, turn: Turn) -> None:
        """Deal with what people said and nothing has come of yet."""
        for said in self._ears.take():
            heard = listen(said, turn, instruction_of, self._interpreter.answer)
            for instruction in heard.instructions:
                if isinstance(instruction, Cancel):
                    self._call_off(instruction)
                self._follow(instruction, turn)
            if heard.meant is not None and heard.goal is not None:
                self._hints.add(heard.goal.id, heard.meant, turn.now)
            elif heard.goal is not None:
                self._think(heard.goal, turn.now)

    def _call_off(self, cancel: Cancel) -> None:
        """Remember what is to be closed and wound up; the log tells it to a new brain, too."""
        for goal in cancel.goals:
            record = self._memory.goals().get(goal)
            if record is not None and record.status == "cancelled" and goal not in self._winding:
                self._called_off.add(goal)
                self._winding[goal] = Leftover(cancel.roll_back)

    def _follow(self, instruction: Instruction, turn: Turn) -> None:
        """Act on an instruction that memory knows already."""
        self._allocate = True
        if isinstance(instruction, Stop | Release):
            # Who waits for somebody that is stopped has all the patience there is.
            self._waiting.since.clear()
            self._waiting.why.clear()
        elif isinstance(instruction, Resume):
            for goal in instruction.goals:
                self._take_up(goal, "it goes on", turn)
        elif isinstance(instruction, Restrict):
            self._take_up(instruction.goal, "who may work for it was changed", turn)
        elif isinstance(instruction, Change) and instruction.text is not None:
            self._let_go(instruction.goal)
            self._take_up(instruction.goal, "the wish was changed", turn)

    def _take_up(self, goal: str, reason: str, turn: Turn) -> None:
        record = self._memory.goals().get(goal)
        if record is None or record.closed_s is not None:
            return
        if record.conditions:
            self._stale[goal] = reason
        else:
            self._hints.forget(goal)
            self._think(record.goal, turn.now)

    def _think(self, goal: Goal, now: float) -> None:
        conditions = self._ears.wanted.get((goal.cause, goal.text))
        if conditions is not None:
            self._hints.add(goal.id, wanted(conditions, self._memory), now)
        else:
            self._hints.add(goal.id, self._interpreter.interpret(goal, self._memory), now)

    def _speak_hints(self, turn: Turn) -> None:
        """Record what has been thought through by now."""
        for goal, meant in self._hints.take(turn.now):
            record = self._memory.goals()[goal]
            if record.status not in ("posted", "needs_answer"):
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
                        queries=meant.queries,
                    )
                )
                self._stale[goal] = "first plan"
                self._hurry(record.goal, meant, turn)
                if self._memory.goals()[goal].is_question and not any(
                    needs_look(query, self._memory, turn.now) for query in meant.queries
                ):
                    self._answer(goal, turn)

    def _hurry(self, goal: Goal, meant: Understood, turn: Turn) -> None:
        """What the words say of time and urgency is a change of the goal like any other."""
        if meant.within_s is None and meant.priority is None:
            return
        due = None if meant.within_s is None else round(goal.t + meant.within_s, 3)
        change = Change(goal=goal.id, deadline_s=due, priority=meant.priority)
        turn.record(Instructed(instruction=change, by=goal.who, cause=goal.cause))

    def _answer(self, goal: str, turn: Turn, why_not: str = "") -> None:
        """Say what is known, and close a goal that asked for nothing else."""
        record = self._memory.goals()[goal]
        found = answer(record, self._memory, looked=not why_not, why_not=why_not)
        turn.record(AnswerGiven(goal=goal, answer=found))
        if why_not and not found.findings:
            self._close(goal, "failed", why_not, turn)
        elif record.is_question:
            self._close(goal, "answered", "", turn)

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
        for goal, due in self._deadlines().items():
            if turn.now > due + 1e-6:
                turn.record(DeadlinePassed(goal=goal, deadline_s=due))
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
                self._reach(goal, turn)
            elif finished and not reached:
                self._stale.setdefault(goal, "all steps are done but the goal is not reached")
            if goal in self._stale and self._memory.goals()[goal].closed_s is None:
                self._revise(goal, turn)

    def _reach(self, goal: str, turn: Turn) -> None:
        """The goal is what was wished: answer what it asked, and close it."""
        record = self._memory.goals()[goal]
        if record.queries:
            self._answer(goal, turn)
        if self._memory.goals()[goal].closed_s is not None:
            return
        if record.is_late and record.goal.deadline_s is not None:
            late = turn.now - record.goal.deadline_s
            self._close(goal, "missed", f"done {late:.0f} s after its deadline", turn)
        else:
            self._close(goal, "satisfied", "", turn)

    def _wind_up(self, turn: Turn) -> None:
        """Post what ended goals left to be done, once nobody works for them any more.

        What a lost or stopped body holds waits until it is back.
        """
        assert self._roadmap is not None
        if self._is_halted():
            return
        for goal, over in list(self._winding.items()):
            record = self._memory.goals()[goal]
            if record.closed_s is None or self._ledger.of_goal(goal):
                continue
            if record.goal.cause in self._memory.goals():
                del self._winding[goal]  # it was to tidy up itself
                continue
            kept = kept_back(record, self._memory)
            if over.things is not None and over.things <= kept:
                continue
            self._seen_to(goal)
            left = tuple(
                c
                for c in aftermath(record, over.roll_back, self._memory, self._roadmap)
                if not kept.intersection(c.what.ids)
                and (over.things is None or over.things.issuperset(c.what.ids))
            )
            if left:
                self._post_aftermath(record.goal, left, over.roll_back, turn)

    def _seen_to(self, goal: str) -> None:
        """What the goal left is seen to now, but for what somebody holds who can not be asked."""
        over = self._winding.pop(goal, None)
        if over is None:
            return
        kept = kept_back(self._memory.goals()[goal], self._memory)
        if over.things is not None:
            kept &= over.things
        if kept:
            self._winding[goal] = Leftover(over.roll_back, kept)

    def _post_aftermath(
        self, ended: Goal, left: tuple[Condition, ...], roll_back: bool, turn: Turn
    ) -> None:
        what = "put everything back as it was before" if roll_back else "put down what is left of"
        goal = Goal(
            id=next_goal(self._memory),
            text=f"{what} {ended.id}: {ended.text}",
            who=ended.who,
            t=turn.now,
            priority=ended.priority,
            cause=ended.id,
        )
        told = summary(left, Site(self._memory, lexicon()))
        turn.record(GoalPosted(goal=goal))
        turn.record(GoalUnderstood(goal=goal.id, conditions=left, summary=told, by="brain"))
        self._stale[goal.id] = "first plan"
        self._revise(goal.id, turn)

    def _recall(self, turn: Turn) -> None:
        """Ask bodies to stop what they do for goals that do not go on."""
        self._recalled &= self._ledger.requests.keys()
        for running in list(self._ledger.requests.values()):
            record = self._memory.goals().get(running.goal)
            if record is None or running.request in self._recalled:
                continue
            if record.status != "planned" and not (record.status == "posted" and record.conditions):
                self._recalled.add(running.request)
                turn.cancel(running.request)

    def _is_sure(self, condition: Condition, since_s: float) -> bool:
        """True as far as memory knows, and not from hearsay only."""
        return holds(condition, self._memory) and not doubtful(condition, self._memory, since_s)

    def _revise(self, goal: str, turn: Turn) -> None:
        assert self._roadmap is not None
        reason = self._stale.pop(goal)
        outcome = revise(goal, reason, turn, self._roadmap, self._config)
        self._allocate = True
        resting = any(b.stopped or b.drained for b in self._memory.bodies().values())
        if outcome is Revision.WAIT or (isinstance(outcome, str) and resting):
            # Whoever is stopped or drained may be the one who can.
            self._stale[goal] = reason
        elif isinstance(outcome, str) and self._memory.goals()[goal].is_question:
            self._answer(goal, turn, outcome)
        elif isinstance(outcome, str):
            self._close(goal, "failed", outcome, turn)

    def _close(self, goal: str, status: str, reason: str, turn: Turn) -> None:
        first = self._ledger.revisions.get(goal) is None
        verdict = "refused" if status == "failed" and first else status
        turn.record(GoalClosed.model_validate({"goal": goal, "status": verdict, "reason": reason}))
        self._called_off.discard(goal)
        if verdict == "failed":
            self._winding.setdefault(goal, Leftover(roll_back=False))
        self._let_go(goal)

    def _let_go(self, goal: str) -> None:
        """Nothing more is planned for this goal; `_recall` ends what is under way."""
        self._stale.pop(goal, None)
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
        times = self._hints.times()
        patience = self._waiting.next_s(self._config.patience_s, self._stale)
        if patience is not None:
            times.append(max(patience, now))
        # A millisecond later a deadline has passed.
        times += [max(now, round(due + 0.001, 3)) for due in self._deadlines().values()]
        return min(times, default=None)

    def _deadlines(self) -> dict[str, float]:
        """Until when open goals are to be reached that are not late yet (seconds)."""
        return {
            goal: record.goal.deadline_s
            for goal, record in self._memory.goals().items()
            if record.goal.deadline_s is not None and record.closed_s is None and not record.is_late
        }
