"""The fold of the event log: which kind of event changes which part of memory, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices.contracts import Observation
from devices.facts import Facts, Location
from devices.site import Point, SitePlan
from devices.skill import SkillCard
from stem_memory import contracts as log
from stem_memory.belief.bodies import Bodies
from stem_memory.belief.entity import Entity
from stem_memory.belief.evidence import SELF_CONFIDENCE, Evidence
from stem_memory.belief.experience import Experience
from stem_memory.belief.frames import MAP, Frames, in_map, moved_plan
from stem_memory.belief.geometry import middle
from stem_memory.belief.goals import Goals
from stem_memory.belief.journal import Change
from stem_memory.belief.ontology import Ontology
from stem_memory.belief.performance import PerformanceProjection
from stem_memory.belief.projections import Projections
from stem_memory.belief.talk import BRAIN, Talk
from stem_memory.belief.things import Things
from stem_memory.instructions import Activate, Drain, Release, Retire, Stop

_NO_PLAN = SitePlan(name="nowhere", rooms=(), doors=(), fixtures=())
# Standing at an object or body says little: those move, or are carried by this very body.
_STANDS_AT = {"fixture", "door", "person", "room"}


class Reducer:
    """The parts of memory, and how each kind of event changes them.

    Args:
        believed: The same memory as facts: what a goal's words are bound to.
    """

    def __init__(self, believed: Facts) -> None:
        self.believed = believed
        self.now = 0.0
        self.plan = _NO_PLAN
        self.rooms: dict[str, Point] = {}
        self.ontology = Ontology()
        self.skills: dict[str, SkillCard] = {}
        self.things = Things()
        self.bodies = Bodies()
        self.goals = Goals()
        self.talk = Talk()
        self.performance = PerformanceProjection()
        self.experience = Experience()
        self.frames = Frames()
        self.projections = Projections()
        self._stood: dict[str, Location | None] = {}

    def apply(self, event: log.Event) -> None:
        """Take one event in."""
        fold = _FOLD.get(event.body.kind)
        if fold is not None:
            fold(self, event.body, event.t)
        self.projections.apply(event)
        self.now = max(self.now, event.t)

    def place(self, thing: str) -> Evidence[Location | None] | None:
        """The evidence of where a thing is; for a body in touch, its own report."""
        entity = self.things.entity(thing)
        if entity is None:
            return None
        record = self.bodies.records.get(thing)
        if record is None or self.seen_while_lost(entity):
            return entity.place
        state, t = record.state, record.heard_s
        near = state.near if state.near and state.near != thing else None
        stood_at = self.things.by_id.get(near) if near else None
        holder = near if stood_at is not None and stood_at.category in _STANDS_AT else state.room
        where = Location(relation="at", holder=holder) if holder else None
        return Evidence(where, t, t, thing, SELF_CONFIDENCE)

    def in_map(self, seen: Observation) -> Observation | None:
        """The report with its positions in the map; None: nobody said where its frame lies."""
        if seen.state.pose.frame == MAP:
            return seen
        motion = self.frames.to_map(seen.state.pose.frame)
        return None if motion is None else in_map(seen, motion)

    def seen_while_lost(self, entity: Entity) -> bool:
        """Whether others saw this lost body after its own last report."""
        place = entity.place
        record = self.bodies.records.get(entity.id)
        return (
            record is not None
            and record.lost
            and place is not None
            and (place.seen >= record.heard_s)
        )

    def _note_body(self, body: str) -> None:
        """Journal where a body is, if it came to another place."""
        place = self.place(body)
        if place is None or place.value == self._stood.get(body):
            return
        # Kept without a journal too: a state folded again must go on noting the same.
        where = self._stood[body] = place.value
        journal = self.things.journal
        if journal is None:
            return
        state = self.bodies.records[body].state
        journal.append(
            Change(
                body,
                "location",
                where.holder if where is not None else None,
                where.relation if where is not None else None,
                place.seen,
                None,
                place.source,
                place.confidence,
                "changed",
                (state.pose.x, state.pose.y),
            )
        )

    def _survey(self, body: log.SiteSurveyed, t: float) -> None:
        self.plan = body.plan
        self.rooms = {room.id: middle(room.polygon) for room in body.plan.rooms}
        self.ontology.add(body.classes)
        self.things.survey(body.plan, body.things, body.states, t)

    def _declare(self, body: log.SkillsDeclared, t: float) -> None:
        self.skills.update((card.name, card) for card in body.cards)

    def _enrol(self, body: log.BodyEnrolled, t: float) -> None:
        self.bodies.enrol(body.spec, body.card, t, self.plan)
        self.things.enrol(body.spec.id, body.card.kind, body.spec.names)
        self._note_body(body.spec.id)

    def _observe(self, body: log.Observed, t: float) -> None:
        placed = self.in_map(body.observation)
        seen = body.observation if placed is None else placed
        measured = placed is not None
        self.bodies.report(seen)
        self.things.observe(seen, self.plan if measured else None, self.bodies.lost, measured)
        if seen.body in self.bodies.records:
            self._note_body(seen.body)
        for heard in seen.heard:
            self.talk.say(seen.t, heard.who, heard.text)

    def _lose(self, body: log.BodyLost, t: float) -> None:
        self.bodies.lose(body.body, body.last_heard_s)

    def _regain(self, body: log.BodyBack, t: float) -> None:
        self.bodies.regain(body.body, t)

    def _assert(self, body: log.Asserted, t: float) -> None:
        self.things.state(body, t)

    def _align(self, body: log.FrameAligned, t: float) -> None:
        motion = self.frames.align(body)
        if motion is not None:
            self.plan = moved_plan(self.plan, motion)
            self.rooms = {room: motion(at) for room, at in self.rooms.items()}
            self.things.shift(motion.__call__)
            self.bodies.shift(motion)

    def _merge(self, body: log.IdentitiesMerged, t: float) -> None:
        self.things.merge(body)

    def _part(self, body: log.IdentityParted, t: float) -> None:
        self.things.part(body)

    def _say(self, body: log.Said, t: float) -> None:
        self.talk.say(t, body.who, body.text)

    def _reply(self, body: log.Replied, t: float) -> None:
        self.talk.say(t, BRAIN, body.text)

    def _instruct(self, body: log.Instructed, t: float) -> None:
        told = body.instruction
        if isinstance(told, Stop | Release):
            self.bodies.stop(told.bodies, isinstance(told, Stop))
        elif isinstance(told, Drain | Activate):
            self.bodies.drain(told.bodies, isinstance(told, Drain))
        elif isinstance(told, Retire):
            self.bodies.retire(told.body)
        else:
            self.goals.instruct(told, t, body.by)

    def _answer_question(self, body: log.AnswerGiven, t: float) -> None:
        self.goals.tell(body.goal, body.answer)
        self.talk.say(t, BRAIN, body.answer.text)

    def _be_late(self, body: log.DeadlinePassed, t: float) -> None:
        self.goals.be_late(body.goal)

    def _post(self, body: log.GoalPosted, t: float) -> None:
        self.goals.post(body)
        if not body.goal.cause:
            self.talk.say(t, body.goal.who, body.goal.text)

    def _understand(self, body: log.GoalUnderstood, t: float) -> None:
        self.goals.understand(body, self.believed)

    def _question(self, body: log.GoalQuestioned, t: float) -> None:
        self.goals.question(body)
        self.talk.say(t, BRAIN, body.question)

    def _answer(self, body: log.GoalAnswered, t: float) -> None:
        record = self.goals.records.get(body.goal)
        self.goals.answer(body)
        self.talk.say(t, record.goal.who if record is not None else body.goal, body.text)

    def _plan_goal(self, body: log.GraphPlanned, t: float) -> None:
        self.goals.plan(body)

    def _assign(self, body: log.StepAssigned, t: float) -> None:
        self.goals.assign(body)

    def _start(self, body: log.StepStarted, t: float) -> None:
        self.bodies.start(body)
        self.goals.start(body)

    def _end(self, body: log.StepEnded, t: float) -> None:
        self.bodies.end(body)
        kind = self.bodies.kind(body.body)
        self.performance.record(body, kind)
        self.experience.record(body, kind, *self._about(body))
        self.goals.end(body)

    def _bring(self, body: log.ExperienceBrought, t: float) -> None:
        if body.source not in self.experience.sources:
            for tried in body.tried:
                if not tried.cls and not tried.place:
                    self.performance.bring(tried.who, tried.skill, tried.known)
        self.experience.bring(body)

    def _about(self, ended: log.StepEnded) -> tuple[str, str]:
        """The class of the object and the place that a step is about; "" where there is none."""
        record = self.goals.records.get(ended.goal)
        steps = record.graph.steps if record is not None and record.graph is not None else ()
        step = next((step for step in steps if step.id == ended.step), None)
        if step is None:
            return "", ""
        ids = (str(value) for _, value in sorted(step.args.items()))
        things = (self.things.by_id.get(id_) for id_ in ids)
        cls = next((e.cls for e in things if e is not None and e.category == "object"), "")
        return cls, step.place or ""

    def _speak(self, body: log.Spoken, t: float) -> None:
        self.talk.tell(body.body, body.to, body.text, t)

    def _close(self, body: log.GoalClosed, t: float) -> None:
        self.goals.close(body, t)


# Which fold each kind of event has. What has none is the business of an annex.
_FOLD: dict[str, Callable[[Reducer, Any, float], None]] = {
    "site_surveyed": Reducer._survey,
    "skills_declared": Reducer._declare,
    "body_enrolled": Reducer._enrol,
    "observed": Reducer._observe,
    "body_lost": Reducer._lose,
    "body_back": Reducer._regain,
    "asserted": Reducer._assert,
    "identities_merged": Reducer._merge,
    "identity_parted": Reducer._part,
    "frame_aligned": Reducer._align,
    "said": Reducer._say,
    "replied": Reducer._reply,
    "instructed": Reducer._instruct,
    "answer_given": Reducer._answer_question,
    "deadline_passed": Reducer._be_late,
    "goal_posted": Reducer._post,
    "goal_understood": Reducer._understand,
    "goal_questioned": Reducer._question,
    "goal_answered": Reducer._answer,
    "graph_planned": Reducer._plan_goal,
    "step_assigned": Reducer._assign,
    "step_started": Reducer._start,
    "step_ended": Reducer._end,
    "experience_brought": Reducer._bring,
    "spoken": Reducer._speak,
    "goal_closed": Reducer._close,
}
