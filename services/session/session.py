"""The session: bodies, glasses and people of one site, on one clock, over one memory.

One round at time t: reports and words come in and become events; bodies that are to stop are
stopped; the brain answers; events are committed; requests reach bodies; only then do commands reach
the devices. So no motion begins that memory does not know the reason of. Nothing here depends on
how fast any of them answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from brain.contracts import BrainStep, News
from devices.contracts import BodyCard, Observation
from devices.facts import At, Be, Condition, Known, Selector
from devices.skill import SkillEvent
from services.errors import ActorDied
from services.runtime.local import Handle, LocalHandle
from services.session.crew import Crew, Polled
from services.session.diary import ANSWER, AUTHOR, Diary
from services.session.ear import Ear
from services.session.inputs import Inputs
from services.session.pace import Pace
from sim_worlds.contracts import Commands, Says, WorldStep
from sim_worlds.errors import WorldError
from stem_memory.contracts import (
    NEWS,
    AnswerGiven,
    BodyEnrolled,
    BodyLost,
    Event,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    Instructed,
    Observed,
    Payload,
    Replied,
    StepEnded,
    StepStarted,
)
from stem_memory.instructions import Release, Retire, Stop
from stem_memory.notes.overview import ORIGIN as NOTES

SAME_INSTANT_LIMIT = 50
# So many brains may die one after the other before a session is given up.
BRAINS = 5
# When a session is taken up, bodies that think elsewhere have so long (s) to call before they count as silent.
RETURN_S = 10.0
SITE, FLEET, CLOSING, BRAIN = "site", "fleet", "loop", "brain"


@dataclass
class Site:
    """What a session starts from.

    Args:
        opening: What memory is told before the first report, in order.
        operator: Who types.
        bodies: Everybody on the roster.
        awaited: Those of them that think elsewhere, and join.
        says: What people in the world will say, with what would be right.
        limit_s: When it ends at the latest (seconds of the session).
        stays: It goes on until somebody ends it, and what is open then stays open.
        past: What happened before in the same life, which goes on.
        held: Requests of then that bodies may still carry out which are not here yet.
        has_zones: Whether some of what is reported must not be recorded.
        is_shared: Whether other programs record in the memory meanwhile.
        number: The first free number of an origin.
        spoken: How many utterances memory holds already.
    """

    opening: tuple[Payload, ...]
    operator: str
    bodies: tuple[str, ...]
    awaited: tuple[str, ...] = ()
    says: tuple[Says, ...] = ()
    limit_s: float = 3600.0
    stays: bool = False
    past: tuple[Event, ...] = ()
    held: tuple[StepStarted, ...] = ()
    has_zones: bool = False
    is_shared: bool = False
    number: Callable[[str], int] = field(default=lambda origin: 0)
    spoken: int = 0


class Session:
    """Runs one site until every goal is settled, time is up, or somebody ends it."""

    def __init__(
        self,
        crew: Crew,
        site: Site,
        inputs: Inputs,
        pace: Pace,
        on_round: Callable[[float, tuple[Event, ...], Diary], None],
    ) -> None:
        self._crew = crew
        self._site = site
        self._inputs = inputs
        self._pace = pace
        self._on_round = on_round
        self._bodies = crew.bodies
        self._ear = Ear(
            inputs, site.operator, site.says, site.spoken, self._event, stays=site.stays
        )
        self._seq: dict[str, int] = {}
        self._brain_wake: float | None = None
        self._words: list[SkillEvent] = []
        self._cards: dict[str, BodyCard] = {}
        # Where others record, too, news is read back from the log: its order is the only one.
        self._reads_back = site.has_zones or site.is_shared or crew.glasses is not None
        self._read_to = crew.memory.position()
        self.diary = Diary()

    def run(self) -> Diary:
        """Run to the end. Raises what an actor raised, except for the death of a body's actor."""
        step = self._crew.world.reset()
        for body in self._site.bodies:
            self._bodies.roster.enrol(body, step.now)
        for body in self._site.awaited:
            self._bodies.roster.enrol(body, step.now + RETURN_S, finishes=True)
        self._take_up(step.now)
        opening = [self._event(SITE, step.now, payload) for payload in self._site.opening]
        self._round(step, opening)
        while not self._finished(step):
            step = self._advance(step)
            self._round(step, [])
        if self._site.stays:
            self._bodies.halt_all(step.now)
            # Whoever ends it does not wait until a long log has taught something: that goes over all of it.
            self._advance(step)
        else:
            self._close_rest(step.now)
            self._learn(step.now)
        return self.diary

    def _take_up(self, now: float) -> None:
        """Go on with a life: whoever was told to hold still does so, and nobody does what nobody knows of."""
        for event in self._site.past:
            self.diary.take(event)
            what = event.body
            if isinstance(what, Instructed) and isinstance(what.instruction, Stop | Release):
                self._bodies.latch(what.instruction)
            elif isinstance(what, Instructed) and isinstance(what.instruction, Retire):
                self._leave(what.instruction.body, now)
            elif isinstance(what, BodyEnrolled):
                self._cards[what.spec.id] = what.card
        for story in self.diary.goals.values():
            if story.closed is None and story.understood is not None:
                self._watch(story.understood)
        roster = self._bodies.roster
        for body in self.diary.bodies.keys() - set(self._site.bodies):
            if self.diary.bodies[body].retired:
                continue
            if self.diary.bodies[body].lost:
                roster.miss(body)
            else:
                roster.enrol(body, now + RETURN_S, finishes=True)
        for begun in self._site.held:
            roster.grant(begun.request, begun.body, begun.deadline_s)
        if self._site.past:
            self._bodies.halt_all(now)

    def _leave(self, body: str, now: float) -> None:
        """Whoever was taken out of the fleet is no longer part of it; to come back it enrols anew."""
        self._bodies.remove(body, now)
        self._cards.pop(body, None)

    def _let_in(self, now: float) -> list[Event]:
        """Whoever wants to join takes part from now on."""
        events: list[Event] = []
        for body in self._inputs.newcomers():
            try:
                spec = body.spec or self._crew.world.enter(body.id, body.card)
            except WorldError as error:
                body.refuse(str(error))
                continue
            self._bodies.add(body.id, LocalHandle(body.id, body), now, body.finishes)
            handle = LocalHandle(body.id, Polled(body))
            self._crew.devices.add(body.id, handle, is_far=body.spec is None)
            early = self._bodies.early(body.id)
            leases = self._bodies.roster.leases()
            given = (lease.request for lease in leases if lease.body == body.id)
            body.take_up(tuple(request for request in given if request not in early))
            if self._cards.get(body.id) != body.card:
                events.append(self._event(SITE, now, BodyEnrolled(spec=spec, card=body.card)))
        return events

    def _advance(self, step: WorldStep) -> WorldStep:
        """Hand commands over, and let time pass to the next thing that happens."""
        given = self._bodies.take_commands()
        devices = self._crew.devices
        devices.give(step.now, {body: c for body, c in given.items() if body in devices.ids})
        commands = tuple(
            Commands(body=body, commands=items)
            for body, items in given.items()
            if body not in devices.ids
        )
        until = self._until(step.now)
        if self._pace.is_host and commands:
            until = step.now
        elif self._pace.is_host:
            by_itself = until if step.next_s is None else min(until, step.next_s)
            until = self._pace.reach(max(step.now, by_itself), self._inputs)
        return self._crew.world.step(commands, until)

    # -- one round ---------------------------------------------------------------------------

    def _round(self, step: WorldStep, opening: list[Event]) -> None:
        """Everything that happens at one instant."""
        now = self.diary.now = step.now
        opening = opening + self._let_in(now)
        reports = self._crew.devices.poll(now)
        step = self._from_world(step, reports.heard)
        observations = (*step.observations, *reports.observations)
        receipts = (*step.receipts, *reports.receipts)
        heard, changes = self._bodies.listen(now, (*step.heard, *reports.heard))
        events = opening + self._reports(observations) + self._ear.hear(step)
        events += [self._event(FLEET, now, self._with_reason(change)) for change in changes]
        if self._reads_back:
            events = self._recorded(now, events)
        for event in events:
            self._note(event)
        self._words += self._bodies.news(now, observations, receipts, heard, changes)
        # Who thinks may take a while; a motor that is to halt does not wait for it.
        devices = self._crew.devices
        devices.give(now, self._bodies.take_halts(devices.ids))
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
            self._words += self._bodies.orders(now, answer)
            pending = bool(self._words)
        if done or observations:
            self._on_round(now, tuple(done), self.diary)

    def _from_world(self, step: WorldStep, in_touch: Collection[str]) -> WorldStep:
        """What of the world's news reaches the fleet: who thinks elsewhere is not heard here."""
        elsewhere = self._crew.devices.listened_to
        mute = set(step.heard) - set(self._bodies.ids) | (elsewhere - set(in_touch))
        if not mute and not elsewhere:
            return step
        return step.model_copy(
            update={
                "observations": tuple(o for o in step.observations if o.body not in mute),
                "receipts": tuple(r for r in step.receipts if r.body not in mute),
                "heard": tuple(b for b in step.heard if b not in mute | elsewhere),
            }
        )

    def _with_reason(self, change: Payload) -> Payload:
        """A loss with what the device's driver says of it."""
        if not isinstance(change, BodyLost):
            return change
        return change.model_copy(update={"reason": self._crew.devices.trouble(change.body)})

    def _recorded(self, now: float, events: list[Event]) -> list[Event]:
        """Record the events, let glasses see and hear meanwhile, and read back what is in the log."""
        memory, glasses = self._crew.memory, self._crew.glasses
        if events:
            memory.append(events, _stamp(now))
        if glasses is not None:
            words = self._ear.worn(glasses.wearer, glasses.advance(now), now)
            if words:
                memory.append(words, _stamp(now))
        return self._unread()

    def _unread(self) -> list[Event]:
        """What is new in the log, but for what the brain said itself."""
        found = []
        for entry in self._crew.memory.read(after=self._read_to):
            self._read_to = entry.id
            if entry.event.origin != BRAIN:
                found.append(entry.event)
        return found

    def _think(self, now: float, events: list[Event]) -> BrainStep:
        """Ask the brain while memory commits what it is told; then commit what it decided."""
        news = News(now=now, events=tuple(events), skill_events=tuple(self._words))
        self._words = []
        memory = self._crew.memory
        if events and not self._reads_back:
            memory.append_soon(events, _stamp(now))
        thinking = self._crew.brain.call("step", news)
        memory.settle()
        try:
            answer: BrainStep = self._crew.runtime.gather([thinking])[0]
        except ActorDied:
            answer = self._restart_brain(news)
        if answer.events:
            memory.append(answer.events, _stamp(now))
        self._brain_wake = answer.wake_s
        for event in answer.events:
            self._note(event)
        return answer

    def _restart_brain(self, news: News) -> BrainStep:
        """A new brain learns everything from the log, the news' events included, and answers.

        It may be put where everything is just dying, so another is tried.
        """
        memory, rest = self._crew.memory, news.model_copy(update={"events": ()})
        for left in reversed(range(BRAINS)):
            self._crew.brain = self._crew.new_brain()
            try:
                self._ask(self._crew.brain, "restore", memory.history(NEWS), memory.believed())
                answer: BrainStep = self._ask(self._crew.brain, "step", rest)
            except ActorDied:
                if not left:
                    raise
            else:
                return answer
        raise AssertionError("the last one has answered or died")

    def _note(self, event: Event) -> None:
        """Keep leases, latches and the judge up to date with what the log says."""
        what = event.body
        self.diary.take(event)
        if isinstance(what, BodyEnrolled):
            self._cards[what.spec.id] = what.card
        elif isinstance(what, StepStarted):
            is_rest = what.skill == "charge" and not what.goal
            self._bodies.roster.grant(what.request, what.body, what.deadline_s, is_rest)
        elif isinstance(what, StepEnded):
            self._bodies.roster.release(what.request)
        elif isinstance(what, GoalPosted):
            says = self._ear.authored.get(what.goal.cause)
            if says is not None and says.success:
                self._crew.world.watch(what.goal.id + AUTHOR, says.success)
        elif isinstance(what, GoalUnderstood):
            self._watch(what)
        elif isinstance(what, AnswerGiven):
            claims = _claims(what)
            if claims and not _named(claims) & self._crew.devices.ids:
                self._crew.world.watch(what.goal + ANSWER, claims)
                self._judge(what.goal + ANSWER)
        elif isinstance(what, GoalClosed):
            self._judge(what.goal)
            self._judge(what.goal + AUTHOR)
        elif isinstance(what, Instructed) and isinstance(what.instruction, Stop | Release):
            self._bodies.latch(what.instruction)
        elif isinstance(what, Instructed) and isinstance(what.instruction, Retire):
            self._leave(what.instruction.body, event.t)
        self._tell_wearer(what, event.t)

    def _watch(self, what: GoalUnderstood) -> None:
        """What is no part of the world the world can not judge."""
        if not _named(what.conditions) & self._crew.devices.ids:
            self._crew.world.watch(what.goal, what.conditions)

    def _judge(self, name: str) -> None:
        verdict = self._crew.world.judge(name)
        if verdict is not None:
            self.diary.verdicts[name] = verdict

    def _tell_wearer(self, what: Payload, t: float) -> None:
        """What concerns the wearer of the glasses is said to them."""
        glasses = self._crew.glasses
        if glasses is None:
            return
        text = ""
        if isinstance(what, Replied):
            text = what.text if what.to == glasses.wearer else ""
        elif isinstance(what, AnswerGiven | GoalQuestioned | GoalClosed):
            story = self.diary.goals.get(what.goal)
            if story is None or story.goal.who != glasses.wearer:
                return
            if isinstance(what, AnswerGiven):
                text = what.answer.text
            elif isinstance(what, GoalQuestioned):
                text = what.question
            elif what.status in ("refused", "failed"):
                text = what.reason
        if text:
            glasses.say(text, t)

    def _reports(self, observations: Iterable[Observation]) -> list[Event]:
        return [self._event(o.body, o.t, Observed(observation=o)) for o in observations]

    # -- time --------------------------------------------------------------------------------

    def _until(self, now: float) -> float:
        glasses = self._crew.glasses
        times = (
            self._site.limit_s,
            self._inputs.next_s(),
            self._brain_wake,
            self._bodies.next_s(),
            self._crew.devices.next_s(now),
            glasses.next_s() if glasses is not None else None,
        )
        return round(max(min(t for t in times if t is not None), now), 3)

    def _finished(self, step: WorldStep) -> bool:
        if step.now >= self._site.limit_s - 1e-6:
            return True
        if self._bodies.has_commands:
            return False
        if self._inputs.is_ending or self._site.stays:
            return self._inputs.is_ending
        glasses = self._crew.glasses
        if not self._ear.is_done or (glasses is not None and glasses.next_s() is not None):
            return False
        if self._inputs.is_live and not self.diary.is_settled:
            return False  # who asked, paused or stopped waits for a word
        if self._bodies.all_stopped:
            return True  # nobody may move, and nobody is going to say otherwise
        leases = self._bodies.roster.leases()
        if self.diary.under_way():
            return not leases and self._is_at_rest(step)
        # Who charges its battery is not waited for.
        return all(lease.is_rest for lease in leases)

    def _is_at_rest(self, step: WorldStep) -> bool:
        """Whether nothing is ever going to happen by itself any more."""
        due = (
            step.next_s,
            self._brain_wake,
            self._bodies.next_s(),
            self._crew.devices.next_s(step.now),
        )
        if not step.idle or any(t is not None and t < self._site.limit_s for t in due):
            return False
        # A real body that is out of touch may be heard again at any time.
        return not (self._pace.is_host and self._bodies.roster.lost())

    def _close_rest(self, now: float) -> None:
        """Time is up, or nobody can do anything: what is still open failed, and memory says so.

        What is paused, or waits because somebody is stopped, stays as it is.
        """
        if now >= self._site.limit_s - 1e-6:
            reason = f"not reached within {self._site.limit_s:g} s"
        elif any(self.diary.stopped.values()):
            return
        else:
            reason = "nobody does anything for it, and nothing more is going to happen"
        while rest := self.diary.under_way():
            closed = [GoalClosed(goal=goal, status="failed", reason=reason) for goal in rest]
            self._round_closing(now, [self._event(CLOSING, now, c) for c in closed])

    def _learn(self, now: float) -> None:
        """Let memory hold what the failures of this run teach."""
        lessons = self._crew.memory.lessons()
        if lessons:
            self._round_closing(now, [self._event(NOTES, now, lesson) for lesson in lessons])

    def _round_closing(self, now: float, events: list[Event]) -> None:
        if self._reads_back:
            self._crew.memory.append(events, _stamp(now))
            events = self._unread()
        for event in events:
            self._note(event)
        answer = self._think(now, events)
        self._on_round(now, (*events, *answer.events), self.diary)

    # -- small things ------------------------------------------------------------------------

    def _event(self, origin: str, t: float, body: Payload) -> Event:
        seq = self._seq[origin] if origin in self._seq else self._site.number(origin)
        self._seq[origin] = seq + 1
        return Event(origin=origin, seq=seq, t=round(t, 3), body=body)

    def _ask(self, handle: Handle, method: str, *args: Any) -> Any:
        return self._crew.runtime.gather([handle.call(method, *args)])[0]


def _stamp(now: float) -> int:
    """Transaction time: the session's milliseconds at which memory is told."""
    return round(now * 1000)


def _named(conditions: Iterable[Condition]) -> set[str]:
    """The ids that conditions are about."""
    found: set[str] = set()
    for condition in conditions:
        if isinstance(condition, At | Be | Known):
            found.update(condition.what.ids)
        if isinstance(condition, At):
            found.add(condition.where)
    return found


def _claims(given: AnswerGiven) -> tuple[Condition, ...]:
    """What an answer says of the world, as conditions; that something is nowhere is no claim."""
    found: list[Condition] = []
    for finding in given.answer.findings:
        what = Selector(ids=(finding.thing,))
        if finding.value is None:
            continue
        if finding.attr == "location":
            found.append(At(what=what, where=str(finding.value), relation="at", count=1))
        else:
            found.append(Be(what=what, attr=finding.attr, value=finding.value, count=1))
    return tuple(found)
