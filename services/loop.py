"""The lock-step loop: the world runs to its next report, bodies step, the brain decides, memory
commits, commands go back. Nothing here depends on how fast any of them answers.

Order of one round at virtual time t: reports and wishes become events; bodies hear their receipts;
the brain answers; events are committed; requests reach bodies; only then do commands reach the
world. So no motion begins that memory does not know the reason of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from brain.contracts import BrainStep, Dispatch, News
from cerebellum.contracts import BodyInput, BodyOutput, Order, Whereabouts
from devices.contracts import Command, Halt, Observation, Receipt
from devices.facts import Condition
from devices.skill import SkillCard, SkillEvent
from services.contracts import PostedWish
from services.errors import ActorDied
from services.fleet import Fleet
from services.runtime import Handle, Runtime
from sim_worlds.contracts import Commands, Says, Survey, Verdict, WorldStep
from stem_memory.contracts import (
    BodyBack,
    BodyEnrolled,
    Event,
    GoalAnswered,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    Observed,
    Payload,
    SiteSurveyed,
    SkillsDeclared,
    StepEnded,
    StepStarted,
)
from stem_memory.notes.overview import ORIGIN as NOTES
from stem_memory.privacy.contracts import PrivacyChanged
from stem_memory.tasks import Goal

AUTHOR = "#author"
SAME_INSTANT_LIMIT = 50


@dataclass
class Crew:
    """Handles of everything the loop talks to."""

    runtime: Runtime
    world: Handle
    memory: Handle
    brain: Handle
    bodies: dict[str, Handle]
    new_brain: Callable[[], Handle]


@dataclass
class Diary:
    """What the loop learns for the result of the run."""

    goals: dict[str, Goal] = field(default_factory=dict)
    closed: dict[str, GoalClosed] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    authored: dict[str, Says] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    events: int = 0
    now: float = 0.0


class Loop:
    """Runs one world with one crew until every goal is settled or time is up."""

    def __init__(
        self,
        crew: Crew,
        survey: Survey,
        skills: tuple[SkillCard, ...],
        wishes: tuple[PostedWish, ...],
        says: tuple[Says, ...],
        limit_s: float,
        on_round: Callable[[float, tuple[Event, ...]], None],
        prelude: tuple[Payload, ...] = (),
    ) -> None:
        self._crew = crew
        self._survey = survey
        self._skills = skills
        self._wishes = sorted(wishes, key=lambda wish: wish.t)
        self._says = list(says)
        self._limit_s = limit_s
        self._on_round = on_round
        # What memory holds before the first report: rules of privacy, and what earlier runs taught.
        self._prelude = prelude
        self._has_zones = any(
            isinstance(p, PrivacyChanged) and p.change.act == "zone_drawn" for p in prelude
        )
        self._fleet = Fleet()
        self._seq: dict[str, int] = {}
        self._wakes: dict[str, float] = {}
        self._brain_wake: float | None = None
        self._outbox: dict[str, list[Command]] = {}
        self._words: list[SkillEvent] = []
        self._dead: set[str] = set()
        self.diary = Diary()

    def run(self) -> Diary:
        """Run to the end. Raises what an actor raised, except for the death of a body's actor."""
        opening = self._opening()
        step: WorldStep = self._ask(self._crew.world, "reset")
        self._round(step, opening)
        while not self._finished(step):
            commands = tuple(
                Commands(body=body, commands=tuple(items))
                for body, items in sorted(self._outbox.items())
                if items
            )
            self._outbox = {}
            until = self._until(step.now)
            step = self._ask(self._crew.world, "step", commands, until)
            self._round(step, [])
        self._close_rest(step.now)
        self._learn(step.now)
        return self.diary

    # -- one round ---------------------------------------------------------------------------

    def _round(self, step: WorldStep, events: list[Event]) -> None:
        """Everything that happens at one instant."""
        now = self.diary.now = step.now
        events = events + self._reports(step)
        if self._has_zones and events:
            # Before anybody learns of it: neither memory nor brain may know.
            events = list(self._ask(self._crew.memory, "admit", tuple(events)))
        events += self._posted(step)
        heard = tuple(body for body in step.heard if body not in self._dead)
        changes = self._fleet.listen(now, heard)
        events += [self._event("fleet", now, change) for change in changes]
        self._words += self._pump(self._inbox(step, changes))
        pending = bool(events or self._words)
        if self._brain_wake is not None and now >= self._brain_wake - 1e-6:
            pending = True
        done: list[Event] = list(events)
        turns = 0
        while pending:
            turns += 1
            if turns > SAME_INSTANT_LIMIT:
                raise RuntimeError(f"the fleet does not come to rest at {now} s")
            answer = self._think(now, events)
            done += answer.events
            events = []
            self._words += self._pump(self._orders(now, answer))
            pending = bool(self._words)
        if done or step.observations:
            self._on_round(now, tuple(done))

    def _think(self, now: float, events: list[Event]) -> BrainStep:
        """Ask the brain while memory commits what it is told; then commit what it decided."""
        news = News(now=now, events=tuple(events), skill_events=tuple(self._words))
        self._words = []
        thinking = self._crew.brain.call("step", news)
        if events:
            self._ask(self._crew.memory, "append", news.events, self._stamp(now))
        try:
            answer: BrainStep = self._crew.runtime.gather([thinking])[0]
        except ActorDied:
            answer = self._restart_brain(news)
        if answer.events:
            self._ask(self._crew.memory, "append", answer.events, self._stamp(now))
        self.diary.events += len(events) + len(answer.events)
        self._brain_wake = answer.wake_s
        for event in answer.events:
            self._note(event)
        return answer

    def _restart_brain(self, news: News) -> BrainStep:
        """A new brain learns everything from the log, the news' events included, and answers."""
        self._crew.brain = self._crew.new_brain()
        log = self._ask(self._crew.memory, "replay")
        self._ask(self._crew.brain, "restore", log)
        rest = news.model_copy(update={"events": ()})
        answer: BrainStep = self._ask(self._crew.brain, "step", rest)
        return answer

    def _note(self, event: Event) -> None:
        """Keep leases and the judge up to date with what the brain recorded."""
        what = event.body
        if isinstance(what, StepStarted):
            self._fleet.grant(what.request, what.body, what.deadline_s)
        elif isinstance(what, StepEnded):
            self._fleet.release(what.request)
        elif isinstance(what, GoalUnderstood):
            self._watch(what.goal, what.conditions)
        elif isinstance(what, GoalQuestioned):
            self.diary.questions[what.goal] = what.question
        elif isinstance(what, GoalAnswered):
            self.diary.questions.pop(what.goal, None)
        elif isinstance(what, GoalClosed):
            self._judge(what)

    def _watch(self, goal: str, conditions: tuple[Condition, ...]) -> None:
        self._ask(self._crew.world, "watch", goal, conditions)

    def _judge(self, closed: GoalClosed) -> None:
        self.diary.closed[closed.goal] = closed
        if closed.status not in ("satisfied", "failed"):
            return
        names = [closed.goal]
        if closed.goal in self.diary.authored:
            names.append(closed.goal + AUTHOR)
        for name in names:
            try:
                self.diary.verdicts[name] = self._ask(self._crew.world, "judge", name)
            except KeyError:
                continue  # a goal that was never understood has nothing to judge

    # -- what comes in -----------------------------------------------------------------------

    def _opening(self) -> list[Event]:
        survey = self._survey
        cards = {card.kind: card for card in survey.cards}
        site: list[Payload] = [
            SiteSurveyed(
                plan=survey.plan,
                classes=survey.classes,
                things=survey.things,
                states=survey.states,
            ),
            SkillsDeclared(cards=self._skills),
        ]
        site += [BodyEnrolled(spec=spec, card=cards[spec.kind]) for spec in survey.bodies]
        site += self._prelude
        for spec in survey.bodies:
            self._fleet.enrol(spec.id, 0.0)
        return [self._event("site", 0.0, payload) for payload in site]

    def _reports(self, step: WorldStep) -> list[Event]:
        return [
            self._event(report.body, report.t, Observed(observation=report))
            for report in step.observations
        ]

    def _posted(self, step: WorldStep) -> list[Event]:
        """Wishes that people said and wishes the operator typed, as events."""
        events = []
        for said in self._heard_wishes(step):
            goal = self._goal(said.who, said.text, step.now, said.deadline_s, said.priority)
            if said.success:
                self.diary.authored[goal.id] = said
                self._watch(goal.id + AUTHOR, said.success)
            events.append(self._event("people", step.now, GoalPosted(goal=goal)))
        while self._wishes and self._wishes[0].t <= step.now + 1e-6:
            wish = self._wishes.pop(0)
            who = wish.who or self._survey.operator
            goal = self._goal(who, wish.text, step.now, None, 0)
            events.append(self._event("operator", step.now, GoalPosted(goal=goal)))
        return events

    def _heard_wishes(self, step: WorldStep) -> list[Says]:
        heard = []
        for wish in step.wishes:
            for says in self._says:
                if (says.who, says.text) == (wish.who, wish.text):
                    self._says.remove(says)
                    heard.append(says)
                    break
        return heard

    def _goal(
        self, who: str, text: str, now: float, deadline_s: float | None, priority: int
    ) -> Goal:
        goal = Goal(
            id=f"g{len(self.diary.goals) + 1}",
            text=text,
            who=who,
            t=now,
            deadline_s=deadline_s,
            priority=priority,
        )
        self.diary.goals[goal.id] = goal
        return goal

    def _inbox(self, step: WorldStep, changes: list[Payload]) -> dict[str, BodyInput]:
        """News for the bodies: their own reports and receipts, and wake-ups that are due."""
        seen: dict[str, Observation] = {report.body: report for report in step.observations}
        receipts: dict[str, list[Receipt]] = {}
        for receipt in step.receipts:
            receipts.setdefault(receipt.body, []).append(receipt)
        due = {body for body, t in self._wakes.items() if t <= step.now + 1e-6}
        for body in due:
            del self._wakes[body]
        back = {c.body: self._fleet.forfeited(c.body) for c in changes if isinstance(c, BodyBack)}
        return {
            body: BodyInput(
                now=step.now,
                observation=seen.get(body),
                receipts=tuple(receipts.get(body, ())),
                cancels=back.get(body, ()),
            )
            for body in sorted(set(seen) | set(receipts) | due | set(back))
            if body in step.heard
        }

    def _orders(self, now: float, answer: BrainStep) -> dict[str, BodyInput]:
        orders: dict[str, list[Order]] = {}
        cancels: dict[str, list[str]] = {}
        for item in answer.dispatches:
            orders.setdefault(item.request.body, []).append(_order(item))
        for body, request in answer.cancels:
            cancels.setdefault(body, []).append(request)
        lost = self._fleet.lost()
        return {
            body: BodyInput(
                now=now,
                orders=tuple(orders.get(body, ())),
                cancels=tuple(cancels.get(body, ())),
            )
            for body in sorted(set(orders) | set(cancels))
            if body not in lost
        }

    def _pump(self, inbox: dict[str, BodyInput]) -> list[SkillEvent]:
        """Give bodies their news, all at once; collect their commands and words."""
        asked = [body for body in inbox if body not in self._dead]
        calls = {body: self._crew.bodies[body].call("step", inbox[body]) for body in asked}
        words: list[SkillEvent] = []
        for body in asked:
            try:
                output: BodyOutput = self._crew.runtime.gather([calls[body]])[0]
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

    # -- time --------------------------------------------------------------------------------

    def _until(self, now: float) -> float:
        times = [self._limit_s, *self._wakes.values()]
        if self._wishes:
            times.append(self._wishes[0].t)
        if self._brain_wake is not None:
            times.append(self._brain_wake)
        check = self._fleet.next_check()
        if check is not None:
            times.append(check)
        return round(max(min(times), now), 3)

    def _finished(self, step: WorldStep) -> bool:
        if step.now >= self._limit_s - 1e-6:
            return True
        if self._wishes or self._says or self._fleet.leases():
            return False
        settled = set(self.diary.closed) | set(self.diary.questions)
        return all(goal in settled for goal in self.diary.goals) and not any(self._outbox.values())

    def _close_rest(self, now: float) -> None:
        """Time is up: what is still open failed, and memory says so."""
        rest = [
            goal
            for goal in self.diary.goals
            if goal not in self.diary.closed and goal not in self.diary.questions
        ]
        if rest:
            reason = f"not reached within {self._limit_s:g} s"
            events = [
                self._event("loop", now, GoalClosed(goal=goal, status="failed", reason=reason))
                for goal in rest
            ]
            self._round_closing(now, events)

    def _learn(self, now: float) -> None:
        """Let memory hold what the failures of this run teach."""
        lessons: tuple[Payload, ...] = self._ask(self._crew.memory, "lessons")
        if lessons:
            self._round_closing(now, [self._event(NOTES, now, lesson) for lesson in lessons])

    def _round_closing(self, now: float, events: list[Event]) -> None:
        self._think(now, events)
        for event in events:
            self._note(event)
        self._on_round(now, tuple(events))

    # -- small things ------------------------------------------------------------------------

    def _event(self, origin: str, t: float, body: Payload) -> Event:
        seq = self._seq.get(origin, 0)
        self._seq[origin] = seq + 1
        return Event(origin=origin, seq=seq, t=round(t, 3), body=body)

    def _stamp(self, now: float) -> int:
        """Transaction time: the virtual milliseconds at which memory is told."""
        return round(now * 1000)

    def _ask(self, handle: Handle, method: str, *args: Any) -> Any:
        return self._crew.runtime.gather([handle.call(method, *args)])[0]


def _order(item: Dispatch) -> Order:
    known: Iterable[tuple[str, tuple[str | None, float, float]]] = item.whereabouts.items()
    return Order(
        request=item.request,
        whereabouts={
            thing: Whereabouts(holder=holder, x=x, y=y) for thing, (holder, x, y) in known
        },
    )
